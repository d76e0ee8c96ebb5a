"""The end of a run in the terminal: a table of models, the findings, where everything lies."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topolens.study.results import ModelSummary
    from topolens.study.study import Study

__all__ = ["summary_lines"]

_WIDTH = 96
_COLUMNS = ("model", "accuracy", "parameters", "layers", "points", "left out")


def summary_lines(study: Study) -> list[str]:
    """Return the summary of a study that has run, as lines of text."""
    rows = [_COLUMNS, *(_model_row(model) for model in study.models)]
    lines = ["", study.spec.name, "", *_aligned(rows), ""]
    lines += _finding_lines(study)
    lines += _failure_lines(study)
    return [*lines, *_places(study.root)]


def _model_row(model: ModelSummary) -> tuple[str, ...]:
    used = [layer for layer in model.layers if layer.problem is None]
    return (
        model.name,
        model.quality,
        "–" if model.n_parameters is None else f"{model.n_parameters:,}",
        str(len(used)),
        str(used[0].n_points) if used else "–",
        "all" if model.problem else str(len(model.layers) - len(used)),
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _failure_lines(study: Study) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for failure in study.failures:
        by_reason.setdefault(failure.reason, []).append(failure.step)
    return [
        f"failed  {steps[0]}{f' and {len(steps) - 1} more' if len(steps) > 1 else ''}: {reason}"
        for reason, steps in by_reason.items()
    ]


def _finding_lines(study: Study) -> list[str]:
    from topolens.report import collect_findings

    lines: list[str] = []
    for finding in collect_findings(study):
        lines += _bullet(finding.sentence)
        if finding.key == "doubts":
            for note in finding.notes:
                lines += _bullet(note, indent="  ")
    return [*lines, ""]


def _bullet(sentence: str, *, indent: str = "") -> list[str]:
    return textwrap.wrap(
        sentence, _WIDTH, initial_indent=f"{indent}• ", subsequent_indent=f"{indent}  "
    )


def _places(root: Path) -> list[str]:
    kept = [("report", "report.html"), ("figures", "figures"), ("tables", "tables")]
    return [f"{name:<8} {root / place}" for name, place in kept if (root / place).exists()]
