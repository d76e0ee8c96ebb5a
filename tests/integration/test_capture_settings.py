"""What a study file says about layers, device and precision reaches the store and its key."""

import numpy as np
import pytest
from study_files import TRAINED, write_ready, write_study

pytest.importorskip("torch")

from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import StudyError
from topolens.cli.main import main
from topolens.study.capturing import plan_capture, resolve_layers
from topolens.study.reading import read_study
from topolens.study.run import run
from topolens.study.shown import study_samples

PLAIN = TRAINED.replace("train = { epochs = 2 }\n", "")


def capture_table(line):
    return PLAIN.replace("batch_size = 30", line)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('device = "gpu"', "capture.device: `device` must be `cpu`, `cuda`, `cuda:N`, `mps` or `a"),
        (
            'precision = "half"',
            "capture.precision: must be 'float32', 'bfloat16' or",
        ),
        ('exclude = ["re:("]', "capture.exclude[1]: `layers` must have a regular expression after"),
        ('exclude = ["depth:x"]', "capture.exclude[1]: `layers` must have a whole number from 1"),
    ],
)
def test_mistakes_are_found_while_reading(tmp_path, line, sentence):
    with pytest.raises(StudyError) as caught:
        read_study(write_study(tmp_path, capture_table(line)))
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(sentence)


def key_of(folder, line, **options):
    file = read_study(write_study(folder, capture_table(line)), **options)
    (model,) = file.spec.models
    return plan_capture(file, model, study_samples(file, file.spec.data)).key


def test_the_key_tells_device_and_precision_only_where_they_change_numbers(tmp_path):
    usual = key_of(tmp_path, "")
    assert key_of(tmp_path, 'device = "cpu"\nprecision = "float32"') == usual
    on_gpu = key_of(tmp_path, 'device = "cuda"')
    assert key_of(tmp_path, 'device = "cuda:1"') == on_gpu
    assert key_of(tmp_path, "", device="cuda") == on_gpu
    keys = {
        usual,
        on_gpu,
        *(key_of(tmp_path, f'precision = "{p}"') for p in ("bfloat16", "float16")),
    }
    assert len(keys) == 4


def test_a_device_that_is_not_there_is_a_mistake_before_anything_runs(tmp_path, capsys):
    path = write_study(tmp_path, PLAIN)
    with pytest.raises(SystemExit) as stop:
        main(["run", str(path), "--out", str(tmp_path / "out"), "--device", "cuda:99"])
    assert stop.value.code == 2
    assert "`device` must be available to torch; got 'cuda:99'" in capsys.readouterr().err
    assert not (tmp_path / "out" / "activations").exists()


def test_sides_and_mixed_precision_reach_the_store(tmp_path):
    layers = 'layers = ["re:conv[12]@input", "conv1"]'
    text = capture_table('precision = "bfloat16"').replace('layers = ["conv*", "fc*"]', layers)
    file = read_study(
        write_study(tmp_path, text + "descriptors = []\n".replace("descriptors", "\n#"))
    )
    study = run(file, tmp_path / "out")
    assert not study.failures
    (folder,) = (tmp_path / "out" / "activations").iterdir()
    store = ActivationStore.open(folder)
    assert store.layers == ("conv1@input", "conv1", "conv2@input")
    rows, _ = store.read("conv1")
    assert rows.dtype == np.float32
    assert store.summary["n_samples"] == len(rows) == 120
    assert {layer for layer in study.table()["layer"]} == set(store.layers)


def test_readymade_layers_are_chosen_by_regular_expression_too(tmp_path):
    text = """\
name = "ready"
[[models]]
name = "first"
activations = "first.npz"
layers = ["re:layer[02]"]
"""
    file = read_study(write_ready(tmp_path, text))
    assert resolve_layers(file, file.spec.models[0]) == ["layer0", "layer2"]
