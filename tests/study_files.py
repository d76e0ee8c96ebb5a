"""Small studies for tests: ready-made activations, and a network that is trained in a second."""

from pathlib import Path

import numpy as np

READY = """\
name = "ready-made"
resamples = 2

[[models]]
name = "first"
activations = "first.npz"
family = "random"

[[models]]
name = "second"
activations = "second.npz"
family = "random"

[[clouds]]
name = "scaled"

[[clouds]]
name = "raw"
normalise = "none"
"""

TRAINED = """\
name = "trained"
resamples = 2

[data]
source = "digits"
split = "test"
count = 120

[capture]
layers = ["conv*", "fc*"]
batch_size = 30

[[models]]
name = "cnn"
source = "zoo:small_cnn"
args = { widths = [4, 8], hidden = 16 }
train = { epochs = 2 }
scale = 16.0
"""


def relu_layers(seed, *, n_samples=60, n_layers=3, width=8):
    """Activations of a random ReLU network, by layer."""
    rng = np.random.default_rng(seed)
    hidden = np.random.default_rng(0).normal(size=(n_samples, 10)).astype(np.float32)
    layers = {}
    for number in range(n_layers):
        weights = rng.normal(size=(hidden.shape[1], width)).astype(np.float32)
        hidden = np.maximum(hidden @ weights, 0)
        layers[f"layer{number}"] = hidden
    return layers


def write_ready(folder: Path, text: str = READY, **second) -> Path:
    """Write a study of two ready-made models; `second` goes to the second one's layers."""
    np.savez(folder / "first.npz", **relu_layers(1))
    np.savez(folder / "second.npz", **relu_layers(2, **second))
    return write_study(folder, text)


def write_study(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def result_bytes(root: Path) -> dict[str, bytes]:
    """Every file that holds results, by its place in the study."""
    kept = [root / "study.json"]
    for name in ("results", "activations", "weights", "tables"):
        kept += [p for p in (root / name).rglob("*") if p.is_file()]
    return {str(p.relative_to(root)): p.read_bytes() for p in kept if p.exists()}
