"""What a study file may say about Mapper graphs: of which points, along which lens, at what eps."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError
from topolens.descriptors.mapper.clustering import DBSCAN, SingleLinkage
from topolens.descriptors.mapper.covers import BalancedCover, BallCover, Cover, UniformCover
from topolens.descriptors.mapper.eps_names import check_eps_name
from topolens.descriptors.mapper.lens_names import check_lens_name
from topolens.study.cloud_spec import CloudSpec, Normalisation, RowsSpec
from topolens.study.fields import Name, Positive

__all__ = ["ClusterSpec", "CoverSpec", "MapperRowsSpec", "MapperSpec"]

_USUAL_NEIGHBOUR = 5
_MOST_LENSES = 2

PositiveReal = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _pair(value: object) -> Any:  # noqa: ANN401  parsed TOML
    """Turn a list of two into what covers take, one entry per lens."""
    if isinstance(value, list | tuple):
        if len(value) != _MOST_LENSES:
            raise ValueError(f"must hold one entry per lens, so two; got {len(value)}")
        return tuple(value)
    return value


def _counts(value: object) -> object:
    try:
        return UniformCover(n_intervals=_pair(value)).n_intervals
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`n_intervals` ")) from None


def _shares(value: object) -> object:
    try:
        return UniformCover(overlap=_pair(value)).overlap
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`overlap` ")) from None


class MapperRowsSpec(RowsSpec):
    """The rows of a Mapper graph: as they were captured, because a norm is a usual lens."""

    normalise: Normalisation = "none"


class CoverSpec(_Table):
    """How the range of the lens is cut into overlapping pieces."""

    kind: Literal["uniform", "balanced", "ball"] = "uniform"
    n_intervals: Annotated[int | tuple[int, int], BeforeValidator(_counts)] = 40
    """For every lens, or for each of two."""
    overlap: Annotated[float | tuple[float, float], BeforeValidator(_shares)] = 0.25
    """Share of an interval that lies in the next one too."""
    radius: PositiveReal | None = None
    """Of the balls, in units of the lens."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> CoverSpec:
        if self.kind == "ball" and self.radius is None:
            raise ValueError('must have `radius` with `kind = "ball"`')
        _refuse_others(self, self.looked_at)
        return self

    @property
    def looked_at(self) -> set[str]:
        """The keys that a cover of this kind has."""
        return {"kind", "radius"} if self.kind == "ball" else {"kind", "n_intervals", "overlap"}

    def made(self) -> Cover:
        """Return the cover."""
        if self.radius is not None:
            return BallCover(self.radius)
        kind = UniformCover if self.kind == "uniform" else BalancedCover
        return kind(self.n_intervals, self.overlap)


class ClusterSpec(_Table):
    """What makes nodes of the points over a piece."""

    kind: Literal["dbscan", "single_linkage"] = "dbscan"
    min_samples: Positive = 5
    """Of DBSCAN: points within eps that make a point core, itself counted."""
    n_bins: Positive = 10
    """Of single linkage: bins in which the first gap of the merge heights is looked for."""
    min_size: Positive = 2
    """Of single linkage: points of the smallest cluster that becomes a node."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> ClusterSpec:
        _refuse_others(self, self.looked_at)
        return self

    @property
    def looked_at(self) -> set[str]:
        """The keys that a clustering of this kind has."""
        return {"kind", "min_samples"} if self.kind == "dbscan" else {"kind", "n_bins", "min_size"}

    @property
    def neighbour(self) -> int:
        """Which neighbour's distance a rule for eps looks at."""
        return self.min_samples if self.kind == "dbscan" else _USUAL_NEIGHBOUR

    def made(self, eps: float) -> DBSCAN | SingleLinkage:
        """Return the clustering at one scale."""
        if self.kind == "dbscan":
            return DBSCAN(eps, self.min_samples)
        return SingleLinkage(eps, self.n_bins, self.min_size)


def _lens(value: object) -> object:
    """Turn a name, or a list of two, into names of lenses that a layer alone suffices for."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"must be the name of a lens, or a list of two; got {value!r}")
    if not 1 <= len(names) <= _MOST_LENSES:
        raise ValueError(f"must name one lens or two; got {len(names)}")
    n_columns = 0
    for name in names:
        try:
            lens, argument = check_lens_name(name)
        except InvalidInputError as error:
            raise ValueError(str(error)) from None
        if lens.needs != "points":
            raise ValueError(f"`{name}` must be given the output of the network; use it in Python")
        n_columns += int(argument.get("n_components", 1))
    if n_columns > _MOST_LENSES:
        raise ValueError(f"must make one column or two; got {n_columns}")
    return tuple(names)


def _refuse_others(table: CoverSpec | ClusterSpec, looked_at: set[str]) -> None:
    """Refuse keys that say nothing about this kind: who wrote them expects an effect."""
    # A spec that was written and is read again has every key, at its default.
    fields = sorted(set(type(table).model_fields) - looked_at)
    surplus = [f"`{k}`" for k in fields if getattr(table, k) != type(table).model_fields[k].default]
    if surplus:
        raise ValueError(f'must not have {" or ".join(surplus)} with `kind = "{table.kind}"`')


def _eps(value: object) -> object:
    try:
        if isinstance(value, str):
            check_eps_name(value)
            return value
        return check_real(value, "eps", above=0)
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`eps` ")) from None


class MapperSpec(_Table):
    """Mapper graphs of the layers of every model, with what they say about classes."""

    name: Name
    cloud: str | None = None
    """Name of one of the study's clouds whose points are taken."""
    rows: MapperRowsSpec = MapperRowsSpec()
    """The points, where they are not those of a cloud."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    """Names or globs of captured layers."""
    lens: Annotated[tuple[str, ...], BeforeValidator(_lens)] = ("l2_norm",)
    """One or two; see `topolens list lenses`."""
    cover: CoverSpec = CoverSpec()
    cluster: ClusterSpec = ClusterSpec()
    eps: Annotated[str | float, BeforeValidator(_eps)] = "knee"
    """A rule that reads it off the distances of neighbours, or a distance for every layer."""
    permutations: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 200
    """Of the labels, for the null beside each purity."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)] = 0
    """Of the permutations, the layout and the points that the eps rule looks at."""

    @model_validator(mode="after")
    def _one_source_of_points(self) -> MapperSpec:
        if self.cloud is not None and self.rows != MapperRowsSpec():
            raise ValueError("must have either `cloud` or `rows`")
        return self

    def covers(self, layer: str) -> bool:
        """Tell whether a captured layer is among those chosen."""
        return any(fnmatchcase(layer, pattern) for pattern in self.layers)

    def own_cloud(self) -> CloudSpec:
        """Return the rows as a cloud under the name of these graphs."""
        return CloudSpec(name=self.name, **self.rows.model_dump())
