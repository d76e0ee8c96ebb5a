"""Where samples come from: one file per scheme, found by the name before the colon."""

from topolens.activations.data.sources import (  # noqa: F401
    cifar,
    digits,
    huggingface_sets,
    idx,
    images,
    npy,
    npz,
    tables,
    torchvision_sets,
)
from topolens.activations.data.sources.registry import (
    Found,
    Request,
    read_source,
    schemes,
    source,
    source_mistake,
)

__all__ = ["Found", "Request", "read_source", "schemes", "source", "source_mistake"]
