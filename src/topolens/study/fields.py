"""Values that several tables of a study file hold."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["Name", "Positive", "one_visible_line"]

_INVISIBLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that would break a line of a table or a terminal."""


def one_visible_line(text: str) -> str:
    """Refuse text that would break a line, or that nobody sees."""
    if not text.strip() or any(unicodedata.category(sign) in _INVISIBLE for sign in text):
        raise ValueError(f"must be one line of visible text; got {text!r}")
    return text


Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(one_visible_line)]
Positive = Annotated[int, Field(gt=0, strict=True)]
