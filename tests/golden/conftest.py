"""Count the numbers from outside that the tests of this folder compare with ours, and print it."""

import numpy as np
import pytest

_checked = 0


@pytest.fixture(autouse=True)
def _count_outside_numbers(monkeypatch):
    """Add up what the assertions of one test expect; a failed one ends the test uncounted."""
    for name in ("assert_allclose", "assert_array_equal"):
        monkeypatch.setattr(np.testing, name, _counting_assertion(getattr(np.testing, name)))
    approx = pytest.approx
    monkeypatch.setattr(pytest, "approx", lambda expected, **how: _seen(approx(expected, **how)))


def _counting_assertion(compare):
    def compare_and_count(found, expected, **how):
        compare(found, expected, **how)
        _count(expected)

    return compare_and_count


def _seen(expectation):
    _count(expectation.expected)
    return expectation


def _count(expected):
    global _checked
    _checked += len(expected) if isinstance(expected, dict) else int(np.size(expected))


def pytest_terminal_summary(terminalreporter):
    if _checked:
        terminalreporter.write_line(f"{_checked:,} numbers from outside checked in tests/golden")
