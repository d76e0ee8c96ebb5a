"""The border: what passes, what is converted, and the sentence for what is refused."""

import re

import numpy as np
import pytest

from topolens.base.bars import check_diagram
from topolens.base.checks import (
    check_array,
    check_distances,
    check_integer,
    check_labels,
    check_one_of,
    check_points,
    check_power,
    check_real,
    check_same_length,
)
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]


def refuses(sentence):
    """The whole message, not a part of it."""
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


class TestPoints:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_float_cloud_passes_without_a_copy(self, dtype):
        cloud = np.array(SQUARE, dtype)
        assert check_points(cloud) is cloud

    @pytest.mark.parametrize(
        ("given", "becomes"),
        [
            (np.float16, np.float32),
            (">f2", np.float32),
            (np.int8, np.float64),
            (np.uint64, np.float64),
            (">f4", np.float32),
            (">f8", np.float64),
            (">i4", np.float64),
        ],
    )
    def test_other_numbers_are_widened(self, given, becomes):
        cloud = check_points(np.array(SQUARE, given))
        assert cloud.dtype == becomes
        assert cloud.dtype.isnative
        np.testing.assert_array_equal(cloud, SQUARE)

    def test_lists_are_read(self):
        assert check_points(SQUARE).tolist() == SQUARE

    @pytest.mark.parametrize(
        "cloud",
        [
            np.asfortranarray(np.arange(12.0).reshape(4, 3)),
            np.arange(24.0).reshape(4, 6)[:, ::2],
            np.arange(24.0).reshape(8, 3)[::-2],
        ],
        ids=["fortran", "strided", "reversed"],
    )
    def test_any_layout_becomes_c_order(self, cloud):
        checked = check_points(cloud)
        assert checked.flags.c_contiguous
        np.testing.assert_array_equal(checked, cloud)

    def test_a_read_only_cloud_passes(self):
        cloud = np.array(SQUARE, float)
        cloud.setflags(write=False)
        assert check_points(cloud) is cloud

    @pytest.mark.parametrize(
        ("bad", "sentence"),
        [
            (3.0, "`points` must have shape (n_points, n_features); got shape ()"),
            ([1.0, 2.0], "`points` must have shape (n_points, n_features); got shape (2,)"),
            (
                np.zeros((2, 3, 4)),
                "`points` must have shape (n_points, n_features); got shape (2, 3, 4)",
            ),
            (np.zeros((1, 3)), "`points` must hold at least 2 points; got 1"),
            (np.zeros((0, 3)), "`points` must hold at least 2 points; got 0"),
            (np.zeros((4, 0)), "`points` must have at least one feature; got shape (4, 0)"),
            (
                np.array([[True], [False]]),
                "`points` must be real numbers of at most 64 bits; got dtype bool",
            ),
            (
                np.array([[1j], [0]]),
                "`points` must be real numbers of at most 64 bits; got dtype complex128",
            ),
            (
                np.array([[1], [None]]),
                "`points` must be real numbers of at most 64 bits; got dtype object",
            ),
            ([["a"], ["b"]], "`points` must be real numbers of at most 64 bits; got dtype <U1"),
            (
                [[1.0, np.nan], [2.0, 3.0], [np.nan, 0.0]],
                "`points` must be finite; row 0 holds NaN or infinity",
            ),
            (
                [[1.0, 2.0], [2.0, 3.0], [-np.inf, 0.0]],
                "`points` must be finite; row 2 holds NaN or infinity",
            ),
        ],
    )
    def test_says_what_is_wrong(self, bad, sentence):
        with refuses(sentence):
            check_points(bad)

    def test_refuses_floats_that_would_lose_digits(self):
        if np.longdouble(1).itemsize == 8:
            pytest.skip("a long double is a double here")
        wide = np.zeros((2, 2), np.longdouble)
        with refuses(f"`x` must be real numbers of at most 64 bits; got dtype {wide.dtype}"):
            check_points(wide, name="x")

    def test_refuses_ragged_rows(self):
        with pytest.raises(InvalidInputError, match=r"\A`points` must be a rectangular array; "):
            check_points([[1, 2], [3]])

    def test_the_caller_names_the_argument_and_the_smallest_number(self):
        with refuses("`lens` must hold at least 5 points; got 4"):
            check_points(SQUARE, name="lens", at_least=5)
        assert len(check_points(SQUARE, at_least=4)) == 4


