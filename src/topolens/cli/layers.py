"""`topolens layers`: which layers a model has, and what a capture would keep of them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from topolens.activations.layers import LayerInfo

_TITLES = ("layer", "type", "output", "parameters", "captured")


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
            help="Name, glob, `type:Conv2d` or `leaf` (the default). Repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="What to leave out again. Repeatable."),
    ] = None,
    pool: Annotated[
        str, typer.Option(help="`mean`, `top_norm`, `random:K`, `flatten` or `cls`.")
    ] = "mean",
    trust: Annotated[bool, typer.Option("--trust", help="Run the code of FILE.py.")] = False,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Read weights from a PyTorch checkpoint.")
    ] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch published weights (tv:, timm:, hf:).")
    ] = False,
) -> None:
    """Show the layers of MODEL, and rows x features per sample that a capture would keep."""
    # Importing torch takes seconds, and `topolens --help` does not need it.
    from topolens.activations.dry_run import dry_run
    from topolens.activations.models import load_model

    network = load_model(
        model,
        args=_parse_arguments(arguments or []),
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
    _print_table(table, kept)
    if mistake is not None:
        raise mistake
    features = sum(rows * width for rows, width in kept.values())
    layers = "1 layer" if len(kept) == 1 else f"{len(kept)} layers"
    parameters = sum(p.numel() for p in network.parameters())
    typer.echo(
        f"\n{parameters:,} parameters; {layers} captured, {features:,} numbers per "
        f"sample, {features * 4 * 1000 / 1e6:,.1f} MB per 1,000 samples in float32"
    )


def _parse_arguments(arguments: list[str]) -> dict[str, Any]:
    parsed = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name:
            raise InvalidInputError(f"`--arg` must be KEY=VALUE; got {argument!r}")
        parsed[name] = _parse_value(value)
    return parsed


def _parse_value(text: str) -> object:
    """Read a TOML value as in a study file; anything else is text, so that quotes can be spared."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


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


def _print_table(table: list[LayerInfo], kept: dict[str, tuple[int, int]]) -> None:
    lines = [_TITLES, *(_line(info, kept) for info in table)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_TITLES))]
    for line in lines:
        cells = [
            cell.rjust(width) if column == 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


def _line(info: LayerInfo, kept: dict[str, tuple[int, int]]) -> tuple[str, str, str, str, str]:
    indent = "  " * info.name.count(".")
    shape = "never runs" if info.calls == 0 else "no tensor"
    if info.output_shape is not None:
        shape = " x ".join(map(str, info.output_shape)) or "one number"
    if info.calls > 1:
        shape = f"{shape}, {info.calls} times"
    own = [size for name, size in kept.items() if name.partition("#")[0] == info.name]
    captured = ", ".join(f"{rows} x {width}" for rows, width in own)
    return indent + info.name, info.type, shape, f"{info.n_parameters:,}", captured
