"""Numbers from outside: published tests, documented examples, closed forms, printed barcodes."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from topolens import (
    Diagram,
    linear_cka,
    persistence,
    persistence_from_distances,
    persistent_entropy,
    sliced_wasserstein,
)

ROOT = os.environ.get("TOPOLENS_DATA")


def needs_data(test):
    skip = pytest.mark.skipif(not ROOT, reason="TOPOLENS_DATA does not name the folder of data")
    return pytest.mark.data(skip(test))


def cloud_file(name):
    return Path(ROOT) / "clouds" / name


# persim, test/test_distances.py, class TestSliced: value and relative tolerance as published.
@pytest.mark.parametrize(
    ("first", "second", "value", "relative"),
    [
        ([[0.5, 1]], [[0.5, 1.1]], 0.1, 0.01),
        ([[0.5, 1], [0.6, 1.1]], [[0.5, 1.1], [0.6, 1.2]], 0.19, 0.02),
        ([[0.5, 1], [0.6, 1.1]], [[0.6, 1.2]], 0.314, 0.1),
    ],
)
def test_sliced_wasserstein_of_persims_tests(first, second, value, relative):
    assert sliced_wasserstein(first, second) == pytest.approx(value, rel=relative)


def test_sliced_wasserstein_of_persims_single_point():
    bar = [[0.11371516, 4.45734882]]
    assert sliced_wasserstein(bar, bar) == 0


# persim, test/test_persistent_entropy.py.
@pytest.mark.parametrize("pairs", [[[0, 1], [0, 3], [2, 4]], [[2, 5], [3, 8]]])
def test_entropy_is_below_the_logarithm_of_the_number_of_bars(pairs):
    assert 0 < persistent_entropy(Diagram(1, np.array(pairs, float))) < np.log(len(pairs))


def test_entropy_of_persims_single_bar():
    assert persistent_entropy(Diagram(1, np.array([[-1.0, 2.0]]))) == 0


def test_cka_with_an_orthogonal_copy_is_one():
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(50, 8))
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    assert linear_cka(cloud, cloud @ rotation) == pytest.approx(1, rel=1e-12)


def test_cka_of_orthonormal_coordinates_counts_what_is_shared():
    # k of p orthonormal centred features in common: k / sqrt(p p') (Kornblith et al., section 3).
    rng = np.random.default_rng(2)
    features = rng.normal(size=(40, 9))
    basis = np.linalg.qr(features - features.mean(axis=0))[0]
    assert linear_cka(basis[:, :5], basis[:, 3:]) == pytest.approx(2 / np.sqrt(30), rel=1e-12)


def circle(n_points):
    angle = 2 * np.pi * np.arange(n_points) / n_points
    return np.column_stack([np.cos(angle), np.sin(angle)])


# Adamaszek and Adams 2017: the loop of n equally spaced points is born at the side of the
# polygon and dies when three points, a third of the way round or more apart, can be joined.
@pytest.mark.parametrize("n_points", [4, 5, 6, 7, 12, 50, 100])
def test_the_loop_of_a_regular_polygon(n_points):
    born = 2 * np.sin(np.pi / n_points)
    dies = 2 * np.sin(np.pi * np.ceil(n_points / 3) / n_points)
    diagrams = persistence(circle(n_points))
    np.testing.assert_allclose(diagrams[1].pairs, [[born, dies]], rtol=1e-6)
    deaths = diagrams[0].pairs[:, 1]
    np.testing.assert_allclose(deaths, [*[born] * (n_points - 1), np.inf], rtol=1e-6)


@pytest.mark.parametrize("n_points", [2, 3])
def test_a_triangle_has_no_loop(n_points):
    assert len(persistence(circle(n_points))[1]) == 0


def test_the_octahedron_has_one_void():
    # Six points at +-1 on three axes: joined at sqrt(2), filled at 2.
    corners = np.vstack([np.eye(3), -np.eye(3)])
    diagrams = persistence(corners, max_dim=2)
    np.testing.assert_allclose(diagrams[2].pairs, [[np.sqrt(2), 2]], rtol=1e-6)
    assert len(diagrams[1]) == 0


# The points of GUDHI's documented example of Rips complexes, and the filtration values that its
# manual prints for them up to the longest edge it uses.
GUDHI_POINTS = [[1, 1], [7, 0], [4, 6], [9, 6], [0, 14], [2, 19], [9, 17]]
GUDHI_EDGES = {
    (2, 3): 5.0,
    (4, 5): 5.39,
    (0, 2): 5.83,
    (0, 1): 6.08,
    (1, 3): 6.32,
    (1, 2): 6.71,
    (5, 6): 7.28,
    (2, 4): 8.94,
    (0, 3): 9.43,
    (4, 6): 9.49,
    (3, 6): 11.0,
}


def test_bars_of_gudhis_documented_example():
    merges = [GUDHI_EDGES[edge] for edge in [(2, 3), (4, 5), (0, 2), (0, 1), (5, 6), (2, 4)]]
    diagrams = persistence(GUDHI_POINTS, threshold=12)
    np.testing.assert_allclose(diagrams[0].pairs[:, 1], [*merges, np.inf], atol=0.005)
    loops = [[GUDHI_EDGES[1, 3], GUDHI_EDGES[1, 2]], [GUDHI_EDGES[3, 6], np.inf]]
    np.testing.assert_allclose(diagrams[1].pairs, loops, atol=0.005)


@needs_data
def test_gudhis_matrix_is_that_of_its_points():
    lines = cloud_file("gudhi_full_square_distance_matrix.csv").read_text().split()
    matrix = np.array([[float(entry) for entry in line.strip(";").split(";")] for line in lines])
    np.testing.assert_allclose(matrix, squareform(pdist(GUDHI_POINTS)), atol=1e-9)
    given, computed = persistence_from_distances(matrix), persistence(GUDHI_POINTS)
    for ours, theirs in zip(given, computed, strict=True):
        np.testing.assert_allclose(ours.pairs, theirs.pairs, atol=1e-9)
    assert len(given[1]) == 2


@needs_data
def test_the_projective_plane_over_two_elements():
    # Z/2 homology 1, 1, 1; over Z/3 the loop and the void would be missing.
    matrix = np.loadtxt(cloud_file("projective_plane.csv"), delimiter=",")
    diagrams = persistence_from_distances(matrix, max_dim=2)
    assert diagrams[0].pairs.tolist() == [[0, 1]] * 12 + [[0, np.inf]]
    assert diagrams[1].pairs.tolist() == [[1, 2]]
    assert diagrams[2].pairs.tolist() == [[1, 2]]


def printed_barcodes(name):
    """Intervals by degree, as Ripser++ printed them."""
    barcodes = {}
    for line in cloud_file(name).read_text().splitlines():
        if heading := re.match(r"persistence intervals in dim (\d+):", line):
            bars = barcodes.setdefault(int(heading.group(1)), [])
        elif interval := re.match(r" \[(\S+),\s*(\S*)\)", line):
            birth, death = interval.groups()
            bars.append((float(birth), float(death or "inf")))
    return barcodes


def rounded(pairs, *, digits):
    return sorted(tuple(float(f"{value:.{digits}g}") for value in pair) for pair in pairs)


@needs_data
def test_the_dragon_as_ripser_plus_plus_printed_it():
    points = np.loadtxt(cloud_file("dragon1000.txt"))
    printed = printed_barcodes("dragon1000.expected_barcodes.txt")
    assert [len(printed[degree]) for degree in (0, 1)] == [1000, 311]
    # It was given distances of five digits; with these, every digit is the same.
    given = squareform([float(f"{distance:.5g}") for distance in pdist(points)])
    equal, close = persistence_from_distances(given), persistence(points)
    for degree, bars in printed.items():
        assert rounded(equal[degree].pairs, digits=6) == sorted(bars), degree
        np.testing.assert_allclose(
            np.sort(close[degree].pairs, axis=0), np.sort(bars, axis=0), rtol=5.01e-5
        )


@needs_data
def test_the_sphere_as_ripser_plus_plus_printed_it():
    text = cloud_file("sphere_3_192.lower_distance_matrix").read_text()
    below = [float(entry) for entry in re.split(r"[,\s]+", text) if entry]
    matrix = np.zeros((192, 192), np.float32)
    matrix[np.tril_indices(192, -1)] = below
    diagrams = persistence_from_distances(matrix + matrix.T)
    printed = printed_barcodes("sphere_3_192.expected_barcodes.txt")
    assert [len(printed[degree]) for degree in (0, 1)] == [192, 53]
    for degree in (0, 1):
        assert rounded(diagrams[degree].pairs, digits=6) == sorted(printed[degree]), degree
