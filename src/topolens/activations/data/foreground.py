"""Where the foreground of each image is: found by GrabCut, or given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.activations.data.array_files import array_in, load_array, open_archive
from topolens.activations.data.samples import Samples
from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError, MissingDependencyError
from topolens.base.hashing import array_digest

__all__ = ["Foreground", "ForegroundMasks", "GrabCut", "foreground_masks", "read_masks"]

_PROBABLE, _SURE = 3, 1
"""What GrabCut writes for foreground."""


class Foreground(Protocol):
    """Tells where the foreground of images is, by sample id."""

    def __call__(self, sample_ids: NDArray[np.int64], /) -> NDArray[np.bool_]:
        """Return masks of shape (n_samples, height, width), True for foreground."""

    @property
    def description(self) -> dict[str, Any]:
        """What decides the masks; the same on any machine."""


@dataclass(frozen=True, slots=True, eq=False)
class ForegroundMasks:
    """Masks that are known.

    Parameters
    ----------
    masks : array_like of bool, shape (n, height, width)
        True for foreground; of the size that the network sees.
    sample_ids : sequence of int, optional
        Which sample each mask is of; by default the rows 0 to n - 1 of the source.

    Raises
    ------
    InvalidInputError
        If the masks are no truth values of this shape, or ids are missing or occur twice.
    """

    masks: ArrayLike
    sample_ids: Sequence[int] | NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        masks = np.asarray(self.masks)
        if masks.ndim != 3 or masks.dtype.kind not in "bu" or masks.size == 0:
            raise InvalidInputError(
                "`masks` must be truth values of shape (n, height, width), not empty; "
                f"got {masks.dtype} of shape {masks.shape}"
            )
        ids = np.arange(len(masks)) if self.sample_ids is None else np.asarray(self.sample_ids)
        if ids.shape != (len(masks),) or len(np.unique(ids)) < len(ids):
            raise InvalidInputError(
                f"`sample_ids` must be {len(masks)} different integers, one per mask; "
                f"got shape {ids.shape} with {len(np.unique(ids))} different ones"
            )
        object.__setattr__(self, "masks", masks != 0)
        object.__setattr__(self, "sample_ids", ids.astype(np.int64))

    def __call__(self, sample_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the masks of some samples.

        Raises
        ------
        InvalidInputError
            If one of them has none.
        """
        known = np.asarray(self.sample_ids)
        order = np.argsort(known)
        rows = order[np.searchsorted(known, sample_ids, sorter=order).clip(max=len(known) - 1)]
        missing = np.flatnonzero(known[rows] != sample_ids)
        if len(missing):
            raise InvalidInputError(
                f"`masks` must hold a mask of every sample; none of sample {sample_ids[missing[0]]}"
            )
        masks: NDArray[np.bool_] = np.asarray(self.masks)[rows]
        return masks

    @property
    def description(self) -> dict[str, Any]:
        """The digest of the masks and of their ids."""
        parts = {"masks": np.asarray(self.masks), "ids": np.asarray(self.sample_ids)}
        return {f"{name}_sha256": array_digest(array) for name, array in parts.items()}


def read_masks(path: Path, array: str = "masks") -> ForegroundMasks:
    """Read the masks of all samples of a source, in its order.

    Parameters
    ----------
    path : Path
        A .npy file, or an .npz archive.
    array : str, default "masks"
        Which array of the archive.

    Raises
    ------
    InvalidInputError
        If the file cannot be read or holds no masks.
    """
    if path.suffix == ".npz":
        with open_archive(path, name="foreground") as archive:
            return ForegroundMasks(array_in(archive, array, name="foreground"))
    return ForegroundMasks(load_array(path, name="foreground"))


class GrabCut:
    """Masks of the images of some samples, found by `foreground_masks` when they are asked for."""

    def __init__(self, samples: Samples, *, iterations: int = 5, seed: int = 0) -> None:
        check_integer(iterations, "iterations", at_least=1)
        self._samples = samples
        self._iterations = iterations
        self._seed = seed
        self._rows = {int(sample): row for row, sample in enumerate(samples.ids)}

    def __call__(self, sample_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the masks of some of the samples."""
        images = self._samples.batch(np.array([self._rows[int(each)] for each in sample_ids]))
        if isinstance(images, dict):
            raise InvalidInputError(
                f"inputs must be images for GrabCut; got arrays by name ({', '.join(images)})"
            )
        return foreground_masks(images, iterations=self._iterations, seed=self._seed)

    @property
    def description(self) -> dict[str, Any]:
        """The method, its parameters and the version of what computes it."""
        version = _opencv().__version__
        return {"grabcut": self._iterations, "seed": self._seed, "opencv": version}


def foreground_masks(images: ArrayLike, *, iterations: int = 5, seed: int = 0) -> NDArray[np.bool_]:
    """Find the foreground of each image by GrabCut [1]_, as OpenCV does it.

    The rectangle that begins the search is the whole image but its last row and column, as in
    Purvine et al. (AAAI 2023); what ends as sure or probable foreground counts. Not rarely
    GrabCut finds no foreground at all. Each image begins with the same state of OpenCV's random
    numbers, so a mask does not depend on the other images.

    Parameters
    ----------
    images : array_like of uint8, shape (n, 1 or 3, height, width)
        As a person sees them, before any normalisation; three channels are red, green, blue.
    iterations : int, default 5
    seed : int, default 0
        Of the initial clusters of colours.

    Returns
    -------
    array of bool, shape (n, height, width)

    Raises
    ------
    InvalidInputError
        If the images are not of this type and shape, or less than 2 pixels high or wide.
    MissingDependencyError
        If OpenCV is missing: ``pip install 'topolens[foreground]'``.

    References
    ----------
    .. [1] C. Rother, V. Kolmogorov, A. Blake, "GrabCut: interactive foreground extraction using
       iterated graph cuts", SIGGRAPH 2004.
    """
    check_integer(iterations, "iterations", at_least=1)
    check_integer(seed, "seed", at_least=0, at_most=2**31 - 1)
    pixels = np.asarray(images)
    is_image = pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[1] in (1, 3)
    if not is_image or min(pixels.shape[2:]) < 2:
        raise InvalidInputError(
            "`images` must be uint8 of shape (n, 1 or 3, height, width), at least 2 x 2, as a "
            f"person sees them; got {pixels.dtype} of shape {pixels.shape}"
        )
    cv2 = _opencv()
    masks = np.zeros((len(pixels), *pixels.shape[2:]), np.bool_)
    for mask, image in zip(masks, pixels, strict=True):
        cv2.setRNGSeed(seed)
        colours = np.ascontiguousarray(np.moveaxis(np.broadcast_to(image, (3, *mask.shape)), 0, 2))
        mask[:] = _grabcut(cv2, colours[:, :, ::-1].copy(), iterations)
    return masks


def _grabcut(cv2: Any, image: NDArray[np.uint8], iterations: int) -> NDArray[np.bool_]:  # noqa: ANN401
    labels = np.zeros(image.shape[:2], np.uint8)
    inner = (0, 0, image.shape[1] - 1, image.shape[0] - 1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, labels, inner, *models, iterations, cv2.GC_INIT_WITH_RECT)
    found: NDArray[np.bool_] = (labels == _SURE) | (labels == _PROBABLE)
    return found


def _opencv() -> Any:  # noqa: ANN401
    try:
        import cv2
    except ImportError:
        raise MissingDependencyError("OpenCV", "foreground", "finding the foreground") from None
    return cv2
