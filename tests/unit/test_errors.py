"""What every error says, and what it can be caught as."""

import pytest

from topolens.base.errors import (
    Cancelled,
    InvalidInputError,
    MissingDependencyError,
    StoreError,
    StudyError,
    TopolensError,
    TopolensWarning,
    nearest_names,
)


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (InvalidInputError, ValueError),
        (StoreError, OSError),
        (StudyError, TopolensError),
        (MissingDependencyError, ImportError),
        (Cancelled, TopolensError),
    ],
)
def test_every_error_is_ours_and_the_kind_python_users_expect(error, parent):
    assert issubclass(error, TopolensError)
    assert issubclass(error, parent)


def test_a_warning_is_no_error():
    assert issubclass(TopolensWarning, UserWarning)
    assert not issubclass(TopolensWarning, TopolensError)


def test_a_study_lists_its_mistakes_below_its_name():
    error = StudyError("a.toml", ["cloud: one", "steps[2]: two"])
    assert str(error) == "a.toml: 2 mistakes\n  cloud: one\n  steps[2]: two"
    assert error.mistakes == ("cloud: one", "steps[2]: two")


def test_a_study_counts_a_single_mistake():
    assert str(StudyError("a.toml", ["cloud: one"])) == "a.toml: 1 mistake\n  cloud: one"


def test_a_missing_package_comes_with_the_command_that_installs_it():
    error = MissingDependencyError("torch", "torch", "capturing activations")
    sentence = "capturing activations needs torch; install it with `pip install 'topolens[torch]'`"
    assert str(error) == sentence


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("linear_ckaa", ["linear_cka", "sliced"], "did you mean `linear_cka`?"),
        ("loop1", ["loop2", "loop3", "x"], "did you mean `loop3` or `loop2`?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], "there are none"),
        ("zzz", "ihgfedcba", "known: a, b, c, d, e, f, g, h, …"),
        ("zzz", "hgfedcba", "known: a, b, c, d, e, f, g, h"),
    ],
)
def test_nearest_names(name, known, hint):
    assert nearest_names(name, known) == hint


def test_nearest_names_shows_three_unless_told():
    names = ["conv1", "conv2", "conv3", "conv4"]
    assert nearest_names("conv", names).count("`") == 6
    assert nearest_names("conv", names, shown=1).count("`") == 2
