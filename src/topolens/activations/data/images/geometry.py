"""What is done to the pixels of an image before a network sees them as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["CHANNELS", "INTERPOLATIONS", "LARGEST_SIDE", "Geometry", "Size", "as_size"]

Size: TypeAlias = int | tuple[int, int]

INTERPOLATIONS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
CHANNELS = ("rgb", "bgr", "grayscale")
LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True)
class Geometry:
    """Channels, then size, then the middle; each step only where it is given.

    Raises
    ------
    InvalidInputError
        If a size is not from 1 to 8192 pixels, or a name is unknown.
    """

    resize: Size | None = None
    """The shorter side becomes so long and the other keeps the ratio; or (height, width)."""
    crop: Size | None = None
    """Side of the square kept in the middle; or (height, width)."""
    interpolation: str = "bilinear"
    """Of `resize`, as Pillow does it: the filter widens when it shrinks (antialiasing)."""
    channels: str | None = None
    """`rgb`, `bgr` or `grayscale` (ITU-R 601-2 luma); None leaves them as they are."""

    def __post_init__(self) -> None:
        for name, size in (("resize", self.resize), ("crop", self.crop)):
            if size is not None:
                as_size(size, name)
        check_one_of(self.interpolation, "interpolation", INTERPOLATIONS)
        if self.channels is not None:
            check_one_of(self.channels, "channels", CHANNELS)

    @property
    def given(self) -> dict[str, Any]:
        """The steps that are taken, for keys and manifests; empty if the pixels stay."""
        steps: dict[str, Any] = {"resize": self.resize, "crop": self.crop}
        steps |= {"channels": self.channels}
        if self.resize is not None:
            steps["interpolation"] = self.interpolation
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in steps.items()}
        return {name: value for name, value in plain.items() if value is not None}

    def size_of(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width of what becomes of an image of this size."""
        height, width = self._resized(height, width)
        return (height, width) if self.crop is None else as_size(self.crop, "crop")

    def fits(self, height: int, width: int) -> bool:
        """Tell whether an image of this size is large enough for the crop."""
        if self.crop is None:
            return True
        wanted, there = as_size(self.crop, "crop"), self._resized(height, width)
        return wanted[0] <= there[0] and wanted[1] <= there[1]

    def applied(self, image: Image) -> NDArray[np.uint8]:
        """Return the pixels of an image in mode ``L`` or ``RGB``, (channels, height, width)."""
        from PIL.Image import Resampling

        if self.channels is not None:
            image = image.convert("L" if self.channels == "grayscale" else "RGB")
        height, width = self._resized(image.height, image.width)
        if (height, width) != (image.height, image.width):
            image = image.resize((width, height), Resampling[self.interpolation.upper()])
        pixels = self._middle(np.asarray(image, dtype=np.uint8))
        planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
        return planes[::-1] if self.channels == "bgr" else planes

    def _resized(self, height: int, width: int) -> tuple[int, int]:
        if self.resize is None:
            return height, width
        if isinstance(self.resize, tuple):
            return self.resize
        shorter = min(height, width)
        return self.resize * height // shorter, self.resize * width // shorter

    def _middle(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.crop is None:
            return pixels
        height, width = as_size(self.crop, "crop")
        # Half pixels as in torchvision, so that published accuracies come out.
        top, left = round((pixels.shape[0] - height) / 2), round((pixels.shape[1] - width) / 2)
        return pixels[top : top + height, left : left + width]


def as_size(size: object, name: str) -> tuple[int, int]:
    """Return height and width; one number is the side of a square."""
    sides = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(sides) != 2:
        raise InvalidInputError(f"`{name}` must be pixels, or height and width; got {size!r}")
    height, width = (check_integer(s, name, at_least=1, at_most=LARGEST_SIDE) for s in sides)
    return height, width
