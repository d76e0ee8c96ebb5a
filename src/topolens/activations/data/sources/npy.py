"""`npy:PATH`: one NumPy array, and its labels in another file."""

from __future__ import annotations

from topolens.activations.data.array_files import load_array
from topolens.activations.data.sources.registry import Found, Request, source

__all__ = ["read_npy"]


@source("npy", needs="file", takes=("labels",))
def read_npy(request: Request) -> Found:
    """Read an array without copying it; `labels` is the path of a second .npy file."""
    path, label_path = request.path, request.option_path("labels")
    inputs = load_array(path, name="source", in_place=True)
    labels = load_array(label_path, name="labels") if label_path else None
    origin = {
        "source": f"npy:{path.name}",
        "labels": label_path.name if label_path else None,
    }
    return Found(inputs, origin, labels)
