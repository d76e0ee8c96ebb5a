"""`topolens describe`: one descriptor of the clouds in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError
from topolens.cli.arguments import degree_of, parse_assignments
from topolens.cli.clouds import prepared, read_clouds
from topolens.cli.json_values import plain

if TYPE_CHECKING:
    from topolens.base.registry import Operation

_SHOWN_VALUES = 6

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A parameter of NAME. Repeatable."),
]
Degree = Annotated[
    int | None,
    typer.Option(help="Homology degree, for what works on diagrams; 0, 1 or 2."),
]
Normalisation = Annotated[
    str, typer.Option("--normalise", help="What is done to each cloud; see `topolens list`.")
]
NPoints = Annotated[
    int | None, typer.Option("--points", help="Draw this many rows, the same in every cloud.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


def describe(
    name: Annotated[str, typer.Argument(help="A descriptor; see `topolens list descriptors`.")],
    cloud: Annotated[
        Path, typer.Argument(help="An array (.npy, .csv), layers (.npz), or a store's folder.")
    ],
    settings: Settings = None,
    dimension: Degree = None,
    layer: Annotated[str | None, typer.Option(help="One layer of CLOUD; default: all.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="The class of each row, or each sample of a store (.npy)."),
    ] = None,
    normalisation: Normalisation = "none",
    n_points: NPoints = None,
    as_json: AsJson = False,
) -> None:
    """Describe CLOUD, or every layer in it, by one number or curve."""
    import topolens.descriptors  # noqa: F401  fills the registry
    from topolens.base.registry import descriptors

    operation = descriptors[name]
    params = parse_assignments(settings or [], "--set")
    degree = degree_of(operation, params, dimension)
    operation.check(params)
    clouds = read_clouds(cloud, layer=layer).with_labels(labels)
    records = []
    for called, points in clouds.layers.items():
        chosen, rows = prepared(points, name=called, normalisation=normalisation, n_points=n_points)
        classes = clouds.labels_of(called)
        classes = classes if rows is None or classes is None else classes[rows]
        for made, subject in _subjects(operation, chosen, classes, degree):
            found = {"unit": operation.unit_with(params), **made}
            found["result"] = plain(operation.run(*subject, **params))
            size = {"n_points": len(chosen), "n_features": chosen.shape[1]}
            given = {"descriptor": name, "parameters": {**operation.parameters, **params}}
            records.append({**given, "layer": called, **size, **found})
    lines = [line for record in records for line in _lines(record, several=len(clouds.layers) > 1)]
    typer.echo(json.dumps(records, indent=1) if as_json else "\n".join(lines))


def _subjects(
    operation: Operation, points: NDArray[Any], labels: NDArray[Any] | None, degree: int | None
) -> Iterator[tuple[dict[str, int], tuple[object, ...]]]:
    """Yield what the descriptor takes, one homology degree after the other where it has any."""
    if operation.takes == "points":
        yield {}, (points,)
    elif operation.takes == "labelled_points":
        if labels is None:
            raise InvalidInputError(
                f"`{operation.name}` needs the class of each row: `--labels FILE.npy`, or an array "
                "`labels` in the archive"
            )
        yield {}, (points, labels)
    else:
        from topolens.descriptors.persistence import persistence

        max_dim = 1 if degree is None else degree
        diagrams = persistence(points, max_dim=max_dim)
        for dimension in (0, 1) if degree is None else (degree,):
            yield {"dimension": dimension, "max_dim": max_dim}, (diagrams[dimension],)


def _lines(record: dict[str, Any], *, several: bool) -> list[str]:
    """Say a value with its unit, what it was made of, and what else came with it."""
    result = record["result"]
    fields = result if isinstance(result, dict) else {"value": result}
    degree = f" H{record['dimension']}" if "dimension" in record else ""
    title = f"{record['descriptor']}{degree}"
    where = f" of {record['layer']}" if several else ""
    head = f"{title}{where}: {_value(fields, record['unit'])}"
    made = f"{record['n_points']:,} points, {record['n_features']} features"
    if degree:
        made += f", persistence up to H{record['max_dim']}"
    others = [
        f"  {name}: {_short(entry)}"
        for name, entry in fields.items()
        if name not in _SAID_ABOVE and entry != []
    ]
    return [f"{head}  ({made})", *others]


_SAID_ABOVE = ("value", "low", "high", "standard_error")


def _value(fields: dict[str, Any], unit: str) -> str:
    if "value" not in fields:
        return f"in {unit}" if unit else "curve"
    text = _short(fields["value"])
    if fields.get("standard_error") is not None:
        text += f" ± {_short(fields['standard_error'])}"
    if fields.get("low") is not None and fields.get("high") is not None:
        text += f" [{_short(fields['low'])}, {_short(fields['high'])}]"
    return f"{text} {unit}".rstrip()


def _short(entry: object) -> str:
    if isinstance(entry, float):
        return f"{entry:.6g}"
    if not isinstance(entry, list):
        return str(entry)
    shape = np.shape(entry) if not any(isinstance(one, str) for one in entry) else (len(entry),)
    if len(shape) == 1 and len(entry) <= _SHOWN_VALUES:
        return ", ".join(_short(one) for one in entry)
    return f"{' x '.join(map(str, shape))} numbers; --json has them"
