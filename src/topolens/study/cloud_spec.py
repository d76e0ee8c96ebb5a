"""What a study file may say about a cloud: which rows, in which coordinates, at what scale."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from topolens.base.errors import InvalidInputError
from topolens.clouds.normalise import canonical_rule
from topolens.clouds.outliers import check_contamination
from topolens.clouds.principal import check_keep
from topolens.study.fields import Name, Positive

__all__ = ["CloudSpec", "Normalisation", "OutlierSpec", "RowsSpec"]


def _contamination(share: object) -> object:
    try:
        check_contamination(share)
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`contamination` ")) from None
    return share


def _pca(keep: object) -> object:
    try:
        if keep is not None:
            check_keep(keep)
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`keep` ")) from None
    return keep


def _normalisation(how: Any) -> str:  # noqa: ANN401  parsed TOML
    try:
        return canonical_rule(how)
    except InvalidInputError as error:
        raise ValueError(str(error).removeprefix("`how` ")) from None


Normalisation = Annotated[str, BeforeValidator(_normalisation)]


def _outlier_table(value: object) -> object:
    """Turn `"lof"` into the table of its defaults."""
    if isinstance(value, str):
        if value != "lof":
            raise ValueError(f"must be `lof` or a table; got {value!r}")
        return {}
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutlierSpec(_Table):
    """Which rows of a layer are local outliers, and where their samples are left out."""

    n_neighbors: Positive = 20
    contamination: Annotated[float | Literal["auto"], BeforeValidator(_contamination)] = "auto"
    remove: Literal["everywhere", "per_layer"] = "everywhere"
    """From all layers of the study, or from the layer whose outliers they are."""


class RowsSpec(_Table):
    """Which rows of a layer become points, and how; the fields in the order of the work."""

    outliers: Annotated[OutlierSpec | None, BeforeValidator(_outlier_table)] = None
    sample: Literal["random", "farthest"] = "random"
    points: Annotated[int, Field(ge=16, strict=True)] | None = None
    """Rows chosen without replacement, of every layer; default: the smallest layer's."""
    project: Positive | None = None
    """Coordinates of a random projection, for layers that have more."""
    pca: Annotated[int | float | None, BeforeValidator(_pca)] = None
    """Principal components, for layers that have more, or the share of variance they hold."""
    normalise: Normalisation = "median"

    @model_validator(mode="after")
    def _farthest_of_how_many(self) -> RowsSpec:
        if self.sample == "farthest" and self.points is None:
            raise ValueError('must have `points` beside `sample = "farthest"`')
        return self


class CloudSpec(RowsSpec):
    """One way to make a point cloud of a layer's rows."""

    name: Name
