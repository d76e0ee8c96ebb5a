"""From a model of the study to a store of its activations, trained first where the file says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from topolens.activations.data.foreground import ForegroundMasks, GrabCut, read_masks
from topolens.activations.data.preprocess import preprocess_batch
from topolens.activations.data.readymade import ReadyMade, load_readymade
from topolens.activations.data.samples import Samples
from topolens.activations.data.text.tokenise import check_tokens_fit
from topolens.activations.hooks.device_names import number_settings
from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.hooks.layer_patterns import Node, matching
from topolens.activations.hooks.pool_names import parse_pool
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import InvalidInputError, StoreError, nearest_names
from topolens.base.files import expand_path, make_folder
from topolens.base.hashing import content_key, file_digest
from topolens.study.cache import is_whole
from topolens.study.earlier_stores import stores_of_other_samples
from topolens.study.images_shown import outputs_path
from topolens.study.reading import StudyFile
from topolens.study.shown import shown_in_training, shown_to
from topolens.study.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "Capture",
    "capture_into",
    "capture_settings",
    "import_batch",
    "is_captured",
    "load_network",
    "needs_training",
    "plan_capture",
    "readymade_samples",
    "resolve_layers",
    "train_into",
]

# Raised whenever captured or trained numbers change for the same description.
_CAPTURE_VERSION = 3
_TRAIN_VERSION = 1

OnAdvance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Capture:
    """What makes one model's activations, and where they go."""

    model: ModelSpec
    key: str
    spec: Mapping[str, Any]
    """Everything that decides the values, without machine paths."""
    weights_key: str | None
    """Key of the weights trained here, if the study trains this model."""
    n_bytes: int | None = 0
    """Forecast of what is still to be written, None where it cannot be told."""
    layers: tuple[str, ...] | None = None
    """Layers that a trial on a few samples kept, one per call, None where there was none."""
    problem: str | None = None
    """Why the trial failed, on a few samples and on the whole first batch."""

    @property
    def store(self) -> str:
        """Folder of the store, relative to the study."""
        return f"activations/{self.key}"


def plan_capture(file: StudyFile, model: ModelSpec, samples: Samples | None) -> Capture:
    """Describe the capture of one model, down to the digests of the files it reads."""
    if model.activations is not None:
        return _plan_import(file, model)
    if samples is None:
        raise InvalidInputError("`data` must be given for models that are captured here")
    built = {
        "source": model.source,
        "args": model.args,
        "code_sha256": _code_digest(file, model.source or ""),
        **_files_read(file, model),
        "preprocessing": {"scale": model.scale, "mean": model.mean, "std": model.std},
        "random_weights_seed": _random_weights_seed(model),
    }
    weights_key = None
    names = outputs_path(file, model)
    shown = shown_to(file, model, samples)
    _check_preprocessing(model, shown)
    if model.train is not None:
        training = shown_in_training(file, model)
        if training.labels is None:
            raise InvalidInputError("`train` must have samples with labels; `data` has none")
        recipe = {**built, "train": model.train.model_dump(), "data": training.description}
        weights_key = content_key({"kind": "train", "version": _TRAIN_VERSION, **recipe})
    weights = _weights_path(file, model)
    layers, exclude, pool = capture_settings(file, model)
    spec = {
        "version": _CAPTURE_VERSION,
        **built,
        "weights_sha256": file_digest(weights) if weights else None,
        "weights_trained_here": weights_key,
        "data": shown.description,
        "outputs_sha256": file_digest(names) if names else None,
        "layers": list(layers),
        "exclude": list(exclude),
        "pool": pool,
        "batch_size": file.spec.capture.batch_size,
        "seed": file.spec.seed,
        **number_settings(_device_type(file), file.spec.capture.precision),
        **_foreground_settings(file, pool, shown),
    }
    return Capture(model, content_key({"kind": "capture", **spec}), spec, weights_key)


def capture_into(
    root: Path, file: StudyFile, capture: Capture, samples: Samples | None, on_batch: OnAdvance
) -> None:
    """Fill the store of a capture; what an interrupted one left there is kept."""
    with ActivationStore.create(root / capture.store, capture.spec) as store:
        if store.complete:
            return
        if capture.model.activations is not None:
            batch = import_batch(file, capture.model)
            store.append(batch)
            n_samples = len(batch.sample_ids)
            store.finish({"n_samples": n_samples, "accuracy": None, "n_parameters": None})
            return
        if samples is None:
            raise InvalidInputError("`data` must be given for models that are captured here")
        _record(root, file, capture, samples, store, on_batch)


