"""`topolens layers` shows every layer, what a capture keeps, and each mistake in one sentence."""

import json
import re
import sys

import pytest

pytest.importorskip("torch")

from topolens.cli.main import main

MLP = """\
layer    type     output  parameters  captured  per 1,000
flatten  Flatten  64               0  1 x 64     256.0 kB
fc1      Linear   8              520  1 x 8       32.0 kB
relu1    ReLU     8                0  1 x 8       32.0 kB
head     Linear   10              90  1 x 10      40.0 kB

610 parameters; 4 layers captured, 90 numbers per sample, 360.0 kB per 1,000 samples
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
    captured = [part for line in lines for part in line if part.startswith("4 x")]
    assert captured == ["4 x 16"] * 3 + ["4 x 32"] * 2 + ["4 x 64"] * 2
    assert "\n    layer2.0.conv1" in out
    assert "32 x 8 x 8" in out
    assert "7 layers captured, 960 numbers per sample, 3.8 MB per 1,000 samples" in out


def test_says_which_side_is_captured(run):
    code, out, _ = run(
        "zoo:mlp", "--arg", "widths=[8]", "--layers", "re:fc1@input", "--layers", "fc1"
    )
    assert code == 0
    assert "fc1      Linear   8              520  1 x 64 @input, 1 x 8   288.0 kB\n" in out


def test_prints_json(run):
    code, out, _ = run(
        *("zoo:mlp", "--arg", "widths=[8]", "--layers", "fc1@input", "--layers", "head", "--json")
    )
    assert code == 0
    record = json.loads(out)
    assert (record["parameters"], record["bytes_per_1000_samples"]) == (610, 4000 * (64 + 10))
    assert [layer["name"] for layer in record["layers"]] == ["flatten", "fc1", "relu1", "head"]
    assert record["layers"][1] == {
        "name": "fc1",
        "depth": 1,
        "type": "Linear",
        "output_shape": [8],
        "parameters": 520,
        "calls": 1,
        "captured": [
            {
                "name": "fc1@input",
                "rows_per_sample": 1,
                "features": 64,
                "bytes_per_1000_samples": 256_000,
            }
        ],
    }
    assert record["layers"][2]["captured"] == []


WIDE = """
from torch import nn

class AModuleWithAnExceptionallyLongNameWhichNobodyWouldWantToTypeTwice(nn.Linear):
    pass

def net(words):
    inner = AModuleWithAnExceptionallyLongNameWhichNobodyWouldWantToTypeTwice(3, 3)
    for word in reversed(words.split()):
        outer = nn.Sequential()
        outer.add_module(word, inner)
        inner = outer
    return inner
"""


def test_a_wide_tree_fits_a_page_with_no_name_cut(run, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(WIDE)
    words = [f"a_rather_long_part_{number}" for number in range(5)]
    code, out, _ = run(
        f"py:{path}:net", "--trust", "--input-shape", "3", "--arg", f'words="{" ".join(words)}"'
    )
    assert code == 0
    table, note = out.split("\n\n")[:2]
    assert max(map(len, table.splitlines())) <= 100
    shown = [line.split("  ")[0] for line in table.splitlines()[1:2]]
    assert shown == [words[0]]
    assert all(f"{'  ' * depth}{word}  " in table for depth, word in enumerate(words))
    assert "AModuleWith" in table
    assert "…" in table
    assert note.endswith(f"as in `{'.'.join(words)}`.")


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
    assert "relu    ReLU    5, 2 times           0  1 x 5, 2 times    40.0 kB\n" in out
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


def test_a_model_of_transformers_for_text(run):
    pytest.importorskip("transformers")
    args = ["vocab_size=30", "hidden_size=8", "num_hidden_layers=1", "num_attention_heads=2"]
    options = [part for arg in args for part in ("--arg", arg)]
    code, out, _ = run("hf:bert", *options, "--layers", "encoder.layer.?", "--pool", "last")
    assert code == 0
    assert re.search(r" 0 +BertLayer +8 x 8 +[\d,]+ +1 x 8", out)
