"""`topolens store`: looks into stores, studies and folders of stores, and finds damage."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from study_files import TRAINED, write_ready, write_study

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore
from topolens.cli.main import main
from topolens.study.run import run
from topolens.study.stores_used import models_of_store

SPEC = {"source": "zoo:mlp", "data": {"source": "digits", "count": 6}, "layers": ["leaf"]}


def write_store(path, *, complete=True):
    with ActivationStore.create(path, SPEC) as store:
        store.begin({"pool": "all", "mean": None, "versions": {"torch": "2.13"}})
        for index in range(2):
            rows = np.full((6, 2), index, np.float32)
            rows[0, 0] = np.nan
            layers = {
                "fc1": LayerRows(rows, None, (5, 2), np.array([1, 2, 3]), "Linear", "input"),
                "head": LayerRows(np.ones((3, 4))),
            }
            store.append(LayerBatch(np.arange(3) + 3 * index, layers))
        if complete:
            store.finish({"accuracy": 0.5})
    return path


@pytest.fixture
def study(tmp_path):
    for name in ("a", "b"):
        write_store(tmp_path / "study" / "activations" / name)
    return tmp_path / "study"


def topolens(capsys, *arguments):
    """Run the command in this process; return exit code, output and errors."""
    code = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code or 0
    return code, *capsys.readouterr()


def flip_last_byte(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("below", ["", "activations"])
def test_whole_stores_of_a_study_are_told_one_by_one(capsys, study, below):
    code, said, _ = topolens(capsys, "store", "verify", study / below)
    lines = said.splitlines()
    assert code == 0
    assert [line.split(":")[0] for line in lines] == [
        f"whole  {study / 'activations' / name}" for name in ("a", "b")
    ]
    assert lines[0].endswith(": 2 parts, 6 samples, 928 bytes")


def test_damaged_parts_are_named(capsys, study):
    folder = study / "activations" / "b"
    flip_last_byte(folder / "part-000001.safetensors")
    code, said, _ = topolens(capsys, "store", "verify", study)
    assert code == 1
    assert said.splitlines()[1:] == [
        f"damaged  {folder / 'part-000001.safetensors'}",
        "capture again into the same folder to replace what is damaged or missing",
    ]
    (folder / "manifest.json").write_text("{")
    code, said, _ = topolens(capsys, "store", "verify", folder)
    assert code == 1
    assert said.startswith(f"damaged  `{folder / 'manifest.json'}` is damaged")
    (folder / "manifest.json").unlink()
    code, said, _ = topolens(capsys, "store", "verify", folder)
    assert (code, said.startswith(f"damaged  `{folder}` is no activation store")) == (1, True)


def test_an_unfinished_store_is_not_whole(capsys, tmp_path):
    write_store(tmp_path, complete=False)
    code, said, _ = topolens(capsys, "store", "verify", tmp_path)
    assert code == 1
    assert said.splitlines()[0].endswith("unfinished: run its capture again to go on")


@pytest.mark.parametrize("verb", ["verify", "show"])
def test_a_folder_without_stores_is_the_users_mistake(capsys, tmp_path, verb):
    code, _, errors = topolens(capsys, "store", verb, tmp_path)
    assert code == 2
    assert errors.startswith(f"error: `{tmp_path}` must be a store, a folder of stores or")
    code, _, errors = topolens(capsys, "store", verb, tmp_path / "nowhere")
    assert (code, errors.count("\n")) == (2, 1)


def test_shows_layers_and_what_made_them(capsys, study):
    code, said, _ = topolens(capsys, "store", "show", study / "activations" / "a")
    assert code == 0
    assert said.splitlines()[1:] == [
        "",
        "  data.count      6",
        "  data.source     digits",
        '  layers          ["leaf"]',
        "  source          zoo:mlp",
        "  pool            all",
        "  versions.torch  2.13",
        "  accuracy        50.0 %",
        "",
        "  layer  type    side    shape  rows each  features  values   not finite",
        "  fc1    Linear  input   5 x 2  unequal    2         float32  2",
        "  head   –       output  –      1          4         float64",
    ]


def test_shows_json_for_programs(capsys, study):
    code, said, _ = topolens(capsys, "store", "show", study, "--json")
    first, second = json.loads(said)
    assert code == 0
    assert first["path"] == str(study / "activations" / "a")
    assert second["spec"] == SPEC
    assert first["layers"][0] == {
        "name": "fc1",
        "n_features": 2,
        "dtype": "float32",
        "rows_per_sample": None,
        "output_shape": [5, 2],
        "has_positions": False,
        "module_type": "Linear",
        "site": "input",
        "nonfinite": 2,
    }


def test_says_each_thing_once_and_names_the_models(tmp_path):
    pytest.importorskip("torch")
    text = TRAINED.replace("resamples = 2", "resamples = 0")
    for count in (60, 120):
        study = write_study(tmp_path, text.replace("count = 120", f"count = {count}"))
        run(study, tmp_path / "out")
    code = f"from topolens.cli.main import main; main(['store', 'show', {str(tmp_path / 'out')!r}])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    older, newer = sorted(said.split("\n\n/"), key=lambda shown: "120 samples" in shown)
    assert re.search(r"^  models +none: not used by the study any more; may be del", older, re.M)
    assert re.search(r"^  models +cnn$", newer, re.M)
    assert re.search(r'^  layers +\["conv\*", "fc\*"\]$', newer, re.M)
    assert re.search(r"^  accuracy +\d+\.\d %$", newer, re.M)
    keys = re.findall(r"^  ([a-z_.]+)  ", newer.split("\n\n")[1], re.M)
    ends = [key.removeprefix("preprocessing.").removeprefix("samples.") for key in keys]
    assert len(set(keys) & {"scale", "preprocessing.scale"}) == 1
    assert not [key for key in ends if f"data.{key}" in keys and f"samples.{key}" in keys]


def test_stores_that_results_no_longer_use_need_no_capture(capsys, tmp_path):
    path = write_ready(tmp_path)
    run(path, tmp_path / "out")
    stores = sorted((tmp_path / "out" / "activations").iterdir())
    assert all(len(models_of_store(store)) == 1 for store in stores)
    old = write_store(tmp_path / "out" / "activations" / "old", complete=False)
    assert "unused" not in topolens(capsys, "store", "verify", tmp_path / "out")[1]
    os.utime(old, (0, 0))
    code, said, _ = topolens(capsys, "store", "verify", tmp_path / "out")
    assert code == 0
    assert f"unused   {old}: not used by the study any more; may be deleted" in said
    assert "capture again" not in said


def test_needs_no_torch(study):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from topolens.cli.main import main\n"
        f"main(['store', 'verify', {str(Path(study))!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("whole") == 2
