"""Texts become ids and a mask, and what does not fit a model is refused."""

import numpy as np
import pytest

from topolens.activations.data.samples import Samples
from topolens.activations.data.text.texts import Texts
from topolens.activations.data.text.tokenise import check_tokens_fit, has_texts, tokenise
from topolens.activations.data.text.tokenizers import open_tokenizer, tokenizer_mistake
from topolens.activations.data.text.word_tokenizer import learn_words
from topolens.base.errors import InvalidInputError

TEXTS = ["a b c d", "a", "b c"]


def samples_of(texts):
    ids = np.arange(len(texts))
    return Samples(Texts(texts), None, None, ids, {"source": "here", "count": len(texts)})


@pytest.fixture
def tokenizer():
    return learn_words(TEXTS, vocabulary=16)


@pytest.mark.parametrize("padding", ["right", "left"])
def test_shorter_texts_are_filled_up(tokenizer, padding):
    inputs = tokenise(samples_of(TEXTS), tokenizer, padding=padding).inputs
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    assert ids.shape == mask.shape == (3, 5)
    assert ids.dtype == mask.dtype == np.int64
    assert mask.sum(axis=1).tolist() == [5, 2, 3]
    assert mask[1].tolist() == ([1, 1, 0, 0, 0] if padding == "right" else [0, 0, 0, 1, 1])
    for row, text in enumerate(TEXTS):
        assert ids[row][mask[row] == 1].tolist() == tokenizer.encode(text)
        assert set(ids[row][mask[row] == 0]) <= {tokenizer.padding_id}


def test_longer_texts_are_cut_and_counted(tokenizer):
    made = tokenise(samples_of(TEXTS), tokenizer, max_tokens=3)
    assert made.inputs["input_ids"].shape == (3, 3)
    recorded = made.description["tokenizer"]
    assert recorded["truncated"] == 1
    assert (recorded["max_tokens"], recorded["padding"]) == (3, "right")
    assert recorded["key"] == tokenizer.description["key"]


def test_numbers_are_no_texts(tokenizer):
    numbers = Samples(np.zeros((2, 3)), None, None, np.arange(2), {})
    assert not has_texts(numbers)
    assert has_texts(samples_of(TEXTS))
    with pytest.raises(InvalidInputError, match="`inputs` must be texts for a `tokenizer`"):
        tokenise(numbers, tokenizer)
    with pytest.raises(InvalidInputError, match="`inputs` must be texts for a `tokenizer`"):
        tokenise(tokenise(samples_of(TEXTS), tokenizer), tokenizer)


def test_a_text_without_a_token():
    class Silent:
        padding_id, vocabulary_size, description = 0, 3, {}

        def encode(self, text, *, at_most=None):
            return [1] if text == "a" else []

    with pytest.raises(InvalidInputError, match="must have a token each; the text 1 has none"):
        tokenise(samples_of(["a", "b"]), Silent())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"max_tokens": 0}, "`max_tokens`"), ({"padding": "both"}, "`padding` must be one of")],
)
def test_options(tokenizer, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        tokenise(samples_of(TEXTS), tokenizer, **options)


def test_what_does_not_fit_a_model(tokenizer):
    pytest.importorskip("torch")
    from topolens.activations.networks.models import build_seeded

    made = tokenise(samples_of(TEXTS), tokenizer)
    small = {"width": 8, "depth": 1, "heads": 2}
    check_tokens_fit(build_seeded("zoo:text_encoder", {**small, "vocabulary": 16}), made)
    few = build_seeded("zoo:text_encoder", {**small, "vocabulary": 5})
    n_ids = tokenizer.vocabulary_size
    with pytest.raises(InvalidInputError, match=f"at most 5 ids, .* embeds; got {n_ids}"):
        check_tokens_fit(few, made)
    short = build_seeded("zoo:tiny_llama", {"vocabulary": 16, "max_tokens": 4})
    with pytest.raises(InvalidInputError, match=r"`max_tokens` must be at most 4, .* 5 tokens"):
        check_tokens_fit(short, made)
    check_tokens_fit(few, samples_of(TEXTS))


@pytest.mark.parametrize("source", ["letters", "pieces:", "hf:", "words:x"])
def test_addresses(tmp_path, source):
    with pytest.raises(
        InvalidInputError, match=r"`tokenizer` must be `words`, `pieces:FILE\.json`"
    ):
        open_tokenizer(source, base=tmp_path)
    assert tokenizer_mistake(source, base=tmp_path).startswith("must be `words`")
    assert tokenizer_mistake("pieces:none.json", base=tmp_path) == "there is no file `none.json`"
    assert tokenizer_mistake("words", base=tmp_path) is None
