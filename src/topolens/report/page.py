"""The report: one HTML file that stands alone."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from topolens.report.charts import Chart, constant_measures, main_distance_chart
from topolens.report.facts import fact_line, layer_table, method_lines, provenance_lines
from topolens.report.findings import collect_findings
from topolens.report.findings.reading import any_measured
from topolens.report.findings.words import heading, number, percent, readable, unticked
from topolens.report.identification import identifications, reading_of
from topolens.report.layer_maps import map_chart
from topolens.report.mapper_charts import purity_charts
from topolens.report.mapper_section import class_key, mapper_blocks
from topolens.report.mapper_tables import mapper_numbers, purity_words
from topolens.report.overview import overview_rows
from topolens.report.payload import build_payload, script_text
from topolens.report.remembered import RememberedStudy
from topolens.report.small_matrices import small_matrices
from topolens.report.small_profiles import small_profiles
from topolens.report.style import line_styles, style_words
from topolens.report.svg import inline_svg

if TYPE_CHECKING:
    from pathlib import Path

    from topolens.study.results import StepFailure, StudyReader

__all__ = ["write_report"]

_TEMPLATES = "topolens.report"
_SCRIPTS = (
    "common.js",
    "inspector.js",
    "profiles.js",
    "matrices.js",
    "map.js",
    "mapper.js",
    "start.js",
)


def write_report(study: StudyReader, path: Path) -> Path:
    """Write the report of a study as one HTML file that needs nothing else.

    Parameters
    ----------
    study : StudyReader
        A finished or half-finished study.
    path : Path
        The file to write; its folder is made if missing, an older file is replaced at once.

    Returns
    -------
    Path
        `path`. Equal studies give equal bytes.
    """
    script = _script()
    context = _context(RememberedStudy(study))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_TEMPLATES, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        heading=heading, number=number, percent=percent, readable=readable, unticked=unticked
    )
    page = environment.get_template("page.html").render(
        **context,
        style=Markup(_resource("page.css")),
        script=Markup(script),
        script_digest=_digest(script),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    os.replace(unfinished, path)  # noqa: PTH105  atomic on every platform
    return path


def _resource(name: str) -> str:
    return resources.files(_TEMPLATES).joinpath("templates", name).read_text(encoding="utf-8")


def _script() -> str:
    """Return the page's scripts as one, in a scope of their own."""
    return f'"use strict";(() => {{\n{"".join(map(_resource, _SCRIPTS))}}})();\n'


def _digest(script: str) -> str:
    """Return the hash by which the page's policy knows its one script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _context(study: StudyReader) -> dict[str, Any]:
    styles = line_styles((model.name, model.family) for model in study.models)
    blocks = mapper_blocks(study)
    identified = identifications(study)
    return {
        "study": study,
        "facts": fact_line(study),
        "findings": collect_findings(study),
        "profiles": small_profiles(study, styles),
        "constants": constant_measures(study),
        "layer_tables": layer_table(study),
        "overview": overview_rows(study),
        "matrices": small_matrices(study),
        "heat_map": _drawn(main_distance_chart(study)),
        "layer_map": _drawn(map_chart(study)),
        "identified": identified,
        "identified_reading": reading_of(identified),
        "mapper_blocks": blocks,
        "class_key": class_key(study),
        "curves_drawn": any(p.curve for block in blocks for _, row in block.rows for p in row),
        "mapper_tables": mapper_numbers(study) if blocks else [],
        "purity_charts": [_drawn(chart) for chart in purity_charts(study)],
        "purity_words": purity_words(study),
        "styles": styles,
        "style_words": style_words(styles),
        "failures": _untold_failures(study),
        "epochs": any(model.epoch is not None for model in study.models),
        "measured": any_measured(study),
        "method": method_lines(study),
        "provenance": provenance_lines(study),
        "payload": script_text(build_payload(study)),
    }


def _untold_failures(study: StudyReader) -> list[StepFailure]:
    """Return the failures that do not repeat what a model's row says already."""
    told = {model.problem for model in study.models}
    return [failure for failure in study.failures if failure.reason not in told]


def _drawn(chart: Chart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    return {
        "title": chart.title,
        "cloud": chart.cloud,
        "subject": chart.subject,
        "stress": chart.stress,
        "svg": inline_svg(chart.figure, prefix=chart.name, description=chart.description),
    }
