"""Many clouds and many subsets: as one by one, whatever the threads; told and stopped as one."""

import os
import re
import signal
import threading
import time
from functools import partial
from importlib import import_module

import numpy as np
import pytest

from topolens.base.errors import Cancelled, InvalidInputError
from topolens.descriptors.batches import persistence_of_clouds, persistence_of_subsets
from topolens.descriptors.persistence import persistence
from topolens.kernels.batches import one_per_thread

SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
NEVER = np.inf


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def clouds_of_all_kinds():
    rng = np.random.default_rng(0)
    shapes = [(70, 3), (2, 5), (120, 2), (31, 9), (64, 1)]
    clouds = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    return [*clouds, rng.normal(size=(50, 4)), rng.integers(0, 4, (40, 3)), SQUARE]


def assert_same(found, expected):
    assert (found.n_points, found.metric) == (expected.n_points, expected.metric)
    assert found.threshold == expected.threshold
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)


@pytest.mark.parametrize("threads", [1, 2, 3, 20])
@pytest.mark.parametrize(
    "params",
    [{}, {"max_dim": 0}, {"max_dim": 2, "threshold": 0.9}, {"metric": "manhattan"}],
)
def test_clouds_together_are_as_one_by_one(threads, params):
    clouds = clouds_of_all_kinds()
    found = persistence_of_clouds(clouds, threads=threads, **params)
    for diagrams, cloud in zip(found, clouds, strict=True):
        assert_same(diagrams, persistence(cloud, **params))


def test_a_stack_of_clouds_is_a_sequence_of_them():
    stack = np.random.default_rng(1).normal(size=(3, 20, 2))
    for diagrams, cloud in zip(persistence_of_clouds(stack), stack, strict=True):
        assert_same(diagrams, persistence(cloud))


def test_no_clouds_have_no_diagrams():
    assert persistence_of_clouds([]) == []
    assert persistence_of_clouds([], threads=2) == []


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("clouds", "params", "sentence"),
    [
        (
            [SQUARE, [[0.0, 1.0], [np.nan, 0.0]]],
            {},
            "`clouds[1]` must be finite; row 1 holds NaN or infinity",
        ),
        ([SQUARE, SQUARE, [[1.0]]], {}, "`clouds[2]` must hold at least 2 points; got 1"),
        (
            SQUARE,
            {},
            "`clouds[0]` must have shape (n_points, n_features); got shape (2,)",
        ),
        (
            [[[1.0, 0.0], [0.0, 1.0]], SQUARE],
            {"metric": "cosine"},
            "`clouds[1]` must have no zero row under the cosine metric; row 0 is; "
            "the euclidean metric takes such rows",
        ),
        (
            [SQUARE, [[-1e200], [1e200]]],
            {},
            "`clouds[1]` must have distances that float64 holds; "
            "those of rows 0 and 1 are too far apart",
        ),
        ([SQUARE], {"threshold": -1}, "`threshold` must not be negative or NaN; got -1"),
    ],
)
def test_says_which_cloud_is_wrong(clouds, params, sentence, threads):
    with refuses(sentence):
        persistence_of_clouds(clouds, threads=threads, **params)


def test_memory_is_counted_for_the_clouds_that_run_at_once(monkeypatch):
    door = import_module("topolens.kernels.memory")
    monkeypatch.setattr(door, "available_memory", lambda: 2_000_000)
    clouds = [np.random.default_rng(k).normal(size=(n, 2)) for k, n in enumerate((300, 10, 301))]
    assert len(persistence_of_clouds(clouds, threads=1)) == 3
    sentence = (
        r"persistence of 2 clouds at once, of at most 301 points, needs \d+ MB and 2 MB are "
        r"available; lower `threads`, sample the rows, lower `max_dim` or use float32"
    )
    with pytest.raises(InvalidInputError, match=sentence):
        persistence_of_clouds(clouds, threads=2)


def test_memory_is_counted_for_the_subsets_that_run_at_once(monkeypatch):
    door = import_module("topolens.kernels.memory")
    monkeypatch.setattr(door, "available_memory", lambda: 3_000_000)
    cloud = np.random.default_rng(0).normal(size=(350, 2))
    subsets = [np.arange(300), np.arange(300)]
    assert len(persistence_of_subsets(cloud, subsets, max_dim=1, threads=1)) == 2
    with pytest.raises(InvalidInputError, match=r"subsets of 350 points needs \d MB and 3 MB"):
        persistence_of_subsets(cloud, subsets, max_dim=1, threads=2)


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_is_that_of_the_whole(threads):
    rng = np.random.default_rng(0)
    clouds = [rng.normal(size=(n, 10)).astype(np.float32) for n in (400, 100, 300)]
    shares = []
    persistence_of_clouds(clouds, threads=threads, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_can_stop_a_batch(threads):
    rng = np.random.default_rng(0)
    clouds = [rng.normal(size=(30, 3)) for _ in range(50)]
    heard = []

    def stop(share):
        heard.append(share)
        if share > 0.2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        persistence_of_clouds(clouds, threads=threads, on_progress=stop)
    assert max(heard) < 0.5


def patient(_, told):
    """Work that ends only when it is stopped."""
    while True:
        told(0.5)
        time.sleep(0.002)


def test_a_failure_stops_the_others():
    def work(item, told):
        if item == "faulty":
            raise ValueError("the reason")
        patient(item, told)

    with pytest.raises(ValueError, match="the reason"):
        one_per_thread(work, ["long", "faulty", "late"], costs=[3, 2, 1], threads=2)


def test_an_interrupt_stops_all_threads():
    interrupt = partial(os.kill, os.getpid(), signal.SIGINT)
    threading.Timer(0.1, interrupt).start()
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        one_per_thread(patient, range(4), costs=[1.0] * 4, threads=2)
    assert threading.active_count() <= before


def test_subsets_share_one_matrix():
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(80, 5)).astype(np.float32)
    subsets = [rng.permutation(80)[:size] for size in (1, 2, 30, 64, 80)]
    for max_dim in (0, 1):
        for threads in (1, 3):
            found = persistence_of_subsets(cloud, subsets, max_dim=max_dim, threads=threads)
            for diagrams, rows in zip(found, subsets, strict=True):
                assert diagrams.n_points == len(rows)
                if len(rows) < 2:
                    assert diagrams[0].pairs.tolist() == [[0, NEVER]]
                    continue
                alone = persistence(cloud[rows], max_dim=max_dim)
                for ours, theirs in zip(diagrams, alone, strict=True):
                    np.testing.assert_array_equal(ours.pairs, theirs.pairs)


@pytest.mark.parametrize(
    ("subset", "sentence"),
    [
        ([], "`subsets[0]` must be a list of row numbers, at least one; got shape (0,)"),
        ([0, 4], "`subsets[0]` must hold rows from 0 to 3; got 4"),
        ([-1, 2], "`subsets[0]` must hold rows from 0 to 3; got -1"),
        ([1, 2, 1], "`subsets[0]` must not repeat a row"),
    ],
)
def test_says_what_is_wrong_with_a_subset(subset, sentence):
    with pytest.raises(InvalidInputError, match=re.escape(sentence)):
        persistence_of_subsets(SQUARE, [subset])
