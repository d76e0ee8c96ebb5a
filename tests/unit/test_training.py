"""Training: learns, repeats, and touches nothing but the model."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.datasets import Samples, load_samples  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.activations.networks.training import _shifted as shifted  # noqa: E402
from topolens.activations.networks.training import evaluate, train_classifier  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    return load_samples("digits", base=Path(), split="train", count=130, order="balanced")


def trained(digits, **options):
    model = build_seeded("zoo:mlp", seed=0)
    settings = {"epochs": 2, "scale": 16.0, **options}
    return model, train_classifier(model, digits, **settings)


def weights(model):
    return torch.cat([tensor.double().flatten() for tensor in model.state_dict().values()])


@pytest.mark.parametrize(
    ("source", "args", "epochs"),
    [("zoo:mlp", {}, 20), ("zoo:small_cnn", {}, 20), ("zoo:small_vit", {"depth": 2}, 60)],
)
def test_learns_what_it_is_shown(digits, source, args, epochs):
    model = build_seeded(source, args, seed=0)
    before = evaluate(model, digits, scale=16.0)
    outcome = train_classifier(
        model, digits, epochs=epochs, batch_size=26, learning_rate=5e-3, scale=16.0
    )
    assert before < 0.3
    assert outcome["train_accuracy"] > 0.95
    assert outcome["train_accuracy"] == evaluate(model, digits, scale=16.0)
    assert outcome["epochs"] == epochs
    assert not model.training


@pytest.mark.parametrize("shift", [0, 1])
def test_equal_seeds_give_equal_weights_whatever_the_global_state(digits, shift):
    torch.manual_seed(1)
    first, _ = trained(digits, seed=3, shift=shift)
    torch.manual_seed(2)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    second, _ = trained(digits, seed=3, shift=shift)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(trained(digits, seed=4, shift=shift)[0]))


def test_tells_how_far_it_is(digits):
    told = []
    trained(digits, epochs=3, on_epoch=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_last_batch_of_one_is_left_out(digits):
    # 130 = 43 * 3 + 1; a batch norm after a dense layer refuses to train on one sample.
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 10), torch.nn.BatchNorm1d(10)
    )
    train_classifier(model, digits, epochs=1, batch_size=3, scale=16.0)
    assert model[2].num_batches_tracked == 43


def test_shifts_each_image_by_at_most_so_many_pixels():
    torch.manual_seed(0)
    images = torch.zeros(200, 1, 5, 5)
    images[:, :, 2, 2] = 1
    moved = shifted(images, 1)
    assert moved.shape == images.shape
    assert (moved[:, :, 1:4, 1:4].sum(dim=(1, 2, 3)) == 1).all()
    assert (moved[:, 0, 1:4, 1:4].mean(dim=0) > 0.03).all()
    features = torch.ones(3, 4)
    assert shifted(features, 1) is features


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "`epochs` must be an integer at least 1; got 0"),
        ({"batch_size": 1}, "`batch_size` must be an integer at least 2; got 1"),
        ({"seed": -1}, "`seed` must be an integer at least 0"),
        ({"shift": -1}, "`shift` must be an integer at least 0"),
        ({"learning_rate": 0.0}, "`learning_rate` must be a finite number above 0"),
        ({"learning_rate": 1e30}, "`learning_rate` must be low enough for the loss to stay finite"),
    ],
)
def test_error_sentences(digits, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        trained(digits, **options)


def test_refuses_samples_without_labels():
    samples = Samples(np.zeros((4, 1, 8, 8), np.uint8), None, None, np.arange(4), {})
    with pytest.raises(InvalidInputError, match="`samples` must have labels; got none"):
        trained(samples)


def test_evaluation_leaves_the_mode_of_the_model(digits):
    model = build_seeded("zoo:small_cnn")
    model.bn1.eval()
    evaluate(model, digits)
    assert model.training
    assert not model.bn1.training


def test_the_first_tensor_of_an_output_holds_the_scores():
    class Pair(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(64, 10)

        def forward(self, images):
            return {"scores": self.head(images.flatten(1)), "count": 3}

    torch.manual_seed(0)
    model = Pair()
    samples = load_samples("digits", base=Path(), split="test", count=200)
    result = train_classifier(model, samples, epochs=20, learning_rate=0.05, scale=16.0)
    assert result["train_accuracy"] == evaluate(model, samples, scale=16.0) > 0.8
