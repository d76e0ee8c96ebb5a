"""`topolens layers` shows every layer, what a capture keeps, and each mistake in one sentence."""

import sys

import pytest

pytest.importorskip("torch")

from topolens.cli.main import main

MLP = """\
layer    type     output  parameters  captured
flatten  Flatten  64               0  1 x 64
fc1      Linear   8              520  1 x 8
relu1    ReLU     8                0  1 x 8
head     Linear   10              90  1 x 10

610 parameters; 4 layers captured, 90 numbers per sample, 0.4 MB per 1,000 samples in float32
"""


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = 0
        try:
            main(["layers", *arguments])
        except SystemExit as stop:
            code = stop.code or 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_shows_the_whole_table(run):
    assert run("zoo:mlp", "--arg", "widths=[8]") == (0, MLP, "")


def test_marks_the_chosen_layers_and_indents_by_depth(run):
    code, out, _ = run(
        "zoo:cifar_resnet", "--arg", "depth=8", "--arg", "variant=B", "--layers", "type:Conv2d",
        "--exclude", "*shortcut*", "--pool", "random:4", "--input-shape", "3,16,16",
    )  # fmt: skip
    assert code == 0
    lines = [line.split("  ") for line in out.splitlines()]
    captured = [line[-1] for line in lines if line[-1].startswith("4 x")]
    assert captured == ["4 x 16"] * 3 + ["4 x 32"] * 2 + ["4 x 64"] * 2
    assert "\n    layer2.0.conv1" in out
    assert "32 x 8 x 8" in out
    assert "7 layers captured, 960 numbers per sample, 3.8 MB" in out


def test_shows_the_table_even_where_the_pool_does_not_suit(run):
    code, out, err = run("zoo:small_vit", "--pool", "cls")
    assert code == 2
    assert "blocks.3.attention.qkv" in out
    assert err.startswith("error: layer `patches` must give tokens")


SHARED = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.relu(self.relu(x))

def net():
    return Net()
"""


def test_reads_the_users_own_file_when_trusted(run, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(SHARED)
    source = f"py:{path}:net"
    code, _, err = run(source)
    assert code == 2
    assert "then pass `--trust`" in err
    code, out, err = run(source, "--trust", "--input-shape", "5", "--layers", "relu")
    assert (code, err) == (0, "")
    assert "relu    ReLU    5, 2 times           0  1 x 5, 1 x 5\n" in out
    assert "unused  Linear  never runs           6\n" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["zoo:mpl"], "error: no network of the zoo is called `mpl`; did you mean `mlp`?"),
        (["zoo:mlp", "--arg", "widths"], "error: `--arg` must be KEY=VALUE; got 'widths'"),
        (["zoo:mlp", "--input-shape", "3,x"], "error: `--input-shape` must be positive sizes with"),
        (["zoo:mlp", "--input-shape", "0"], "error: `--input-shape` must be positive sizes with"),
        (
            ["zoo:mlp", "--layers", "fc9"],
            "error: no layer of the model matches `fc9`; did you mean",
        ),
        (
            ["zoo:mlp", "--input-shape", "7"],
            "error: `model` must run on the example, inputs of sha",
        ),
        (["zoo:mlp", "--weights", "no.safetensors"], "error: `weights` must be an existing file;"),
    ],
)
def test_mistakes_are_one_sentence(run, arguments, sentence):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_asks_for_the_input_shape_where_it_is_unknown(run, tmp_path):
    (tmp_path / "net.py").write_text(SHARED)
    code, _, err = run(f"py:{tmp_path}/net.py:net", "--trust")
    assert code == 2
    assert err == "error: `input_shape` must be given for a Net, as in `--input-shape 3,32,32`\n"


def test_help_needs_no_torch(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, _ = run("--help")
    assert code == 0
    assert "--input-shape" in out
