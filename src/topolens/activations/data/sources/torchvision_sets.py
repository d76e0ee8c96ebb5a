"""`tv:NAME:FOLDER`: a data set of torchvision, from its folder."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.library import LibraryImages
from topolens.activations.data.images.rows import ImageRows
from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.errors import InvalidInputError, nearest_names
from topolens.base.files import expand_path

__all__ = ["read_torchvision"]

_BETTER = {"CIFAR10": "cifar10", "CIFAR100": "cifar100", "ImageFolder": "images"}
"""Those that torchvision unpickles, or that we read ourselves without it."""


@source("tv", needs="name", takes=("split",))
def read_torchvision(request: Request) -> Found:
    """Read split ``test``, ``train``, or another that the data set knows."""
    name, colon, folder = request.location.partition(":")
    if not colon or not folder:
        raise InvalidInputError(
            f"`source` must be `tv:NAME:FOLDER`; got 'tv:{request.location}' without a folder"
        )
    split = request.options.get("split", "test")
    held = _opened(_class(name), name, folder, split, request)
    labels, classes = _labels(held), getattr(held, "classes", None)
    usable = labels is not None and isinstance(classes, list | tuple)
    images = LibraryImages(f"tv:{name}", len(held), lambda number: held[number][0])
    return Found(
        ImageRows(images, geometry=Geometry(channels="rgb")),
        {"source": f"tv:{name}", "split": split},
        labels,
        np.array([str(c) for c in classes or ()]) if usable else None,
    )


def _class(name: str) -> Any:  # noqa: ANN401  torchvision's own
    if name in _BETTER:
        raise InvalidInputError(f"`source` must be `{_BETTER[name]}:FOLDER` for {name}")
    # PyTorch comes with it, and other sources do without.
    from topolens.activations.networks.image_libraries import imported_library

    datasets = imported_library("torchvision", "torchvision", f"tv:{name}").datasets
    found = getattr(datasets, name, None) if name in datasets.__all__ else None
    wanted = {} if found is None else inspect.signature(found).parameters
    if "root" not in wanted or not {"train", "split"} & set(wanted):
        known = [n for n in datasets.__all__ if n not in _BETTER]
        raise InvalidInputError(
            f"`source` must name a data set of torchvision with a folder and splits; got `{name}`, "
            f"{nearest_names(name, known)}"
        )
    return found


def _opened(kind: Any, name: str, folder: str, split: str, request: Request) -> Any:  # noqa: ANN401
    wanted = inspect.signature(kind).parameters
    options: dict[str, Any] = {"root": expand_path(folder, base=request.base, name="source")}
    options |= {"split": split} if "split" in wanted else {"train": split == "train"}
    if "split" not in wanted and split not in ("train", "test"):
        raise InvalidInputError(f"`split` must be one of `train`, `test`; got {split!r}")
    if "download" in wanted:
        options["download"] = request.download
    try:
        return kind(**options)
    except (RuntimeError, OSError, ValueError, ImportError, TypeError) as error:
        hint = "" if request.download else "; pass `--download` to fetch what is missing"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInputError(
            f"`tv:{name}` must be whole in its folder ({reason}){hint}"
        ) from None


def _labels(held: Any) -> NDArray[np.int64] | None:  # noqa: ANN401
    for attribute in ("targets", "labels", "_labels"):
        values = getattr(held, attribute, None)
        if values is not None and len(values) == len(held):
            labels = np.asarray(values)
            if labels.ndim == 1 and labels.dtype.kind in "iu" and labels.min(initial=0) >= 0:
                return labels.astype(np.int64)
    return None
