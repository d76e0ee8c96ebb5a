"""A study runs models of other libraries, and its keys know the files that make a model."""

import pytest
from study_files import TRAINED, write_study

pytest.importorskip("torch")

from topolens.activations.networks.models import load_model
from topolens.base.errors import InvalidInputError, StudyError
from topolens.cli.main import main
from topolens.study.capturing import plan_capture
from topolens.study.reading import read_study
from topolens.study.run import run
from topolens.study.shown import study_samples

PLAIN = TRAINED.replace("train = { epochs = 2 }\n", "")
CODE = """
from pathlib import Path
from torch import nn

def net(width: Path):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, int(width.read_text())))
"""
VIT = {
    "num_channels": 1,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
    "image_size": 8,
    "patch_size": 4,
    "num_labels": 10,
    "head": "image_classification",
}


def study_of(folder, source, args="", layers='layers = ["*"]'):
    text = PLAIN.replace("zoo:small_cnn", source).replace('layers = ["conv*", "fc*"]', layers)
    text = text.replace("{ widths = [4, 8], hidden = 16 }", f"{{ {args} }}")
    return write_study(folder, text)


def key_of(path, **options):
    file = read_study(path, **options)
    (model,) = file.spec.models
    return plan_capture(file, model, study_samples(file, file.spec.data)).key


def test_the_key_knows_what_is_in_a_file_that_an_argument_names(tmp_path):
    (tmp_path / "net.py").write_text(CODE)
    (tmp_path / "width.txt").write_text("10")
    path = study_of(tmp_path, "py:net.py:net", 'width = "width.txt"')
    first = key_of(path, trust=True)
    assert key_of(path, trust=True) == first
    assert not run(read_study(path, trust=True), tmp_path / "out").failures
    (tmp_path / "width.txt").write_text("12")
    assert key_of(path, trust=True) != first


def test_the_key_knows_a_download_but_not_where_weights_are_given(tmp_path):
    path = study_of(tmp_path, "tv:resnet18")
    assert key_of(path) != key_of(path, download=True)
    path = study_of(tmp_path, "zoo:small_cnn")
    assert key_of(path) == key_of(path, download=True)


def test_a_study_of_a_transformer_that_was_saved(tmp_path):
    pytest.importorskip("transformers")
    model = load_model("hf:vit", args=VIT, seed=3)
    model.save_pretrained(tmp_path / "saved")
    path = study_of(tmp_path, "hf:saved", layers='layers = ["vit.layers.?"]')
    key = key_of(path)
    study = run(read_study(path), tmp_path / "out")
    assert not study.failures
    assert sorted(set(study.table().layer)) == ["vit.layers.0", "vit.layers.1"]
    load_model("hf:vit", args=VIT, seed=4).save_pretrained(tmp_path / "saved")
    assert key_of(path) != key


def test_the_layers_of_a_transformer_are_shown(capsys):
    pytest.importorskip("transformers")
    given = [f"--arg={name}={value}" for name, value in VIT.items()]
    with pytest.raises(SystemExit) as stop:
        main(["layers", "hf:vit", "--input-shape", "1,8,8", "--layers", "classifier", *given])
    assert not stop.value.code
    shown = capsys.readouterr().out
    assert "classifier" in shown
    assert "1 x 10" in shown


def test_permissions_are_given_from_python_as_on_the_command_line(tmp_path):
    torch = pytest.importorskip("torch")
    args = {"widths": [4, 8], "hidden": 16}
    torch.save(load_model("zoo:small_cnn", args=args, seed=3).state_dict(), tmp_path / "net.pt")
    path = study_of(tmp_path, "zoo:small_cnn", "widths = [4, 8], hidden = 16", 'layers = ["fc*"]')
    path.write_text(path.read_text().replace("[[models]]", '[[models]]\nweights = "net.pt"', 1))
    with pytest.raises(StudyError, match="`--allow-pickle`"):
        run(path, tmp_path / "out")
    with pytest.raises(StudyError, match=r"`device` must be `cpu`"):
        run(path, tmp_path / "out", allow_pickle=True, device="abacus")
    assert not run(path, tmp_path / "out", allow_pickle=True, device="cpu").failures


@pytest.mark.parametrize("name", ["trust", "allow_pickle", "download"])
def test_a_study_that_was_read_has_its_permissions(tmp_path, name):
    file = read_study(study_of(tmp_path, "zoo:small_cnn"))
    with pytest.raises(InvalidInputError, match=f"`{name}` must be given to `read_study`"):
        run(file, tmp_path / "out", **{name: True})
