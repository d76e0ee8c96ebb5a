"""`topolens report`: write the page of a study that has run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="The folder that `topolens run` wrote.")],
) -> None:
    """Write report.html and figures/ of a study that has run, without computing anything."""
    from topolens.report import write_figures, write_report
    from topolens.study.study import Study

    study = Study(folder)
    page = write_report(study, folder / "report.html")
    write_figures(study, folder / "figures")
    typer.echo(f"report  {page}")
