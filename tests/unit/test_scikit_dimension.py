"""Estimators by scikit-dimension: its values with our result, or a sentence."""

import re
import sys

import numpy as np
import pytest
from oracles import oracle

from topolens import TopolensWarning, scikit_dimension
from topolens.base.errors import InvalidInputError, MissingDependencyError

CLOUD = np.random.default_rng(0).uniform(size=(150, 3)) @ np.eye(3, 6)


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}")


def test_says_how_to_install_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "skdim", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'topolens\[dimension\]'"):
        scikit_dimension(CLOUD)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ["CorrInt", "MADA", "MOM", "TLE", "KNN"])
def test_gives_the_value_of_the_library(estimator):
    skdim = oracle("skdim")
    found = scikit_dimension(CLOUD, estimator=estimator)
    chosen = getattr(skdim.id, estimator)
    settings = {"random_state": 0} if "random_state" in chosen().get_params() else {}
    assert found.value == float(chosen(**settings).fit(CLOUD).dimension_)
    assert found.standard_error is None
    assert found.interval is None
    assert found.conventions["estimator"] == estimator
    assert found.conventions["library"] == f"scikit-dimension {skdim.__version__}"


@pytest.mark.full
def test_leaves_out_rows_that_repeat_and_passes_parameters():
    oracle("skdim")
    twice = np.vstack([CLOUD[:30], CLOUD[:30]])
    with pytest.warns(TopolensWarning) as told:
        found = scikit_dimension(twice, estimator="ESS", parameters={"d": 2})
    assert found.warnings == tuple(str(warning.message) for warning in told)
    assert found.warnings[0] == "30 rows repeat an earlier one and are left out"
    assert (found.n_points, found.n_used, found.conventions["d"]) == (60, 30, 2)


@pytest.mark.full
def test_says_what_the_library_does_not_have():
    oracle("skdim")
    with refuses("scikit-dimension has no estimator `ES`; did you mean"):
        scikit_dimension(CLOUD, estimator="ES")
    with refuses("`ESS` of scikit-dimension has no parameter `k`"):
        scikit_dimension(CLOUD, parameters={"k": 2})
    with refuses("`ESS` of scikit-dimension failed on 150 points"):
        scikit_dimension(CLOUD, parameters={"ver": "none"})
