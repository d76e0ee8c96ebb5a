"""What the outputs of a network mean, where they are not the classes of the data in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from topolens.activations.data.samples import Samples
from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["read_output_names", "relabelled"]


def read_output_names(path: Path) -> tuple[str, ...]:
    """Read a text file with one line per output; a line may hold several names, by commas.

    Raises
    ------
    InvalidInputError
        If the file cannot be read as UTF-8 text or is empty.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"`outputs` must be a readable text file; `{path}` is not ({error})"
        ) from None
    if not any(line.strip() for line in lines):
        raise InvalidInputError(f"`outputs` must hold a name per output; `{path.name}` is empty")
    return tuple(line.strip() for line in lines)


def relabelled(samples: Samples, outputs: Sequence[str]) -> Samples:
    """Return samples whose labels are numbers of outputs instead of classes of the data.

    Parameters
    ----------
    samples : Samples
        With labels and names of the classes.
    outputs : sequence of str
        As `read_output_names` returns them; names compare without regard to capitals.

    Raises
    ------
    InvalidInputError
        If the classes have no names, or one that occurs is the name of no output or of several.
    """
    if samples.labels is None or samples.classes is None:
        raise InvalidInputError("`outputs` must go with classes that have names; `data` has none")
    numbers: dict[str, list[int]] = {}
    for number, line in enumerate(outputs):
        for name in {_plain(part) for part in (line, *line.split(","))}:
            numbers.setdefault(name, []).append(number)
    meaning = np.zeros(len(samples.classes), np.int64)
    for label in np.unique(samples.labels).tolist():
        meaning[label] = _only(numbers, samples.classes[label])
    return replace(samples, labels=meaning[samples.labels], classes=tuple(outputs))


def _only(numbers: dict[str, list[int]], name: str) -> int:
    found = numbers.get(_plain(name), [])
    if not found:
        raise InvalidInputError(
            f"`outputs` must name every class of the data; `{name}` is not there, "
            f"{nearest_names(_plain(name), numbers)}"
        )
    if len(found) > 1:
        raise InvalidInputError(
            f"`outputs` must name each class once; `{name}` is in lines "
            f"{', '.join(str(number + 1) for number in found)}"
        )
    return found[0]


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
