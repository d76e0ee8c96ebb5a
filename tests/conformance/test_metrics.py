"""Laws every registered metric obeys; a new one is tested by being registered."""

import inspect
import re
from contextlib import nullcontext, suppress
from itertools import product

import numpy as np
import pytest
from registered import documented, flags_of, frozen, subjects, transformed

import topolens.comparison  # noqa: F401  fills the registry
from topolens.base.errors import InvalidInputError
from topolens.base.registry import metrics
from topolens.base.results import Diagram

NAMES = sorted(metrics)
RNG = np.random.default_rng(5)
ANGLES = RNG.uniform(0, 2 * np.pi, 40)
BLOB = RNG.standard_normal((40, 3))
CLOUDS = {
    "blob": BLOB,
    "stretched": BLOB * [1.0, 2.0, 0.3] + 0.2 * RNG.standard_normal((40, 3)),
    "ring": np.column_stack([3 * np.cos(ANGLES), np.sin(ANGLES), np.zeros(40)])
    + 0.1 * RNG.standard_normal((40, 3)),
}
PAIRS = list(product(CLOUDS, CLOUDS))


@pytest.fixture(params=NAMES)
def operation(request):
    return metrics[request.param]


def values(operation, first, second):
    """The metric of two clouds, in every degree where it takes diagrams."""
    ours, theirs = subjects(operation, first), subjects(operation, second)
    return [operation.run(one, other) for one, other in zip(ours, theirs, strict=True)]


def after_change(operation, flag, first, second):
    """Only one cloud is changed, but rows that correspond are renumbered in both.

    Where the order matters, each is changed in turn.
    """
    other = transformed(flag, first) if flag == "permutation" and operation.paired_rows else first
    found = values(operation, other, transformed(flag, second))
    if operation.symmetric or flag == "permutation":
        return found
    return found + values(operation, transformed(flag, first), second)


def before_change(operation, flag, first, second):
    """What `after_change` must equal where the flag holds."""
    found = values(operation, first, second)
    return found if operation.symmetric or flag == "permutation" else 2 * found


def agree(ours, theirs):
    return np.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_there_are_metrics():
    assert {"linear_cka", "sliced_wasserstein"} <= set(NAMES)


def test_is_found_by_its_name(operation):
    assert metrics[operation.name] is operation
    assert re.fullmatch(r"[a-z][a-z0-9_]*", operation.name)
    assert operation.version >= 1
    assert operation.takes in ("points", "diagrams")
    assert not (operation.paired_rows and operation.takes == "diagrams")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_is_deterministic(operation, first, second):
    once, again = (values(operation, CLOUDS[first], CLOUDS[second]) for _ in range(2))
    assert once == again
    assert all(type(value) is float for value in once)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_is_symmetric(operation, first, second):
    if not operation.symmetric:
        return
    there = values(operation, CLOUDS[first], CLOUDS[second])
    back = values(operation, CLOUDS[second], CLOUDS[first])
    np.testing.assert_allclose(there, back, rtol=1e-12)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_is_perfect_between_equals(operation, cloud):
    found = values(operation, CLOUDS[cloud], CLOUDS[cloud].copy())
    if operation.perfect_at_equals:
        np.testing.assert_allclose(found, operation.perfect, atol=1e-12)
    else:
        np.testing.assert_allclose(found, operation.perfect, atol=0.1)


def test_asymmetry_is_meant():
    """A metric called asymmetric has pairs where the order matters."""
    for name in NAMES:
        operation = metrics[name]
        there, back = (
            np.array([values(operation, CLOUDS[pair[i]], CLOUDS[pair[1 - i]]) for pair in PAIRS])
            for i in (0, 1)
        )
        assert np.allclose(there, back, rtol=1e-9) is operation.symmetric, name


@pytest.mark.parametrize("name", [name for name in NAMES if metrics[name].is_metric])
def test_the_triangle_inequality_holds_where_it_is_declared(name):
    operation = metrics[name]
    rng = np.random.default_rng(9)
    for _ in range(10):
        clouds = [rng.standard_normal((12, 3)) * rng.exponential(size=3) for _ in range(3)]
        direct = np.array(values(operation, clouds[0], clouds[2]))
        detour = np.array(values(operation, clouds[0], clouds[1])) + np.array(
            values(operation, clouds[1], clouds[2])
        )
        assert (direct <= detour * (1 + 1e-9) + 1e-9).all()


def test_is_less_than_perfect_between_others(operation):
    for first, second in PAIRS:
        if first != second:
            found = np.array(values(operation, CLOUDS[first], CLOUDS[second]))
            assert (found < 0.999 if operation.is_similarity else found > 0.001).all()


