"""A study file is read whole: all mistakes at once, each with its place."""

import pytest
from study_files import READY, write_ready, write_study

from topolens.base.errors import StudyError
from topolens.study.reading import read_study

DIGITS = """\
name = "digits"
[data]
source = "digits"
[[models]]
name = "cnn"
source = "zoo:small_cnn"
"""


def mistakes(folder, text, **settings):
    with pytest.raises(StudyError) as caught:
        read_study(write_study(folder, text), **settings)
    return caught.value.mistakes


def test_defaults_measure_the_usual(tmp_path):
    spec = read_study(write_study(tmp_path, DIGITS)).spec
    assert [d.label for d in spec.descriptors] == [
        *("lifespan_sum H0", "lifespan_sum H1", "bar_count H0", "bar_count H1"),
        *("persistent_entropy H0", "persistent_entropy H1"),
    ]
    assert [c.label for c in spec.comparisons] == [
        *("sliced_wasserstein H1", "sliced_wasserstein H0", "linear_cka")
    ]
    assert [(c.name, c.normalise, c.points) for c in spec.clouds] == [("scaled", "median", None)]


def test_parameters_of_operations_become_part_of_their_label(tmp_path):
    text = 'descriptors = [{ name = "lifespan_sum", dimension = 1, alpha = 2 }]\n' + DIGITS
    (chosen,) = read_study(write_study(tmp_path, text)).spec.descriptors
    assert (chosen.label, chosen.params) == ("lifespan_sum(alpha=2) H1", {"alpha": 2})


def test_all_mistakes_are_named_at_once_with_their_places(tmp_path):
    text = """\
name = "wrong"
comparisons = ["linear_cca"]
descriptors = [{ name = "lifespan_sum", dimension = 1, alfa = 2 }]
[data]
source = "npz:missing.npz"
[[models]]
name = "a"
source = "zoo:small_cnn"
weigths = "w.safetensors"
[[models]]
name = "a"
source = "zoo:small_cnn"
weights = "nowhere.safetensors"
[[clouds]]
name = "c"
points = 3
normalise = "maximum"
"""
    assert mistakes(tmp_path, text) == (
        'clouds[1] "c".normalise: must be one of `none`, `centred`, `median`, `mean`, '
        "`quantile`, `minmax`, `zscore`, `unit_norm`; got 'maximum'",
        'clouds[1] "c".points: must be greater than or equal to 16; got 3',
        "comparisons[1]: no metric is called `linear_cca`; did you mean `linear_cka`?",
        "data.source: there is no file `missing.npz`",
        'descriptors[1] "lifespan_sum": `lifespan_sum` has no parameter `alfa`; '
        "it has alpha, factor, longer_than",
        'models[1] "a": has no key `weigths`; did you mean `weights`?',
        'models[2] "a".weights: there is no file `nowhere.safetensors`',
        "models[2]: the name `a` is models[1]'s already",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = 3\n" + DIGITS[16:], "name: must be a valid string; got 3"),
        (DIGITS.replace('name = "digits"\n', ""), "the file: must have `name`"),
        ('name = "x"\nmodels = []\n', "models: must hold at least one"),
        (
            DIGITS + 'activations = "a.npz"\n',
            'models[1] "cnn": must have either `source` or `activations`',
        ),
        (
            'name = "x"\n[[models]]\nname = "m"\nsource = "zoo:mlp"\n',
            'models[1] "m": needs a [data] table to be shown samples',
        ),
        (
            'descriptors = [{ name = "bar_count", dimension = 2 }]\n' + DIGITS,
            'descriptors[1] "bar_count": dimension 2 is above max_dim = 1',
        ),
        (
            'descriptors = ["bar_count"]\n' + DIGITS,
            "descriptors[1]: `bar_count` needs a `dimension` (0, 1 or 2)",
        ),
        (
            'comparisons = [{ name = "linear_cka", dimension = 1 }]\n' + DIGITS,
            'comparisons[1] "linear_cka": `linear_cka` works on points and takes no `dimension`',
        ),
        (
            DIGITS.replace('"digits"\n[[', '"webdataset:x"\n[['),
            "data.source: must be one of `",
        ),
        (
            DIGITS.replace('"digits"\n[[', '"npz:${NO_SUCH_FOLDER}/x.npz"\n[['),
            "data.source: `source` must name variables that are set; got "
            "'${NO_SUCH_FOLDER}/x.npz', and the environment has no `NO_SUCH_FOLDER`",
        ),
    ],
)
def test_each_mistake_has_a_sentence(tmp_path, text, sentence):
    assert any(line.startswith(sentence) for line in mistakes(tmp_path, text))


def test_code_is_loaded_only_when_trusted(tmp_path):
    text = DIGITS.replace("zoo:small_cnn", "py:net.py:build")
    assert mistakes(tmp_path, text) == (
        'models[1] "cnn": py:net.py:build is code to load; pass --trust if you trust it',
    )
    assert read_study(write_study(tmp_path, text), trust=True).trust


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = ", "is not TOML"),
        (b"name = '\xff'", "is not UTF-8 text"),
    ],
)
def test_files_that_are_no_study(tmp_path, content, sentence):
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=sentence):
        read_study(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"nowhere\.toml: 1 mistake\n  cannot be read"):
        read_study(tmp_path / "nowhere.toml")


def test_ready_made_activations_need_no_data_table(tmp_path):
    assert read_study(write_ready(tmp_path, READY)).spec.data is None


def test_a_variable_that_is_not_set_is_one_mistake(tmp_path, monkeypatch):
    monkeypatch.delenv("TOPOLENS_NOWHERE", raising=False)
    models = "".join(
        f'[[models]]\nname = "{name}"\nsource = "zoo:mlp"\n'
        f'weights = "${{TOPOLENS_NOWHERE}}/{name}.safetensors"\n'
        for name in ("a", "b")
    )
    path = tmp_path / "study.toml"
    path.write_text(
        'name = "s"\n[data]\nsource = "npz:${TOPOLENS_NOWHERE}/x.npz"\n'
        + models
        + '[[clouds]]\nname = "all"\n'
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("`TOPOLENS_NOWHERE` must be set in the environment; ")
    for place in ("data.source", 'models[1] "a".weights', 'models[2] "b".weights'):
        assert place in mistake