def train_into(root: Path, file: StudyFile, capture: Capture, on_epoch: OnAdvance) -> None:
    """Train the model of a capture and write its weights, unless they are there."""
    from topolens.activations.networks.models import build_seeded
    from topolens.activations.networks.training import save_weights, train_classifier

    recipe, path = capture.model.train, _trained_path(root, capture)
    if recipe is None or path is None or is_whole(path):
        return
    samples = shown_in_training(file, capture.model)
    model = build_seeded(
        capture.model.source or "",
        seed=recipe.seed,
        args=capture.model.args,
        trust=file.trust,
        allow_pickle=file.allow_pickle,
        base=file.base,
    )
    train_classifier(
        model,
        samples,
        epochs=recipe.epochs,
        seed=recipe.seed,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        mean=capture.model.mean,
        std=capture.model.std,
        scale=capture.model.scale,
        on_epoch=on_epoch,
    )
    make_folder(path.parent)
    save_weights(model, path)


def needs_training(root: Path, capture: Capture) -> bool:
    """Tell whether the study trains this model and has not yet."""
    path = _trained_path(root, capture)
    return path is not None and not is_whole(path)


def is_captured(root: Path, capture: Capture) -> bool:
    """Tell whether the store of a capture is complete and every byte is what was written."""
    try:
        store = ActivationStore.open(root / capture.store)
    except StoreError:
        return False
    return store.complete and not store.verify()


def resolve_layers(file: StudyFile, model: ModelSpec, samples: Samples | None = None) -> list[str]:
    """Name the layers that would be captured; a pattern that matches none is an error.

    So are a device or a precision that torch does not have here, and samples, where they are
    given, that the model cannot take.
    """
    if model.activations is not None:
        return _chosen_readymade(model, load_readymade(_activations_path(file, model)))
    from topolens.activations.hooks.devices import check_precision, find_device
    from topolens.activations.hooks.layers import select_layers

    check_precision(file.spec.capture.precision, find_device(file.spec.capture.device))
    layers, exclude, _ = capture_settings(file, model)
    network = load_network(file, model)
    if samples is not None:
        check_tokens_fit(network, shown_to(file, model, samples))
    return select_layers(network, layers, exclude)


def _record(
    root: Path,
    file: StudyFile,
    capture: Capture,
    samples: Samples,
    store: ActivationStore,
    on_batch: OnAdvance,
) -> None:
    from topolens.activations.record import record

    model = capture.model
    layers, exclude, pool = capture_settings(file, model)
    network = load_network(file, model, _trained_path(root, capture))
    record(
        network,
        shown_to(file, model, samples),
        store,
        layers=layers,
        exclude=exclude,
        pool=pool,
        batch_size=file.spec.capture.batch_size,
        mean=model.mean,
        std=model.std,
        scale=model.scale,
        seed=file.spec.seed,
        device=file.spec.capture.device,
        precision=file.spec.capture.precision,
        foreground=_masks(file) if parse_pool(pool).needs_masks else None,
        reuse=stores_of_other_samples(root, capture.spec),
        on_batch=on_batch,
    )


def load_network(file: StudyFile, model: ModelSpec, weights: Path | None = None) -> nn.Module:
    """Build a model, by default with the weights that the file names."""
    from topolens.activations.networks.models import load_model

    return load_model(
        model.source or "",
        args=model.args,
        weights=weights or _weights_path(file, model),
        trust=file.trust,
        allow_pickle=file.allow_pickle,
        download=file.download,
        base=file.base,
        seed=_random_weights_seed(model) or 0,
    )


def _check_preprocessing(model: ModelSpec, samples: Samples) -> None:
    """Refuse a mean or std that does not fit the samples before anything is trained."""
    preprocess_batch(samples.batch(slice(1)), mean=model.mean, std=model.std, scale=model.scale)


def _random_weights_seed(model: ModelSpec) -> int | None:
    """Seed of a model that is studied as it was initialised."""
    given = model.weights is not None or model.train is not None
    return None if given else model.seed or 0


