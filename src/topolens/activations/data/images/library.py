"""Images of data sets that a library holds, decoded by the library."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from topolens.activations.data.images.decoding import MAX_PIXELS, plain_image
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["LibraryImages"]


class LibraryImages:
    """Images by number, from a function that returns them; digests are of the pixels."""

    def __init__(self, source: str, size: int, image_of: Callable[[int], object]) -> None:
        self._source = source
        self._length = size
        self._image_of = image_of
        self._facts: dict[int, tuple[str, tuple[int, int]]] = {}

    def __len__(self) -> int:
        return self._length

    def name(self, number: int) -> str:
        """Return what to call an image in an error."""
        return f"image {number} of {self._source}"

    def image(self, number: int) -> Image:
        """Return an image in mode ``L`` or ``RGB``."""
        from PIL.Image import Image as PillowImage

        try:
            found = self._image_of(number)
        except Exception as error:  # noqa: BLE001  a library's decoder may raise anything
            raise InvalidInputError(
                f"`{self.name(number)}` must be readable; it raised {type(error).__name__}: {error}"
            ) from None
        if not isinstance(found, PillowImage):
            raise InvalidInputError(
                f"`{self._source}` must hold images; got {type(found).__name__} for {number}"
            )
        if found.width * found.height > MAX_PIXELS:
            raise InvalidInputError(
                f"`{self.name(number)}` must have at most {MAX_PIXELS:,} pixels; "
                f"got {found.width} x {found.height}"
            )
        return plain_image(found)

    def size(self, number: int) -> tuple[int, int]:
        """Return height and width."""
        return self._known(number)[1]

    def digest(self, number: int) -> str:
        """Return a SHA-256 of size and pixels."""
        return self._known(number)[0]

    def _known(self, number: int) -> tuple[str, tuple[int, int]]:
        if number not in self._facts:
            image = self.image(number)
            size = (image.height, image.width)
            pixels = f"{image.mode}{size}".encode() + image.tobytes()
            self._facts[number] = hashlib.sha256(pixels).hexdigest(), size
        return self._facts[number]
