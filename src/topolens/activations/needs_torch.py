"""The one place that imports torch, so that its absence is said in one sentence."""

from __future__ import annotations

from topolens.base.errors import MissingDependencyError

try:
    import torch
    from torch import nn
except ImportError:
    raise MissingDependencyError("torch", "torch", "running a model") from None

__all__ = ["nn", "torch"]
