"""Raw inputs as a network expects them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError

__all__ = ["preprocess"]


def preprocess(
    inputs: NDArray[Any],
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float = 255.0,
) -> NDArray[np.float32]:
    """Return ``(inputs / scale - mean) / std`` as float32, in a new array of the same shape.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_channels, ...)
    mean, std : float or sequence of float, optional
        One value, or one per channel (axis 1); 0 and 1 by default.
    scale : float, default 255.0

    Raises
    ------
    InvalidInputError
        If a number of values is not that of the channels, or `scale` or `std` is not positive.
    """
    scale = check_real(scale, "scale", above=0)
    shift = _per_channel(mean, "mean", 0.0, inputs.shape)
    spread = _per_channel(std, "std", 1.0, inputs.shape)
    if (spread <= 0).any():
        raise InvalidInputError(f"`std` must be positive; got {spread.ravel().tolist()}")
    scaled = inputs.astype(np.float32) / np.float32(scale)
    scaled -= shift
    scaled /= spread
    return scaled


def _per_channel(
    values: float | Sequence[float] | None, name: str, default: float, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    array = np.atleast_1d(np.asarray(default if values is None else values, dtype=np.float32))
    if array.ndim != 1 or len(array) not in (1, shape[1]) or not np.isfinite(array).all():
        raise InvalidInputError(
            f"`{name}` must be one finite value, or one per channel of inputs of shape {shape}; "
            f"got {values!r}"
        )
    return array.reshape(1, -1, *[1] * (len(shape) - 2))
