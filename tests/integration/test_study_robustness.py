"""What users, their models and their disks do wrong: said in a sentence, and nothing is lost."""

import zipfile

import numpy as np
import pytest
from study_files import READY, TRAINED, relu_layers, result_bytes, write_ready, write_study

import topolens as tl
from topolens.base.errors import InvalidInputError, StoreError, StudyError
from topolens.study.reading import read_study

ONE = '[[models]]\nname = "a"\nactivations = "first.npz"\n'
DIGITS = '[data]\nsource = "digits"\n[[models]]\nname = "a"\nsource = "zoo:small_cnn"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robust")
    write_ready(folder)
    return folder


def mistakes(folder, text):
    with pytest.raises(StudyError) as caught:
        read_study(write_study(folder, f'name = "x"\n{text}'))
    return list(caught.value.mistakes)


def test_files_that_break_the_parser_are_mistakes_of_the_file(folder):
    assert mistakes(folder, "seed = " + "9" * 5000)[0].startswith("is not TOML: Exceeds the limit")
    assert mistakes(folder, "z = " + "[" * 3000 + "]" * 3000) == [
        "is not TOML: its lists or tables are nested too deeply"
    ]


def test_a_byte_order_mark_is_no_part_of_a_study(folder):
    assert read_study(write_study(folder, "\ufeff" + READY)).spec.name == "ready-made"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("a" * 300, f"there is no file `{'a' * 300}`"),
        ("\\u0000", "there is no file `\0`"),
        (
            "~nobody-of-this-name/x.npz",
            "`activations` must begin with the home folder of a user of this machine; "
            "got '~nobody-of-this-name/x.npz'",
        ),
    ],
)
def test_paths_that_cannot_be_are_files_that_are_not_there(folder, path, sentence):
    text = f'[[models]]\nname = "a"\nactivations = "{path}"\n'
    assert mistakes(folder, text) == [f'models[1] "a".activations: {sentence}']


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("seed = 9223372036854775808\n" + ONE, ["seed: must be less than or equal to 922337203"]),
        ("models = 3\n", ["models: must be a list; got 3"]),
        ('[models]\nname = "a"\n', ["models: must be a list; got {'name': 'a'}"]),
        ('models = ["a"]\n', ["models[1]: must be a table; got 'a'"]),
        (DIGITS + 'layers = "c*"\n', ["models[1] \"a\".layers: must be a list; got 'c*'"]),
        (DIGITS + "layers = []\n", ['models[1] "a".layers: must hold at least one']),
        (DIGITS + 'pool = "max"\n', ['models[1] "a".pool: `pool` must be `mean`, `top_norm`']),
        (DIGITS + "scale = inf\n", ['models[1] "a".scale: must be a finite number; got inf']),
        (DIGITS + 'scale = "1"\n', ["models[1] \"a\".scale: must be a valid number; got '1'"]),
        (DIGITS + "mean = []\n", ['models[1] "a".mean: must hold at least one']),
        (DIGITS + "std = [0]\n", ['models[1] "a".std[1]: must be greater than 0; got 0']),
        (DIGITS + 'weights = "."\n', ['models[1] "a".weights: there is no file `.`']),
        (
            DIGITS + "args = { day = 1979-05-27 }\n",
            ['models[1] "a".args: must hold text, finite numbers, booleans, lists and tables'],
        ),
        (
            DIGITS + "train = { epochs = 1, batch_size = 1 }\n",
            ['models[1] "a".train.batch_size: must be greater than or equal to 2; got 1'],
        ),
        (
            DIGITS.replace('"digits"', '"npz:first.npz"\ninputs = "layer0"')
            + "train = { epochs = 1 }\n",
            ['models[1] "a": train: must find the arrays of its split by their names'],
        ),
        (
            ONE + 'scale = 16.0\npool = "mean"\n',
            ['models[1] "a": must not have `scale` or `pool` beside `activations`'],
        ),
        (
            ONE.replace('"a"', '"a\\nb"'),
            ["models[1] \"a\\nb\".name: must be one line of visible text; got 'a\\nb'"],
        ),
        (
            'comparisons = ["linear_cka", { name = "linear_cka" }]\n' + ONE,
            ['comparisons[2] "linear_cka": repeats comparisons[1]'],
        ),
        (
            'descriptors = [{ name = "lifespan_sum", dimension = 1, alpha = "x" }]\n'
            'comparisons = [{ name = "sliced_wasserstein", dimension = 1, directions = 1.5 }]\n'
            + ONE,
            [
                'comparisons[1] "sliced_wasserstein": `directions` must be an integer from 1 to',
                "descriptors[1] \"lifespan_sum\": `alpha` must be a finite number above 0; got 'x'",
            ],
        ),
    ],
)
def test_values_that_would_fail_later_are_refused_in_reading(folder, text, sentences):
    found = mistakes(folder, text)
    assert len(found) == len(sentences)
    assert all(line.startswith(start) for line, start in zip(found, sentences, strict=True))


