"""KEY=VALUE as it is given on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from topolens.base.registry import Operation

__all__ = ["degree_of", "parse_assignments"]


def parse_assignments(given: Sequence[str], option: str) -> dict[str, Any]:
    """Read each KEY=VALUE, the value as in a study file.

    Raises
    ------
    InvalidInputError
        If one has no `=` or no key.
    """
    parsed = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInputError(f"`{option}` must be KEY=VALUE; got {text!r}")
        parsed[name] = _parse_value(value)
    return parsed


def degree_of(operation: Operation, params: dict[str, Any], dimension: int | None) -> int | None:
    """Return the homology degree that `--dimension` means for what works on diagrams.

    An operation on points may have a parameter of that name, which is then set in `params`.

    Raises
    ------
    InvalidInputError
        If the operation has no use for it.
    """
    if dimension is None or operation.takes == "diagrams":
        return dimension
    if "dimension" not in operation.parameters:
        raise InvalidInputError(
            f"`--dimension` must be left out: `{operation.name}` works on points, not on diagrams"
        )
    params["dimension"] = dimension
    return None


def _parse_value(text: str) -> object:
    """Read a TOML value; anything else is text, so that quotes can be spared."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
