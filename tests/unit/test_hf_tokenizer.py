"""Tokenizers of transformers, from a folder."""

import json

import pytest

pytest.importorskip("transformers")

from topolens.activations.data.text.tokenizers import open_tokenizer
from topolens.base.errors import InvalidInputError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "good", "##s", "!"]


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "bert"
    place.mkdir()
    (place / "vocab.txt").write_text("\n".join(WORDS))
    (place / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    return place


def test_a_folder(folder):
    tokenizer = open_tokenizer("hf:bert", base=folder.parent)
    assert tokenizer.encode("A good films!") == [2, 5, 7, 6, 8, 9, 3]
    assert tokenizer.encode("A good films!", at_most=4) == [2, 5, 7, 3]
    assert tokenizer.padding_id == 0
    assert tokenizer.vocabulary_size == len(WORDS)
    assert tokenizer.description["vocabulary"] == len(WORDS)


def test_files_decide_the_key(folder):
    first = open_tokenizer("hf:bert", base=folder.parent).description["key"]
    (folder / "vocab.txt").write_text("\n".join([*WORDS, "new"]))
    assert open_tokenizer("hf:bert", base=folder.parent).description["key"] != first


def test_a_folder_without_a_tokenizer(tmp_path):
    (tmp_path / "empty").mkdir()
    for place in ("empty", "nowhere", "./a/b"):
        with pytest.raises(InvalidInputError, match="`tokenizer` must be hf:FOLDER with a"):
            open_tokenizer(f"hf:{place}", base=tmp_path)


def test_a_damaged_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(
        InvalidInputError, match="must be one that transformers can read; `hf:bert`"
    ):
        open_tokenizer("hf:bert", base=folder.parent)


def test_the_hub_is_not_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(InvalidInputError, match="must lie in the local cache; pass `--download`"):
        open_tokenizer("hf:nobody/nothing", base=tmp_path)


def test_fewer_tokens_than_the_special_ones(folder):
    tokenizer = open_tokenizer("hf:bert", base=folder.parent)
    assert tokenizer.encode("A good films!", at_most=1) == [2]


def saved(folder, words, unknown=None):
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=unknown))
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def test_a_word_without_an_id(tmp_path):
    saved(tmp_path / "few", {"film": 0})
    tokenizer = open_tokenizer("hf:few", base=tmp_path)
    assert tokenizer.encode("film") == [0]
    rule = "`tokenizer` must have ids for every text; for 'novel' it raised Exception: WordLevel"
    with pytest.raises(InvalidInputError, match=rule):
        tokenizer.encode("novel")


def test_a_tokenizer_without_tokens(tmp_path):
    saved(tmp_path / "none", {})
    with pytest.raises(InvalidInputError, match="must have a token at least; `hf:none` has none"):
        open_tokenizer("hf:none", base=tmp_path)
