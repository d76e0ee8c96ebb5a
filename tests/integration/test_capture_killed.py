"""A capture killed at any moment goes on and ends with the bytes of one that was left alone."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("torch")

# One process pays for importing torch; every capture is a fork of it that can be killed.
DRIVER = """
import json, os, pathlib, random, shutil, signal, sys, time
from pathlib import Path
import torch
from topolens.activations.data.datasets import load_samples
from topolens.activations.networks.models import build_seeded
from topolens.activations.record import record
from topolens.activations.stores.store import ActivationStore

torch.set_num_threads(1)
folder, mode, amount = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
network = build_seeded("zoo:small_cnn", seed=1, args={"widths": [2, 4], "hidden": 8})
n_samples, batch_size = (60, 5) if mode == "moments" else (6, 3)
samples = load_samples("digits", base=folder, split="test", count=n_samples)


def capture(path):
    with ActivationStore.create(path, {"model": "small"}) as store:
        record(network, samples, store, layers=["leaf"], scale=16.0, batch_size=batch_size)


def count_operations(kill_at):
    done = [0]

    def counted(operation):
        def call(*arguments, **options):
            if done[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            done[0] += 1
            return operation(*arguments, **options)
        return call

    for owner, name in ((os, "fsync"), (Path, "open"), (Path, "replace"), (Path, "unlink")):
        setattr(owner, name, counted(getattr(owner, name)))
    return done


def in_a_fork(path, *, kill_after=None, kill_at=None):
    child = os.fork()
    if child == 0:
        done = count_operations(kill_at) if kill_at is not None else [0]
        capture(path)
        (folder / "operations").write_bytes(str(done[0]).encode())
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


in_a_fork(folder / "warm")
start = time.perf_counter()
assert in_a_fork(folder / "whole", kill_at=-1) == 0
seconds = time.perf_counter() - start
n_operations = int((folder / "operations").read_text())
moments = random.Random(0)
outcomes = []
for number in range(amount or n_operations):
    path = folder / f"killed{number}"
    if mode == "moments":
        code = in_a_fork(path, kill_after=moments.uniform(0, seconds))
    else:
        code = in_a_fork(path, kill_at=number)
    n_left = len(list(path.glob("part-*"))) if path.is_dir() else 0
    resumed = in_a_fork(path)
    outcomes.append([code, n_left, resumed, contents(path) == contents(folder / "whole")])
    shutil.rmtree(path)
print(json.dumps(outcomes))
"""


def outcomes_of(folder, mode, amount):
    """Return (exit code, parts left, exit code of the resumption, same bytes) per kill."""
    command = [sys.executable, "-c", DRIVER, str(folder), mode, str(amount)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("amount", [5, pytest.param(50, marks=pytest.mark.full)])
def test_killed_at_random_moments(tmp_path, amount):
    outcomes = outcomes_of(tmp_path, "moments", amount)
    assert len(outcomes) == amount
    assert all(resumed == 0 and same for _, _, resumed, same in outcomes)
    assert sum(code == -9 for code, *_ in outcomes) >= amount // 2
    assert len({n_left for _, n_left, *_ in outcomes}) > 2


def test_killed_before_every_step_that_touches_the_disk(tmp_path):
    outcomes = outcomes_of(tmp_path, "operations", 0)
    assert len(outcomes) > 20
    assert all(code == -9 for code, *_ in outcomes)
    assert all(resumed == 0 and same for _, _, resumed, same in outcomes)
    assert {n_left for _, n_left, *_ in outcomes} == {0, 1, 2}


def test_two_processes_do_not_write_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from topolens.activations.stores.store import ActivationStore\n"
        "with ActivationStore.create(Path(sys.argv[1]), {}):\n"
        "    print('locked', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "locked\n"
        second = subprocess.run(command, capture_output=True, text=True, check=False, input="")
        assert "is being written by another process" in second.stderr
        first.kill()
    third = subprocess.run(command, capture_output=True, text=True, check=False, input="")
    assert third.stdout == "locked\n"
