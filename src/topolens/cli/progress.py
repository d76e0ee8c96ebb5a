"""Draw progress events: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from topolens.base.progress import (
    Event,
    Planned,
    RoomNeeded,
    StepAdvanced,
    StepEnded,
    StepFailed,
    StepStarted,
)

__all__ = ["ProgressLines"]

_BAR_WIDTH = 24
_PLAIN_SECONDS = 10.0
_REDRAW_SECONDS = 0.08


class ProgressLines:
    """Call it with events; one line per stage, redrawn in place where that is possible."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream: TextIO | None = stream or sys.stderr
        # Python has no stderr at all where it was closed before the start.
        self._live = self._stream is not None and self._stream.isatty()
        self._stage = ""
        self._total = self._cached = self._done = self._failed = 0
        self._began = self._last_shown = 0.0
        self._note = ""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Planned(stage=stage, n_steps=total, n_cached=cached):
                self.close()
                self._begin(stage, total, cached)
            case RoomNeeded():
                self.close()
                self._write(f"{'disk':<12} {event}\n")
            case StepStarted(step=step):
                self._note = step
            case StepAdvanced(step=step, done=done, total=total):
                self._note = f"{step} {done}/{total}"
            case StepEnded():
                self._done += 1
            case StepFailed(step=step, reason=reason):
                self._failed += 1
                self._write(f"failed: {step}: {reason}\n")
        self._show()

    def close(self) -> None:
        """End the stage's line."""
        if not self._stage:
            return
        seconds = time.monotonic() - self._began
        failed = f", {self._failed} failed" if self._failed else ""
        kept = f", {self._cached} kept from before" if self._cached else ""
        self._write(f"{self._stage:<12} {self._done} done{kept}{failed}  {seconds:.1f} s\n")
        self._stage = ""

    def _begin(self, stage: str, total: int, cached: int) -> None:
        self._stage, self._total, self._cached = stage, total, cached
        self._done = self._failed = 0
        self._note = ""
        self._began = self._last_shown = time.monotonic()

    def _show(self) -> None:
        now = time.monotonic()
        wait = _REDRAW_SECONDS if self._live else _PLAIN_SECONDS
        if not self._stage or now - self._last_shown < wait:
            return
        self._last_shown = now
        self._put(f"\r\x1b[2K{self._line(now)}" if self._live else f"{self._line(now)}\n")

    def _line(self, now: float) -> str:
        finished = self._done + self._failed
        todo = self._total - self._cached
        share = (self._cached + finished) / self._total if self._total else 1.0
        full = round(_BAR_WIDTH * share)
        bar = "█" * full + "·" * (_BAR_WIDTH - full)
        rate = finished / (now - self._began) if now > self._began else 0.0
        left = f"{_clock((todo - finished) / rate)} left" if rate > 0 else ""
        counts = f"{self._cached + finished}/{self._total}"
        line = f"{self._stage:<12} {bar} {counts:>9} {rate:5.1f}/s  {left:<11} {self._note}"
        # A line that wraps cannot be redrawn in place; one in a file is not.
        return line[: shutil.get_terminal_size().columns - 1] if self._live else line

    def _write(self, text: str) -> None:
        self._put(f"\r\x1b[2K{text}" if self._live else text)

    def _put(self, text: str) -> None:
        """Write; a reader that has gone away must not end a computation of hours."""
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._stream = None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
