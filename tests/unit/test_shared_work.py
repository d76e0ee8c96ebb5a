"""Work shared between the steps of a study: once per key, in bounded memory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from topolens.study.shared_work import SharedWork, n_bytes


def test_many_threads_make_a_value_once():
    work, made, all_ask = SharedWork(), [], threading.Barrier(8)

    def make():
        made.append(threading.get_ident())
        return np.ones(3)

    def ask(_):
        all_ask.wait()
        return work.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert all(value is values[0] for value in values)


def test_the_least_used_gives_way():
    made = []
    work = SharedWork(most_bytes=2 * 800)

    def ask(key):
        return work.get(key, lambda: made.append(key) or np.zeros(100))

    for key in "abacab":
        ask(key)
    assert made == ["a", "b", "c", "b"]  # c took the place of b, not of a


def test_what_is_too_large_is_handed_out_and_not_kept():
    work = SharedWork(most_bytes=100)
    first, second = (work.get("key", lambda: np.zeros(100)) for _ in range(2))
    assert first is not second


def test_an_error_is_raised_and_tried_again():
    work, answers = SharedWork(), iter([ValueError("no"), 3])

    def make():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ValueError, match="no"):
        work.get("key", make)
    assert work.get("key", make) == 3


def test_clear_lets_go_of_everything():
    work = SharedWork()
    first = work.get("key", lambda: np.zeros(3))
    work.clear()
    assert work.get("key", lambda: np.zeros(3)) is not first


def test_sizes_are_those_of_the_arrays_within():
    @dataclass
    class Made:
        points: np.ndarray
        parts: list

    assert n_bytes(Made(np.zeros(10), [np.zeros(5), {"a": np.zeros(2)}])) == 8 * 17
    assert n_bytes(object()) > 1_000_000  # of unknown size, so rather too much
