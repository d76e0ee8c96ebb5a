"""Published numbers of divergences between clouds, on the published inputs."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from topolens import cross_barcode, information_imbalance, rtd_from_distances

# DADApy (Apache-2.0): tests/3d_gauss_small_z_var.npy, and the values in its tests of information
# imbalance, all pairs of coordinates against all three.
POINTS = np.load(Path(__file__).with_name("dadapy_3d_gauss_small_z_var.npy"))
IMBALANCES = [
    ([0], 0.5978, 0.144),
    ([1], 0.5128, 0.15),
    ([2], 0.9696, 0.968),
    ([0, 1], 0.02, 0.02),
    ([0, 2], 0.6208, 0.1426),
    ([1, 2], 0.5434, 0.1492),
]


@pytest.mark.parametrize(("some", "to_all", "from_all"), IMBALANCES)
def test_information_imbalances_of_dadapy(some, to_all, from_all):
    assert information_imbalance(POINTS[:, some], POINTS) == pytest.approx(to_all, abs=1e-12)
    assert information_imbalance(POINTS, POINTS[:, some]) == pytest.approx(from_all, abs=1e-12)


def shuffled(n_rows, count):
    """How the authors' program draws rows: NumPy's old generator shuffles a list."""
    rows = list(range(n_rows))
    np.random.shuffle(rows)  # noqa: NPY002
    return rows[:count]


def two_squares():
    np.random.seed(7)  # noqa: NPY002
    return np.random.rand(1000, 2), np.random.rand(1000, 2)  # noqa: NPY002


def test_rtd_of_the_authors_readme():
    """`rtd.rtd(P, Q)` of github.com/IlyaTrofimov/RTD: ten trials of 500 of 1,000 rows."""
    first, second = two_squares()
    trials = []
    for _ in range(10):
        rows = shuffled(1000, 500)
        matrices = (cdist(cloud[rows], cloud[rows]) for cloud in (first, second))
        trials.append(rtd_from_distances(*matrices))
    # ripser sees single precision there.
    assert np.mean(trials) == pytest.approx(35.55234398557805, abs=1e-4)


def test_mtop_divergence_of_the_authors_readme():
    """`mtd.mtopdiv(P, Q, 100, 1000)` of github.com/IlyaTrofimov/MTopDiv, after one barcode."""
    first, second = two_squares()

    def trial():
        theirs = second[np.random.choice(1000, 1000, replace=False)]  # noqa: NPY002
        ours = first[np.random.choice(1000, 100, replace=False)]  # noqa: NPY002
        return float(cross_barcode(ours, theirs)[1].lifetimes.sum())

    trial()
    assert np.mean([trial() for _ in range(20)]) == pytest.approx(0.035247244, abs=2e-8)
