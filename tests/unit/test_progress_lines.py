"""What a person sees while a study runs."""

import io

from topolens.base.progress import (
    Planned,
    RoomNeeded,
    StepAdvanced,
    StepEnded,
    StepFailed,
    StepStarted,
)
from topolens.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def clock(monkeypatch, *, step=1.0):
    now = [0.0]

    def tick():
        now[0] += step
        return now[0]

    monkeypatch.setattr(progress.time, "monotonic", tick)


def tell(lines, *events):
    for event in events:
        lines(event)


def test_a_terminal_gets_a_bar_with_rate_and_time_left(monkeypatch):
    clock(monkeypatch)
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    lines = progress.ProgressLines(stream)
    tell(lines, Planned("persistence", 10, 2), StepStarted("conv1 of net"), StepEnded("x", 1.0))
    last = stream.getvalue().rpartition("\r\x1b[2K")[2]
    assert (
        last == "persistence  ███████·················      3/10   0.3/s  0:21 left   conv1 of net"
    )


def test_a_bar_never_wraps(monkeypatch):
    clock(monkeypatch)
    monkeypatch.setenv("COLUMNS", "50")
    stream = Terminal()
    lines = progress.ProgressLines(stream)
    tell(lines, Planned("persistence", 10, 2), StepStarted("a long name" * 9))
    assert max(len(line) for line in stream.getvalue().split("\r\x1b[2K")) == 49


def test_a_pipe_is_told_whole_names(monkeypatch):
    clock(monkeypatch, step=11.0)
    monkeypatch.setenv("COLUMNS", "50")
    stream = io.StringIO()
    name = "a long name " * 9
    tell(progress.ProgressLines(stream), Planned("capture", 2, 1), StepStarted(name))
    assert stream.getvalue().rstrip("\n").endswith(name)


def test_a_pipe_gets_one_plain_line_per_stage(monkeypatch):
    clock(monkeypatch)
    stream = io.StringIO()
    lines = progress.ProgressLines(stream)
    tell(lines, Planned("capture", 2, 1), StepAdvanced("net", 1, 3), StepEnded("net", 1.0))
    lines.close()
    assert stream.getvalue() == "capture      1 done, 1 kept from before  4.0 s\n"


def test_a_failure_is_told_at_once(monkeypatch):
    clock(monkeypatch)
    stream = io.StringIO()
    lines = progress.ProgressLines(stream)
    tell(lines, Planned("capture", 1, 0), StepFailed("capturing net", "no such layer"))
    lines.close()
    assert stream.getvalue().splitlines() == [
        "failed: capturing net: no such layer",
        "capture      0 done, 1 failed  3.0 s",
    ]


def test_a_long_stage_speaks_up_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    clock(monkeypatch, step=6.0)
    stream = io.StringIO()
    lines = progress.ProgressLines(stream)
    tell(lines, Planned("persistence", 4, 0), *[StepEnded("x", 1.0)] * 3)
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "persistence  ██████··················       1/4   0.1/s  0:36 left",
        "persistence  ██████████████████······       3/4   0.1/s  0:08 left",
    ]


def test_the_room_that_activations_need_has_a_line_of_its_own():
    stream = io.StringIO()
    tell(progress.ProgressLines(stream), RoomNeeded(34_500_000, 2_000_000_000, is_whole=False))
    assert stream.getvalue() == (
        "disk         at least 34.5 MB of activations to write, 2.0 GB free\n"
    )
