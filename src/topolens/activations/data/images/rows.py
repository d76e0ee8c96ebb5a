"""Images as the inputs of samples: decoded batch by batch, all of one size."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.samples import Inputs, Rows, Samples
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ImageRows", "ImageSource", "shown"]

_SIZES_SHOWN = 3


class ImageSource(Protocol):
    """Where single images come from, by number."""

    def __len__(self) -> int: ...

    def name(self, number: int, /) -> str:
        """Return what to call an image in an error."""

    def image(self, number: int, /) -> Image:
        """Return an image in mode ``L`` or ``RGB``."""

    def size(self, number: int, /) -> tuple[int, int]:
        """Return height and width without decoding, where the source can."""

    def digest(self, number: int, /) -> str:
        """Return a SHA-256 of the content."""


class ImageRows:
    """Some images of a source, decoded when they are asked for."""

    def __init__(
        self,
        source: ImageSource,
        rows: NDArray[np.int64] | None = None,
        geometry: Geometry = Geometry(),  # noqa: B008  frozen
    ) -> None:
        self._source = source
        self._rows = np.arange(len(source)) if rows is None else rows
        self._geometry = geometry
        self._checked = False

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Rows) -> NDArray[np.uint8]:
        """Return some images, (n, channels, height, width).

        Raises
        ------
        InvalidInputError
            If the images do not come to one size and kind, or one cannot be decoded.
        """
        self.check_sizes()
        planes = [self._geometry.applied(self._source.image(n)) for n in self._rows[rows].tolist()]
        if not planes:
            return np.zeros((0, 1, 1, 1), np.uint8)
        return np.stack(planes)

    def take(self, rows: Rows) -> ImageRows:
        """Return some of these images, in the order of `rows`."""
        return ImageRows(self._source, self._rows[rows], self._geometry)

    def digest(self) -> str:
        """Return a SHA-256 of the contents in their order, whatever is done to the pixels."""
        digest = hashlib.sha256()
        for number in self._rows.tolist():
            digest.update(bytes.fromhex(self._source.digest(number)))
        return digest.hexdigest()

    def under(self, geometry: Geometry) -> ImageRows:
        """Return these images under another geometry; channels stay where it names none."""
        kept = geometry.channels or self._geometry.channels
        return ImageRows(self._source, self._rows, replace(geometry, channels=kept))

    def check_sizes(self) -> None:
        """Refuse images that do not come to one size.

        Raises
        ------
        InvalidInputError
            With the sizes found, most frequent first.
        """
        if self._checked:
            return
        numbers = self._rows.tolist()
        sizes = [self._source.size(number) for number in numbers]
        for number, size in zip(numbers, sizes, strict=True):
            if not self._geometry.fits(*size):
                raise InvalidInputError(
                    f"`crop` must be at most the size of every image; got {self._geometry.crop} "
                    f"and {_shown(size)} for `{self._source.name(number)}`, so `resize` first"
                )
        results = Counter(self._geometry.size_of(*size) for size in sizes)
        if len(results) > 1:
            common = [f"{_shown(size)} ({n} images)" for size, n in results.most_common()]
            more = f" and {len(common) - _SIZES_SHOWN} more" if len(common) > _SIZES_SHOWN else ""
            raise InvalidInputError(
                "`resize` and `crop` must bring all images to one size; "
                f"got {', '.join(common[:_SIZES_SHOWN])}{more}"
            )
        self._checked = True


class _ArrayImages:
    """Images of an array (n, 1 or 3, height, width) of uint8."""

    def __init__(self, array: NDArray[np.uint8]) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def name(self, number: int) -> str:
        return f"image {number}"

    def image(self, number: int) -> Image:
        from PIL.Image import fromarray

        planes = self._array[number]
        pixels = planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, -1)
        return fromarray(np.ascontiguousarray(pixels))

    def size(self, number: int) -> tuple[int, int]:
        del number
        return self._array.shape[2], self._array.shape[3]

    def digest(self, number: int) -> str:
        return hashlib.sha256(self._array[number].tobytes()).hexdigest()


def shown(samples: Samples, geometry: Geometry) -> Samples:
    """Return the same samples under a geometry, which is noted in their description.

    Raises
    ------
    InvalidInputError
        If the inputs are no 8-bit images, or do not come to one size.
    """
    inputs: Inputs = samples.inputs
    if isinstance(inputs, ImageRows):
        inputs = inputs.under(geometry)
    elif geometry.given:
        inputs = ImageRows(_ArrayImages(_image_array(inputs, geometry)), None, geometry)
    if isinstance(inputs, ImageRows):
        inputs.check_sizes()
    noted = {"geometry": geometry.given} if geometry.given else {}
    return replace(samples, inputs=inputs, description={**samples.description, **noted})


def _image_array(inputs: Any, geometry: Geometry) -> NDArray[np.uint8]:  # noqa: ANN401
    is_array = isinstance(inputs, np.ndarray)
    if is_array and inputs.dtype == np.uint8 and inputs.ndim == 4 and inputs.shape[1] in (1, 3):
        images: NDArray[np.uint8] = inputs
        return images
    got = f"{inputs.dtype} of shape {inputs.shape}" if is_array else type(inputs).__name__
    raise InvalidInputError(
        f"`{next(iter(geometry.given))}` must be left out for inputs that are no images, uint8 "
        f"of shape (n, 1 or 3, height, width); got {got}"
    )


def _shown(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
