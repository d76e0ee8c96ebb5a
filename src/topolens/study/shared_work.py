"""What several steps of a study need, made once: clouds, and what metrics prepare of them."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

import numpy as np

__all__ = ["SharedWork", "shared_work"]

Made = TypeVar("Made")

_MOST_BYTES = 1 << 30
_UNKNOWN_BYTES = 1 << 21
"""Taken for a part whose size cannot be told, such as a diagram sliced by the kernel."""


class SharedWork:
    """Values by key, each computed by one thread while others wait; the oldest give way.

    Parameters
    ----------
    most_bytes : int
        What may be kept. A value that is larger by itself is handed out and not kept.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._made: OrderedDict[str, tuple[Future[Any], int]] = OrderedDict()
        self._n_bytes = 0

    def get(self, key: str, make: Callable[[], Made]) -> Made:
        """Return the value under `key`, made now if it is not there; its errors are raised."""
        with self._lock:
            found = self._made.get(key)
            if found is not None:
                self._made.move_to_end(key)
                future = found[0]
            else:
                future = Future()
                self._made[key] = (future, 0)
        if found is None:
            self._fill(key, future, make)
        made: Made = future.result()
        return made

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._made.clear()
            self._n_bytes = 0

    def _fill(self, key: str, future: Future[Any], make: Callable[[], Any]) -> None:
        try:
            made = make()
        except BaseException as error:  # noqa: BLE001  those who wait must hear of it
            with self._lock:
                self._made.pop(key, None)
            future.set_exception(error)
            return
        future.set_result(made)
        size = n_bytes(made)
        with self._lock:
            if self._made.get(key, (None,))[0] is future:
                self._made[key] = (future, size)
                self._n_bytes += size
            while self._n_bytes > self._most_bytes:
                self._n_bytes -= self._made.popitem(last=False)[1][1]


def n_bytes(made: object) -> int:
    """Return what the arrays in a value take, however it is nested."""
    if isinstance(made, np.ndarray):
        return made.nbytes
    if dataclasses.is_dataclass(made):
        return sum(n_bytes(getattr(made, field.name)) for field in dataclasses.fields(made))
    if isinstance(made, dict):
        return sum(map(n_bytes, made.values()))
    if isinstance(made, list | tuple):
        return sum(map(n_bytes, made))
    plain = made is None or isinstance(made, int | float | str | bytes | np.generic | Exception)
    return 64 if plain else _UNKNOWN_BYTES


shared_work = SharedWork()
"""Of this process; `run` clears it at the end of a study."""
