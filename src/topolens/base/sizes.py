"""Sizes in bytes as people say them."""

from __future__ import annotations

__all__ = ["size_text"]

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def size_text(n_bytes: float) -> str:
    """Return a number of bytes in the unit that suits it.

    >>> size_text(322_560_000), size_text(17), size_text(999_999)
    ('322.6 MB', '17 bytes', '1.0 MB')
    """
    if n_bytes < 1000:
        return f"{n_bytes:.0f} bytes"
    size, unit = float(n_bytes), 0
    while size >= 999.95 and unit + 1 < len(_UNITS):
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}"
