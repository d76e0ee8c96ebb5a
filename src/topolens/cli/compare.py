"""`topolens compare`: one metric between the clouds in files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError
from topolens.cli.arguments import degree_of, parse_assignments
from topolens.cli.clouds import prepared, read_clouds
from topolens.cli.describe import AsJson, Degree, Normalisation, NPoints, Settings

if TYPE_CHECKING:
    from topolens.base.registry import Operation
    from topolens.base.results import DistanceMatrix

SOME_UNDEFINED = 1


def compare(
    name: Annotated[str, typer.Argument(help="A metric; see `topolens list metrics`.")],
    clouds: Annotated[
        list[Path],
        typer.Argument(help="Arrays (.npy, .csv), layers (.npz) or folders of stores."),
    ],
    settings: Settings = None,
    dimension: Degree = None,
    layer: Annotated[
        str | None, typer.Option(help="One layer of every archive or store; default: all.")
    ] = None,
    normalisation: Normalisation = "none",
    n_points: NPoints = None,
    as_json: AsJson = False,
) -> None:
    """Compare CLOUDS: two give a value, more a matrix. Exit 1 if some pairs have none."""
    import topolens.comparison  # noqa: F401  fills the registry
    from topolens.base.registry import metrics
    from topolens.comparison.pairwise import pairwise

    operation = metrics[name]
    params = parse_assignments(settings or [], "--set")
    operation.check(params)
    degree = degree_of(operation, params, dimension)
    if operation.takes == "diagrams" and degree is None:
        degree = 1
    items = _items(clouds, layer)
    if len(items) < 2:
        raise InvalidInputError(f"`clouds` must be two clouds at least; got {len(items)}")
    points = {
        label: prepared(rows, name="/".join(label), normalisation=normalisation, n_points=n_points)[
            0
        ]
        for label, rows in items.items()
    }
    matrix = pairwise(_subjects(points, degree), name, params=params, workers=os.cpu_count() or 1)
    if len(matrix) == 2 and matrix.notes:
        raise InvalidInputError(matrix.notes[0])
    if as_json:
        typer.echo(json.dumps(_record(matrix, operation, params, degree, points), indent=1))
    else:
        typer.echo("\n".join(_lines(matrix, operation, params, degree, points)))
    if matrix.notes:
        raise typer.Exit(SOME_UNDEFINED)


def _items(paths: Sequence[Path], layer: str | None) -> dict[tuple[str, ...], Any]:
    """Label every cloud by its file, and its layer where the file has several."""
    read = [read_clouds(path, layer=layer if _has_layers(path) else None) for path in paths]
    stems = [path.stem if path.suffix else path.name for path in paths]
    names = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
    items: dict[tuple[str, ...], Any] = {}
    for name, clouds in zip(names, read, strict=True):
        alone = clouds.single or (layer is not None and len(clouds.layers) == 1)
        for called, rows in clouds.layers.items():
            items[(name,) if alone else (name, called)] = rows
    return items


def _has_layers(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() == ".npz"


def _subjects(
    points: Mapping[tuple[str, ...], Any], degree: int | None
) -> Mapping[tuple[str, ...], Any]:
    if degree is None:
        return points
    from topolens.descriptors.batches import persistence_of_clouds

    found = persistence_of_clouds(
        list(points.values()), max_dim=degree, threads=os.cpu_count() or 1
    )
    return {label: diagrams[degree] for label, diagrams in zip(points, found, strict=True)}


def _record(
    matrix: DistanceMatrix,
    operation: Operation,
    params: dict[str, Any],
    degree: int | None,
    points: Mapping[tuple[str, ...], Any],
) -> dict[str, Any]:
    return {
        **matrix.to_dict(),
        "parameters": {**operation.parameters, **params},
        "unit": operation.unit_with(params),
        "dimension": degree,
        "n_points": [len(cloud) for cloud in points.values()],
    }


def _lines(
    matrix: DistanceMatrix,
    operation: Operation,
    params: dict[str, Any],
    degree: int | None,
    points: Mapping[tuple[str, ...], Any],
) -> list[str]:
    unit = operation.unit_with(params)
    title = matrix.metric + ("" if degree is None else f" H{degree}")
    kind = "similarity" if matrix.is_similarity else "distance"
    sizes = sorted({len(cloud) for cloud in points.values()})
    counted = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    made = f"{kind}; {counted} points each"
    if degree is not None:
        made += f", persistence up to H{degree}"
    names = ["/".join(label) for label in matrix.labels]
    if len(matrix) == 2:
        ways = [(0, 1)] if matrix.symmetric else [(0, 1), (1, 0)]
        joint = "and" if matrix.symmetric else "->"
        return [
            f"{title} of {names[i]} {joint} {names[j]}: "
            f"{f'{matrix.values[i, j]:.6g} {unit}'.rstrip()}  ({made})"
            for i, j in ways
        ]
    in_unit = f", in units of {unit}" if unit else ""
    way = "" if matrix.symmetric else "; from the row to the column"
    return [
        f"{title}{in_unit}  ({made}{way})",
        "",
        *_table(names, matrix.values),
        *([""] if matrix.notes else []),
        *matrix.notes,
    ]


def _table(names: Sequence[str], values: NDArray[np.float64]) -> list[str]:
    """Lay a matrix out under numbers, which the rows explain."""
    cells = [["–" if np.isnan(value) else f"{value:.4g}" for value in row] for row in values]
    width = max(len(cell) for row in cells for cell in row)
    stub = max(map(len, names))
    digits = len(str(len(names)))
    head = "  ".join(str(number).rjust(width) for number in range(1, len(names) + 1))
    return [
        f"{'':{digits + 2 + stub}}  {head}",
        *(
            f"{number:>{digits}}  {name.ljust(stub)}  "
            + "  ".join(cell.rjust(width) for cell in row)
            for number, (name, row) in enumerate(zip(names, cells, strict=True), 1)
        ),
    ]
