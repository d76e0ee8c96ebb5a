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
