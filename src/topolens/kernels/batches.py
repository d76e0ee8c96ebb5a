"""Many computations side by side, one per thread, told of and stopped as one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeAlias, TypeVar

import numpy as np

from topolens.base.errors import Cancelled

__all__ = ["Progress", "one_per_thread"]

Item = TypeVar("Item")
Found = TypeVar("Found")
Progress: TypeAlias = Callable[[float], None]


def one_per_thread(
    work: Callable[[Item, Progress], Found],
    items: Sequence[Item],
    *,
    costs: Sequence[float],
    threads: int,
    progress: Progress | None = None,
) -> list[Found]:
    """Results of `work(item, told)` in the order of `items`, the dearest begun first.

    `work` calls `told` now and then with its own share done. `progress` hears of the whole, from
    one thread at a time; what it raises, a failure or Ctrl-C stops all the others at their next
    call of `told`.
    """
    whole = _Whole(costs, progress)
    if threads == 1 or len(items) < 2:
        return [whole.run(work, item, place) for place, item in enumerate(items)]
    dearest_first = np.argsort(-np.asarray(costs), kind="stable").tolist()
    # The kernels release the interpreter's lock, so plain threads run side by side.
    with ThreadPoolExecutor(threads, "topolens") as pool:
        try:
            begun = {k: pool.submit(whole.run, work, items[k], k) for k in dearest_first}
            wait(begun.values(), return_when=FIRST_EXCEPTION)
        except BaseException:
            whole.stop()
            raise
    if whole.failure is not None:
        raise whole.failure
    return [begun[place].result() for place in range(len(items))]


class _Whole:
    """How far all computations together are, and whether they shall go on."""

    failure: BaseException | None = None
    """The first one; what others raise because of it is of no interest."""

    def __init__(self, costs: Sequence[float], progress: Progress | None) -> None:
        self._weights = np.asarray(costs, dtype=np.float64) / max(sum(costs), 1.0)
        self._shares = np.zeros(len(costs))
        self._progress = progress
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, work: Callable[[Item, Progress], Found], item: Item, place: int) -> Found:
        """Do one computation, from its beginning to its end."""
        try:
            self._tell(place, 0.0)
            found = work(item, lambda share: self._tell(place, share))
            self._tell(place, 1.0)
        except BaseException as error:
            self.failure = self.failure or error
            self.stop()
            raise
        return found

    def stop(self) -> None:
        """Let every computation end at its next word."""
        self._stopped = True

    def _tell(self, place: int, share: float) -> None:
        with self._lock:
            if self._stopped:
                raise Cancelled("the batch was stopped")
            self._shares[place] = share
            if self._progress is not None:
                self._progress(min(1.0, float(self._weights @ self._shares)))
