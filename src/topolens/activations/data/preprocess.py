"""Raw inputs as a network expects them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.samples import Batch
from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError

__all__ = ["preprocess", "preprocess_batch"]


def preprocess(
    inputs: NDArray[Any],
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float | None = None,
) -> NDArray[Any]:
    """Return ``(inputs / scale - mean) / std`` as float32, in a new array of the same shape.

    Whole numbers of more than 8 bits (token ids) pass unchanged when nothing is asked of them.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_channels, ...)
    mean, std : float or sequence of float, optional
        One value, or one per channel (axis 1); 0 and 1 by default.
    scale : float, optional
        Default: 255 for 8-bit inputs, 1 for all others.

    Raises
    ------
    InvalidInputError
        If a number of values is not that of the channels, or `scale` or `std` is not positive in
        float32.
    """
    if _are_codes(inputs) and mean is None and std is None and scale is None:
        return inputs.astype(np.int64)
    wanted = _default_scale(inputs) if scale is None else check_real(scale, "scale", above=0)
    with np.errstate(over="ignore"):
        divisor = np.float32(wanted)
    if not 0 < divisor < np.inf:
        raise InvalidInputError(f"`scale` must be a number that float32 holds; got {scale!r}")
    shift = _per_channel(mean, "mean", 0.0, inputs.shape)
    spread = _per_channel(std, "std", 1.0, inputs.shape)
    if (spread <= 0).any():
        raise InvalidInputError(f"`std` must be positive; got {spread.ravel().tolist()}")
    scaled: NDArray[np.float32] = inputs.astype(np.float32) / divisor
    scaled -= shift
    scaled /= spread
    return scaled


def preprocess_batch(
    batch: Batch,
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    scale: float | None = None,
) -> Batch:
    """Prepare a batch of samples: an array as `preprocess` does, named arrays for their types.

    Named arrays stand for something (token ids, masks): whole numbers become int64, floats
    float32, and truth values stay.

    Raises
    ------
    InvalidInputError
        As `preprocess` does, and if anything is asked of named arrays.
    """
    if not isinstance(batch, Mapping):
        return preprocess(batch, mean=mean, std=std, scale=scale)
    for name, value in (("mean", mean), ("std", std), ("scale", scale)):
        if value is not None:
            raise InvalidInputError(
                f"`{name}` must be left out for inputs by name ({', '.join(batch)}); got {value!r}"
            )
    types = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}
    return {name: array.astype(types[array.dtype.kind]) for name, array in batch.items()}


def _are_codes(inputs: NDArray[Any]) -> bool:
    """Tell whether inputs stand for something, as token ids do, and are no intensities."""
    return inputs.dtype.kind in "iu" and inputs.dtype.itemsize > 1


def _default_scale(inputs: NDArray[Any]) -> float:
    return 255.0 if inputs.dtype == np.uint8 else 1.0


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
