"""The `topolens` command as its users meet it: in a process of its own."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from study_files import READY, TRAINED, relu_layers, result_bytes, write_ready, write_study

TOPOLENS = [sys.executable, "-c", "from topolens.cli.main import main; main()"]


def topolens(*arguments, cwd=None):
    command = [*TOPOLENS, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def refused(*arguments, cwd=None):
    """Run a command that must end with exit code 2 and no traceback; return what it said."""
    done = topolens(*arguments, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_help_answers_without_loading_anything_heavy():
    code = (
        "import sys\n"
        "from topolens.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'torch', 'matplotlib', 'pandas', 'sklearn', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "topolens [OPTIONS] COMMAND" in done.stdout
    assert done.stdout.splitlines()[-1] in ("[]", "['numpy']")


def test_run_writes_a_report_and_says_what_it_found(tmp_path):
    done = topolens("run", write_ready(tmp_path), "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "persistence  36 done" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "ready-made"
    assert any(line.startswith("first") and " 60 " in line for line in lines)
    assert any(line.startswith("• ") for line in lines)
    assert lines[-3:] == [
        f"report   {tmp_path / 'out' / 'report.html'}",
        f"figures  {tmp_path / 'out' / 'figures'}",
        f"tables   {tmp_path / 'out' / 'tables'}",
    ]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert len(page) > 10_000
    assert "Ready-made activations are used as they are, flattened" in page
    assert "All the rows form its cloud." in page
    assert "Layers with positions or tokens" not in page
    assert list((tmp_path / "out" / "figures").glob("*.svg"))


def test_the_folder_of_a_study_may_be_relative(tmp_path):
    (tmp_path / "studies").mkdir()
    write_study(tmp_path / "studies", TRAINED)
    done = topolens("run", "studies/study.toml", "--no-report", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "runs" / "study" / "study.json").exists()


def test_report_can_be_written_again_alone(tmp_path):
    study = write_ready(tmp_path, READY.replace("resamples = 2", "resamples = 0"))
    out = tmp_path / "out"
    assert topolens("run", study, "--out", out, "--no-report").returncode == 0
    assert not (out / "report.html").exists()
    assert topolens("report", out).returncode == 0
    assert (out / "report.html").exists()


def test_a_killed_study_goes_on_and_ends_with_the_same_bytes(tmp_path):
    study = write_study(tmp_path, TRAINED)
    assert topolens("run", study, "--out", tmp_path / "whole", "--no-report").returncode == 0
    command = [*TOPOLENS, "run", str(study), "--out", str(tmp_path / "cut"), "--no-report"]
    for watched in ("weights/*.safetensors", "activations/*/part-*", "results/*.safetensors"):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
            wait_for(tmp_path / "cut", watched, running)
            running.kill()
    done = topolens("run", study, "--out", tmp_path / "cut", "--no-report")
    assert done.returncode == 0, done.stderr
    assert result_bytes(tmp_path / "cut") == result_bytes(tmp_path / "whole")


def wait_for(root, pattern, process):
    """Wait until a file appears (or the process has ended, which leaves nothing to cut)."""
    for _ in range(6000):
        if list(root.glob(pattern)) or process.poll() is not None:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {pattern} after a minute")


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    study = write_study(tmp_path, TRAINED.replace("epochs = 2", "epochs = 500"))
    command = [*TOPOLENS, "run", str(study), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        wait_for(tmp_path, "out", running)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert said.splitlines()[-1] == (
        "stopped; what was finished is kept, run the same command to go on"
    )
    assert "Traceback" not in said


def test_mistakes_in_a_study_are_all_named(tmp_path):
    text = READY.replace("first.npz", "frist.npz") + 'normalize = "none"\n'
    assert refused("run", write_ready(tmp_path, text)).splitlines() == [
        f"error: {tmp_path / 'study.toml'}: 2 mistakes",
        '  clouds[2] "raw": has no key `normalize`; did you mean `normalise`?',
        '  models[1] "first".activations: there is no file `frist.npz`',
    ]


def test_a_dry_run_prints_the_steps_and_writes_nothing(tmp_path):
    done = topolens("run", write_study(tmp_path, TRAINED), "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "trained: 1 model, 4 layers, 1 cloud"
    assert not (tmp_path / "runs").exists()


def test_failed_steps_end_with_exit_code_one_and_the_rest_is_there(tmp_path):
    study = write_ready(tmp_path)
    layers = relu_layers(1)
    layers["layer2"][:] = 1.0
    np.savez(tmp_path / "first.npz", **layers)
    done = topolens("run", study, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "failed  persistence of first layer2 (scaled) and 2 more: `points` must" in done.stdout
    assert (tmp_path / "out" / "report.html").exists()


def test_a_pickle_is_refused(tmp_path):
    weights = tmp_path / "weights.pt"
    weights.write_bytes(pickle.dumps({"harm": os.system}))
    text = TRAINED.replace("train = { epochs = 2 }", 'weights = "weights.pt"')
    said = refused("run", write_study(tmp_path, text), "--out", tmp_path / "out")
    assert "--allow-pickle" in said


def test_object_arrays_are_refused(tmp_path):
    study = write_ready(tmp_path)
    np.savez(tmp_path / "first.npz", layer0=np.array([{}, {}], dtype=object))
    assert "`layer0` holds Python objects" in refused("run", study, "--out", tmp_path / "out")


def test_code_needs_trust(tmp_path):
    text = TRAINED.replace("zoo:small_cnn", "py:net.py:build")
    assert "pass --trust if you trust it" in refused("run", write_study(tmp_path, text))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["list", "metric"], "did you mean `metrics`?"),
        (["report", "nowhere"], "`nowhere` holds no study that has run"),
        (["run", "nowhere.toml"], "nowhere.toml: 1 mistake"),
    ],
)
def test_other_mistakes_are_sentences_too(arguments, sentence, tmp_path):
    assert sentence in refused(*arguments, cwd=tmp_path)


def test_list_names_what_a_study_may_name():
    said = topolens("list").stdout
    for name in ("lifespan_sum", "persistent_entropy", "sliced_wasserstein", "median"):
        assert f"  {name}" in said
    assert "median                   Centre, and divide by" in said
    assert "zoo:text_decoder         transformer that classifies sentences" in said
    assert "cifar10:FOLDER           Read split ``test``" not in said
    assert re.search(r"cifar10:FOLDER +Read split test or train; .*\[split\]", said)


def test_list_names_the_networks_alone():
    said = topolens("list", "networks").stdout
    assert "zoo:cifar_resnet " in said
    assert "median" not in said


def test_a_study_of_ready_made_activations_needs_no_torch(tmp_path):
    study = write_ready(tmp_path, READY.replace("resamples = 2", "resamples = 0"))
    code = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError('No module named torch', name='torch')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from topolens.cli.main import main\n"
        f"main(['run', {str(study)!r}, '--out', {str(tmp_path / 'out')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(tmp_path / "out" / "report.html").exists()