def test_a_long_value_is_not_repeated_in_full(folder):
    (found,) = mistakes(folder, ONE.replace('"a"', '"' + "a" * 5000 + '"'))
    assert "must have at most 80 characters" in found
    assert found.endswith("a…")


def test_components_alone_are_measured_by_the_usual_measures_of_components(folder):
    spec = read_study(write_study(folder, 'name = "x"\nmax_dim = 0\n' + ONE)).spec
    assert [d.label for d in spec.descriptors] == [
        *("lifespan_sum H0", "bar_count H0", "persistent_entropy H0")
    ]
    assert [c.label for c in spec.comparisons] == ["sliced_wasserstein H0", "linear_cka"]


NETS = """
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 4)
        self.head = nn.Linear(4, 10)
    def hidden(self, x):
        return self.first(x.flatten(1))
    def forward(self, x):
        return self.head(self.hidden(x))

class Leaves(Net):
    def forward(self, x):
        sys.exit(0)

class OneOutput(Net):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 1)

class Counts(Net):
    def forward(self, x):
        return super().forward(x).shape, 3

class Tracks(Net):
    def forward(self, x):
        with torch.inference_mode(False), torch.enable_grad():
            return super().forward(x.clone().requires_grad_())

class Meta(Net):
    def __init__(self):
        super().__init__()
        self.elsewhere = Elsewhere()
    def hidden(self, x):
        hidden = super().hidden(x)
        self.elsewhere(hidden)
        return hidden

class Elsewhere(nn.Module):
    def forward(self, x):
        return x.to("meta")

def without_values():
    with torch.device("meta"):
        return Net()

def exits():
    sys.exit(0)
"""
WITH_NET = """\
name = "nets"
resamples = 0
descriptors = []
comparisons = []
[data]
source = "digits"
count = 40
[[models]]
name = "good"
source = "py:nets.py:Net"
[[models]]
name = "odd"
"""


def run_beside_a_good_model(folder, text):
    (folder / "nets.py").write_text(NETS)
    (folder / "exits.py").write_text("import sys\nsys.exit(0)\n")
    return tl.run(write_study(folder, WITH_NET + text), folder / "out", trust=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('source = "py:nets.py:Leaves"', "the model itself (Leaves) raised SystemExit: 0"),
        (
            'source = "py:nets.py:Leaves"\ntrain = { epochs = 1 }',
            "`model` must run on a batch of epoch 1, inputs of shape (64, 1, 8, 8); the model "
            "itself (Leaves) raised SystemExit: 0",
        ),
        (
            'source = "py:nets.py:OneOutput"\ntrain = { epochs = 1 }',
            "`model` must give a tensor of class scores, (n_samples, 10 or more), to be trained; "
            "got shape (64, 1) for 64 samples",
        ),
        (
            'source = "py:nets.py:Counts"\ntrain = { epochs = 1 }',
            "`model` must give a tensor of class scores, (n_samples, 10 or more), to be trained; "
            "got tuple",
        ),
        (
            'source = "py:nets.py:Meta"',
            "layer `elsewhere` must give a tensor of real numbers; got torch.float32, "
            "torch.strided without values (device meta)",
        ),
        (
            'source = "py:nets.py:without_values"',
            "`model` must have values; got parameters on device meta",
        ),
    ],
)
def test_whatever_a_model_does_the_others_are_measured(tmp_path, text, reason):
    pytest.importorskip("torch")
    study = run_beside_a_good_model(tmp_path, text)
    good, odd = study.models
    assert odd.problem.endswith(reason)
    assert [f.reason for f in study.failures] == [odd.problem]
    assert len(good.layers) == 2
    assert study.diagrams("good", "head", "scaled") is not None


def test_a_model_that_tracks_gradients_is_captured(tmp_path):
    pytest.importorskip("torch")
    study = run_beside_a_good_model(tmp_path, 'source = "py:nets.py:Tracks"')
    assert study.failures == ()
    assert [layer.name for layer in study.models[1].layers] == ["first", "head"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('source = "py:exits.py:Net"', "must name a file that can be imported; .*SystemExit: 0"),
        ('source = "py:nets.py:exits"', "must build a model from {}; it raised SystemExit: 0"),
        (
            'source = "py:nets.py:Net"\nmean = [1, 2, 3]',
            "`mean` must be one finite value, or one per channel",
        ),
    ],
)
def test_a_model_that_cannot_be_made_is_a_mistake_of_the_study(tmp_path, text, sentence):
    pytest.importorskip("torch")
    with pytest.raises(StudyError, match=rf'models\[2\] "odd": .*{sentence}'):
        run_beside_a_good_model(tmp_path, text)


