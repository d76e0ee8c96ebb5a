"""Ctrl-C reaches the kernels that run on other threads; what was finished stays."""

import threading

import numpy as np
import pytest

from topolens.base.errors import Cancelled
from topolens.descriptors.persistence import persistence
from topolens.study import steps
from topolens.study.cache import Result, ResultCache
from topolens.study.runner import local_executor, run_steps
from topolens.study.steps import Step
from topolens.study.stopping import go_on

TIMEOUT = 60  # seconds; the kernels below would take hours


def endless_cloud(begun):
    """A cloud whose H2 is out of reach, and a word when its kernel is at work."""

    def told(share):
        begun.set()
        go_on(share)

    points = np.random.default_rng(0).normal(size=(12_000, 12)).astype(np.float32)
    return persistence(points, max_dim=2, on_progress=told)


def test_an_interrupt_ends_the_kernels_of_other_threads():
    begun = threading.Event()

    def interrupted():
        with local_executor(2) as pool:
            running.append(pool.submit(endless_cloud, begun))
            assert begun.wait(TIMEOUT)
            raise KeyboardInterrupt

    running = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert isinstance(running[0].exception(), Cancelled)


def test_nothing_stops_where_nobody_said_so():
    go_on(0.5)
    with local_executor(1) as pool:
        assert pool.submit(go_on, 0.5).result() is None


def test_an_interrupted_stage_keeps_what_is_finished(tmp_path, monkeypatch):
    begun = threading.Event()

    def quick(*_):
        return Result({"x": np.zeros(1)}, {})

    def long(*_):
        endless_cloud(begun)

    monkeypatch.setitem(steps._KINDS, "quick", quick)
    monkeypatch.setitem(steps._KINDS, "long", long)
    plan = [
        Step("quick", "the quick one", {"n": 0}, {}),
        Step("long", "the long one", {"n": 1}, {}),
    ]

    def interrupt(event):
        if type(event).__name__ == "StepEnded":
            assert begun.wait(TIMEOUT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), local_executor(2) as pool:
        run_steps(tmp_path, "stage", plan, pool, interrupt)
    cache = ResultCache(tmp_path / "results")
    assert [cache.has(step.key) for step in plan] == [True, False]


def test_a_diagram_step_listens(monkeypatch):
    heard = []

    def spy(_points, *, on_progress, **_params):
        heard.append(on_progress)
        raise Cancelled("enough")

    monkeypatch.setattr(steps, "persistence", spy)
    monkeypatch.setattr(steps, "_cloud", lambda *_: None)
    with pytest.raises(Cancelled):
        steps._diagrams(None, {"cloud": {}, "max_dim": 1, "metric": "euclidean"})
    assert heard == [go_on]
