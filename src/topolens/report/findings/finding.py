"""What a finding is, and how it says how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "FindingTable", "agreement", "hits_cell", "verdict"]

_SETTLED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class FindingTable:
    """The numbers behind a finding, one row per model, pair or metric; plain text cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the study shows, in plain text: what, by which rule, and how surely."""

    key: str
    """Stable name, e.g. `largest-step`."""
    title: str
    sentence: str
    """The finding itself; reads well alone."""
    measure: str
    """Label of the measure or metric behind it, with its cloud."""
    value: float | None
    """The number that carries the sentence; None where there is no single one."""
    rule: str
    """How the sentence follows from the measure."""
    robustness: str
    """What the half-samples say about it, or a margin."""
    settled: bool | None = None
    """Whether the half-samples agree; None where that could not be checked."""
    table: FindingTable | None = None
    notes: tuple[str, ...] = ()
    """Further sentences, one each."""
    caution: bool = False
    """True if a note names something else than the networks that may have made it so."""

    @property
    def badge(self) -> str:
        """How far to trust it, in a word or two; empty where that is no question."""
        if self.settled is None:
            return "not checked" if self.robustness else ""
        if not self.settled:
            return "partly settled" if self.robustness.startswith("settled") else "not settled"
        return "settled, with a caution" if self.caution else "settled"


def agreement(hits: int, total: int, what: str) -> tuple[bool | None, str]:
    """Return whether `hits` of `total` half-samples settle a finding, and the sentence for it."""
    if total == 0:
        return None, "not checked: the study has no half-samples"
    if hits == total:
        return True, f"{what} in all {total} half-samples"
    if hits >= _SETTLED_SHARE * total:
        return True, f"{what} in {hits} of {total} half-samples"
    share = f"only {hits}" if hits else "none"
    return False, f"not settled: {what} in {share} of {total} half-samples"


def hits_cell(hits: int, near: int, total: int) -> str:
    """Return the table cell for half-samples that agree, exactly or within one layer."""
    beside = f" (±1 layer: {near})" if near > hits else ""
    return f"{hits} of {total}{beside}"


def verdict(hits: dict[str, int], total: int, what: str) -> tuple[bool | None, str]:
    """Sum up `agreement` over several models: who is settled and who is not."""
    if len(hits) == 1 or total == 0:
        return agreement(next(iter(hits.values()), 0), total, what)
    loose = [name for name, count in hits.items() if count < _SETTLED_SHARE * total]
    if not loose:
        least = min(hits.values())
        share = f"all {total}" if least == total else f"at least {least} of {total}"
        return True, f"{what} in {share} half-samples of every model"
    if len(loose) == len(hits):
        return False, "not settled in any model: the half-samples disagree"
    shown = ", ".join(f"“{name}”" for name in loose[:4]) + (" and others" if loose[4:] else "")
    return False, (
        f"settled in {len(hits) - len(loose)} of {len(hits)} models; not settled in {shown}, "
        "where the half-samples disagree"
    )
