"""Versions of what results write as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topolens.base.errors import InvalidInputError

__all__ = ["check_format"]


def check_format(
    record: Mapping[str, Any], expected: int, noun: str, *, older: tuple[int, ...] = ()
) -> None:
    """Refuse a record that another format of `noun` wrote; `older` ones can still be read."""
    if record.get("format_version") not in (expected, *older):
        raise InvalidInputError(
            f"`record` must be a {noun} of format {expected}; got {record.get('format_version')!r}"
        )
