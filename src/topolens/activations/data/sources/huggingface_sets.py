"""`hfds:FOLDER` or `hfds:ORG/NAME`: a data set of images of Hugging Face's `datasets`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.library import LibraryImages
from topolens.activations.data.images.rows import ImageRows
from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.errors import InvalidInputError, MissingDependencyError, nearest_names
from topolens.base.files import expand_path

__all__ = ["read_huggingface"]

_IMAGE_COLUMNS = ("image", "img")
_LABEL_COLUMNS = ("label", "labels", "fine_label")


@source("hfds", needs="name", takes=("split", "inputs", "labels"))
def read_huggingface(request: Request) -> Found:
    """Read split ``test``; `inputs` and `labels` name the columns, ``image`` and ``label``."""
    path = expand_path(request.location, base=request.base, name="source")
    name = path.name if path.is_dir() else request.location
    split = request.options.get("split", "test")
    table = _split_of(_opened(request.location, path, download=request.download), split, name)
    columns = list(table.column_names)
    image = _column(columns, request.options.get("inputs"), _IMAGE_COLUMNS, "inputs")
    label = _column(columns, request.options.get("labels"), _LABEL_COLUMNS, "labels")
    if image is None:
        raise InvalidInputError(
            f"`inputs` must name the column with the images; `{name}` has {', '.join(columns)}"
        )
    images = LibraryImages(f"hfds:{name}", len(table), lambda number: table[number][image])
    labels, classes = _labels(table, label)
    origin = {"source": f"hfds:{name}", "split": split, "inputs": image, "labels": label}
    return Found(ImageRows(images, geometry=Geometry(channels="rgb")), origin, labels, classes)


def _opened(location: str, path: Path, *, download: bool) -> Any:  # noqa: ANN401  the library's own
    try:
        datasets: Any = import_module("datasets")
    except ImportError:
        raise MissingDependencyError("datasets", "datasets", f"`hfds:{location}`") from None
    try:
        if path.is_dir():
            return datasets.load_from_disk(str(path))
        config = datasets.DownloadConfig(local_files_only=not download)
        return datasets.load_dataset(location, download_config=config)
    except Exception as error:  # noqa: BLE001  the library raises what its readers raise
        hint = "" if download else "; pass `--download` to fetch it from the hub"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInputError(
            f"`source` must be a folder written by `save_to_disk`, or lie in the local cache "
            f"({reason}){hint}"
        ) from None


def _split_of(held: Any, split: str, name: str) -> Any:  # noqa: ANN401
    if not hasattr(held, "keys"):
        return held
    if split not in held:
        raise InvalidInputError(
            f"`split` must be one of `{name}`; got {split!r}, {nearest_names(split, list(held))}"
        )
    return held[split]


def _column(columns: list[str], given: str | None, usual: tuple[str, ...], role: str) -> str | None:
    if given is not None and given not in columns:
        raise InvalidInputError(
            f"`{role}` must be a column; got {given!r}, {nearest_names(given, columns)}"
        )
    return given or next((column for column in usual if column in columns), None)


def _labels(
    table: Any,  # noqa: ANN401
    column: str | None,
) -> tuple[NDArray[Any] | None, NDArray[np.str_] | None]:
    if column is None:
        return None, None
    names = getattr(table.features[column], "names", None)
    return np.array(table[column][:]), None if names is None else np.array(names)