class TestArray:
    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
    def test_any_shape_passes(self, shape):
        values = np.zeros(shape, np.float32)
        assert check_array(values, name="values") is values

    def test_not_a_number_passes(self):
        assert np.isnan(check_array([np.nan], name="values")).all()

    def test_refuses_text(self):
        with refuses("`values` must be real numbers of at most 64 bits; got dtype <U4"):
            check_array(["nine"], name="values")


class TestDistances:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_symmetric_matrix_passes_without_a_copy(self, dtype):
        matrix = np.array([[0, 2], [2, 0]], dtype)
        assert check_distances(matrix) is matrix

    def test_infinity_means_never_joined(self):
        matrix = np.array([[0, np.inf], [np.inf, 0]])
        assert check_distances(matrix) is matrix

    @pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-5), (np.float64, 1e-10)])
    def test_rounding_is_settled_by_the_upper_triangle(self, dtype, relative):
        matrix = np.array([[0, 1, np.inf], [1 + relative / 2, 0, 3], [np.inf, 3, 0]], dtype)
        assert matrix[1, 0] != matrix[0, 1]
        checked = check_distances(matrix)
        np.testing.assert_array_equal(checked, [[0, 1, np.inf], [1, 0, 3], [np.inf, 3, 0]])
        assert checked.dtype == dtype

    @pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-5), (np.float64, 1e-10)])
    def test_more_than_rounding_is_refused(self, dtype, relative):
        matrix = np.array([[0, 1], [1 + 3 * relative, 0]], dtype)
        entries = f"entry (0, 1) is 1, entry (1, 0) is {matrix[1, 0]}"
        with refuses(f"`distances` must be symmetric; {entries}"):
            check_distances(matrix)

    @pytest.mark.parametrize("place", [(3, 700), (700, 3), (1299, 520), (0, 1), (1299, 1298)])
    def test_large_matrices_are_looked_at_everywhere(self, place):
        matrix = np.abs(np.subtract.outer(np.arange(1300.0), np.arange(1300.0)))
        assert check_distances(matrix) is matrix
        first = min(place, place[::-1])
        for wrong, rule in ((np.nan, "not hold NaN"), (-1.0, "not be negative")):
            bad = matrix.copy()
            bad[place] = wrong
            with refuses(f"`distances` must {rule}; entry {place} is {wrong:g}"):
                check_distances(bad)
        bad = matrix.copy()
        bad[place] += 1
        entries = ", ".join(f"entry {p} is {bad[p]:g}" for p in (first, first[::-1]))
        with refuses(f"`distances` must be symmetric; {entries}"):
            check_distances(bad)
        near = matrix.copy()
        near[max(place, place[::-1])] *= 1 + 1e-12
        np.testing.assert_array_equal(check_distances(near), matrix)

    @pytest.mark.parametrize(
        ("bad", "sentence"),
        [
            (
                [[0.0, 1.0]],
                "`distances` must be a square matrix (n_points, n_points); got shape (1, 2)",
            ),
            (0.0, "`distances` must be a square matrix (n_points, n_points); got shape ()"),
            (np.zeros((0, 0)), "`distances` must hold at least 1 point; got 0"),
            (
                [[0, np.nan], [np.nan, 0]],
                "`distances` must not hold NaN; entry (0, 1) is nan",
            ),
            ([[0, -1.5], [-1.5, 0]], "`distances` must not be negative; entry (0, 1) is -1.5"),
            ([[0, 1], [1, 0.25]], "`distances` must have a zero diagonal; entry (1, 1) is 0.25"),
            ([[np.inf]], "`distances` must have a zero diagonal; entry (0, 0) is inf"),
            (
                [[0, 1, 2], [1, 0, 3], [2, 4, 0]],
                "`distances` must be symmetric; entry (1, 2) is 3, entry (2, 1) is 4",
            ),
            (
                [[0, np.inf], [1, 0]],
                "`distances` must be symmetric; entry (0, 1) is inf, entry (1, 0) is 1",
            ),
            (
                [[0, 1e-300], [0, 0]],
                "`distances` must be symmetric; entry (0, 1) is 1e-300, entry (1, 0) is 0",
            ),
            ([[False]], "`distances` must be real numbers of at most 64 bits; got dtype bool"),
        ],
    )
    def test_names_the_first_offending_entry(self, bad, sentence):
        with refuses(sentence):
            check_distances(bad)

    def test_the_caller_names_the_argument(self):
        with refuses("`d` must not be negative; entry (0, 1) is -1"):
            check_distances([[0, -1], [-1, 0]], name="d")


