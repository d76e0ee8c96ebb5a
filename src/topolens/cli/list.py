"""`topolens list`: what can be named in a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from topolens.base.errors import InvalidInputError, nearest_names
from topolens.cli.operation_lines import legend, operation_lines

if TYPE_CHECKING:
    from topolens.activations.data.sources.registry import Scheme
    from topolens.base.registry import Operation


def list_operations(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="networks, data, descriptors, metrics, normalisations or lenses; default: all."
        ),
    ] = None,
) -> None:
    """List the networks, sources of data and measures that a study may name.

    Descriptors and metrics alone are listed with units, invariances and parameters.
    """
    import topolens.comparison
    import topolens.descriptors  # noqa: F401  both packages fill the registries
    from topolens.activations.data.sources import schemes
    from topolens.activations.networks.zoo import ZOO
    from topolens.base.registry import descriptors, metrics
    from topolens.clouds.normalise import NORMALISATIONS, rule_summary
    from topolens.descriptors.mapper.lens_names import LENSES

    lists = {
        "networks": [f"  {f'zoo:{name}':<24} {summary}" for name, summary in ZOO.items()],
        "data": [_scheme_line(scheme) for scheme in schemes()],
        "descriptors": [_line(descriptors[name]) for name in descriptors],
        "metrics": [_line(metrics[name]) for name in metrics],
        "normalisations": [f"  {name:<24} {rule_summary(name)}" for name in NORMALISATIONS],
        "lenses": [_lens_line(name) for name in LENSES],
    }
    if kind is not None and kind not in lists:
        raise InvalidInputError(
            f"`kind` must name a list; got {kind!r}, {nearest_names(kind, lists)}"
        )
    registries = {"descriptors": descriptors, "metrics": metrics}
    if kind in registries:
        named = [registries[kind][name] for name in registries[kind]]
        lines = operation_lines(named, metrics=kind == "metrics")
        typer.echo("\n".join([kind, *lines, "", legend(metrics=kind == "metrics")]))
        return
    for name, lines in lists.items():
        if kind in (None, name):
            typer.echo("\n".join([name, *lines]))


def _scheme_line(scheme: Scheme) -> str:
    summary = (scheme.read.__doc__ or "").strip().splitlines()[0].replace("`", "")
    given = ", ".join(scheme.takes)
    return f"  {scheme.usage:<24} {summary}" + (f"  [{given}]" if given else "")


def _lens_line(name: str) -> str:
    from topolens.descriptors.mapper.lens_names import LENSES

    lens = LENSES[name]
    usage = f"{name}[:{lens.argument}]" if lens.argument else name
    needs = "" if lens.needs == "points" else f"  [{lens.needs}; in Python]"
    return f"  {usage:<24} {lens.summary.replace('`', '')}{needs}"


def _line(operation: Operation) -> str:
    summary = (operation.run.__doc__ or "").strip().splitlines()[0].replace("`", "")
    return f"  {operation.name:<24} {summary}"
