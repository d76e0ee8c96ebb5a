"""The unit of a value under parameters: how it grows with the cloud says which it is."""

import numpy as np
import pytest

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries
from topolens import persistence
from topolens.base.registry import descriptors, metrics

SCALE = 4.0


def growth(unit):
    """Exponent of the distance in a unit; None where the unit is of another kind."""
    base, _, power = unit.partition("^")
    return {"": 0.0, "distance": float(power or 1)}.get(base)


@pytest.mark.parametrize(
    ("name", "params", "unit"),
    [
        ("lifespan_sum", {}, "distance"),
        ("lifespan_sum", {"alpha": 2}, "distance^2"),
        ("landscape_norm", {}, "distance^1.5"),
        ("landscape_norm", {"power": 1}, "distance^2"),
        ("landscape_norm", {"power": np.inf}, "distance"),
        ("persistent_entropy", {"normalised": True}, ""),
        ("normalised_persistence", {"power": 3.0}, ""),
    ],
)
def test_of_a_description(name, params, unit):
    operation = descriptors[name]
    assert operation.unit_with(params) == unit
    cloud = np.random.default_rng(0).normal(size=(40, 3))
    small, large = (operation.run(persistence(k * cloud)[1], **params) for k in (1, SCALE))
    assert large == pytest.approx(SCALE ** growth(unit) * small, rel=1e-9)


@pytest.mark.parametrize(
    ("params", "unit"),
    [({}, ""), ({"scaling": "none"}, "distance"), ({"scaling": "none", "alpha": 3}, "distance^3")],
)
def test_of_the_classes(params, unit):
    operation = descriptors["lifespan_sum_per_class"]
    assert operation.unit_with(params) == unit
    cloud, labels = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    small, large = (operation.run(k * cloud, labels, **params).value for k in (1, SCALE))
    assert large == pytest.approx(SCALE ** growth(unit) * small, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "params", "unit"),
    [
        ("sliced_wasserstein", {}, "distance"),
        ("wasserstein", {"order": 3}, "distance"),
        ("landscape_distance", {}, "distance^1.5"),
        ("landscape_distance", {"power": 4}, "distance^1.25"),
        ("betti_curve_distance", {}, "distance"),
        ("betti_curve_distance", {"power": 2}, "distance^0.5"),
        ("image_distance", {}, ""),
        ("image_distance", {"weight_power": 2}, "distance"),
    ],
)
def test_of_a_distance(name, params, unit):
    operation = metrics[name]
    assert operation.unit_with(params) == unit
    rng = np.random.default_rng(0)
    bars = [persistence(rng.normal(size=(40, 3)))[1].pairs for _ in range(2)]
    wide = {"bandwidth": 0.05 * SCALE} if name == "image_distance" else {}
    small = operation.run(*bars, **params)
    large = operation.run(*(SCALE * pairs for pairs in bars), **params, **wide)
    assert large == pytest.approx(SCALE ** growth(unit) * small, rel=1e-9)


@pytest.mark.parametrize("power", ["two", None, 0, [1]])
def test_what_the_function_will_refuse_has_the_usual_unit(power):
    assert descriptors["landscape_norm"].unit_with({"power": power}) == "distance^1.5"
