"""What a study shows, in sentences; plain functions from a study to findings, no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topolens.report.findings.changes import changed_layers
from topolens.report.findings.class_purity import classes_in_graphs
from topolens.report.findings.correspondence import corresponding_layers
from topolens.report.findings.doubts import doubts
from topolens.report.findings.finding import Finding, FindingTable
from topolens.report.findings.loops import loops_over_depth
from topolens.report.findings.outsider import most_different_model
from topolens.report.findings.redundancy import closest_layers
from topolens.report.findings.scale import share_of_scale
from topolens.report.findings.steps import largest_step
from topolens.report.findings.trends import dimension_over_depth, total_lifespans
from topolens.report.remembered import RememberedStudy

if TYPE_CHECKING:
    from topolens.study.results import StudyReader

__all__ = ["Finding", "FindingTable", "collect_findings"]

_GROUPS = (
    largest_step,
    loops_over_depth,
    total_lifespans,
    dimension_over_depth,
    changed_layers,
    corresponding_layers,
    closest_layers,
    classes_in_graphs,
    most_different_model,
    share_of_scale,
)


def collect_findings(study: StudyReader) -> tuple[Finding, ...]:
    """Return everything the study shows, in reading order; doubts come last.

    Parameters
    ----------
    study : StudyReader
        A finished or half-finished study. Findings whose inputs are missing are left out.

    Returns
    -------
    tuple of Finding
        Plain-text sentences with the measure, the value, the rule and the robustness.
    """
    once = RememberedStudy(study)
    found = [finding for group in _GROUPS for finding in group(once)]
    return (*found, *doubts(once, found))
