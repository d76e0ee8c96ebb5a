"""Which of many file names are images, and what their folders say about them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.images.decoding import SUFFIXES
from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["Arrangement", "arrange"]

_SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing")

_Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """The images of one split, sorted by class and name."""

    names: list[str]
    """Path of each below the folder, with slashes."""
    labels: NDArray[np.int64] | None
    """Class of each; None where there are no folders."""
    classes: tuple[str, ...] | None
    """Folder of each class, sorted; those that any split has."""


def arrange(files: Iterable[str], folders: Iterable[str], split: str | None) -> Arrangement:
    """Sort files laid out as ``class/…/file``, ``split/class/…/file``, or all in one folder.

    Hidden files and folders, and files that are no images by their suffix, are passed over. An
    outer folder that holds everything else is passed through.

    Parameters
    ----------
    files, folders : iterable of str
        Paths below the source, with slashes, in any order.
    split : str, optional
        Folder to take; needed if there are several splits.

    Raises
    ------
    InvalidInputError
        If there are no images, the split is unclear or unknown, images lie outside the
        classes, or a class has none.
    """
    kept = [path for path in map(_parts, files) if not _hidden(path)]
    images = [path for path in kept if path[-1].lower().endswith(SUFFIXES)]
    if not images:
        raise InvalidInputError(_no_images(kept))
    outer = _outer(images)
    images = [path for path in images if path[: len(outer)] == outer]
    inside = [path[len(outer) :] for path in images]
    dirs = [p[len(outer) :] for p in map(_parts, folders) if p[: len(outer)] == outer]
    chosen, prefix = _of_split(inside, split)
    classes = _classes(inside, dirs, chosen, prefix)
    depth = len(prefix)
    names = sorted(chosen, key=_sort_key)
    labels = None
    if classes is not None:
        index = {name: number for number, name in enumerate(classes)}
        labels = np.array([index[path[depth]] for path in names], dtype=np.int64)
    return Arrangement(["/".join(outer + path) for path in names], labels, classes)


def _parts(path: str) -> _Parts:
    return tuple(part for part in path.split("/") if part)


def _hidden(path: _Parts) -> bool:
    return not path or path[0] == "__MACOSX" or any(part.startswith(".") for part in path)


def _sort_key(path: _Parts) -> tuple[_Parts, _Parts]:
    """Order by code points of composed letters: equal on systems that store them decomposed."""
    return tuple(unicodedata.normalize("NFC", part) for part in path), path


def _outer(images: Sequence[_Parts]) -> _Parts:
    """Return the folder around everything, if there is one that is neither split nor class."""
    tops = {path[0] for path in images}
    seconds = {path[1] for path in images if len(path) > 2}
    lone = len(tops) == 1 and all(len(path) > 2 for path in images)
    is_class = len(seconds) == 1 and not seconds & set(_SPLITS)
    return () if not lone or is_class or tops & set(_SPLITS) else (next(iter(tops)),)


def _of_split(images: list[_Parts], split: str | None) -> tuple[list[_Parts], _Parts]:
    """Return the images to take and the folder they lie in."""
    splits = sorted({path[0] for path in images if len(path) > 2 and path[0] in _SPLITS})
    if split is not None:
        chosen = [path for path in images if path[0] == split and len(path) > 1]
        if not chosen:
            tops = {path[0] for path in images if len(path) > 1}
            raise InvalidInputError(
                f"`split` must be a folder with images; got {split!r}, {nearest_names(split, tops)}"
            )
        return chosen, (split,)
    if splits:
        raise InvalidInputError(
            f"`split` must be one of {', '.join(f'`{name}`' for name in splits)}, "
            "the folders of this source; got none"
        )
    return images, ()


def _classes(
    images: list[_Parts], folders: list[_Parts], chosen: list[_Parts], prefix: _Parts
) -> tuple[str, ...] | None:
    depth = len(prefix)
    loose = [path for path in chosen if len(path) == depth + 1]
    if len(loose) == len(chosen):
        return None
    if loose:
        raise InvalidInputError(
            f"`source` must hold every image in the folder of its class; `{'/'.join(loose[0])}` "
            "is in none"
        )
    # Classes that only another split has count too, so that a label means the same in each.
    tops = {prefix[0], *_SPLITS} if prefix else set()
    found = {
        path[depth] for path in images if len(path) > depth + 1 and (not prefix or path[0] in tops)
    }
    empty = {p[depth] for p in folders if len(p) > depth and p[:depth] == prefix} - found
    visible = sorted(name for name in empty if not _hidden((name,)))
    if visible:
        raise InvalidInputError(
            f"`source` must hold an image in the folder of every class; `{visible[0]}` has none"
        )
    return tuple(sorted(found, key=lambda name: _sort_key((name,))))


def _no_images(files: Sequence[_Parts]) -> str:
    rule = f"`source` must hold images ({', '.join(SUFFIXES)})"
    if not files:
        return f"{rule}; it holds no files"
    suffixes = Counter("." + path[-1].rpartition(".")[2].lower() for path in files)
    suffix, count = suffixes.most_common(1)[0]
    return f"{rule}; it holds {len(files)} files, {count} of them {suffix}"
