"""Studies of sentences: trained, captured, reported, and every mistake named before the run."""

import csv

import pytest

pytest.importorskip("torch")

from study_files import write_study

from topolens.base.errors import TopolensError
from topolens.report.facts import method_lines
from topolens.study.preview import preview
from topolens.study.reading import read_study
from topolens.study.run import run
from topolens.study.shown import text_doubts

STUDY = """\
name = "sentences"
resamples = 1

[data]
source = "csv:dev.csv"
count = 40
tokenizer = { source = "words", vocabulary = 60, max_tokens = 6 }

[capture]
layers = ["blocks.?", "pooled"]
batch_size = 16

[[models]]
name = "encoder"
source = "zoo:text_encoder"
args = { vocabulary = 60, width = 8, heads = 2 }
train = { source = "csv:train.csv", epochs = 12, learning_rate = 0.02 }

[[models]]
name = "decoder"
source = "zoo:text_decoder"
args = { vocabulary = 60, width = 8, heads = 2 }
tokenizer = { source = "words", vocabulary = 60, max_tokens = 20, padding = "left" }
train = { source = "csv:train.csv", epochs = 1 }
"""


@pytest.fixture
def folder(tmp_path):
    for name, n_rows in (("train", 80), ("dev", 44)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["label", "text"])
            for row in range(n_rows):
                words = ["the", "film", "<b>was</b>"][: 1 + row % 3]
                writer.writerow([row % 2, " ".join(["bad", "good"][row % 2 :][:1] + words)])
            writer.writerow([0, "  "])
    return tmp_path


def planned(folder, text):
    return preview(read_study(write_study(folder, text)), folder / "out")


def test_a_study_of_sentences(folder):
    study = run(write_study(folder, STUDY), folder / "out")
    encoder, decoder = study.models
    assert not study.failures
    assert encoder.accuracy > 0.9
    assert decoder.accuracy is not None
    assert [layer.name for layer in encoder.layers] == ["blocks.0", "blocks.1", "pooled"]
    assert all(layer.n_rows == 40 for layer in encoder.layers)
    spoken = "\n".join(study.warnings)
    assert "`encoder` saw 13 of 40 texts only up to max_tokens = 6." in spoken
    assert "`decoder` saw" not in spoken
    assert "1 blank text of `csv:dev.csv` was left out." in spoken
    assert dict(method_lines(study))["Tokens"].startswith("Texts are split by a tokenizer of ")
    captures = study.provenance["captures"]
    recorded = {name: captures[name]["data"]["tokenizer"] for name in ("encoder", "decoder")}
    assert recorded["encoder"]["key"] == recorded["decoder"]["key"]
    assert (recorded["decoder"]["padding"], recorded["decoder"]["max_tokens"]) == ("left", 20)


def test_other_training_sentences_are_another_model(folder):
    first = planned(folder, STUDY)
    assert "train        encoder: 12 epochs, seed 0 (to do)" in first
    run(folder / "study.toml", folder / "out")
    assert "(done)" in "\n".join(planned(folder, STUDY))
    with (folder / "train.csv").open("a") as stream:
        stream.write("1,fine\n")
    assert "(done)" not in "\n".join(planned(folder, STUDY))


def test_a_model_from_a_configuration(folder):
    pytest.importorskip("transformers")
    head, _ = STUDY.split("[[models]]", 1)
    model = """\
[[models]]
name = "bert"
source = "hf:bert"
layers = ["bert.encoder.layer.?", "classifier"]

[models.args]
head = "sequence_classification"
vocab_size = 60
hidden_size = 8
num_hidden_layers = 2
num_attention_heads = 2
intermediate_size = 8
"""
    study = run(write_study(folder, head + model), folder / "out")
    assert not study.failures
    assert [layer.n_rows for layer in study.models[0].layers] == [40] * 3
    assert 0 <= study.models[0].accuracy <= 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"words", vocabulary = 60, max_tokens = 6',
            '"letters"',
            "data.tokenizer: must be `words`",
        ),
        ('"csv:train.csv", epochs = 1 ', '"csv:t.csv", epochs = 1 ', "train: there is no file `t"),
        ("max_tokens = 6", "max_token = 6", "data.tokenizer: has no key `max_token`"),
        ("vocabulary = 60, max_tokens = 6", "vocabulary = 4", "greater than or equal to 16"),
        ('tokenizer = { source = "words", vocabulary = 60, max_tokens = 6 }', "", "for texts"),
        ("args = { vocabulary = 60", "args = { vocabulary = 10", "must have at most 10 ids"),
        ("heads = 2 }", "heads = 2, max_tokens = 4 }", "`max_tokens` must be at most 4"),
        ('source = "csv:train.csv", epochs = 12', "epochs = 12", "`train` must have a `source`"),
        ('"csv:dev.csv"', '"digits"', "`inputs` must be texts for a `tokenizer`"),
        ("count = 40", 'labels = "class"', "has no `class`"),
        ('"csv:dev.csv"', '"csv:none.csv"', "data.source: there is no file `none.csv`"),
    ],
)
def test_mistakes_are_named_before_the_run(folder, old, new, sentence):
    assert old in STUDY
    with pytest.raises(TopolensError) as caught:
        planned(folder, STUDY.replace(old, new))
    assert sentence in str(caught.value)


def test_what_became_of_texts_is_said_once():
    cut = {"count": 9, "tokenizer": {"truncated": 2, "max_tokens": 4}}
    fact = "saw 2 of 9 texts only up to max_tokens = 4."
    assert text_doubts({"a": cut, "b": cut}) == [f"All models {fact}"]
    assert text_doubts({"a": cut}) == [f"`a` {fact}"]
    assert text_doubts({"a": cut, "b": cut, "c": cut, "d": {}}) == [f"`a`, `b` and `c` {fact}"]
    blank = {"blank": 2, "source": "csv:x.csv"}
    assert text_doubts({"a": blank, "b": {}}) == ["2 blank texts of `csv:x.csv` were left out."]
