"""`topolens list`: what can be named in a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from topolens.base.errors import InvalidInputError, nearest_names

if TYPE_CHECKING:
    from topolens.base.registry import Operation


def list_operations(
    kind: Annotated[
        str | None, typer.Argument(help="descriptors, metrics or normalisations; default: all.")
    ] = None,
) -> None:
    """List the descriptors, metrics and normalisations that a study may name."""
    import topolens.comparison
    import topolens.descriptors  # noqa: F401  both packages fill the registries
    from topolens.base.registry import descriptors, metrics
    from topolens.clouds.normalise import NORMALISATIONS, rule_summary

    lists = {
        "descriptors": [_line(descriptors[name]) for name in descriptors],
        "metrics": [_line(metrics[name]) for name in metrics],
        "normalisations": [f"  {name:<22} {rule_summary(name)}" for name in NORMALISATIONS],
    }
    if kind is not None and kind not in lists:
        raise InvalidInputError(
            f"`kind` must name a list; got {kind!r}, {nearest_names(kind, lists)}"
        )
    for name, lines in lists.items():
        if kind in (None, name):
            typer.echo("\n".join([name, *lines]))


def _line(operation: Operation) -> str:
    summary = (operation.run.__doc__ or "").strip().splitlines()[0]
    given = ", ".join(operation.parameters)
    return f"  {operation.name:<22} {summary}" + (f"  [{given}]" if given else "")
