"""Representative cycles against linear algebra over Z/2."""

from itertools import combinations

import numpy as np
import pytest

from topolens.kernels.rips import rips_cycles, rips_pairs


def matrices():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 13))
        if seed % 4 == 0:
            upper = np.triu(rng.random((n, n)), 1)
            yield upper + upper.T
        else:
            angle = np.sort(rng.uniform(0, 2 * np.pi, n))
            circle = np.column_stack([np.cos(angle), np.sin(angle)])
            cloud = circle + 0.3 * rng.normal(size=(n, 2))
            yield np.linalg.norm(cloud[:, None] - cloud[None], axis=2)


def rank(columns):
    """Of integers read as vectors over Z/2."""
    pivots = []
    for column in columns:
        reduced = column
        for pivot in pivots:
            reduced = min(reduced, reduced ^ pivot)
        if reduced:
            pivots.append(reduced)
    return len(pivots)


def chain_of(walks, place):
    chain = 0
    for walk in walks:
        for a, b in zip(walk, np.roll(walk, -1), strict=True):
            chain ^= 1 << place[min(a, b), max(a, b)]
    return chain


def boundaries(matrix, place, holds):
    return [
        sum(1 << place[pair] for pair in combinations(triangle, 2))
        for triangle in combinations(range(len(matrix)), 3)
        if holds(max(matrix[pair] for pair in combinations(triangle, 2)))
    ]


def cycles_before(matrix, place, birth):
    """A basis of the cycles of the graph of edges shorter than `birth`: tree paths closed."""
    parent = {v: (v, 0) for v in range(len(matrix))}
    basis = []
    for pair in combinations(range(len(matrix)), 2):
        if not matrix[pair] < birth:
            continue
        (root_a, path_a), (root_b, path_b) = parent[pair[0]], parent[pair[1]]
        closed = path_a ^ path_b ^ (1 << place[pair])
        if root_a == root_b:
            basis.append(closed)
            continue
        for v, (root, path) in parent.items():
            if root == root_b:
                parent[v] = (root_a, path ^ closed)
    return basis


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_cycle_is_born_and_dies_with_its_bar(dtype):
    n_cycles = n_shortest = 0
    for matrix in matrices():
        matrix = matrix.astype(dtype)
        place = {pair: k for k, pair in enumerate(combinations(range(len(matrix)), 2))}
        found = rips_cycles(matrix)
        bars = sorted([c.birth, c.death] for c in found)
        assert bars == rips_pairs(matrix, max_dim=1)[1].tolist()
        for cycle in found:
            n_cycles += 1
            n_shortest += cycle.is_shortest
            lengths = [
                matrix[a, b] for w in cycle.walks for a, b in zip(w, np.roll(w, -1), strict=True)
            ]
            assert max(lengths) == cycle.birth
            chain = chain_of(cycle.walks, place)
            up_to_death = boundaries(matrix, place, lambda value, c=cycle: value <= c.death)
            assert rank([*up_to_death, chain]) == rank(up_to_death)
            before_death = boundaries(matrix, place, lambda value, c=cycle: value < c.death)
            older = [*before_death, *cycles_before(matrix, place, cycle.birth)]
            assert rank([*older, chain]) == rank(older) + 1
    assert n_cycles > 40
    assert n_shortest > n_cycles // 2


def test_only_long_bars_are_given_and_the_longest_comes_first():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 80)
    cloud = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.1 * rng.normal(size=(80, 2))
    matrix = np.linalg.norm(cloud[:, None] - cloud[None], axis=2)
    (loop,) = rips_cycles(matrix, longer_than=0.5)
    assert len(loop.walks) == 1
    assert len(set(loop.walks[0].tolist())) == len(loop.walks[0])
    winding = np.diff(np.unwrap(angle[[*loop.walks[0], loop.walks[0][0]]])).sum()
    assert round(abs(winding) / (2 * np.pi)) == 1
    every = rips_cycles(matrix)
    lives = [c.death - c.birth for c in every]
    assert lives == sorted(lives, reverse=True)
    assert every[0].birth == loop.birth


def test_a_bar_that_never_dies_has_its_shortest_cycle():
    square = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]], np.float32)
    (loop,) = rips_cycles(square, threshold=1.5)
    assert np.isinf(loop.death)
    assert loop.is_shortest
    assert sorted(loop.walks[0].tolist()) == [0, 1, 2, 3]
