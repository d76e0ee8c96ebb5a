"""Values of parameters that an operation refuses, found before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from topolens.base.errors import TopolensError
from topolens.base.registry import Operation
from topolens.base.results import Diagram

__all__ = ["refusal"]

_POINTS = np.cos(np.arange(60.0)).reshape(20, 3)
_SUBJECTS: Mapping[str, tuple[Any, ...]] = {
    "points": (_POINTS,),
    "diagrams": (Diagram(1, np.array([[0.1, 0.5], [0.2, 0.9], [0.3, 0.4]])),),
    "labelled_points": (_POINTS, np.arange(20) % 2),
}


def refusal(operation: Operation, params: Mapping[str, Any], *, n_subjects: int) -> str | None:
    """Return why the operation refuses these parameters; None where it takes them.

    It is tried on a few points or bars. If it fails there with its own defaults too, the
    parameters are not at fault.
    """
    if not params:
        return None
    reason = _failure(operation, params, n_subjects)
    return None if reason and _failure(operation, {}, n_subjects) else reason


def _failure(operation: Operation, params: Mapping[str, Any], n_subjects: int) -> str | None:
    subjects = _SUBJECTS[operation.takes] * n_subjects
    try:
        operation.run(*subjects, **params)
    except TopolensError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  an operation may be a third party's
        return f"`{operation.name}` must accept {dict(params)}; it raised {error!r}"
    return None
