import numpy as np
import pytest

import topolens as tl
from topolens.descriptors.mapper.covers import check_lens


def pulled(cover, lens):
    return cover.pull_back(check_lens(lens, len(lens)))


def test_uniform_intervals_follow_the_formula():
    found = pulled(tl.UniformCover(4, 0.5), np.arange(9.0))  # steps of 2, length 4
    assert found.low[:, 0].tolist() == [-1, 1, 3, 5]
    assert found.high[:, 0].tolist() == [3, 5, 7, 9]
    assert [rows.tolist() for rows in found] == [
        [0, 1, 2, 3],
        [1, 2, 3, 4, 5],
        [3, 4, 5, 6, 7],
        [5, 6, 7, 8],
    ]


@pytest.mark.parametrize("overlap", [0.1, 0.25, 0.5, 0.8])
def test_neighbours_share_the_overlap(overlap):
    found = pulled(tl.UniformCover(7, overlap), np.linspace(0, 1, 50))
    lengths = (found.high - found.low)[:, 0]
    shared = (found.high[:-1] - found.low[1:])[:, 0]
    np.testing.assert_allclose(shared / lengths[:-1], overlap)


def test_every_value_is_covered_whatever_rounding_does():
    rng = np.random.default_rng(0)
    for _ in range(200):
        lens = rng.normal(size=(30, 2)) * 10.0 ** rng.integers(-8, 8)
        found = pulled(tl.UniformCover(int(rng.integers(1, 12)), 1e-9), lens)
        assert len(np.unique(found.members)) == 30


def test_products_of_intervals_hold_what_both_hold():
    rng = np.random.default_rng(1)
    lens = rng.normal(size=(80, 2))
    found = pulled(tl.UniformCover((3, 4), (0.3, 0.5)), lens)
    assert len(found) == 12
    for rows, low, high in zip(found, found.low, found.high, strict=True):
        inside = ((lens >= low) & (lens <= high)).all(axis=1)
        assert rows.tolist() == np.flatnonzero(inside).tolist()
    assert found.low[:4, 0].tolist() == [found.low[0, 0]] * 4  # the second lens runs fastest


@pytest.mark.parametrize("n_lenses", [1, 2])
def test_balanced_elements_hold_equally_many(n_lenses):
    lens = np.random.default_rng(2).normal(size=(2000, n_lenses)) ** 3
    found = pulled(tl.BalancedCover(8, 0.5), lens)
    inner = found.sizes.reshape((8,) * n_lenses)[(slice(1, -1),) * n_lenses]
    assert inner.max() <= inner.min() * 1.02
    share = 0.25**n_lenses  # an inner interval has twice the step of 1 / 8
    np.testing.assert_allclose(inner, 2000 * share, rtol=0.03)
    for rows, low, high in zip(found, found.low, found.high, strict=True):
        assert (lens[rows] >= low).all()
        assert (lens[rows] <= high).all()
    assert len(np.unique(found.members)) == 2000


def test_equal_values_stay_together_in_a_balanced_cover():
    lens = np.repeat([0.0, 1.0, 2.0], [50, 2, 8])
    found = pulled(tl.BalancedCover(5, 0.2), lens)
    for rows in found:
        values = set(lens[rows].tolist())
        assert rows.tolist() == np.flatnonzero(np.isin(lens, list(values))).tolist()


@pytest.mark.parametrize("n_lenses", [1, 2])
def test_balls_are_closed_cover_all_and_keep_their_distance(n_lenses):
    lens = np.random.default_rng(3).integers(0, 9, size=(120, n_lenses)).astype(float)
    found = pulled(tl.BallCover(2.0), lens)
    centres = (found.low + found.high) / 2
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    assert gaps[~np.eye(len(gaps), dtype=bool)].min(initial=np.inf) > 2
    for rows, centre in zip(found, centres, strict=True):
        inside = np.linalg.norm(lens - centre, axis=1) <= 2
        assert rows.tolist() == np.flatnonzero(inside).tolist()
    assert len(np.unique(found.members)) == 120


@pytest.mark.parametrize(
    "cover", [tl.UniformCover(6, 0.4), tl.BalancedCover(6, 0.4), tl.BallCover(0.7)]
)
@pytest.mark.parametrize("n_lenses", [1, 2])
def test_elements_do_not_depend_on_the_order_of_rows(cover, n_lenses):
    rng = np.random.default_rng(4)
    lens = rng.normal(size=(150, n_lenses)).round(1)
    order = rng.permutation(150)
    straight, mixed = pulled(cover, lens), pulled(cover, lens[order])
    assert [np.sort(order[rows]).tolist() for rows in mixed] == [r.tolist() for r in straight]


def test_settings_for_two_lenses_need_two():
    with pytest.raises(tl.InvalidInputError, match=r"`overlap` must have one entry per lens; got"):
        pulled(tl.UniformCover(4, (0.3, 0.4)), np.arange(5.0))


@pytest.mark.parametrize("kind", [tl.UniformCover, tl.BalancedCover])
@pytest.mark.parametrize("n_intervals", [10**6, (10**6, 10**6)])
def test_more_elements_than_memory_holds_are_refused(kind, n_intervals):
    with pytest.raises(tl.InvalidInputError, match="`n_intervals` must make at most 10,000,000"):
        pulled(kind(n_intervals, 0.3), np.column_stack([np.arange(5.0), np.arange(5.0)]))


@pytest.mark.parametrize("cover", [5, None, tl.UniformCover])
def test_what_is_no_cover_is_refused(cover):
    line = np.arange(9.0)[:, None]
    with pytest.raises(tl.InvalidInputError, match=r"\A`cover` must be a cover, e\.g\."):
        tl.mapper_graph(line, line, cover=cover, cluster=tl.DBSCAN(1.0))


def test_a_slab_without_spread_is_told_what_to_do():
    lens = np.column_stack([np.arange(20.0), np.r_[np.full(10, -0.0), np.arange(10.0)]])
    sentence = "column 1 is 0 for all 7 points .*; take fewer intervals of column 0, or a `Uniform"
    with pytest.raises(tl.InvalidInputError, match=sentence):
        pulled(tl.BalancedCover(4, 0.3), lens)
    assert pulled(tl.UniformCover(4, 0.3), lens).sizes.sum() > 20
