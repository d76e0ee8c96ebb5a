"""Laws every registered descriptor obeys; a new one is tested by being registered."""

import dataclasses
import inspect
import re
from contextlib import nullcontext, suppress

import numpy as np
import pytest
from registered import (
    Labelled,
    described_by,
    documented,
    flags_of,
    frozen,
    labels_of,
    renumbered,
    subjects,
    transformed,
)

import topolens.descriptors  # noqa: F401  fills the registry
from topolens.base.errors import InvalidInputError
from topolens.base.registry import descriptors
from topolens.base.results import Diagram

# Small clouds are doubted; a value with a doubt is a value.
pytestmark = pytest.mark.filterwarnings("ignore::topolens.base.errors.TopolensWarning")

NAMES = sorted(descriptors)
RNG = np.random.default_rng(3)
ANGLES = RNG.uniform(0, 2 * np.pi, 40)
# In general position: where distances tie, rounding alone can add or remove a bar.
CLOUDS = {
    "gaussian": RNG.standard_normal((60, 3)),
    "ring": np.column_stack([3 * np.cos(ANGLES), np.sin(ANGLES), np.zeros(40)])
    + 0.1 * RNG.standard_normal((40, 3)),
    "clusters": np.repeat(4 * np.eye(3), 15, axis=0) + RNG.standard_normal((45, 3)),
}


@pytest.fixture(params=NAMES)
def operation(request):
    return descriptors[request.param]


# Of a result with a value: what the value was read from, in the units of the cloud.
EVIDENCE = {"intercept", "scale_distances", "sums"}


def numbers(result, *, left_out=()):
    """The numbers of a result as a list of arrays, whatever its type; words are left out."""
    if dataclasses.is_dataclass(result):
        names = [field.name for field in dataclasses.fields(result) if field.name not in left_out]
        fields = [np.asarray(getattr(result, name)) for name in names]
        return [field for field in fields if field.dtype.kind in "biuf"]
    return [np.asarray(result)]


def results(operation, cloud, labels=None):
    return [described_by(operation, item) for item in subjects(operation, cloud, labels)]


def described(operation, cloud, labels=None):
    """What the laws are about."""
    found = results(operation, cloud, labels)
    return [value for result in found for value in numbers(result, left_out=EVIDENCE)]


def after(flag, operation, cloud):
    """The values after a map of the cloud; labels go with their points."""
    labels = labels_of(cloud)
    if flag == "permutation":
        labels = renumbered(labels)
    return described(operation, transformed(flag, cloud), labels)


def agree(ours, theirs):
    return all(
        mine.shape == other.shape and np.allclose(mine, other, rtol=1e-4, atol=1e-5)
        for mine, other in zip(ours, theirs, strict=True)
    )


def test_there_are_descriptors():
    assert {"bar_count", "lifespan_sum", "persistent_entropy"} <= set(NAMES)


def test_is_found_by_its_name(operation):
    assert descriptors[operation.name] is operation
    assert re.fullmatch(r"[a-z][a-z0-9_]*", operation.name)
    assert operation.version >= 1
    assert operation.takes in ("points", "diagrams", "labelled_points")
    result = described_by(operation, subjects(operation, CLOUDS["ring"])[0])
    is_number = np.ndim(getattr(result, "value", result)) == 0 and not hasattr(result, "values")
    assert is_number is (operation.gives == "number")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_is_deterministic(operation, cloud):
    for first, second in zip(*(results(operation, CLOUDS[cloud]) for _ in range(2)), strict=True):
        for ours, theirs in zip(numbers(first), numbers(second), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_leaves_its_input_alone(operation):
    for item in subjects(operation, CLOUDS["gaussian"]):
        for ours, theirs in zip(
            numbers(described_by(operation, frozen(item))),
            numbers(described_by(operation, item)),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_accepts_single_precision(operation, cloud):
    cloud = CLOUDS[cloud]
    assert agree(described(operation, cloud.astype(np.float32)), described(operation, cloud))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("name", "flag"), flags_of(descriptors, declared=True))
def test_declared_invariances_hold(name, flag, cloud):
    operation, cloud = descriptors[name], CLOUDS[cloud]
    assert not np.allclose(transformed(flag, cloud), cloud)
    assert agree(after(flag, operation, cloud), described(operation, cloud))


@pytest.mark.parametrize(("name", "flag"), flags_of(descriptors, declared=False))
def test_invariances_denied_do_not_hold(name, flag):
    operation = descriptors[name]
    assert not all(
        agree(after(flag, operation, cloud), described(operation, cloud))
        for cloud in CLOUDS.values()
    )


@pytest.mark.parametrize(
    "cloud",
    [np.array([[0.0], [1.0]]), np.zeros((5, 2)), np.repeat(np.eye(3), 4, axis=0)],
    ids=["two points", "all equal", "duplicates and ties"],
)
def test_small_and_degenerate_clouds_have_values(operation, cloud):
    for item in subjects(operation, cloud):
        # A descriptor of points may find no value in some of these, and say so.
        with suppress(InvalidInputError) if operation.takes != "diagrams" else nullcontext():
            assert all(np.isfinite(value).all() for value in numbers(described_by(operation, item)))


@pytest.mark.parametrize("pairs", [np.empty((0, 2)), np.array([[0.0, np.inf]])])
def test_diagrams_without_finite_bars_have_values(operation, pairs):
    if operation.takes == "diagrams":
        result = operation.run(Diagram(0, pairs))
        assert all(np.isfinite(value).all() for value in numbers(result))


def test_refuses_what_it_does_not_take(operation):
    bad, name = {
        "points": (np.zeros(5), "`points`"),
        "diagrams": (np.zeros((5, 2)), "`diagram`"),
        "labelled_points": (Labelled(np.zeros(5), np.zeros(5, int)), "`points`"),
    }[operation.takes]
    with pytest.raises(InvalidInputError, match=name):
        described_by(operation, bad)


@pytest.mark.parametrize(
    "labels", [np.zeros(59, int), np.zeros(60), np.zeros((60, 1), int), ["a", ["b"]] * 30]
)
def test_refuses_labels_that_are_not_one_class_per_point(operation, labels):
    if operation.takes == "labelled_points":
        with pytest.raises(InvalidInputError, match=r"\A`labels` must be one class"):
            operation.run(CLOUDS["gaussian"], labels)


def test_has_its_subject_and_optional_keywords(operation):
    wanted = {"diagrams": ["diagram"], "labelled_points": ["points", "labels"]}
    names = wanted.get(operation.takes, ["points"])
    parameters = list(inspect.signature(operation.run).parameters.values())
    assert [p.name for p in parameters[: len(names)]] == names
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[len(names) :])
    assert all(default is not inspect.Parameter.empty for default in operation.parameters.values())
    operation.check(operation.parameters)


def test_defaults_are_what_a_study_writes(operation):
    item = subjects(operation, CLOUDS["ring"])[0]
    for ours, theirs in zip(
        numbers(described_by(operation, item)),
        numbers(described_by(operation, item, **operation.parameters)),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_an_unknown_parameter_is_refused(operation):
    with pytest.raises(InvalidInputError, match=f"`{operation.name}` has no parameter `nonsense`"):
        operation.check({"nonsense": 1})


def test_documents_its_parameters_and_what_it_returns(operation):
    entries = documented(operation.run)
    assert list(entries) == list(inspect.signature(operation.run).parameters)
    for name, default in operation.parameters.items():
        assert entries[name].strip('"') == str(default), name
    assert re.search(r"^Returns\n-------\n", inspect.getdoc(operation.run), re.MULTILINE)
