"""A word to the threads of a study that they shall stop, heeded by the long kernels."""

from __future__ import annotations

import threading
from contextvars import ContextVar

from topolens.base.errors import Cancelled

__all__ = ["go_on", "heed"]

_STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


def heed(stop: threading.Event) -> None:
    """Let what runs on this thread end once `stop` is set; the beginning of every worker."""
    _STOP.set(stop)


def go_on(_share: float) -> None:
    """Return, or raise Cancelled if this thread was told to stop; what kernels call at work."""
    stop = _STOP.get()
    if stop is not None and stop.is_set():
        raise Cancelled("the study was stopped")
