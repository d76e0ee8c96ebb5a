"""Persistence images and the distance of their surfaces, by hand and by others."""

import re
import warnings

import numpy as np
import pytest

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram
from topolens.comparison import image_distance
from topolens.descriptors import persistence_image

CLOUD = np.random.default_rng(0).normal(size=(150, 3))
LOOPS = tl.persistence(CLOUD)[1]
WIDE = {"birth_range": (-1.0, 4.0), "lifetime_range": (-1.0, 2.0)}


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def test_all_weight_is_in_the_pixels_or_outside():
    wide = persistence_image(LOOPS, **WIDE)
    assert wide.values.sum() == pytest.approx(LOOPS.lifetimes.sum())
    assert wide.outside == pytest.approx(0, abs=1e-9)
    narrow = persistence_image(LOOPS)
    share = narrow.values.sum() / LOOPS.lifetimes.sum()
    assert narrow.outside == pytest.approx(1 - share)
    assert 0.05 < narrow.outside < 0.95
    squares = persistence_image(LOOPS, weight_power=2, **WIDE)
    assert squares.values.sum() == pytest.approx((LOOPS.lifetimes**2).sum())


def test_a_narrow_gaussian_fills_the_pixel_of_its_birth_and_lifetime():
    image = persistence_image(Diagram(1, np.array([[0.22, 0.97]])), resolution=10, bandwidth=1e-4)
    expected = np.zeros((10, 10))
    expected[2, 7] = 0.75
    np.testing.assert_allclose(image.values, expected, atol=1e-12)
    np.testing.assert_allclose(image.births, np.linspace(0, 1, 11))


def test_coarse_pixels_are_sums_of_fine_ones():
    fine = persistence_image(LOOPS, resolution=30).values
    coarse = persistence_image(LOOPS, resolution=10).values
    np.testing.assert_allclose(fine.reshape(10, 3, 10, 3).sum(axis=(1, 3)), coarse, atol=1e-14)


def test_bars_that_never_die_are_left_out_or_cut():
    diagram = Diagram(1, np.array([[0.2, np.inf]]))
    assert not persistence_image(diagram).values.any()
    assert persistence_image(diagram).outside == 0
    cut = persistence_image(diagram, cut_at=0.8, bandwidth=1e-4)
    assert cut.values.sum() == pytest.approx(0.6)
    with refuses("`cut_at` must not lie before the birth of a bar that never dies, 0.2; got 0.1"):
        persistence_image(diagram, cut_at=0.1)


def test_is_persims_image():
    persim = pytest.importorskip("persim")
    imager = persim.PersistenceImager(
        birth_range=(0, 2),
        pers_range=(0, 1),
        pixel_size=0.05,
        weight="persistence",
        weight_params={"n": 1.5},
        kernel_params={"sigma": [[0.01, 0], [0, 0.01]]},
    )
    image = persistence_image(
        LOOPS, resolution=20, bandwidth=0.1, weight_power=1.5, birth_range=(0, 1)
    )
    theirs = imager.transform(LOOPS.pairs)[:20]
    np.testing.assert_allclose(image.values, theirs, rtol=1e-6, atol=1e-9)


def test_is_near_gudhis_values_at_the_middle_of_pixels():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        representations = pytest.importorskip("gudhi.representations")
    theirs = representations.PersistenceImage(
        bandwidth=0.1, weight=lambda bar: bar[1], resolution=[201, 201], im_range=[0, 1, 0, 1]
    )(LOOPS.pairs).reshape(201, 201)
    # GUDHI gives the density at 201 x 201 points; ours are integrals over pixels around them.
    half = 1 / 400
    image = persistence_image(
        LOOPS,
        resolution=201,
        bandwidth=0.1,
        birth_range=(-half, 1 + half),
        lifetime_range=(-half, 1 + half),
    )
    np.testing.assert_allclose(image.values.T * 200**2, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_distance_is_that_of_fine_images(power):
    other = tl.persistence(CLOUD[:80])[1]
    params = {"bandwidth": 0.1, "weight_power": power}
    ours, theirs = (
        persistence_image(diagram, resolution=300, **params, **WIDE) for diagram in (LOOPS, other)
    )
    area = np.diff(ours.births)[0] * np.diff(ours.lifetimes)[0]
    fine = np.sqrt(np.sum((ours.values - theirs.values) ** 2) / area)
    assert image_distance(LOOPS, other, **params) == pytest.approx(fine, rel=1e-3)


def test_distances_by_hand():
    """Two Gaussians of weight w overlap by w ** 2 exp(-d ** 2 / (4 s ** 2)) / (4 pi s ** 2)."""
    first, second = [[0.0, 0.5]], [[0.3, 0.8]]
    squared = 2 * 0.5**2 * (1 - np.exp(-(0.3**2) / (4 * 0.2**2))) / (4 * np.pi * 0.2**2)
    assert image_distance(first, second, bandwidth=0.2) == pytest.approx(np.sqrt(squared))
    nothing = np.empty((0, 2))
    norm = 0.5 / (2 * np.sqrt(np.pi) * 0.2)
    assert image_distance(first, nothing, bandwidth=0.2) == pytest.approx(norm)


def test_more_bars_than_a_block():
    rng = np.random.default_rng(1)
    first, second = (np.sort(rng.random((count, 2)), axis=1) for count in (600, 513))
    places, weights = [], []
    for bars, sign in ((first, 1), (second, -1)):
        places.append(np.column_stack([bars[:, 0], bars[:, 1] - bars[:, 0]]))
        weights.append(sign * (bars[:, 1] - bars[:, 0]))
    places, weights = np.vstack(places), np.concatenate(weights)
    squares = ((places[:, None] - places) ** 2).sum(axis=2)
    total = weights @ np.exp(-squares / (4 * 0.05**2)) @ weights / (4 * np.pi * 0.05**2)
    assert image_distance(first, second) == pytest.approx(np.sqrt(total), rel=1e-9)


def test_bars_that_never_die_are_told_apart():
    lasting = [[1.0, np.inf]]
    assert image_distance(lasting, [[1.2, np.inf]], bandwidth=0.1) == pytest.approx(2)
    assert image_distance(lasting, np.empty((0, 2))) == np.inf


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"resolution": 0}, "`resolution` must be an integer from 1 to 10000; got 0"),
        (
            {"resolution": 10**19},
            f"`resolution` must be an integer from 1 to 10000; got {10**19}",
        ),
        ({"bandwidth": 0}, "`bandwidth` must be a finite number above 0; got 0"),
        ({"weight_power": -1}, "`weight_power` must be a finite number above 0; got -1"),
        ({"birth_range": (1, 1)}, "`birth_range` must be ascending; got 1 and 1"),
        ({"lifetime_range": (0, 1, 2)}, "`lifetime_range` must be two numbers; got (0, 1, 2)"),
        ({"birth_range": (0, np.inf)}, "`birth_range` must be a finite number; got inf"),
    ],
)
def test_says_what_is_wrong(params, sentence):
    with refuses(sentence):
        persistence_image(LOOPS, **params)
