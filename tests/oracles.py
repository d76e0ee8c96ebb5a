"""Measures of others to hold ours against, where `make oracles` has installed them."""

import importlib
import sys
import warnings
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[1] / "build" / "oracles-measures"


def oracle(name):
    """Import a module of POT (`ot`), scikit-dimension (`skdim`) or rsatoolbox, or skip."""
    if str(_FOLDER) not in sys.path:
        sys.path.append(str(_FOLDER))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            pytest.skip(f"{name} is not installed; `make oracles` installs it")