def capture_settings(
    file: StudyFile, model: ModelSpec
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return layers, exclusions and pooling: the model's own, or the study's."""
    shared = file.spec.capture
    layers = shared.layers if model.layers is None else model.layers
    exclude = shared.exclude if model.exclude is None else model.exclude
    return layers, exclude, model.pool or shared.pool


def _device_type(file: StudyFile) -> str:
    """Name the kind of device that the numbers will come from."""
    name = file.spec.capture.device
    if name != "auto":
        return name.partition(":")[0]
    from topolens.activations.hooks.devices import find_device

    return find_device(name).type


def _weights_path(file: StudyFile, model: ModelSpec) -> Path | None:
    return expand_path(model.weights, base=file.base) if model.weights else None


def _trained_path(root: Path, capture: Capture) -> Path | None:
    if capture.weights_key is None:
        return None
    # Absolute, because the paths of a study file start from its own folder.
    return (root / "weights" / f"{capture.weights_key}.safetensors").resolve()


def _code_digest(file: StudyFile, source: str) -> str | None:
    kind, _, rest = source.partition(":")
    if kind != "py":
        return None
    path = expand_path(rest.rpartition(":")[0], base=file.base)
    return file_digest(path) if path.is_file() else None


def _foreground_settings(file: StudyFile, pool: str, samples: Samples) -> dict[str, Any]:
    """Say where the foreground is taken from, if the pool asks for it."""
    if not parse_pool(pool).needs_masks:
        return {}
    return {"foreground": (_masks(file) or GrabCut(samples)).description}


def _masks(file: StudyFile) -> ForegroundMasks | None:
    named = file.spec.data.foreground if file.spec.data is not None else None
    if named is None:
        return None
    address, ending, array = named.partition(".npz:")
    path = expand_path(address + ending.rstrip(":"), base=file.base, name="foreground")
    return read_masks(path, array) if array else read_masks(path)


def _files_read(file: StudyFile, model: ModelSpec) -> dict[str, Any]:
    """Digests of files that arguments name and of a folder of transformers, and the download."""
    kind, _, address = (model.source or "").partition(":")
    named = {key: value for key, value in model.args.items() if isinstance(value, str)}
    paths = {key: _file_at(file, value) for key, value in named.items()}
    digests = {key: file_digest(path) for key, path in paths.items() if path is not None}
    if kind == "hf" and (folder := expand_path(address, base=file.base)).is_dir():
        inside = sorted(path for path in folder.iterdir() if path.is_file())
        digests |= {path.name: file_digest(path) for path in inside}
    downloads = kind in ("tv", "timm") and file.download and model.weights is None
    return ({"files_sha256": digests} if digests else {}) | (
        {"download": True} if downloads else {}
    )


def _file_at(file: StudyFile, text: str) -> Path | None:
    try:
        path = expand_path(text, base=file.base)
        return path if path.is_file() else None
    except (InvalidInputError, OSError, ValueError):
        return None


def _plan_import(file: StudyFile, model: ModelSpec) -> Capture:
    path = _activations_path(file, model)
    files = sorted(path.glob("*.npy")) if path.is_dir() else [path]
    layers, exclude = model.layers, model.exclude
    spec = {
        "version": _CAPTURE_VERSION,
        "activations": {f.name: file_digest(f) for f in files},
        "layers": list(layers) if layers is not None else None,
        "exclude": list(exclude) if exclude is not None else None,
    }
    return Capture(model, content_key({"kind": "import", **spec}), spec, None)


def import_batch(file: StudyFile, model: ModelSpec) -> LayerBatch:
    """Read ready-made activations: the layers that the model's patterns choose, in one batch."""
    ready = load_readymade(_activations_path(file, model))
    layers = {
        name: LayerRows(_floating(ready.layers[name]), output_shape=ready.shapes[name])
        for name in _chosen_readymade(model, ready)
    }
    return LayerBatch(ready.sample_ids, layers)


def _activations_path(file: StudyFile, model: ModelSpec) -> Path:
    return expand_path(model.activations or "", base=file.base)


def _chosen_readymade(model: ModelSpec, ready: ReadyMade) -> list[str]:
    """Name the layers that the model's own patterns choose; all of them without patterns."""
    wanted, unwanted = model.layers or ("*",), model.exclude or ()
    names = {name: Node() for name in ready.layers}
    for pattern in wanted:
        if not matching(pattern, names):
            raise InvalidInputError(
                f"`layers` must match a layer; `{pattern}` matches none, "
                f"{nearest_names(pattern, ready.layers)}"
            )
    kept = set[str]().union(*(matching(pattern, names) for pattern in wanted))
    kept -= set[str]().union(*(matching(pattern, names) for pattern in unwanted))
    chosen = [name for name in ready.layers if name in kept]
    if not chosen:
        raise InvalidInputError(
            f"`layers` must leave a layer; got {list(wanted)} without {list(unwanted)}"
        )
    return chosen


def readymade_samples(file: StudyFile, model: ModelSpec) -> ReadyMade | None:
    """Return ready-made activations with what is known of their samples, where they have labels."""
    if model.activations is None:
        return None
    ready = load_readymade(_activations_path(file, model))
    return None if ready.labels is None else ready


def _floating(rows: Any) -> Any:  # noqa: ANN401  arrays of any real dtype
    return rows if rows.dtype.kind == "f" else rows.astype(np.float64)
