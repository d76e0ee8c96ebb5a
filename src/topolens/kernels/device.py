"""Distances on a GPU, by torch, in the very bits of the compiled kernel.

Every step is one elementwise operation of IEEE arithmetic, in the order of the compiled kernel:
nothing is fused, no matrix product is taken and no reduced precision comes in. So the device
changes the time and nothing else.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from topolens import _core
from topolens.base.checks import Points
from topolens.base.errors import InvalidInputError, MissingDependencyError
from topolens.kernels.batches import Progress

if TYPE_CHECKING:
    import torch

__all__ = ["device_distances", "gpu_for", "on_host"]

_N_PARTIAL = 16  # partial sums, as many as the compiled kernel keeps
_FLUSH_EVERY = 2048  # features, after which they are added in double precision
_SIDE = 512  # points on each side of a tile: its partial sums stay in a large GPU's cache


def on_host(values: ArrayLike | torch.Tensor, name: str) -> tuple[ArrayLike, str | None]:
    """Turn a tensor into an array in host memory, with the GPU it lies on; pass anything else."""
    loaded = sys.modules.get("torch")  # without it there are no tensors
    if loaded is None or not isinstance(values, loaded.Tensor):
        return values, None
    tensor: torch.Tensor = values.detach()
    if tensor.layout is not loaded.strided or tensor.is_meta:
        raise InvalidInputError(
            f"`{name}` must be a dense tensor that holds numbers; "
            f"got layout {tensor.layout}, dtype {tensor.dtype}, device {tensor.device}"
        )
    if tensor.dtype == loaded.bfloat16:
        tensor = tensor.float()
    return tensor.resolve_neg().resolve_conj().cpu().numpy(), (
        str(tensor.device) if tensor.is_cuda else None
    )


def gpu_for(device: str | None, lies_on: str | None) -> str | None:
    """Where distances are computed: the GPU named, the one the points lie on, or None: the host."""
    chosen = lies_on if device is None else device
    if chosen is None or chosen == "cpu":
        return None
    if not isinstance(chosen, str) or not re.fullmatch(r"cuda(:\d+)?", chosen):
        raise InvalidInputError(
            f"`device` must be `cpu`, `cuda` or `cuda:` and a number; got {chosen!r}"
        )
    try:
        from torch import cuda
    except ImportError:
        raise MissingDependencyError("torch", "torch", "computing on a GPU") from None
    n_seen = cuda.device_count() if cuda.is_available() else 0
    if int(chosen.partition(":")[2] or 0) >= n_seen:
        raise InvalidInputError(
            f"`device` must be a GPU that torch sees; got {chosen!r} and it sees {n_seen}"
        )
    return chosen


def device_distances(
    points: Points, metric: str, *, device: str, progress: Progress | None = None
) -> Points:
    """`pairwise_distances` of these points on a device of torch, the same bits.

    The device holds the points and one strip of the matrix; `progress` hears 0 after each strip,
    and may stop the work.
    """
    import torch

    if metric in ("cosine", "correlation"):
        points = _core.unit_rows(points, metric == "correlation")
    n_points, n_features = points.shape
    # Features of zeros change no sum.
    padded = np.zeros((n_points, -(-n_features // _N_PARTIAL) * _N_PARTIAL), points.dtype)
    padded[:, :n_features] = points
    there = torch.from_numpy(padded).to(device)
    matrix: Points = np.empty((n_points, n_points), points.dtype)
    for begin in range(0, n_points, _SIDE):
        rows = there[begin : begin + _SIDE]
        tiles = [
            _finished(_sums(rows, there[column : column + _SIDE], metric), metric)
            for column in range(begin, n_points, _SIDE)
        ]
        strip = torch.cat(tiles, dim=1).to(rows.dtype).cpu().numpy()
        matrix[begin : begin + len(rows), begin:] = strip
        matrix[begin:, begin : begin + len(rows)] = strip.T
        if progress is not None:
            progress(0.0)
    return matrix


def _sums(x: torch.Tensor, y: torch.Tensor, metric: str) -> torch.Tensor:
    """Double precision sums over the features of all pairs, shape (len(x), len(y)).

    A term of feature f goes to partial sum f mod 16 in the precision of the points.
    """
    import torch

    shape = (len(x), len(y))
    total = torch.zeros(shape, dtype=torch.float64, device=x.device)
    for start in range(0, x.shape[1], _FLUSH_EVERY):
        partial = torch.zeros((*shape, _N_PARTIAL), dtype=x.dtype, device=x.device)
        for f in range(start, min(start + _FLUSH_EVERY, x.shape[1]), _N_PARTIAL):
            features = slice(f, f + _N_PARTIAL)
            gap = x[:, None, features] - y[None, :, features]
            if metric == "chebyshev":
                torch.maximum(partial, gap.abs_(), out=partial)
            else:  # two steps: fused, the product would not be rounded
                partial += gap.abs_() if metric == "manhattan" else gap.mul_(gap)
        lanes = partial.double()
        for half in (8, 4, 2, 1):
            first, second = lanes[..., :half], lanes[..., half:]
            lanes = torch.maximum(first, second) if metric == "chebyshev" else first + second
        last = lanes[..., 0]
        total = torch.maximum(total, last) if metric == "chebyshev" else total + last
    return total


def _finished(sums: torch.Tensor, metric: str) -> torch.Tensor:
    if metric == "euclidean":
        import torch

        # A GPU rounds square roots correctly and so does NumPy; torch on the host does not always.
        return sums.sqrt() if sums.is_cuda else torch.from_numpy(np.sqrt(sums.numpy()))
    return sums.div_(2) if metric in ("cosine", "correlation") else sums
