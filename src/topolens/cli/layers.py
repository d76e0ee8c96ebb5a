"""`topolens layers`: which layers a model has, and what a capture would keep of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from topolens.base.errors import InvalidInputError
from topolens.cli.arguments import parse_assignments
from topolens.cli.layer_lines import json_record, table_lines, total_line


def layers(
    model: Annotated[
        str, typer.Argument(help="zoo:NAME, py:FILE.py:FACTORY, tv:…, timm:… or hf:….")
    ],
    weights: Annotated[Path | None, typer.Option(help="A .safetensors file for the model.")] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="KEY=VALUE", help="Argument of the factory. Repeatable."),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(metavar="C,H,W", help="Shape of one sample, e.g. 3,32,32."),
    ] = None,
    patterns: Annotated[
        list[str] | None,
        typer.Option(
            "--layers",
            metavar="PATTERN",
            help="Name, glob, `type:Conv2d`, `re:REGEX`, `depth:N` or `leaf` (the default), with "
            "`@input` for what goes in. Repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="What to leave out again. Repeatable."),
    ] = None,
    pool: Annotated[
        str,
        typer.Option(
            help="`mean`, `top_norm`, `random:K`, `inner:K`, `foreground:K`, `background:K`, "
            "`grid:K`, `all`, `flatten`, `cls` or `last`."
        ),
    ] = "mean",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Run the code of FILE.py.")] = False,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Read weights from a PyTorch checkpoint.")
    ] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch published weights (tv:, timm:, hf:).")
    ] = False,
) -> None:
    """Show the tree of MODEL's layers, and rows x features per sample that a capture would keep."""
    # Importing torch takes seconds, and `topolens --help` does not need it.
    from topolens.activations.hooks.dry_run import dry_run
    from topolens.activations.networks.models import load_model

    network = load_model(
        model,
        args=parse_assignments(arguments or [], "--arg"),
        weights=weights,
        trust=trust,
        allow_pickle=allow_pickle,
        download=download,
    )
    table, kept, mistake = dry_run(
        network,
        _parse_shape(input_shape),
        layers=patterns or ["leaf"],
        exclude=exclude or [],
        pool=pool,
    )
    if not as_json:
        typer.echo("\n".join(table_lines(table, kept)))
    if mistake is not None:
        raise mistake
    parameters = sum(p.numel() for p in network.parameters())
    if as_json:
        typer.echo(json.dumps(json_record(table, kept, parameters), indent=1))
    else:
        typer.echo(f"\n{total_line(kept, parameters)}")


def _parse_shape(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        shape = tuple(int(size) for size in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise InvalidInputError(
            f"`--input-shape` must be positive sizes with commas, as in 3,32,32; got {text!r}"
        )
    return shape
