"""Published clouds and the bars that other engines printed for them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ripser import ripser
from scipy.optimize import linear_sum_assignment

from topolens.kernels.distances import pairwise_distances
from topolens.kernels.rips import rips_pairs

pytestmark = pytest.mark.data


@pytest.fixture
def clouds(data_folder):
    return data_folder / "clouds"


def lower_triangle(path):
    values = np.array([float(t) for t in re.split(r"[,\s]+", path.read_text()) if t])
    n = int((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    matrix = np.zeros((n, n))
    matrix[np.tril_indices(n, -1)] = values
    return (matrix + matrix.T).astype(np.float32)


def points(path):
    lines = path.read_text().splitlines()
    return np.array([re.split(r"[,\s]+", line.strip()) for line in lines if line.strip()], float)


def torus_points(path):
    words = path.read_text().split()
    return np.array(words[4 : 4 + 3 * int(words[1])], float).reshape(-1, 3)


def printed_by_ripser(path):
    """Bars by degree; an empty death is infinite."""
    bars = []
    for line in path.read_text().splitlines():
        if line.startswith("persistence"):
            bars.append([])
        elif found := re.match(r" \[(.*),(.*)\)", line):
            birth, death = found.groups()
            bars[-1].append((float(birth), float(death.strip() or "inf")))
    return [np.array(sorted(found)) for found in bars]


def assert_as_printed(ours, printed):
    """Equal up to the last printed digit, bar by bar."""
    for mine, theirs in zip(ours, printed, strict=True):
        theirs = np.asarray(theirs, float).reshape(-1, 2)
        assert len(mine) == len(theirs)
        never = [np.where(np.isinf(bars), 1e9, bars) for bars in (mine, theirs)]
        gaps = np.abs(never[0][:, None] - never[1][None]).max(axis=2)
        rows, columns = linear_sum_assignment(gaps)
        np.testing.assert_allclose(mine[rows], theirs[columns], rtol=2e-5, atol=1e-6)


def assert_same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        other = np.asarray(other, np.float64).reshape(-1, 2)
        np.testing.assert_array_equal(mine, other[np.lexsort((other[:, 1], other[:, 0]))])


def test_the_sphere_as_printed(clouds):
    matrix = lower_triangle(clouds / "sphere_3_192.lower_distance_matrix")
    printed = printed_by_ripser(clouds / "sphere_3_192.expected_barcodes.txt")
    assert_as_printed(rips_pairs(matrix, max_dim=len(printed) - 1), printed)


def test_the_dragon_as_printed(clouds):
    cloud = points(clouds / "dragon1000.txt")
    printed = printed_by_ripser(clouds / "dragon1000.expected_barcodes.txt")
    matrix = pairwise_distances(cloud).astype(np.float32)
    assert_as_printed(rips_pairs(matrix, max_dim=len(printed) - 1), printed)


def test_the_torus_as_gudhi_printed(clouds):
    cloud = torus_points(clouds / "tore3D_1307.off")
    lines = (clouds / "tore3D_1307_rips.pers").read_text().splitlines()
    rows = [line.split() for line in lines if line.strip()]
    matrix = pairwise_distances(cloud)
    ours = rips_pairs(matrix, max_dim=2, threshold=0.25)
    for degree in (0, 1):
        theirs = [(float(b), float(d)) for k, b, d in rows if int(k) == degree]
        assert_as_printed([ours[degree]], [theirs])
    # GUDHI expanded to dimension 2 only there: its one void is open, ours may be filled.
    birth = next(float(b) for k, b, _ in rows if int(k) == 2)
    assert birth in [float(f"{b:.6g}") for b in ours[2][:, 0]]


def test_the_projective_plane_has_classes_over_two_elements(clouds):
    matrix = np.loadtxt(clouds / "projective_plane.csv", delimiter=",").astype(np.float32)
    ours = rips_pairs(matrix, max_dim=2)
    assert [len(bars) for bars in ours] == [13, 1, 1]
    assert ours[1].tolist() == ours[2].tolist() == [[1, 2]]
    lower = lower_triangle(clouds / "projective_plane.lower_distance_matrix")
    assert_same(rips_pairs(lower, max_dim=2), ours)


@pytest.mark.parametrize(
    ("name", "max_dim"),
    [
        ("o3_1024.txt", 1),
        ("klein_bottle_400.txt", 1),
        ("random_50_16.txt", 2),
        ("senate104_points.txt", 2),
        ("fractal_r_512_distmat.txt", 1),
        ("random16.lower_distance_matrix", 2),
    ],
)
def test_equals_ripser_bit_for_bit(clouds, name, max_dim):
    path = clouds / name
    if path.suffix == ".lower_distance_matrix":
        matrix = lower_triangle(path)
    elif "distmat" in name:
        matrix = np.loadtxt(path).astype(np.float32)
    else:
        matrix = pairwise_distances(points(path)).astype(np.float32)
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    theirs = ripser(matrix, maxdim=max_dim, distance_matrix=True)["dgms"]
    assert_same(rips_pairs(np.ascontiguousarray(matrix), max_dim=max_dim), theirs)