def test_a_diagram_passes():
    diagram = Diagram(1, np.empty((0, 2)))
    assert check_diagram(diagram) is diagram


@pytest.mark.parametrize(
    ("bad", "came"),
    [(Diagrams((), 2, "euclidean", 1.0), "Diagrams"), (np.zeros((1, 2)), "ndarray")],
)
def test_what_is_not_one_diagram_is_refused(bad, came):
    rule = "`first` must be the Diagram of one degree, e.g. `diagrams[1]`"
    with refuses(f"{rule}; got {came}"):
        check_diagram(bad, name="first")


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (
            [[0, 1], [np.nan, 1]],
            "must have finite births and deaths not before them; row 1 is (nan, 1)",
        ),
        ([[0.0, np.nan]], "must have finite births and deaths not before them; row 0 is (0, nan)"),
        ([[-np.inf, 1]], "must have finite births and deaths not before them; row 0 is (-inf, 1)"),
        ([[2, 1]], "must have finite births and deaths not before them; row 0 is (2, 1)"),
        ([1.0, 2.0], "must have shape (n_bars, 2); got shape (2,)"),
        ([["0", "1"]], "must be real numbers of at most 64 bits; got dtype <U1"),
    ],
)
def test_a_diagram_made_by_hand_must_hold_bars(pairs, sentence):
    with refuses(f"`diagram` {sentence}"):
        check_diagram(Diagram(1, np.asarray(pairs)))


@pytest.mark.parametrize("pairs", [[[0, 1], [1, 3]], np.float32([[0, 1], [1, 3]]), []])
def test_bars_of_other_numbers_are_widened(pairs):
    found = check_diagram(Diagram(1, pairs)).pairs
    assert found.dtype == np.float64
    assert found.shape == (len(pairs), 2)


def test_same_length():
    check_same_length(np.zeros((3, 1)), np.zeros((3, 2)), ("a", "b"))
    with refuses("`a` and `b` must hold the same samples row by row; got 3 and 4 rows"):
        check_same_length(np.zeros((3, 1)), np.zeros((4, 1)), ("a", "b"))


class TestInteger:
    @pytest.mark.parametrize("value", [2, 5, np.int8(3), np.uint64(5)])
    def test_returns_a_plain_int_within_its_bounds(self, value):
        checked = check_integer(value, "k", at_least=2, at_most=5)
        assert checked == value
        assert type(checked) is int

    @pytest.mark.parametrize("bad", [True, 2.0, "2", None, 1, -3, 6])
    def test_refuses_the_rest(self, bad):
        with refuses(f"`k` must be an integer from 2 to 5; got {bad!r}"):
            check_integer(bad, "k", at_least=2, at_most=5)

    def test_has_no_upper_bound_unless_told(self):
        assert check_integer(10**30, "k", at_least=0) == 10**30
        with refuses("`k` must be an integer at least 0; got -1"):
            check_integer(-1, "k", at_least=0)


