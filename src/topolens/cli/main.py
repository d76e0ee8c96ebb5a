"""The `topolens` command: its verbs, and what a mistake looks like."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from topolens.base.errors import TopolensError
from topolens.cli.compare import compare
from topolens.cli.describe import describe
from topolens.cli.layers import layers
from topolens.cli.list import list_operations
from topolens.cli.mapper import mapper
from topolens.cli.report import report
from topolens.cli.run import run
from topolens.cli.store import store

__all__ = ["main"]

USER_MISTAKE = 2

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(run)
app.command()(report)
app.command()(layers)
app.command()(describe)
app.command()(compare)
app.command()(mapper)
app.command(name="list")(list_operations)
app.add_typer(store, name="store")


def _print_version(wanted: bool) -> None:
    if wanted:
        from topolens import __version__

        typer.echo(f"topolens {__version__}")
        raise typer.Exit


@app.callback()
def topolens(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Show the shape of what a neural network makes of its data, layer by layer."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command. A TopolensError is a sentence and exit 2; a bug keeps its traceback."""
    _accept_any_text()
    try:
        app(args=argv, prog_name="topolens")
    except TopolensError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(USER_MISTAKE)


def _accept_any_text() -> None:
    """Write `?` for what the encoding of the terminal cannot say, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
