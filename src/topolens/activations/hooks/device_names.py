"""Names of devices and precisions, apart from torch so that a study file can be checked early."""

from __future__ import annotations

import re

from topolens.base.errors import InvalidInputError

__all__ = ["PRECISIONS", "check_device", "number_settings"]

PRECISIONS = ("float32", "bfloat16", "float16")

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


def check_device(name: str) -> str:
    """Return the name of a device as a study file may say it.

    Raises
    ------
    InvalidInputError
        If it is none of these.
    """
    if _DEVICE.fullmatch(name) is None:
        raise InvalidInputError(
            f"`device` must be `cpu`, `cuda`, `cuda:N`, `mps` or `auto`; got {name!r}"
        )
    return name


def number_settings(device_type: str, precision: str) -> dict[str, str]:
    """Return what device and precision add to the description of how numbers were made.

    The usual, float32 on a CPU, adds nothing. Which of several GPUs it was is left out.
    """
    settings = {"device": device_type, "precision": precision}
    usual = {"device": "cpu", "precision": "float32"}
    return {key: value for key, value in settings.items() if value != usual[key]}
