"""Run steps on all cores, or on any executor; one step's failure is not another's."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from topolens.base.errors import TopolensError, TopolensWarning
from topolens.base.progress import OnEvent, Planned, StepEnded, StepFailed, StepStarted
from topolens.study.cache import ResultCache
from topolens.study.results import StepFailure
from topolens.study.steps import Step, execute
from topolens.study.stopping import heed

__all__ = ["local_executor", "run_steps"]

_QUEUED_PER_WORKER = 4


@contextmanager
def local_executor(workers: int | None = None) -> Iterator[Executor]:
    """Threads of this process, one per core: the kernels that steps spend their time in let go.

    Left in haste, it drops what has not begun, stops the long kernels of the steps that run and
    waits for these steps, so that none of them writes behind the back of whoever runs the study
    next.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(
        workers or os.cpu_count() or 1, "topolens", initializer=heed, initargs=(stop,)
    )
    try:
        yield executor
    except BaseException:
        stop.set()
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()


def run_steps(
    root: Path, stage: str, steps: Sequence[Step], executor: Executor, on_event: OnEvent
) -> dict[str, StepFailure]:
    """Run the steps whose results are missing; return those that failed by key, in plan order."""
    cache = ResultCache(root / "results")
    by_key = {step.key: step for step in steps}
    missing = [step for step in by_key.values() if not cache.has(step.key)]
    if by_key:
        on_event(Planned(stage, len(by_key), len(by_key) - len(missing)))
    reasons: dict[str, str] = {}
    with warnings.catch_warnings():
        # What a measure doubts is in the notes of its result; here it would cut up the progress.
        warnings.simplefilter("ignore", TopolensWarning)
        for step, seconds, reason in _finished(root, missing, executor, on_event):
            if reason is None:
                on_event(StepEnded(step.label, seconds))
            else:
                reasons[step.key] = reason
                on_event(StepFailed(step.label, reason))
    return {
        step.key: StepFailure(step.label, reasons[step.key])
        for step in missing
        if step.key in reasons
    }


def _finished(
    root: Path, steps: Sequence[Step], executor: Executor, on_event: OnEvent
) -> Iterator[tuple[Step, float, str | None]]:
    """Yield each step with its seconds and the reason of its failure, as they come in."""
    waiting = iter(steps)
    running: dict[Future[float], Step] = {}
    room = _QUEUED_PER_WORKER * (os.cpu_count() or 1)
    while True:
        for step in waiting:
            running[executor.submit(_timed, root, step)] = step
            on_event(StepStarted(step.label))
            if len(running) >= room:
                break
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            step = running.pop(future)
            error = future.exception()
            if error is None:
                yield step, future.result(), None
            else:
                yield step, 0.0, _reason(error)


def _timed(root: Path, step: Step) -> float:
    start = time.perf_counter()
    execute(root, step)
    return time.perf_counter() - start


def _reason(error: BaseException) -> str:
    """Say why in a sentence; a fault of ours keeps the name of its type."""
    if isinstance(error, TopolensError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
