"""Every error and warning that TopoLens raises on purpose.

TopolensError
├── InvalidInputError (ValueError)       an argument, a file or a study breaks a rule
├── StoreError (OSError)                 something on disk is missing, damaged or in use
├── StudyError                           a study file has mistakes (all of them in one message)
├── MissingDependencyError (ImportError) an optional extra is not installed
└── Cancelled                            the user stopped a long computation
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "Cancelled",
    "InvalidInputError",
    "MissingDependencyError",
    "StoreError",
    "StudyError",
    "TopolensError",
    "TopolensWarning",
    "nearest_names",
]


class TopolensError(Exception):
    """Base of every error that TopoLens raises on purpose.

    >>> import numpy as np
    >>> import topolens as tl
    >>> try:
    ...     tl.persistence(np.zeros(3))
    ... except tl.TopolensError as error:
    ...     print(error)
    `points` must have shape (n_points, n_features); got shape (3,)
    """


class InvalidInputError(TopolensError, ValueError):
    """An argument breaks a rule; the message names it, the rule and what came."""


class StoreError(TopolensError, OSError):
    """Something on disk is missing, damaged or in use."""


class StudyError(TopolensError):
    """A study file has mistakes.

    Attributes
    ----------
    mistakes : tuple of str
        One sentence per mistake, each beginning with its place in the file.
    """

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {line}" for line in mistakes)]))


class MissingDependencyError(TopolensError, ImportError):
    """An optional extra is not installed; the message names the command that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}; install it with `pip install 'topolens[{extra}]'`"
        )


class Cancelled(TopolensError):
    """The user stopped a long computation; what was finished before is kept."""


class TopolensWarning(UserWarning):
    """The result is usable, but there is something the user should know about it."""


def nearest_names(name: str, known: Iterable[str], *, shown: int = 3) -> str:
    """Return a hint that ends an "unknown name" sentence: the nearest names, or all of a few."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=shown, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(f"`{match}`" for match in close) + "?"
    if not names:
        return "there are none"
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"known: {listed}"
