"""Clouds at the ends of the range of numbers, far from the origin, and as tensors."""

import re

import numpy as np
import pytest

import topolens.comparison  # noqa: F401  fills the registry
from topolens import persistence
from topolens.base.errors import InvalidInputError
from topolens.base.registry import metrics
from topolens.base.results import Diagram
from topolens.comparison import (
    StreamingCKA,
    cross_validated_shape_distance,
    information_imbalance,
    linear_cka,
    neighbour_persistence,
    pairwise,
    shared_neighbours,
)
from topolens.descriptors import lifespan_sum_per_class, mle_dimension, persistent_entropy

ON_POINTS = [name for name in metrics if metrics[name].takes == "points"]
BY_COORDINATES = [
    name
    for name in ON_POINTS
    if name.endswith(("cka", "cca")) or "procrustes" in name or "shape" in name
] + ["permutation_distance", "information_imbalance"]


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=re.escape(sentence))


def clouds():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(60, 5))
    return first, first[:, ::-1] + rng.normal(size=(60, 5)) / 2


@pytest.mark.parametrize("name", BY_COORDINATES)
@pytest.mark.parametrize("exponent", [-1000, -600, 600, 1021])
def test_the_scale_of_float64_changes_nothing(name, exponent):
    first, second = clouds()
    expected = metrics[name].run(first, second)
    scaled = np.ldexp(first, exponent), np.ldexp(second, exponent)
    assert metrics[name].run(*scaled) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("exponent", [-600, 600])
def test_the_scale_changes_no_angle_on_held_out_samples(exponent):
    first, second = clouds()
    for alpha in (0.0, 1.0):
        found = cross_validated_shape_distance(first, second, alpha=alpha)
        scaled = cross_validated_shape_distance(np.ldexp(first, exponent), second, alpha=alpha)
        assert scaled.folds == pytest.approx(found.folds, rel=1e-9)


def test_clouds_turned_about_are_half_a_turn_apart():
    # On samples held out an alignment may be as wrong as can be.
    rng = np.random.default_rng(1)
    for _ in range(200):
        cloud = rng.normal(size=(4, 1))
        found = cross_validated_shape_distance(cloud, cloud**3 - cloud, folds=2)
        assert np.isfinite(found.folds).all()


@pytest.mark.parametrize("name", ON_POINTS)
def test_tensors_that_require_gradients_are_read(name):
    torch = pytest.importorskip("torch")
    first, second = clouds()
    tensors = [torch.tensor(cloud, requires_grad=True) for cloud in (first, second)]
    assert metrics[name].run(*tensors) == metrics[name].run(first, second)
    assert np.isfinite(metrics[name].run(*(tensor.bfloat16() for tensor in tensors)))


def test_classes_are_read_from_tensors():
    torch = pytest.importorskip("torch")
    cloud, labels = clouds()[0], np.arange(60) % 3
    points = torch.tensor(cloud, requires_grad=True)
    found = lifespan_sum_per_class(points, torch.tensor(labels))
    assert found.value == lifespan_sum_per_class(cloud, labels).value


def test_rows_apart_by_less_than_single_precision_do_not_coincide():
    hint = "but for the rounding of single precision; subtract the mean first"
    with refuses(hint):
        linear_cka(clouds()[0] + 1e9, clouds()[1])
    with pytest.raises(InvalidInputError, match=r"all rows coincide$"):
        linear_cka(np.ones((5, 2)), clouds()[1][:5])


def test_similarities_do_not_pass_one():
    rng = np.random.default_rng(2)
    for width in range(1, 40):
        cloud = rng.normal(size=(width + 2, 1)) * rng.normal(size=width)
        layers = {"a": cloud, "b": 3 * cloud, "c": cloud[:, ::-1]}
        for name in ("linear_cka", "unbiased_cka", "rbf_cka"):
            if name == "linear_cka" or len(cloud) >= 4:
                assert pairwise(layers, name).values.max() <= 1
                assert metrics[name].run(cloud, 3 * cloud) <= 1


def test_streaming_says_when_sums_overflow():
    stream = StreamingCKA()
    with refuses("`a` must have entries of at most 1e+70 in size"):
        stream.update({"a": clouds()[0] * 1e100, "b": clouds()[1]})
    assert stream.n_points == 0


@pytest.mark.parametrize("average", ["mackay-ghahramani", "levina-bickel"])
def test_noise_beyond_all_distances_leaves_no_dimension(average):
    for scope in ("neighbourhoods", "cloud"):
        with refuses("`noise` must be small beside the distances of neighbours"):
            mle_dimension(clouds()[0], noise=50.0, average=average, scope=scope)


@pytest.mark.parametrize("rows", [np.ones(9, bool), np.ones(11, bool), [0.0, 1.0], [-1], [10], []])
def test_samples_that_are_not_there_have_no_survival(rows):
    found = neighbour_persistence([clouds()[0][:10], clouds()[1][:10]], n_neighbors=2)
    with refuses("`rows` must"):
        found.of(rows)


def test_a_text_is_no_flag():
    bars = Diagram(1, np.array([[0.0, 1.0], [0.0, 2.0]]))
    with refuses("`normalised` must be true or false; got 'no'"):
        persistent_entropy(bars, normalised="no")
    with refuses("`unbiased` must be true or false; got 'no'"):
        mle_dimension(clouds()[0], unbiased="no")


def test_sizes_of_neighbourhoods_are_a_list():
    with refuses("`sizes` must"):
        shared_neighbours(*clouds(), sizes=5)
    with refuses("`sizes` must be smaller than the number of points; got 60 for 60 points"):
        shared_neighbours(*clouds(), sizes=[5, 60])


def test_one_scale_for_one_cloud():
    first, second = clouds()
    expected = information_imbalance(first, second)
    assert information_imbalance(first * 1e-200, second) == expected
    assert information_imbalance(first, second * 1e200) == expected


@pytest.mark.parametrize(
    "measure",
    [
        lambda cloud: persistence(cloud),
        lambda cloud: lifespan_sum_per_class(cloud, np.arange(60) % 3, scaling="none"),
        lambda cloud: metrics["rtd"].run(cloud, cloud),
        lambda cloud: metrics["rsa"].run(cloud, cloud),
        lambda cloud: metrics["mtop_divergence"].run(cloud, cloud),
    ],
)
def test_distances_do_not_vanish_in_silence(measure):
    measure(np.ldexp(clouds()[0], -400))
    with refuses("must have coordinates whose squares float64 holds; the largest is"):
        measure(np.ldexp(clouds()[0], -600))
