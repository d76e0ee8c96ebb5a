"""The engine against the definition and against two released engines, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from rips import rips_pairs as slow_rips_pairs
from ripser import ripser

from topolens.kernels.rips import rips_pairs

WIDTHS = ("plain", "avx2", "avx512")


def symmetric(entries):
    upper = np.triu(entries, 1)
    return np.ascontiguousarray(upper + upper.T).astype(np.float32)


def between(points, p=2):
    return symmetric((np.abs(points[:, None] - points[None]) ** p).sum(2) ** (1 / p))


def integers(rng, n):
    return symmetric(rng.integers(0, rng.integers(2, 7), (n, n)))


def hamming(rng, n):
    return between(rng.integers(0, 2, (n, rng.integers(2, 9))), p=1)


def non_metric(rng, n):
    return symmetric(rng.random((n, n)))


def planar(rng, n):
    return between(rng.normal(size=(n, 2)))


def spatial(rng, n):
    return between(rng.normal(size=(n, 4)))


def duplicates(rng, n):
    return between(rng.normal(size=(max(2, n // 2), 3))[rng.integers(0, max(2, n // 2), n)])


def grid(rng, n):
    return between(rng.integers(0, 4, (n, 2)))


def polygon(rng, n):
    angle = 2 * np.pi * np.arange(n) / n
    return between(np.column_stack([np.cos(angle), np.sin(angle)]))


def all_equal(rng, n):
    return symmetric(np.full((n, n), 2.5))


def all_zero(rng, n):
    return np.zeros((n, n), np.float32)


def disconnected(rng, n):
    far = np.arange(n)[:, None] % 3 != np.arange(n) % 3
    return symmetric(np.where(far, np.inf, rng.random((n, n))))


def scattered_gaps(rng, n):
    return symmetric(np.where(rng.random((n, n)) < 0.4, np.inf, rng.integers(1, 9, (n, n))))


def zero_block(rng, n):
    entries = rng.random((n, n))
    entries[: n // 2, : n // 2] = 0
    return symmetric(entries)


FAMILIES = [
    integers,
    hamming,
    non_metric,
    planar,
    spatial,
    duplicates,
    grid,
    polygon,
    all_equal,
    all_zero,
    disconnected,
    scattered_gaps,
    zero_block,
]


def some_matrices(count, low, high, seed=0):
    for family in FAMILIES:
        for k in range(count):
            rng = np.random.default_rng([seed, FAMILIES.index(family), k])
            yield family, rng, family(rng, int(rng.integers(low, high)))


def assert_same_bars(ours, theirs, note):
    assert len(ours) == len(theirs), note
    for degree, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        other = np.asarray(other, np.float64).reshape(-1, 2)
        other = other[np.lexsort((other[:, 1], other[:, 0]))]
        np.testing.assert_array_equal(mine, other, err_msg=f"{note}, degree {degree}")


def some_threshold(rng, matrix):
    finite = matrix[np.isfinite(matrix)]
    return float(rng.choice(finite)) if rng.random() < 0.5 else float(np.quantile(finite, 0.6))


MAX_DIM = 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_definition(dtype):
    for family, rng, matrix in some_matrices(8, 1, 13):
        matrix = matrix.astype(dtype)
        for threshold in (np.inf, some_threshold(rng, matrix)):
            ours = rips_pairs(matrix, max_dim=MAX_DIM, threshold=threshold)
            theirs = slow_rips_pairs(matrix, max_dim=MAX_DIM, threshold=threshold)
            assert_same_bars(ours, theirs, f"{family.__name__}, {matrix.tolist()}, {threshold}")


def test_equals_ripser_on_adversarial_matrices():
    for family, rng, matrix in some_matrices(20, 2, 45, seed=1):
        for threshold in (np.inf, some_threshold(rng, matrix)):
            ours = rips_pairs(matrix, max_dim=MAX_DIM, threshold=threshold)
            theirs = ripser(matrix, maxdim=MAX_DIM, thresh=threshold, distance_matrix=True)
            assert_same_bars(ours, theirs["dgms"], f"{family.__name__}, {len(matrix)} points")


def test_equals_gudhi_on_adversarial_matrices():
    gudhi_sklearn = pytest.importorskip("gudhi.sklearn")
    engine = partial(
        gudhi_sklearn.RipsPersistence,
        homology_dimensions=list(range(MAX_DIM + 1)),
        input_type="full distance matrix",
        homology_coeff_field=2,
    )
    for family, _, matrix in some_matrices(20, 3, 45, seed=2):
        if not np.isfinite(matrix).all():
            continue
        theirs = engine().fit_transform([matrix])[0]
        theirs = [bars[bars[:, 0] < bars[:, 1]] for bars in theirs]
        ours = rips_pairs(matrix, max_dim=MAX_DIM)
        assert_same_bars(ours, theirs, f"{family.__name__}, {len(matrix)} points")


@pytest.mark.parametrize("kind", ["normal", "normal64", "zero_block", "integers"])
def test_equals_ripser_on_a_few_hundred_points(kind):
    rng = np.random.default_rng(5)
    matrix = {
        "normal": lambda: between(rng.normal(size=(300, 12))),
        "normal64": lambda: between(rng.normal(size=(257, 3))),
        "zero_block": lambda: zero_block(rng, 200),
        "integers": lambda: symmetric(rng.integers(0, 12, (220, 220))),
    }[kind]()
    theirs = ripser(matrix, maxdim=1, distance_matrix=True)["dgms"]
    assert_same_bars(rips_pairs(matrix, max_dim=1), theirs, kind)
    if kind == "normal64":
        wide = rips_pairs(matrix.astype(np.float64), max_dim=1)
        assert_same_bars(wide, theirs, "float64")


SCRIPT = """
import hashlib
import numpy as np
from topolens import _core
from topolens.kernels.rips import rips_pairs
rng = np.random.default_rng(0)
digest = hashlib.sha256()
for n, max_dim in ((5, 2), (40, 2), (90, 2), (600, 1)):
    for upper in (rng.random((n, n)), rng.integers(0, 9, (n, n))):
        matrix = np.triu(upper, 1)
        for dtype in (np.float32, np.float64):
            square = np.ascontiguousarray(matrix + matrix.T).astype(dtype)
            for bars in rips_pairs(square, max_dim=max_dim):
                digest.update(bars.tobytes())
