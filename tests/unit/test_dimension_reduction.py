"""Principal components and random projections."""

import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from topolens.base.errors import InvalidInputError
from topolens.clouds import pca, random_projection


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def wide_cloud(n=40, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) * (2.0 ** np.arange(d)) + 3


def test_two_directions_by_hand():
    # Mean (1, 2). Along (3, 4) / 5 the points lie at -5, 0, 5; across at 0.
    found = pca([[-2.0, -2.0], [1.0, 2.0], [4.0, 6.0]])
    np.testing.assert_allclose(found.points, [[-5, 0], [0, 0], [5, 0]], atol=1e-14)
    np.testing.assert_allclose(found.directions[0], [0.6, 0.8], rtol=1e-14)
    np.testing.assert_allclose(found.variances, [50 / 3, 0], atol=1e-14)
    assert found.origin.tolist() == [1, 2]
    assert pca([[-2.0, -2.0], [1.0, 2.0], [4.0, 6.0]], keep=1).points.shape == (3, 1)


def test_scikit_learn_finds_the_same_up_to_sign():
    cloud = wide_cloud()
    theirs = PCA(3).fit(cloud)
    ours = pca(cloud, keep=3)
    np.testing.assert_allclose(np.abs(ours.points), np.abs(theirs.transform(cloud)), rtol=1e-9)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_.sum())
    np.testing.assert_allclose(ours.variances[:3] * 40 / 39, theirs.explained_variance_)


def test_each_directions_largest_entry_is_positive():
    for seed in range(5):
        directions = pca(wide_cloud(seed=seed)).directions
        largest = np.argmax(np.abs(directions), axis=1)
        assert (directions[np.arange(6), largest] > 0).all()


def test_a_share_takes_as_few_components_as_hold_it():
    cloud = wide_cloud()
    shares = np.cumsum(pca(cloud).variances) / pca(cloud).variances.sum()
    for wanted in (0.5, 0.8, 0.95, 0.999):
        n_kept = pca(cloud, keep=wanted).points.shape[1]
        assert shares[n_kept - 1] >= wanted
        assert n_kept == 1 or shares[n_kept - 2] < wanted
    assert pca(cloud, keep=1.0).points.shape == (40, 6)
    assert pca(cloud, keep=1).points.shape == (40, 1)
    assert pca(np.ones((4, 3)), keep=0.9).explained == 1


def test_the_smallest_are_dropped_without_centring_as_in_the_sensitivity_test():
    cloud = wide_cloud()
    left = np.linalg.svd(cloud.T)[0]
    for dropped in (1, 4):
        expected = (left[:, : 6 - dropped].T @ cloud.T).T
        found = pca(cloud, drop_smallest=dropped, centred=False)
        np.testing.assert_allclose(np.abs(found.points), np.abs(expected), rtol=1e-9)
        assert found.origin.tolist() == [0] * 6
    # More features than points: those beyond the rank are zero and dropped first.
    assert pca(wide_cloud(4, 6), drop_smallest=1).points.shape == (4, 4)
    assert pca(wide_cloud(4, 6), drop_smallest=3).points.shape == (4, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_points_is_kept_and_a_shift_does_not_matter(dtype):
    cloud = wide_cloud().astype(dtype)
    cloud.setflags(write=False)
    for moved in (pca(cloud).points, random_projection(cloud, n_components=3)):
        assert moved.dtype == dtype
    shifted = pca(wide_cloud() + 1024).points
    np.testing.assert_allclose(shifted, pca(wide_cloud()).points, atol=1e-10)


def test_huge_and_tiny_values_neither_overflow_nor_vanish():
    plain = pca(wide_cloud(), keep=2)
    for exponent in (480, -480):
        found = pca(np.ldexp(wide_cloud(), exponent), keep=2)
        np.testing.assert_allclose(np.ldexp(found.points, -exponent), plain.points, rtol=1e-12)
        assert found.explained == pytest.approx(plain.explained)


def test_results_do_not_depend_on_the_number_of_blas_threads():
    script = (
        "import hashlib, numpy as np, topolens as tl\n"
        "cloud = np.random.default_rng(0).normal(size=(300, 200))\n"
        "found = tl.pca(cloud, keep=50).points.tobytes()\n"
        "found += tl.random_projection(cloud, n_components=64).tobytes()\n"
        "print(hashlib.sha256(found).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"OPENBLAS_NUM_THREADS": threads, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1


def test_a_projection_nearly_keeps_distances():
    cloud = np.random.default_rng(1).normal(size=(60, 500))
    kept = pdist(random_projection(cloud, n_components=400)) / pdist(cloud)
    # The bound of the docstring for n = 60, 400 coordinates: squared distances within 41 %.
    assert kept.min() ** 2 > 0.59
    assert kept.max() ** 2 < 1.41
    assert np.mean(kept**2) == pytest.approx(1, abs=0.02)


def test_a_projection_depends_on_seed_and_sizes_alone():
    first, second = wide_cloud(seed=1), wide_cloud(seed=2)
    both = random_projection(np.r_[first, second], n_components=4)
    np.testing.assert_allclose(random_projection(second, n_components=4), both[40:], rtol=1e-12)
    again = random_projection(first, n_components=4, seed=1)
    assert not np.allclose(again, both[:40])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        *(
            (
                {"keep": keep},
                "`keep` must be a number of components (an integer at least 1) or a share of the "
                f"variance (a float above 0 and at most 1); got {keep!r}",
            )
            for keep in (0, 0.0, 1.5, True, "all", float("nan"))
        ),
        ({"keep": 4}, "`keep` must be at most the 3 components there are; got 4"),
        ({"drop_smallest": 3}, "`drop_smallest` must be an integer from 0 to 2; got 3"),
        (
            {"keep": 1, "drop_smallest": 1},
            "`keep` must be left out where `drop_smallest` is given",
        ),
    ],
)
def test_pca_says_what_is_wrong(settings, sentence):
    with refuses(sentence):
        pca(np.eye(3), **settings)


def test_values_that_overflow_are_refused():
    for value in (1.7e308, 1e151):
        with refuses("`points` must be small enough for their variance; it overflows float64"):
            pca([[value], [-value]])
    with refuses(
        "`points` must be small enough to be projected; sums of these values overflow float32"
    ):
        random_projection(np.full((2, 50), 3e38, np.float32), n_components=1)


def test_random_projection_says_what_is_wrong():
    with refuses("`n_components` must be an integer at least 1; got 0"):
        random_projection(np.eye(3), n_components=0)
    with refuses("`seed` must be an integer at least 0; got -1"):
        random_projection(np.eye(3), n_components=2, seed=-1)
