"""Names of outputs: found by name, refused where they are not clear."""

import numpy as np
import pytest

from topolens.activations.data.samples import Samples
from topolens.activations.networks.output_names import read_output_names, relabelled
from topolens.base.errors import InvalidInputError

OUTPUTS = ("background", "tench, Tinca tinca", "crane", "crane, lifting", "golf ball")


def samples_of(*classes, labels=None):
    numbers = np.arange(len(classes)) if labels is None else np.array(labels)
    return Samples(np.zeros((len(numbers), 2)), numbers, classes or None, numbers, {})


def test_labels_become_numbers_of_outputs():
    seen = relabelled(samples_of("Golf_Ball", "TENCH", labels=[1, 0, 1]), OUTPUTS)
    assert seen.labels.tolist() == [1, 4, 1]
    assert seen.classes == OUTPUTS


def test_only_classes_that_occur_must_be_named():
    assert relabelled(samples_of("tench", "cat", labels=[0]), OUTPUTS).labels.tolist() == [1]


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (
            ("tenhc",),
            "`outputs` must name every class of the data; `tenhc` is not there, .*`tench`",
        ),
        (("crane",), "`outputs` must name each class once; `crane` is in lines 3, 4"),
        ((), "`outputs` must go with classes that have names; `data` has none"),
    ],
)
def test_error_sentences(classes, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        relabelled(samples_of(*classes), OUTPUTS)


def test_files(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\ufeffone\n two, zwei \n")
    assert read_output_names(path) == ("one", "two, zwei")
    for content, sentence in (
        (b"\n\n", "a name per output; `names.txt` is empty"),
        (b"\xff", "readable text"),
    ):
        path.write_bytes(content)
        with pytest.raises(InvalidInputError, match=sentence):
            read_output_names(path)
