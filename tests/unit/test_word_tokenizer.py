"""The tokenizer that is learnt on the spot."""

import pytest

from topolens.activations.data.text.word_tokenizer import learn_words
from topolens.base.errors import InvalidInputError

TEXTS = ["The cat sat, the cat ran.", "the dog sat on the cat"]


def shown(tokenizer, text):
    return tokenizer.decode(tokenizer.encode(text)).split(" ")


def test_frequent_words_are_whole_and_others_fall_apart():
    tokenizer = learn_words(TEXTS, vocabulary=80)
    ids = tokenizer.encode("The cat!")
    assert ids[0] == 1
    assert len(ids) == 4
    assert ids[3] == 2  # the sign was never seen
    tac = tokenizer.encode("tac")
    assert len(tac) == 4
    assert tokenizer.decode(tac) == "tac"
    assert tokenizer.decode(tokenizer.encode("the Dog tac")) == "the dog tac"


def test_the_beginning_and_the_middle_of_a_word_differ():
    tokenizer = learn_words(["ab ba"] * 3, vocabulary=40)
    apart = tokenizer.encode("aab")
    assert len(apart) == 4
    assert apart[1] != apart[2]
    assert tokenizer.decode(apart) == "aab"


def test_the_vocabulary_is_at_most_what_was_asked():
    texts = [" ".join(f"w{number}" for number in range(100))]
    assert learn_words(texts, vocabulary=50).vocabulary_size == 50
    many = learn_words(TEXTS, vocabulary=10_000)
    assert many.vocabulary_size < 80
    signs = {word for word in many._words if len(word.removeprefix("##")) == 1}
    assert {"t", "##h", "."} <= signs


def test_equally_frequent_words_are_taken_in_the_order_of_the_alphabet():
    texts = ["cc bb aa"]
    first, second = (learn_words(t, vocabulary=20) for t in (texts, ["aa cc bb"]))
    assert first.description == second.description


def test_other_texts_have_another_key():
    first, second = (learn_words(t, vocabulary=40) for t in (TEXTS, TEXTS[:1]))
    assert first.description["key"] != second.description["key"]


def test_cut_to_a_length():
    assert len(learn_words(TEXTS, vocabulary=80).encode(TEXTS[0], at_most=3)) == 3


def test_mistakes():
    with pytest.raises(InvalidInputError, match="`vocabulary` must be an integer at least 16"):
        learn_words(TEXTS, vocabulary=2)
    with pytest.raises(InvalidInputError, match="`tokenizer` must be learnt from texts with words"):
        learn_words(["", " "], vocabulary=16)