class TestReal:
    @pytest.mark.parametrize("value", [0.5, 1, np.float32(2.5), np.int16(7)])
    def test_returns_a_plain_float(self, value):
        checked = check_real(value, "a", above=0)
        assert checked == value
        assert type(checked) is float

    @pytest.mark.parametrize("bad", [0, -1.0, True, "1", None, np.nan, np.inf, 1j])
    def test_refuses_the_rest(self, bad):
        with refuses(f"`a` must be a finite number above 0; got {bad!r}"):
            check_real(bad, "a", above=0)

    def test_has_no_bound_unless_told(self):
        assert check_real(-3, "a") == -3.0
        with refuses("`a` must be a finite number; got nan"):
            check_real(float("nan"), "a")

    @pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, True])
    def test_bounds_may_be_reached_but_not_passed(self, bad):
        assert check_real(0, "a", at_least=0, at_most=1) == 0
        assert check_real(1, "a", at_least=0, at_most=1) == 1
        with refuses(f"`a` must be a finite number from 0 to 1; got {bad!r}"):
            check_real(bad, "a", at_least=0, at_most=1)

    def test_one_bound_is_enough(self):
        with refuses("`a` must be a finite number at least 0; got -1"):
            check_real(-1, "a", at_least=0)
        with refuses("`a` must be a finite number above 0 to 1; got 2"):
            check_real(2, "a", above=0, at_most=1)


def test_power_may_be_infinite():
    assert check_power(1) == 1.0
    assert check_power(np.inf) == np.inf
    for bad in (0.5, -np.inf, np.nan, "2"):
        with refuses(f"`power` must be a finite number at least 1; got {bad!r}"):
            check_power(bad)


def test_one_of():
    assert check_one_of("b", "how", ("a", "b")) == "b"
    with refuses("`how` must be one of `a`, `b`; got 'c'"):
        check_one_of("c", "how", ("a", "b"))


def test_labels_are_numbered_in_order():
    classes, numbers = check_labels(["dog", "cat", "dog"], 3)
    assert classes.tolist() == ["cat", "dog"]
    assert numbers.tolist() == [1, 0, 1]
    assert check_labels(np.array([7, 7, -1], np.int16), 3)[1].tolist() == [1, 1, 0]


def test_labels_of_bytes_are_texts():
    classes, _ = check_labels([b"dog", "café".encode(), b"\xff"], 3)
    assert classes.tolist() == ["\\xff", "café", "dog"]


def test_texts_as_tables_hold_them_are_labels():
    classes, numbers = check_labels(np.array(["dog", "cat", "dog"], dtype=object), 3)
    assert classes.tolist() == ["cat", "dog"]
    assert numbers.tolist() == [1, 0, 1]
    with pytest.raises(InvalidInputError, match="got object of shape"):
        check_labels(np.array(["dog", None, "dog"], dtype=object), 3)


@pytest.mark.parametrize("bad", [[0, 1], [[0], [1], [2]], [0.0, 1.0, 2.0], [None, 1, 2]])
def test_labels_are_one_class_per_point(bad):
    with pytest.raises(InvalidInputError, match=r"\A`labels` must be one class, a whole number or"):
        check_labels(bad, 3)


def test_ragged_labels_are_refused():
    with pytest.raises(InvalidInputError, match=r"\A`labels` must be one class per point; "):
        check_labels([[0], [1, 2], []], 3)


def test_an_array_is_neither_a_choice_nor_a_power():
    with refuses("`metric` must be one of `a`, `b`; got array([1, 2])"):
        check_one_of(np.array([1, 2]), "metric", ("a", "b"))
    with refuses("`power` must be a finite number at least 1; got array([1, 2])"):
        check_power(np.array([1, 2]))
