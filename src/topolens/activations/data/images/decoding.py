"""From the bytes of an image file to 8-bit pixels, or an error that names the file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from topolens.base.errors import InvalidInputError, MissingDependencyError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MAX_BYTES", "MAX_PIXELS", "SUFFIXES", "decode_image", "image_size", "plain_image"]

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
MAX_BYTES = 1 << 28
"""Largest file that is read as one image: 256 MiB."""
MAX_PIXELS = 1 << 26
"""Most pixels of one image: 8192 x 8192. A file of kilobytes can declare gigabytes."""

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")


def decode_image(content: bytes, name: str) -> Image:
    """Decode a file, of an animation the first frame, to mode ``L`` or ``RGB``.

    Transparency is dropped, CMYK and palettes become RGB, of 16 bits the upper eight are kept,
    and a rotation noted in a photograph is not applied: as most training code does.

    Raises
    ------
    InvalidInputError
        If this is no image of a known format, it is cut or damaged, or declares too many pixels.
    """
    with _opened(content, name) as image:
        return plain_image(image)


def image_size(content: bytes, name: str) -> tuple[int, int]:
    """Return height and width as the header tells them; errors as `decode_image`."""
    with _opened(content, name) as image:
        return image.height, image.width


def plain_image(image: Image) -> Image:
    """Return an image in mode ``L`` if it is grey and ``RGB`` if not, 8 bits per channel."""
    from PIL import Image as pillow

    if image.mode.startswith("I"):
        return pillow.fromarray((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("its pixels are fractions")
    grey = image.mode in ("1", "L", "LA", "La")
    return image.convert("L" if grey else "RGB")


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[Image]:
    pillow = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Checked below, with a limit of our own.
            warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
            with pillow.open(io.BytesIO(content), formats=_FORMATS) as image:
                _check_pixels(image, name)
                yield image
    except InvalidInputError:
        raise
    except pillow.UnidentifiedImageError:
        raise InvalidInputError(
            f"`{name}` must be a PNG, JPEG, BMP, WebP or GIF image; its content is none of these"
        ) from None
    except pillow.DecompressionBombError as error:
        raise InvalidInputError(_too_large(name, str(error))) from None
    except Exception as error:  # noqa: BLE001  a decoder may raise anything on damaged bytes
        raise InvalidInputError(
            f"`{name}` must be a whole image; it is damaged ({error})"
        ) from None


def _check_pixels(image: Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise InvalidInputError(_too_large(name, f"{image.width} x {image.height}"))


def _too_large(name: str, got: str) -> str:
    return f"`{name}` must have at most {MAX_PIXELS:,} pixels; got {got}"


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError("Pillow", "images", "reading images") from None
    return Image
