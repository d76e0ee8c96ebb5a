"""Progress as events handed to a callback; only the command line draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from topolens.base.sizes import size_text

__all__ = [
    "Event",
    "OnEvent",
    "Planned",
    "RoomNeeded",
    "StepAdvanced",
    "StepEnded",
    "StepFailed",
    "StepStarted",
]


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


@dataclass(frozen=True, slots=True)
class RoomNeeded:
    """The size of the activations that will be written is known."""

    n_bytes: int
    n_free: int
    """Bytes free where they go."""
    is_whole: bool
    """False if a model could not be asked, so that more may come."""

    def __str__(self) -> str:
        least = "" if self.is_whole else "at least "
        verdict = ": not enough" if self.n_bytes > self.n_free else ""
        return (
            f"{least}{size_text(self.n_bytes)} of activations to write, "
            f"{size_text(self.n_free)} free{verdict}"
        )


Event: TypeAlias = RoomNeeded | Planned | StepStarted | StepAdvanced | StepEnded | StepFailed
OnEvent: TypeAlias = Callable[[Event], None]
