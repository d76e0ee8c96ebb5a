"""`topolens run`: from a study file to results and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from topolens.cli.progress import ProgressLines
    from topolens.study.reading import StudyFile
    from topolens.study.study import Study

SOME_STEPS_FAILED = 1
INTERRUPTED = 130


def run(
    study: Annotated[Path, typer.Argument(help="A study file (TOML).")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the study; default runs/NAME_OF_FILE.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the steps and stop.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Load Python code that the study names (py:).")
    ] = False,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Read weights that are pickles, weights only.")
    ] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch published weights (tv:, timm:, hf:).")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(help="Capture on `cpu`, `cuda`, `mps` or `auto` instead of what STUDY says."),
    ] = None,
    report: Annotated[bool, typer.Option(help="Write report.html and figures/ at the end.")] = True,
) -> None:
    """Run STUDY: train, capture, measure, compare, report; only what is not there yet."""
    from topolens.cli.progress import ProgressLines

    progress = ProgressLines()
    folder = out or Path("runs") / study.stem
    try:
        file = _read(
            study, trust=trust, allow_pickle=allow_pickle, download=download, device=device
        )
        if dry_run:
            _print_steps(file, folder)
            return
        finished = _run(file, folder, progress, report=report)
    except KeyboardInterrupt:
        progress.close()
        typer.echo("stopped; what was finished is kept, run the same command to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if finished.failures:
        raise typer.Exit(SOME_STEPS_FAILED)


def _read(
    study: Path, *, trust: bool, allow_pickle: bool, download: bool, device: str | None
) -> StudyFile:
    from topolens.study.reading import read_study

    return read_study(
        study, trust=trust, allow_pickle=allow_pickle, download=download, device=device
    )


def _print_steps(file: StudyFile, folder: Path) -> None:
    from topolens.study.preview import preview

    typer.echo("\n".join(preview(file, folder)))


def _run(file: StudyFile, folder: Path, progress: ProgressLines, *, report: bool) -> Study:
    from topolens.study.run import run as run_study

    finished = run_study(file, folder, on_event=progress)
    progress.close()
    if report:
        _write_report(finished)
    _print_summary(finished)
    return finished


def _write_report(study: Study) -> None:
    from topolens.report import write_figures, write_report

    write_report(study, study.root / "report.html")
    write_figures(study, study.root / "figures")


def _print_summary(study: Study) -> None:
    from topolens.cli.summary import summary_lines

    typer.echo("\n".join(summary_lines(study)))