print(_core.simd(), digest.hexdigest())
"""


def run_with(width):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "TOPOLENS_SIMD": width},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_vector_width_gives_the_same_bytes():
    outputs = {}
    for width in WIDTHS:
        done = run_with(width)
        if done.returncode == 0:
            name, digest = done.stdout.split()
            assert name == width
            outputs[width] = digest
        else:
            assert "within this machine's means" in done.stderr
    assert "plain" in outputs
    assert len(set(outputs.values())) == 1


def test_an_unknown_vector_width_is_refused():
    done = run_with("mmx")
    assert done.returncode != 0
    assert "`TOPOLENS_SIMD` must be avx512, avx2 or plain" in done.stderr


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_change_no_bit(dtype):
    rng = np.random.default_rng(8)
    for matrix in (between(rng.normal(size=(400, 6))), hamming(rng, 300), zero_block(rng, 260)):
        expected = rips_pairs(matrix.astype(dtype), max_dim=1)
        for threads in (2, 4):
            found = rips_pairs(matrix.astype(dtype), max_dim=1, threads=threads)
            assert_same_bars(found, expected, f"{threads} threads")


def test_the_matrices_of_representation_topology_are_fast_and_exact():
    # Two clouds of 500 points: a block of zeros, and ties across the others.
    rng = np.random.default_rng(9)
    first = rng.normal(size=(500, 8))
    second = first + 0.3 * rng.normal(size=(500, 8))
    one, other = (np.linalg.norm(c[:, None] - c[None], axis=2) for c in (first, second))
    matrix = np.block([[np.zeros((500, 500)), one], [one.T, np.minimum(one, other)]])
    matrix = np.maximum(matrix, matrix.T).astype(np.float32)
    np.fill_diagonal(matrix, 0)
    start = time.process_time()
    ours = rips_pairs(matrix, max_dim=1)
    assert time.process_time() - start < 0.5
    assert_same_bars(ours, ripser(matrix, maxdim=1, distance_matrix=True)["dgms"], "zero block")
