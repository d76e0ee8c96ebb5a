"""Progress as events handed to a callback; only the command line draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Event", "OnEvent", "Planned", "StepAdvanced", "StepEnded", "StepFailed", "StepStarted"]


@dataclass(frozen=True, slots=True)
class Planned:
    """The steps of one stage are known."""

    stage: str
    n_steps: int
    n_cached: int
    """Steps whose result is already there."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step has begun."""

    step: str


@dataclass(frozen=True, slots=True)
class StepAdvanced:
    """A long step tells how far it is, e.g. batches captured or epochs trained."""

    step: str
    done: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step has its result."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed or was skipped because one it needs failed."""

    step: str
    reason: str


Event: TypeAlias = Planned | StepStarted | StepAdvanced | StepEnded | StepFailed
OnEvent: TypeAlias = Callable[[Event], None]
