"""Train a small classifier, the same way each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.preprocess import preprocess_batch
from topolens.activations.data.samples import Rows, Samples
from topolens.activations.hooks.observing import first_tensor
from topolens.activations.hooks.running import call_model, evaluating, tensors
from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.weights import save_weights
from topolens.base.checks import check_integer, check_real
from topolens.base.errors import InvalidInputError

__all__ = ["evaluate", "save_weights", "train_classifier"]

_EVALUATION_BATCH = 256

Inputs: TypeAlias = torch.Tensor | dict[str, torch.Tensor]


def train_classifier(
    model: nn.Module,
    samples: Samples,
    *,
    epochs: int,
    seed: int = 0,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    weight_decay: float = 1e-2,
    shift: int = 0,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float | None = None,
    on_epoch: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Train in place with AdamW under a one-cycle learning rate; equal seeds, equal weights.

    Weights are equal to the bit on one machine. Training runs on one thread: the batches of
    small networks are too small to share, and threads that wait for each other on a busy
    machine made it fifteen times slower. The global random state and number of threads are
    left as they were, and the model in evaluation mode.

    Parameters
    ----------
    model : Module
        Maps inputs to class scores (n, n_classes).
    samples : Samples
        With labels.
    epochs : int
    seed : int, default 0
        Seed of the shuffling, the shifts and whatever the model draws.
    batch_size : int, default 64
    learning_rate : float, default 2e-3
        Largest rate of the cycle.
    weight_decay : float, default 1e-2
    shift : int, default 0
        Each image is moved by up to so many pixels each way, zeros moving in. Inputs that are
        not images are never moved.
    mean, std, scale
        As in `preprocess_batch`.
    on_epoch : callable, optional
        Called as ``on_epoch(done, epochs)`` before the first epoch and after each.

    Returns
    -------
    dict
        ``epochs``, ``loss`` of the last epoch, and ``train_accuracy`` of the trained model.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are no labels, or the loss is not finite.
    """
    for name, value, least in (("epochs", epochs, 1), ("batch_size", batch_size, 2)):
        check_integer(value, name, at_least=least)
    check_integer(seed, "seed", at_least=0)
    check_integer(shift, "shift", at_least=0)
    check_real(learning_rate, "learning_rate", above=0)
    labels = torch.from_numpy(_labels(samples))
    tell = on_epoch or (lambda done, total: None)
    tell(0, epochs)
    loss = float("nan")

    def shown(rows: Rows) -> Inputs:
        return tensors(preprocess_batch(samples.batch(rows), mean=mean, std=std, scale=scale))

    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.default_generator.manual_seed(seed)
        step = _Step(
            model, epochs * _n_batches(len(labels), batch_size), learning_rate, weight_decay
        )
        for epoch in range(epochs):
            model.train()
            losses = [
                step(_shifted(shown(rows.numpy()), shift), labels[rows], f"epoch {epoch + 1}")
                for rows in _shuffled_batches(len(labels), batch_size)
            ]
            loss = sum(losses) / len(losses)
            tell(epoch + 1, epochs)
    model.eval()
    accuracy = evaluate(model, samples, mean=mean, std=std, scale=scale)
    return {"epochs": epochs, "loss": loss, "train_accuracy": accuracy}


def evaluate(
    model: nn.Module,
    samples: Samples,
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float | None = None,
) -> float:
    """Return the share of samples whose label is the model's largest output."""
    labels, n_right = _labels(samples), 0
    with evaluating(model):
        for start in range(0, len(samples), _EVALUATION_BATCH):
            rows = slice(start, start + _EVALUATION_BATCH)
            batch = preprocess_batch(samples.batch(rows), mean=mean, std=std, scale=scale)
            output = call_model(model, tensors(batch), f"the batch that begins at {start}")
            scores = _class_scores(output, torch.from_numpy(labels[rows]))
            n_right += int(np.sum(scores.argmax(dim=1).numpy() == labels[rows]))
    return n_right / len(samples)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Step:
    """One update of the weights."""

    def __init__(
        self, model: nn.Module, n_steps: int, learning_rate: float, weight_decay: float
    ) -> None:
        self._model = model
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=learning_rate, weight_decay=weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, max_lr=learning_rate, total_steps=n_steps
        )

    def __call__(self, inputs: Inputs, labels: torch.Tensor, when: str) -> float:
        scores = _class_scores(call_model(self._model, inputs, f"a batch of {when}"), labels)
        loss = nn.functional.cross_entropy(scores, labels)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise InvalidInputError(
                f"`learning_rate` must be low enough for the loss to stay finite; it became {value}"
            )
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        self._schedule.step()
        return value


def _class_scores(output: object, labels: torch.Tensor) -> torch.Tensor:
    """Return the model's output if it can be trained on: one score per class for each sample."""
    needed = int(labels.max()) + 1
    scores = first_tensor(output)
    if scores is None:
        got = type(output).__name__
    elif scores.ndim == 2 and len(scores) == len(labels) and scores.shape[1] >= needed:
        return scores
    else:
        got = f"shape {tuple(scores.shape)} for {len(labels)} samples"
    raise InvalidInputError(
        f"`model` must give a tensor of class scores, (n_samples, {needed} or more), to be "
        f"trained; got {got}"
    )


def _labels(samples: Samples) -> NDArray[np.int64]:
    if samples.labels is None:
        raise InvalidInputError("`samples` must have labels; got none")
    return samples.labels


def _n_batches(n_samples: int, batch_size: int) -> int:
    # A last batch of one sample is left out: batch norm cannot train on it.
    return n_samples // batch_size + (n_samples % batch_size > 1)


def _shuffled_batches(n_samples: int, batch_size: int) -> Iterator[torch.Tensor]:
    shuffled = torch.randperm(n_samples)
    for number in range(_n_batches(n_samples, batch_size)):
        yield shuffled[number * batch_size : (number + 1) * batch_size]


def _shifted(images: Inputs, largest: int) -> Inputs:
    """Move each image by its own random step each way."""
    if isinstance(images, dict) or images.ndim != 4 or largest == 0:
        return images
    down, right = torch.randint(0, 2 * largest + 1, (2, len(images)))
    framed = nn.functional.pad(images, (largest,) * 4)
    windows = framed.unfold(2, images.shape[2], 1).unfold(3, images.shape[3], 1)
    return windows[torch.arange(len(images)), :, down, right]
