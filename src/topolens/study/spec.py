"""What a study file may say. Every mistake is found in one reading, each with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from topolens.activations.data.images.geometry import (
    CHANNELS,
    INTERPOLATIONS,
    LARGEST_SIDE,
    as_size,
)
from topolens.activations.hooks.device_names import check_device
from topolens.activations.hooks.layer_patterns import check_pattern
from topolens.activations.hooks.pool_names import parse_pool
from topolens.base.errors import InvalidInputError
from topolens.base.registry import descriptors as descriptor_registry
from topolens.base.registry import metrics as metric_registry
from topolens.study.cloud_spec import CloudSpec
from topolens.study.fields import Name, Positive, one_visible_line
from topolens.study.mapper_spec import MapperSpec
from topolens.study.probes import refusal

__all__ = [
    "DEFAULT_CLOUD",
    "CaptureSpec",
    "CloudSpec",
    "DataSpec",
    "MapperSpec",
    "ModelSpec",
    "OperationSpec",
    "PixelSpec",
    "StudySpec",
    "TokenizerSpec",
    "TrainSpec",
]


def _pool(text: str) -> str:
    parse_pool(text)
    return text


def _plain(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what has no place in a key or an index: dates and numbers that are not finite."""
    try:
        json.dumps(table, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError(
            f"must hold text, finite numbers, booleans, lists and tables; got {table!r}"
        ) from None
    return table


Seed = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
PositiveReal = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)]
PerChannel = Annotated[tuple[Real, ...], Field(min_length=1)]
Pattern = Annotated[str, AfterValidator(check_pattern)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1)]
Pool = Annotated[str, AfterValidator(_pool)]
Arguments = Annotated[dict[str, Any], AfterValidator(_plain)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenizerSpec(_Table):
    """How texts become token ids."""

    source: Annotated[str, AfterValidator(one_visible_line)] = "words"
    """`words`, `pieces:FILE.json`, `hf:FOLDER` or `hf:ORG/NAME`."""
    vocabulary: Annotated[int, Field(ge=16, strict=True)] | None = None
    """Most token ids of `words`."""
    max_tokens: Positive = 128
    padding: Literal["right", "left"] = "right"


def _tokenizer_table(value: object) -> object:
    return {"source": value} if isinstance(value, str) else value


TokenizerTable = Annotated[TokenizerSpec, BeforeValidator(_tokenizer_table)]


def _size(value: object) -> object:
    try:
        as_size(value, "size")
    except InvalidInputError:
        raise ValueError(
            f"must be pixels from 1 to {LARGEST_SIDE}, or [height, width]; got {value!r}"
        ) from None
    return tuple(value) if isinstance(value, list) else value


def _one_of(names: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> object:
        if value not in names:
            raise ValueError(f"must be one of {', '.join(names)}; got {value!r}")
        return value

    return BeforeValidator(check)


Pixels = Annotated[int | tuple[int, int], BeforeValidator(_size)]


class PixelSpec(_Table):
    """What is done to 8-bit images; a model's own keys come before those of [data]."""

    resize: Pixels | None = None
    """Length of the shorter side, or [height, width]."""
    crop: Pixels | None = None
    """Side of the square kept in the middle, or [height, width]."""
    interpolation: Annotated[str, _one_of(INTERPOLATIONS)] | None = None
    channels: Annotated[str, _one_of(CHANNELS)] | None = None


class DataSpec(PixelSpec):
    """The samples shown to every model."""

    source: str
    """`SCHEME` or `SCHEME:PATH`; relative to the study file, `${NAME}` expanded."""
    split: Name | None = None
    inputs: str | None = None
    labels: str | None = None
    classes: str | None = None
    count: Positive | None = None
    order: Literal["first", "balanced", "random"] = "first"
    tokenizer: TokenizerTable | None = None
    """For texts; a model may have its own."""
    layout: Literal["auto", "nhwc", "as_is"] = "auto"
    """Of arrays: whether channels come last."""
    foreground: Annotated[str, AfterValidator(one_visible_line)] | None = None
    """Masks of all images of the source: `FILE.npy`, `FILE.npz` or `FILE.npz:ARRAY`; GrabCut
    finds the foreground by default."""


class TrainSpec(_Table):
    """Train the model here, on other samples than the study's, before it is captured."""

    epochs: Positive
    seed: Seed = 0
    batch_size: Annotated[int, Field(ge=2, strict=True)] = 64
    learning_rate: PositiveReal = 2e-3
    split: Name = "train"
    source: str | None = None
    """Samples to train on; by default another split of the study's."""


class ModelSpec(PixelSpec):
    """One network, or activations that were captured elsewhere."""

    name: Name
    source: str | None = None
    """`zoo:NAME`, `py:FILE:FACTORY`, `tv:NAME`, `timm:NAME` or `hf:NAME_OR_FOLDER`."""
    activations: str | None = None
    """A `.npz` file or a folder of `.npy` files with one array per layer, instead of `source`."""
    args: Arguments = {}
    weights: str | None = None
    train: TrainSpec | None = None
    tokenizer: TokenizerTable | None = None
    mean: PerChannel | None = None
    std: Annotated[tuple[PositiveReal, ...], Field(min_length=1)] | None = None
    scale: PositiveReal | None = None
    """Inputs are (x / scale - mean) / std; by default 255 for 8-bit inputs and 1 for others."""
    outputs: str | None = None
    """A text file: what each output means, where it is not the classes of the data in order."""
    layers: Patterns | None = None
    exclude: tuple[Pattern, ...] | None = None
    pool: Pool | None = None
    family: str | None = None
    """Networks of one family differ only by seed or author; default: the source."""
    seed: Seed | None = None
    epoch: Annotated[int, Field(ge=0, strict=True)] | None = None


class CaptureSpec(_Table):
    """Which values of a network become points."""

    layers: Patterns = ("leaf",)
    exclude: tuple[Pattern, ...] = ()
    pool: Pool = "mean"
    batch_size: Positive = 100
    device: Annotated[str, AfterValidator(check_device)] = "cpu"
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """The other two compute in mixed precision; rows are stored as float32 all the same."""


class OperationSpec(_Table):
    """A registered descriptor or metric with its parameters."""

    name: str
    dimension: Annotated[int, Field(ge=0, le=2, strict=True)] | None = None
    """Homology degree, for operations on diagrams."""
    params: dict[str, Any] = {}

    @property
    def label(self) -> str:
        """The name under which tables and figures show it, e.g. `lifespan_sum H1`."""
        given = ", ".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        suffix = "" if self.dimension is None else f" H{self.dimension}"
        return f"{self.name}({given}){suffix}" if given else f"{self.name}{suffix}"


def _operation_table(value: object, registry: Any, n_subjects: int) -> object:  # noqa: ANN401
    """Turn `{name = …, dimension = …, alpha = 2}` into name, dimension and parameters."""
    table = {"name": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise ValueError("must be a name or a table with a `name`")  # noqa: TRY004  pydantic's way
    operation = registry[table["name"]]
    needs_degree = operation.takes == "diagrams"
    if not needs_degree and "dimension" in table and "dimension" not in operation.parameters:
        raise ValueError(f"`{operation.name}` works on points and takes no `dimension`")
    reserved = ("name", "dimension") if needs_degree else ("name",)
    params = {key: val for key, val in table.items() if key not in reserved}
    if operation.gives == "array":
        raise ValueError(f"`{operation.name}` gives an array; a study takes measures of one number")
    operation.check(params)
    _plain(params)
    reason = refusal(operation, params, n_subjects=n_subjects)
    if reason is not None:
        raise ValueError(reason)
    if needs_degree and "dimension" not in table:
        raise ValueError(f"`{operation.name}` needs a `dimension` (0, 1 or 2)")
    kept = {key: table[key] for key in reserved if key in table}
    return {**kept, "params": params}


def _descriptor(value: object) -> object:
    return _operation_table(value, descriptor_registry, n_subjects=1)


def _metric(value: object) -> object:
    return _operation_table(value, metric_registry, n_subjects=2)


DescriptorSpec = Annotated[OperationSpec, BeforeValidator(_descriptor)]
ComparisonSpec = Annotated[OperationSpec, BeforeValidator(_metric)]

_DEFAULT_DESCRIPTORS = tuple(
    OperationSpec(name=name, dimension=dimension)
    for name in ("lifespan_sum", "bar_count", "persistent_entropy")
    for dimension in (0, 1)
)
_DEFAULT_COMPARISONS = (
    OperationSpec(name="sliced_wasserstein", dimension=1),
    OperationSpec(name="sliced_wasserstein", dimension=0),
    OperationSpec(name="linear_cka"),
)


DEFAULT_CLOUD = "scaled"
"""The cloud of a study that names none."""


class StudySpec(_Table):
    """A whole study file."""

    name: Name
    description: str = ""
    seed: Seed = 0
    data: DataSpec | None = None
    """May be left out when every model brings ready-made activations."""
    models: Annotated[tuple[ModelSpec, ...], Field(min_length=1)]
    capture: CaptureSpec = CaptureSpec()
    clouds: Annotated[tuple[CloudSpec, ...], Field(min_length=1)] = (CloudSpec(name=DEFAULT_CLOUD),)
    max_dim: Literal[0, 1, 2] = 1
    metric: Literal["euclidean", "cosine", "correlation", "manhattan"] = "euclidean"
    descriptors: tuple[DescriptorSpec, ...] = _DEFAULT_DESCRIPTORS
    comparisons: tuple[ComparisonSpec, ...] = _DEFAULT_COMPARISONS
    resamples: Annotated[int, Field(ge=0, le=100, strict=True)] = 4
    """Half-samples on which everything is measured again, to tell signal from sampling."""
    mapper: tuple[MapperSpec, ...] = ()
    """Mapper graphs of the layers."""

    @model_validator(mode="before")
    @classmethod
    def _usual_operations(cls, table: Any) -> Any:  # noqa: ANN401  parsed TOML
        """Leave the usual measures of loops out where the study looks at components only."""
        if not isinstance(table, dict) or table.get("max_dim") != 0:
            return table
        usual = {"descriptors": _DEFAULT_DESCRIPTORS, "comparisons": _DEFAULT_COMPARISONS}
        return {kind: _without_loops(operations) for kind, operations in usual.items()} | table


def _without_loops(operations: tuple[OperationSpec, ...]) -> list[dict[str, Any]]:
    return [
        o.model_dump(include={"name", "dimension"}, exclude_none=True)
        for o in operations
        if not o.dimension
    ]
