"""`npz:PATH`: arrays of a NumPy archive."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from topolens.activations.data.array_files import array_in, open_archive
from topolens.activations.data.sources.registry import Found, Request, source

__all__ = ["read_npz"]


@source("npz", needs="file", takes=("split", "inputs", "labels", "classes"))
def read_npz(request: Request) -> Found:
    """Read ``x_SPLIT``, ``y_SPLIT`` (split ``test``) and ``classes``, or arrays named instead."""
    path, split = request.path, request.options.get("split", "test")
    wanted = {"inputs": f"x_{split}", "labels": f"y_{split}", "classes": "classes"}
    wanted |= {role: key for role, key in request.options.items() if role in wanted}
    arrays: dict[str, NDArray[Any] | None] = {"labels": None, "classes": None}
    with open_archive(path, name="source") as archive:
        inputs = array_in(archive, wanted["inputs"], name="source")
        for role in arrays:
            if role in request.options or wanted[role] in archive.files:
                arrays[role] = array_in(archive, wanted[role], name="source")
    origin = {
        "source": f"npz:{path.name}",
        "inputs": wanted["inputs"],
        "labels": None if arrays["labels"] is None else wanted["labels"],
    }
    return Found(inputs, origin, arrays["labels"], arrays["classes"])
