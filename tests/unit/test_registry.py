"""Registering, finding and checking operations; plugins are loaded when they are needed."""

import re

import pytest

import topolens.comparison
import topolens.descriptors  # noqa: F401  fills the registries
from topolens.base import registry as module
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, Registry

KIND = {"version": 1, "takes": "points", "unit": "", "invariances": Invariances()}


@pytest.fixture
def registry():
    shelf = Registry("shape", "tests.shapes")

    @shelf.register("square", **KIND)
    def square(points, *, side=2.0, corners):
        """Stay an ordinary function."""
        return side

    return shelf


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


class Plugin:
    """What the metadata of an installed package gives."""

    def __init__(self, shelf, name):
        self.shelf = shelf
        self.name = name
        self.loads = 0

    def load(self):
        self.loads += 1
        self.shelf.register(self.name, **KIND)(lambda points: 0.0)


@pytest.fixture
def plugin(registry, monkeypatch):
    plugin = Plugin(registry, "hexagon")
    monkeypatch.setattr(
        module, "entry_points", lambda group: [plugin] if group == "tests.shapes" else []
    )
    return plugin


def test_an_operation_knows_how_it_was_registered(registry):
    square = registry["square"]
    assert (square.name, square.version, square.takes) == ("square", 1, "points")
    assert (square.paired_rows, square.is_similarity) == (False, False)
    assert (square.prepare, square.compare) == (None, None)
    assert square.run([0], side=3.0, corners=4) == 3.0


def test_parameters_are_the_keywords_with_their_defaults(registry):
    parameters = registry["square"].parameters
    assert list(parameters) == ["side", "corners"]
    assert parameters["side"] == 2.0
    assert parameters["corners"] is module.inspect.Parameter.empty


def test_check_accepts_what_the_function_has(registry):
    registry["square"].check({"side": 1, "corners": 2})
    registry["square"].check({})


def test_check_refuses_what_it_has_not(registry):
    with refuses("`square` has no parameter `points`; it has side, corners"):
        registry["square"].check({"side": 1, "points": 2})


def test_check_of_a_function_without_parameters(registry):
    registry.register("dot", **KIND)(lambda points: 0.0)
    with refuses("`dot` has no parameter `side`; it has none"):
        registry["dot"].check({"side": 1})


def test_a_name_is_registered_once(registry):
    with pytest.raises(RuntimeError, match=r"\Ashape `square` is registered twice\Z"):
        registry.register("square", **KIND)(lambda points: 0.0)


def test_an_unknown_name_gives_the_nearest(registry):
    with refuses("no shape is called `sqare`; did you mean `square`?"):
        registry["sqare"]


def test_an_unknown_name_far_from_all_gives_all(registry):
    registry.register("dot", **KIND)(lambda points: 0.0)
    with refuses("no shape is called `zzzz`; known: dot, square"):
        registry["zzzz"]


def test_names_come_in_order(registry):
    registry.register("dot", **KIND)(lambda points: 0.0)
    assert list(registry) == ["dot", "square"]


def test_a_known_name_loads_no_plugin(registry, plugin):
    assert registry["square"].name == "square"
    assert plugin.loads == 0


def test_an_unknown_name_loads_the_plugins_once(registry, plugin):
    assert registry["hexagon"].name == "hexagon"
    with refuses("no shape is called `zzzz`; known: hexagon, square"):
        registry["zzzz"]
    assert plugin.loads == 1


def test_listing_loads_the_plugins(registry, plugin):
    assert list(registry) == ["hexagon", "square"]
    assert plugin.loads == 1


def test_the_two_registries_have_their_groups():
    assert module.descriptors._group == "topolens.descriptors"
    assert module.metrics._group == "topolens.metrics"
    with pytest.raises(InvalidInputError, match=r"\Ano descriptor is called `zzzz`; known: .+"):
        module.descriptors["zzzz"]
    with pytest.raises(InvalidInputError, match=r"\Ano metric is called `zzzz`; known: .+"):
        module.metrics["zzzz"]


@pytest.mark.parametrize(
    ("unit", "given", "expected"),
    [
        ("bars", {}, "bars"),
        ("", {}, ""),
        ("distance^side", {}, "distance^2"),
        ("distance^side", {"side": 1}, "distance"),
        ("distance^side", {"side": 0.5}, "distance^0.5"),
        ("distance^2", {}, "distance^2"),
    ],
)
def test_a_unit_may_depend_on_a_parameter(registry, unit, given, expected):
    registry.register("cube", **KIND | {"unit": unit})(lambda points, *, side=2.0: 0.0)
    assert registry["cube"].unit_with(given) == expected