def test_training_without_labels_is_found_before_anything_runs(tmp_path):
    pytest.importorskip("torch")
    np.savez(tmp_path / "data.npz", x_train=np.ones((40, 4)), x_test=np.ones((40, 4)))
    text = WITH_NET.replace('"digits"', '"npz:data.npz"')
    text = text.replace("Net", 'Net"\ntrain = { epochs = 1 }\nfamily = "f', 1)
    (tmp_path / "nets.py").write_text(NETS)
    path = write_study(tmp_path, text + 'source = "zoo:mlp"\n')
    with pytest.raises(StudyError, match="`train` must have samples with labels; `data` has none"):
        tl.run(path, tmp_path / "out", trust=True)


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ({"a": np.ones((40, 2), np.longdouble)}, "at most 64 bits; got dtype float128"),
        ({"a": np.ones((40, 2)), "readme.txt": "hello"}, "must hold arrays only; `readme.txt`"),
    ],
)
def test_ready_made_files_of_other_things_are_refused(tmp_path, layers, sentence):
    path = write_ready(tmp_path)
    texts = {name: layer for name, layer in layers.items() if isinstance(layer, str)}
    np.savez(tmp_path / "first.npz", **{n: a for n, a in layers.items() if n not in texts})
    with zipfile.ZipFile(tmp_path / "first.npz", "a") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    with pytest.raises(StudyError, match=sentence):
        tl.run(path, tmp_path / "out")


def test_the_exact_name_of_a_ready_made_layer_is_no_glob(tmp_path):
    np.savez(tmp_path / "first.npz", **{"h[0]": relu_layers(1)["layer0"], "h0": np.ones((60, 2))})
    few = 'name = "x"\nresamples = 0\ndescriptors = []\ncomparisons = []\n' + ONE
    study = tl.run(write_study(tmp_path, few + 'layers = ["h[0]"]\n'), tmp_path / "out")
    assert [layer.name for layer in study.models[0].layers] == ["h[0]"]
    with pytest.raises(StudyError, match=r"`layers` must leave a layer; got \['\*'\] without"):
        tl.run(write_study(tmp_path, few + 'exclude = ["h*"]\n'), tmp_path / "out")


@pytest.mark.parametrize(
    ("how", "largest"),
    [("median", 1e200), ("median", 1.7e308), ("minmax", 1.7e308), ("centred", 1.7e308)],
)
def test_values_too_large_to_normalise_are_refused_and_not_made_zero(how, largest):
    points = np.random.default_rng(0).uniform(0.5, 1, (20, 3))
    points[0] = -1 if how == "minmax" else 1
    with pytest.raises(InvalidInputError, match=rf"small enough for `how`='{how}'; sums of"):
        tl.normalise(points * largest, how)


QUICK = READY.replace("resamples = 2", "resamples = 0")


def test_a_place_that_cannot_be_a_folder_is_named(tmp_path):
    path = write_ready(tmp_path, QUICK)
    for place in (path, path / "below"):
        with pytest.raises(StoreError, match=rf"`{place}` cannot be made a folder: "):
            tl.run(path, place)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    path = write_ready(tmp_path, QUICK)
    (tmp_path / "out" / "study.json").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"study.json` cannot be written: Is a directory"):
        tl.run(path, tmp_path / "out")


@pytest.mark.parametrize(
    "record", ['{"format_version": 1}', '{"format_version": 1, "spec": {}}', "[1]", "nonsense"]
)
def test_an_index_of_something_else_is_replaced_and_not_read(tmp_path, record):
    (tmp_path / "study.json").write_text(record)
    with pytest.raises(StoreError, match=r"study\.json` (is|does) "):
        tl.Study(tmp_path)


def test_only_our_own_half_written_files_are_removed(tmp_path):
    path = write_ready(tmp_path, QUICK)
    out = tmp_path / "out"
    (out / "results").mkdir(parents=True)
    (out / "notes").mkdir()
    ours = [out / ".study.json.12-34.tmp", out / "results" / ".ab.safetensors.1-2.tmp"]
    theirs = [out / ".mine.tmp", out / "results" / ".mine.tmp", out / "notes" / ".a.1-2.tmp"]
    for file in ours + theirs:
        file.write_text("half")
    tl.run(path, out)
    assert not any(file.exists() for file in ours)
    assert all(file.exists() for file in theirs)


def test_a_bit_that_flipped_in_a_result_is_computed_again(tmp_path):
    path = write_ready(tmp_path, QUICK)
    study = tl.run(path, tmp_path / "out")
    before = result_bytes(study.root)
    for result in (study.root / "results").iterdir():
        content = bytearray(result.read_bytes())
        content[-1] ^= 1
        result.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="is damaged"):
        study.diagrams("first", "layer0", "raw")
    tl.run(path, study.root)
    assert result_bytes(study.root) == before


def test_damaged_weights_are_trained_again(tmp_path):
    pytest.importorskip("torch")
    path = write_study(tmp_path, TRAINED.replace("resamples = 2", "resamples = 0"))
    study = tl.run(path, tmp_path / "out")
    before = result_bytes(study.root)
    (weights,) = (study.root / "weights").iterdir()
    weights.write_bytes(weights.read_bytes()[:-40])
    next((study.root / "activations").rglob("part-*.safetensors")).unlink()
    assert tl.run(path, study.root).failures == ()
    assert result_bytes(study.root) == before
