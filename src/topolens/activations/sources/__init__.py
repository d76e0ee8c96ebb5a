"""Where samples come from: one file per scheme, found by the name before the colon."""

from topolens.activations.sources import cifar, digits, idx, images, npy, npz, tables  # noqa: F401
from topolens.activations.sources.registry import (
    Found,
    Request,
    read_source,
    schemes,
    source,
    source_mistake,
)

__all__ = ["Found", "Request", "read_source", "schemes", "source", "source_mistake"]