def test_leaves_its_input_alone(operation):
    firsts, seconds = (subjects(operation, CLOUDS[name]) for name in ("blob", "ring"))
    for first, second in zip(firsts, seconds, strict=True):
        assert operation.run(frozen(first), frozen(second)) == operation.run(first, second)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_accepts_single_precision(operation, first, second):
    first, second = CLOUDS[first], CLOUDS[second]
    narrow = values(operation, first.astype(np.float32), second.astype(np.float32))
    assert agree(narrow, values(operation, first, second))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_prepared_items_compare_alike(operation, first, second):
    ours, theirs = (subjects(operation, CLOUDS[name]) for name in (first, second))
    for one, other in zip(ours, theirs, strict=True):
        prepared = operation.prepare(one), operation.prepare(other)
        assert operation.compare(*prepared) == operation.run(one, other)
        # A second comparison of the same prepared items finds them unchanged.
        assert operation.compare(*prepared) == operation.run(one, other)


def test_many_at_once_are_what_pairs_give(operation):
    if operation.compare_many is None:
        return
    items = [operation.prepare(cloud) for cloud in CLOUDS.values()]
    pairs = [[operation.compare(one, other) for other in items] for one in items]
    np.testing.assert_allclose(operation.compare_many(items, items), pairs, rtol=1e-9, atol=1e-12)
    rectangle = operation.compare_many(items[:1], items[1:])
    np.testing.assert_allclose(rectangle, [pairs[0][1:]], rtol=1e-9, atol=1e-12)


def test_preparing_takes_the_parameters_of_the_metric(operation):
    signature = inspect.signature(operation.prepare)
    for name, default in operation.parameters.items():
        assert signature.parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert signature.parameters[name].default == default


@pytest.mark.parametrize("first", CLOUDS)
@pytest.mark.parametrize(("name", "flag"), flags_of(metrics, declared=True))
def test_declared_invariances_hold(name, flag, first):
    operation = metrics[name]
    for second in CLOUDS:
        assert not np.allclose(transformed(flag, CLOUDS[second]), CLOUDS[second])
        expected = before_change(operation, flag, CLOUDS[first], CLOUDS[second])
        found = after_change(operation, flag, CLOUDS[first], CLOUDS[second])
        assert agree(found, expected)


@pytest.mark.parametrize(("name", "flag"), flags_of(metrics, declared=False))
def test_invariances_denied_do_not_hold(name, flag):
    operation = metrics[name]
    assert not all(
        agree(
            after_change(operation, flag, CLOUDS[first], CLOUDS[second]),
            before_change(operation, flag, CLOUDS[first], CLOUDS[second]),
        )
        for first, second in PAIRS
    )


def test_paired_rows_are_declared(operation):
    shorter = CLOUDS["ring"][:-3]
    if not operation.paired_rows:
        assert np.isfinite(values(operation, CLOUDS["blob"], shorter)).all()
        return
    sentence = "`first` and `second` must hold the same samples row by row; got 40 and 37 rows"
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        operation.run(CLOUDS["blob"], shorter)
    prepared = operation.prepare(CLOUDS["blob"]), operation.prepare(shorter)
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        operation.compare(*prepared)


def test_paired_rows_are_meant(operation):
    """Renumbering one cloud alone matters where rows correspond, and only there."""
    found = values(operation, CLOUDS["blob"], transformed("permutation", CLOUDS["blob"]))
    equal = values(operation, CLOUDS["blob"], CLOUDS["blob"])
    assert agree(found, equal) is not operation.paired_rows


@pytest.mark.parametrize(
    "cloud",
    [np.array([[0.0], [1.0]]), np.repeat(np.eye(3), 4, axis=0)],
    ids=["two points", "duplicates and ties"],
)
def test_small_and_repeating_clouds_are_at_no_distance_from_themselves(operation, cloud):
    # A metric of points may have no value on so few, and say so.
    with suppress(InvalidInputError) if operation.takes == "points" else nullcontext():
        found = values(operation, cloud, cloud)
        if operation.perfect_at_equals:
            np.testing.assert_allclose(found, operation.perfect, atol=1e-12)


def test_empty_diagrams_coincide(operation):
    if operation.takes == "diagrams":
        empty = Diagram(1, np.empty((0, 2)))
        assert operation.run(empty, empty) == 0


@pytest.mark.parametrize("place", ["first", "second"])
def test_refuses_what_it_does_not_take(operation, place):
    good = subjects(operation, CLOUDS["blob"])[0]
    arguments = {"first": good, "second": good} | {place: np.zeros(5)}
    with pytest.raises(InvalidInputError, match=rf"\A`{place}` must have shape"):
        operation.run(*arguments.values())


def test_has_two_subjects_and_optional_keywords(operation):
    parameters = list(inspect.signature(operation.run).parameters.values())
    assert [p.name for p in parameters[:2]] == ["first", "second"]
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[2:])
    assert all(default is not inspect.Parameter.empty for default in operation.parameters.values())
    operation.check(operation.parameters)


def test_an_unknown_parameter_is_refused(operation):
    with pytest.raises(InvalidInputError, match=f"`{operation.name}` has no parameter `nonsense`"):
        operation.check({"nonsense": 1})


def test_documents_its_parameters_and_what_it_returns(operation):
    entries = documented(operation.run)
    assert list(entries) == list(inspect.signature(operation.run).parameters)
    for name, default in operation.parameters.items():
        assert entries[name] == str(default), name
    assert re.search(r"^Returns\n-------\n", inspect.getdoc(operation.run), re.MULTILINE)
