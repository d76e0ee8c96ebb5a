"""What a model sees of images, and what its outputs mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.rows import shown
from topolens.activations.data.samples import Samples
from topolens.activations.networks.output_names import read_output_names, relabelled
from topolens.base.files import expand_path
from topolens.study.reading import StudyFile
from topolens.study.spec import DataSpec, ModelSpec, PixelSpec

__all__ = ["as_seen", "outputs_path"]


def as_seen(file: StudyFile, model: ModelSpec, samples: Samples) -> Samples:
    """Return samples as a model sees them: images brought to size, labels as its outputs.

    Raises
    ------
    InvalidInputError
        If the images do not come to one size, or `outputs` does not name the classes.
    """
    seen = shown(samples, _geometry(file.spec.data, model))
    names = outputs_path(file, model)
    return seen if names is None else relabelled(seen, read_output_names(names))


def outputs_path(file: StudyFile, model: ModelSpec) -> Path | None:
    """Return the file that names the outputs of a model, if it has one."""
    return expand_path(model.outputs, base=file.base, name="outputs") if model.outputs else None


def _geometry(data: DataSpec | None, model: ModelSpec) -> Geometry:
    """Take each step from the model where it says something, and from [data] where not."""
    steps: dict[str, Any] = {}
    for table in (data, model):
        if table is not None:
            steps |= table.model_dump(include=set(PixelSpec.model_fields), exclude_none=True)
    return Geometry(**steps)
