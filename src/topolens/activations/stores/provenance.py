"""What made activations, in words and digests that are the same on any machine."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

import topolens
from topolens.activations.data.samples import Batch
from topolens.activations.needs_torch import nn, torch
from topolens.base.hashing import BlockDigest, array_digest

__all__ = ["inputs_digest", "model_provenance", "version_provenance"]


def version_provenance() -> dict[str, str]:
    """Return the versions of what computes activations."""
    return {
        "topolens": topolens.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
    }


def model_provenance(model: nn.Module) -> dict[str, Any]:
    """Return the class of a model, its size and the digest of its parameters and buffers."""
    return {
        "class": type(model).__qualname__,
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "state_sha256": _state_digest(model),
    }


def inputs_digest(batch: Batch, ids: NDArray[np.int64]) -> str:
    """Return a SHA-256 of the inputs of some samples and of the samples' ids."""
    digest = hashlib.sha256(array_digest(ids).encode())
    arrays = batch if isinstance(batch, dict) else {"": batch}
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array_digest(array)}\n".encode())
    return digest.hexdigest()


def _state_digest(model: nn.Module) -> str:
    digest = hashlib.sha256()
    named = [*model.named_parameters(), *model.named_buffers()]
    for name, tensor in sorted(named, key=lambda item: item[0]):
        if tensor.is_meta or nn.parameter.is_lazy(tensor):
            digest.update(f"{name} without values\n".encode())
            continue
        values = tensor.detach().cpu().contiguous()
        own = BlockDigest(np.dtype(np.uint8), tuple(values.shape))
        # As bytes, because NumPy lacks some of the types, bfloat16 among them.
        own.update(values.reshape(-1).view(torch.uint8).numpy())
        digest.update(f"{name} {values.dtype} {own.hexdigest()}\n".encode())
    return digest.hexdigest()
