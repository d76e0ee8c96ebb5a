"""`images:PATH`: image files in folders by class, or in a zip that is laid out so."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.images.files import FolderFiles, ZipFiles, ZipMembers
from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.layout import Arrangement, arrange
from topolens.activations.data.images.rows import ImageRows, ImageSource
from topolens.activations.data.sources.registry import Found, Request, source
from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["read_images"]


@source("images", needs="file or folder", takes=("split", "classes"))
@source("zip", needs="file", takes=("split", "classes"))
def read_images(request: Request) -> Found:
    """List the images of a folder or a zip; `classes` is a csv: folder name, readable name."""
    path, split = request.path, request.options.get("split")
    images: ImageSource
    if path.is_dir():
        arranged = arrange(*_below(path), split)
        images = FolderFiles(path, arranged.names)
    else:
        archive = ZipMembers(path)
        files = [name for name in archive.names if not name.endswith("/")]
        folders = [name for name in archive.names if name.endswith("/")]
        arranged = arrange(files, folders, split)
        images = ZipFiles(archive, arranged.names)
    origin = {"source": f"images:{path.name}", "split": split}
    classes = _class_names(arranged, request.option_path("classes"))
    rows = ImageRows(images, geometry=Geometry(channels="rgb"))
    return Found(rows, origin, arranged.labels, classes)


def _below(folder: Path) -> tuple[list[str], list[str]]:
    """Return the paths of all files and of all folders; links are followed, once each."""
    files: list[str] = []
    folders: list[str] = []
    waiting, seen = [""], set()
    while waiting:
        place = waiting.pop()
        found = (folder / place).stat()
        if (found.st_dev, found.st_ino) in seen:
            continue
        seen.add((found.st_dev, found.st_ino))
        try:
            with os.scandir(folder / place) as entries:
                for entry in entries:
                    here = f"{place}/{entry.name}" if place else entry.name
                    if entry.is_dir():
                        waiting.append(here)
                        folders.append(here)
                    elif entry.is_file():
                        files.append(here)
        except OSError as error:
            raise InvalidInputError(
                f"`source` must be a readable folder; `{folder / place}` is not ({error.strerror})"
            ) from None
    return files, folders


def _class_names(arranged: Arrangement, path: Path | None) -> NDArray[np.str_] | None:
    if arranged.classes is None:
        if path is not None:
            raise InvalidInputError(
                "`classes` must be left out where images lie in no folders by class; "
                f"got `{path.name}`"
            )
        return None
    readable = dict.fromkeys(arranged.classes, "") if path is None else _table(path)
    for name in arranged.classes:
        if name not in readable:
            raise InvalidInputError(
                f"`classes` must name every folder; `{path and path.name}` does not name "
                f"`{name}`, {nearest_names(name, readable)}"
            )
    return np.array([readable[name] or _printable(name) for name in arranged.classes])


def _table(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(
            f"`classes` must be a readable csv file; `{path}` is not ({error})"
        ) from None
    if any(len(row) < 2 for row in rows):
        raise InvalidInputError(
            f"`classes` must have two columns, folder and name; `{path.name}` has a row of one"
        )
    return {row[0].strip(): row[1].strip() for row in rows}


def _printable(name: str) -> str:
    """Replace bytes of a file name that are no text."""
    return os.fsencode(name).decode("utf-8", "replace")
