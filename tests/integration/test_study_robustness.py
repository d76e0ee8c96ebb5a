"""What users, their models and their disks do wrong: said in a sentence, and nothing is lost."""

import pytest
from study_files import READY, write_ready, write_study

from topolens.base.errors import StudyError
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
                'comparisons[1] "sliced_wasserstein": `directions` must be an integer at least 1;',
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
