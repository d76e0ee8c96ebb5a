"""Byte pair encoding by scored pieces."""

import json
from itertools import pairwise

import numpy as np
import pytest

from topolens.activations.data.text.piece_tokenizer import PieceTokenizer, read_piece_tokenizer
from topolens.base.errors import InvalidInputError

SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{value:02X}>" for value in range(256)]
WORDS = [" ", "a", "b", "c", "é", "ab", " a", "abc", "bc", " ab", "aa", " abc"]
PIECES = [*SPECIAL, *BYTES, *WORDS]
SCORES = [0.0] * (3 + 256) + [-9.0] * 5 + [-float(n) for n in range(len(WORDS) - 5)]


@pytest.fixture
def tokenizer():
    return PieceTokenizer(PIECES, SCORES)


def shown(tokenizer, text):
    return [PIECES[number] for number in tokenizer.encode(text)]


def merged_slowly(text):
    """Search the whole text for the best merge, again and again."""
    known = set(WORDS)
    parts = []
    for sign in f" {text}":
        parts += [sign] if sign in known else [f"<0x{byte:02X}>" for byte in sign.encode()]
    while True:
        pairs = ["".join(pair) for pair in pairwise(parts)]
        places = [n for n, pair in enumerate(pairs) if pair in known]
        if not places:
            return ["<s>", *parts]
        best = max(places, key=lambda n: SCORES[PIECES.index(pairs[n])])
        parts[best : best + 2] = [pairs[best]]


def test_by_hand(tokenizer):
    assert shown(tokenizer, "") == ["<s>"]
    assert shown(tokenizer, "abc") == ["<s>", " abc"]
    assert shown(tokenizer, "bcab") == ["<s>", " ", "bc", "ab"]
    assert shown(tokenizer, "aé漢") == ["<s>", " a", "é", "<0xE6>", "<0xBC>", "<0xA2>"]


def test_merges_as_a_search_over_the_whole_text_would(tokenizer):
    rng = np.random.default_rng(0)
    for length in range(60):
        text = "".join(rng.choice(list("abc é?"), size=length))
        if text:
            assert shown(tokenizer, text) == merged_slowly(text)


@pytest.mark.parametrize("text", ["", "abc", "a  b", " led by a space", "naïve 漢字\n\t€", "<s>"])
def test_decoding_gives_the_text_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_pieces_decide_the_key(tokenizer):
    other = PieceTokenizer([*PIECES[:-1], "new"], SCORES)
    assert tokenizer.description["key"] != other.description["key"]
    assert tokenizer.vocabulary_size == len(PIECES)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ("{", "`tokenizer` must be JSON"),
        ([], "must hold the lists `tokens` and `scores`"),
        ({"tokens": PIECES}, "has no `scores`"),
        ({"tokens": PIECES, "scores": ["a"]}, "must have numbers as `scores`"),
        ({"tokens": [1], "scores": [1.0]}, "must have text as `tokens`"),
        ({"tokens": PIECES, "scores": [1.0]}, "one score per piece; got 1 scores for 271 pieces"),
        ({"tokens": ["a"], "scores": [1.0]}, "the 256 bytes <0x00> to <0xFF> as pieces 3 to 258"),
    ],
)
def test_files_that_are_no_tokenizer(tmp_path, record, sentence):
    path = tmp_path / "tokens.json"
    path.write_text(record if isinstance(record, str) else json.dumps(record))
    with pytest.raises(InvalidInputError, match=sentence):
        read_piece_tokenizer(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InvalidInputError, match="`tokenizer` must name an existing file; got"):
        read_piece_tokenizer(tmp_path / "none.json")


def test_a_file_is_read(tmp_path):
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"tokens": PIECES, "scores": SCORES}))
    assert shown(read_piece_tokenizer(path), "abc") == ["<s>", " abc"]
