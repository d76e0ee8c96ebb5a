"""Settings and helpers that tests in every folder share; puts this folder on the path."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, however busy the machine is.
settings.register_profile("topolens", derandomize=True, deadline=None)
settings.load_profile("topolens")


@pytest.fixture
def data_folder() -> Path:
    """Return the folder of real data named by TOPOLENS_DATA, or skip."""
    if not os.environ.get("TOPOLENS_DATA"):
        pytest.skip("TOPOLENS_DATA does not name the folder of data")
    return Path(os.environ["TOPOLENS_DATA"])
