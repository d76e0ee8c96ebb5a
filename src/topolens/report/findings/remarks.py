"""What measures and metrics say of their own values, alike sentences told once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from topolens.report.findings.words import count, listing, quoted, readable

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["remarks", "remarks_of"]

_MEASURES_SHOWN = 6
_MODELS_SHOWN = 3
_LAYERS_SHOWN = 2
_NUMBER = re.compile(r"\d[\d.,]*")

Note = tuple[str, str, str]


def remarks(study: StudyReader) -> list[str]:
    """Return what all measures and metrics doubt: one sentence for all that say the same."""
    return [*_of_measures(study), *_of_metrics(study)]


def remarks_of(study: StudyReader, measure: str, cloud: str) -> list[str]:
    """Return what one measure doubts about its values in a cloud."""
    return [_capital(_told(notes)) for notes in _alike(study.notes(measure, cloud))]


def _of_measures(study: StudyReader) -> list[str]:
    # Measures that a cloud's scale does not change say the same in every cloud.
    doubtful: dict[tuple[Note, ...], list[str]] = {}
    for measure in study.measures:
        found = [note for cloud in study.clouds for note in study.notes(measure, cloud)]
        for notes in _alike(dict.fromkeys(found)):
            doubtful.setdefault(tuple(notes), []).append(readable(measure))
    return [
        f"{_capital(listing(measures, shown=_MEASURES_SHOWN))}: {_told(notes)}"
        for notes, measures in doubtful.items()
    ]


def _of_metrics(study: StudyReader) -> list[str]:
    lines = []
    for metric in study.metrics:
        matrices = (study.distances(metric, cloud) for cloud in study.clouds)
        notes = [note for matrix in matrices if matrix is not None for note in matrix.notes]
        distinct = list(dict.fromkeys(notes))
        if distinct:
            more = f" And {count(len(distinct) - 1, 'more like it', 'more like it')}."
            first = f"{_capital(readable(metric))}: {distinct[0].rstrip('.')}."
            lines.append(first + (more if len(distinct) > 1 else ""))
    return lines


def _alike(notes: Iterable[Note]) -> list[list[Note]]:
    """Gather notes that differ in nothing but their numbers."""
    groups: dict[str, list[Note]] = {}
    for note in notes:
        groups.setdefault(_NUMBER.sub("#", note[2]), []).append(note)
    return list(groups.values())


def _told(notes: Sequence[Note]) -> str:
    """Say what the first of the notes says, where it does, and where others say it too."""
    said = notes[0][2]
    same = _places(note for note in notes if note[2] == said)
    others = [note for note in notes if note[2] != said]
    rest = f"; with other numbers also {_places(others)}" if others else ""
    return f"{said.rstrip('.')} ({same}{rest})."


def _places(notes: Iterable[Note]) -> str:
    by_model: dict[str, list[str]] = {}
    for model, layer, _ in notes:
        by_model.setdefault(model, []).append(quoted(layer))
    parts = [
        f"{listing(layers, shown=_LAYERS_SHOWN)} of {quoted(model)}"
        for model, layers in by_model.items()
    ]
    return listing(parts, shown=_MODELS_SHOWN)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
