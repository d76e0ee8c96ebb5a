"""`topolens mapper`: Mapper graphs of the clouds in a file or a store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topolens.base.errors import InvalidInputError
from topolens.cli.clouds import Clouds, prepared, read_clouds
from topolens.cli.describe import Normalisation, NPoints
from topolens.cli.json_values import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from topolens.base.mapper_graph import MapperGraph
    from topolens.descriptors.mapper.clustering import DBSCAN
    from topolens.descriptors.mapper.covers import BalancedCover, UniformCover
    from topolens.descriptors.mapper.eps import EpsCurve
    from topolens.kernels.mapper import NearForecast

_KINDS_OF_FILE = (".json", ".graphml", ".parquet")
_FORECAST_FROM = 20_000
"""Points from which a forecast is worth its time."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What makes a graph of a cloud."""

    lenses: tuple[str, ...]
    cover: UniformCover | BalancedCover
    eps: str | float
    min_samples: int
    permutations: int
    seed: int


def mapper(
    cloud: Annotated[
        Path, typer.Argument(help="An array (.npy, .csv), layers (.npz), or a store's folder.")
    ],
    layer: Annotated[str | None, typer.Option(help="One layer of CLOUD; default: all.")] = None,
    lens: Annotated[
        list[str], typer.Option(help="A lens, see `topolens list lenses`; twice for two columns.")
    ] = ["l2_norm"],  # noqa: B006  typer's way to say a list's default
    cover: Annotated[str, typer.Option(help="`uniform` or `balanced`.")] = "uniform",
    n_intervals: Annotated[int, typer.Option("--intervals", help="Intervals per lens.")] = 40,
    overlap: Annotated[float, typer.Option(help="Share of an interval in the next one.")] = 0.25,
    eps: Annotated[
        str, typer.Option(help="A number, or `knee`, `purvine` or `quantile:Q`.")
    ] = "knee",
    min_samples: Annotated[int, typer.Option(help="Points within eps of a core point.")] = 5,
    labels: Annotated[
        Path | None,
        typer.Option(help="The class of each row, or of each sample of a store (.npy): purity."),
    ] = None,
    normalisation: Normalisation = "none",
    n_points: NPoints = None,
    permutations: Annotated[int, typer.Option(help="Of the labels, for the null.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the permutations and the layout.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write the graph: .json, .graphml or .parquet.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the graph will take and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Make the Mapper graph of CLOUD, or of every layer in it, and say what it looks like.

    The points over overlapping intervals of a lens are clustered by DBSCAN; clusters that share
    points are joined. With labels, its purity stands beside that of shuffled labels.
    """
    recipe = _recipe(lens, cover, n_intervals, overlap, eps, min_samples, permutations, seed)
    clouds = read_clouds(cloud, layer=layer).with_labels(labels)
    _check_out(out, clouds)
    records = []
    for called, points in clouds.layers.items():
        chosen, rows = prepared(points, name=called, normalisation=normalisation, n_points=n_points)
        classes = clouds.labels_of(called)
        classes = classes if rows is None or classes is None else classes[rows]
        size = {"layer": called, "n_points": len(chosen), "n_features": chosen.shape[1]}
        with _naming(called if len(clouds.layers) > 1 else None):
            ready = _ready(chosen, recipe)
            if dry_run:
                records.append({**size, **ready.record, "forecast": asdict(ready.forecast())})
                continue
            if len(chosen) >= _FORECAST_FROM:
                typer.echo(f"{called}: {_forecast_words(asdict(ready.forecast()))}", err=True)
            graph = ready.graph()
            records.append({**size, **ready.record, **_numbers(graph), "purity": None})
            if classes is not None and graph.n_nodes > 0:
                records[-1]["purity"] = _purity(graph, classes, recipe)
        if out is not None:
            _write(graph, out, classes, recipe.seed)
    lines = [line for record in records for line in _lines(record)]
    typer.echo(json.dumps(plain(records), indent=1) if as_json else "\n".join(lines))


@contextmanager
def _naming(layer: str | None) -> Iterator[None]:
    """Say which of several layers a mistake is in."""
    try:
        yield
    except InvalidInputError as error:
        if layer is None:
            raise
        raise InvalidInputError(f"{error} (layer `{layer}`)") from error


def _recipe(
    lens: list[str],
    cover: str,
    n_intervals: int,
    overlap: float,
    eps: str,
    min_samples: int,
    permutations: int,
    seed: int,
) -> _Recipe:
    """Check everything that needs no points."""
    from topolens.base.checks import check_integer, check_one_of
    from topolens.descriptors.mapper.clustering import DBSCAN
    from topolens.descriptors.mapper.covers import BalancedCover, UniformCover
    from topolens.descriptors.mapper.eps_names import check_eps_name
    from topolens.descriptors.mapper.lens_names import check_lens_name

    for name in lens:
        if check_lens_name(name)[0].needs != "points":
            raise InvalidInputError(
                f"`--lens` must be one that needs the points only; `{name}` must be given the "
                "output of the network, in Python"
            )
    check_one_of(cover, "--cover", ("uniform", "balanced"))
    check_integer(permutations, "--permutations", at_least=1)
    check_integer(seed, "--seed", at_least=0)
    scale = _number_or_text(eps)
    if isinstance(scale, str):
        check_eps_name(scale)
    DBSCAN(scale if isinstance(scale, float) else 1.0, min_samples)
    kind = UniformCover if cover == "uniform" else BalancedCover
    made = kind(n_intervals, overlap)
    return _Recipe(tuple(lens), made, scale, min_samples, permutations, seed)


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A cloud with the lens and the eps of its graph."""

    points: NDArray[Any]
    lens: NDArray[Any]
    cover: UniformCover | BalancedCover
    cluster: DBSCAN
    curve: EpsCurve | None

    @property
    def record(self) -> dict[str, Any]:
        """What the graph is made by."""
        found: dict[str, Any] = {"cover": repr(self.cover), "cluster": repr(self.cluster)}
        found["eps"] = {"value": self.cluster.eps}
        if self.curve is not None:
            chosen = {name: getattr(self.curve, name) for name in ("rule", "k", "has_knee")}
            found["eps"] |= {**chosen, "share_within": self.curve.share_within}
        return found

    def forecast(self) -> NearForecast:
        """What the graph will take."""
        from topolens.descriptors.mapper.forecast import mapper_forecast

        return mapper_forecast(self.points, self.lens, cover=self.cover, cluster=self.cluster)

    def graph(self) -> MapperGraph:
        """Make it on all cores."""
        from topolens.descriptors.mapper.graph import mapper_graph

        threads = os.cpu_count() or 1
        return mapper_graph(
            self.points, self.lens, cover=self.cover, cluster=self.cluster, threads=threads
        )


def _ready(points: NDArray[Any], recipe: _Recipe) -> _Ready:
    from topolens.descriptors.mapper.clustering import DBSCAN
    from topolens.descriptors.mapper.eps_names import eps_by_name
    from topolens.descriptors.mapper.lens_names import lens_values

    lens = lens_values(recipe.lenses, points)
    k, threads = recipe.min_samples, os.cpu_count() or 1
    eps, curve = eps_by_name(points, recipe.eps, k=k, seed=recipe.seed, threads=threads)
    return _Ready(points, lens, recipe.cover, DBSCAN(eps, recipe.min_samples), curve)


def _numbers(graph: MapperGraph) -> dict[str, Any]:
    from topolens.descriptors.mapper.summary import mapper_summary

    found = asdict(mapper_summary(graph))
    del found["purity"], found["weighted_purity"]  # they stand beside their null
    return {**found, "n_elements": graph.n_elements}


def _lines(record: dict[str, Any]) -> list[str]:
    """Say what a graph is made by and looks like."""
    made = f"{record['n_points']:,} points, {record['n_features']} features"
    lines = [
        f"{record['layer']}  ({made})",
        f"  made by      {record['cover']}, {record['cluster']}",
        f"  eps          {_eps_words(record['eps'])}",
    ]
    if "forecast" in record:
        return [*lines, f"  forecast     {_forecast_words(record['forecast'])}"]
    excess = record["loops"] - record["cover_loops"]
    covered = 100 * record["coverage"]
    lines += [
        f"  nodes        {record['n_nodes']:,} over {record['n_elements']:,} pieces of the cover",
        f"  edges        {record['n_edges']:,}",
        f"  components   {record['n_components']:,}",
        f"  loops        {record['loops']:,}, {excess:+,} to the {record['cover_loops']:,} of the "
        "cover's own nerve",
        f"  coverage     {covered:.1f} % of the points; {record['n_noise']:,} are noise",
    ]
    return lines + _purity_lines(record["purity"])


def _eps_words(eps: dict[str, Any]) -> str:
    value = f"{eps['value']:.6g}"
    if "rule" not in eps:
        return f"{value}, as given"
    near = "nearest neighbour" if eps["k"] == 1 else f"neighbour {eps['k']}"
    no_knee = eps["rule"] != "quantile" and not eps["has_knee"]
    fallback = "median" if eps["rule"] == "purvine" else "quantile"
    how = f"; it found no knee, so this is a {fallback}" if no_knee else ""
    share = 100 * eps["share_within"]
    return f"{value} by `{eps['rule']}`: {share:.0f} % have {near} within it{how}"


def _forecast_words(forecast: dict[str, Any]) -> str:
    from topolens.base.sizes import size_text

    return (
        f"{forecast['n_pairs']:,} near pairs, {size_text(forecast['memory_bytes'])} beyond the "
        f"points, {forecast['seconds']:.1f} s of processor time"
    )


def _purity(graph: MapperGraph, classes: NDArray[Any], recipe: _Recipe) -> dict[str, Any]:
    from topolens.descriptors.mapper.purity import purity

    found = purity(graph, classes, permutations=recipe.permutations, seed=recipe.seed)
    by_class = zip(found.classes, found.by_class, strict=True)
    return {
        "permutations": found.permutations,
        **{name: asdict(score) for name, score in found.scores.items()},
        "by_class": {str(one): asdict(score) for one, score in by_class},
    }


def _purity_lines(purity: dict[str, Any] | None) -> list[str]:
    """Set every purity beside what shuffled labels give."""
    if purity is None:
        return []
    head = f"labels shuffled {purity['permutations']} times"
    lines = [f"  purity       {'':<12}value   {head}: mean [5 %, 95 %]"]
    for name, score in purity.items():
        if name in ("permutations", "by_class"):
            continue
        null = f"{score['null_mean']:.3f} [{score['null_low']:.3f}, {score['null_high']:.3f}]"
        lines.append(f"               {name.replace('_', '-'):<12}{score['value']:.3f}   {null}")
    return lines


def _check_out(out: Path | None, clouds: Clouds) -> None:
    """Refuse early what could not be written at the end."""
    if out is None:
        return
    if out.suffix not in _KINDS_OF_FILE:
        raise InvalidInputError(
            f"`--out` must end in {', '.join(_KINDS_OF_FILE)}; got `{out.name}`"
        )
    if len(clouds.layers) > 1:
        raise InvalidInputError(
            f"`--out` must be of one graph: choose a `--layer` of the {len(clouds.layers)}"
        )


def _write(graph: MapperGraph, out: Path, classes: NDArray[Any] | None, seed: int) -> None:
    from topolens.descriptors.mapper.export import write_mapper
    from topolens.descriptors.mapper.layout import mapper_layout

    write_mapper(graph.placed(mapper_layout(graph, seed=seed)), out, labels=classes)
    typer.echo(f"wrote {out}", err=True)
