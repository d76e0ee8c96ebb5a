"""A tokenizer learnt on the spot: frequent words whole, all others letter by letter."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.hashing import content_key

__all__ = ["WordTokenizer", "learn_words"]

_SPECIAL = ("[pad]", "[begin]", "[unknown]")
_PADDING, _BEGIN, _UNKNOWN = range(3)
_WORD = re.compile(r"\w+|[^\w\s]")
_INSIDE = "##"
_LARGEST_ALPHABET = 0.25
"""Largest share of the vocabulary that single signs may take."""


class WordTokenizer:
    """Splits at spaces and punctuation, lower case; see `learn_words`.

    Parameters
    ----------
    words : sequence of str
        Words, and signs inside a word as ``##x``; their ids follow those of padding (0), the
        beginning of a text (1) and signs never seen (2).
    """

    padding_id = _PADDING

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [*_SPECIAL, *words]
        self._ids = {word: number for number, word in enumerate(self._words)}

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        return len(self._words)

    @property
    def description(self) -> dict[str, Any]:
        """What it is, with a digest of its words."""
        key = content_key({"words": self._words})
        return {"kind": "words", "vocabulary": len(self._words), "key": key}

    def encode(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Return the ids of a text, the beginning's first, and no more than `at_most`."""
        ids = (number for word in _words_of(text) for number in self._ids_of(word))
        return [_BEGIN, *ids][:at_most]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the words of ids with spaces between."""
        words = (self._words[number] for number in ids if number not in (_PADDING, _BEGIN))
        return " ".join(words).replace(f" {_INSIDE}", "")

    def _ids_of(self, word: str) -> list[int]:
        if word in self._ids:
            return [self._ids[word]]
        return [self._ids.get(sign, _UNKNOWN) for sign in _signs_of(word)]


def learn_words(texts: Iterable[str], *, vocabulary: int) -> WordTokenizer:
    """Learn a tokenizer: the signs of the texts, then their most frequent words.

    Of equally frequent words those that come first in the alphabet are taken; equal texts give
    equal tokenizers. Signs take a quarter of the vocabulary at most.

    Parameters
    ----------
    texts : iterable of str
    vocabulary : int
        Most token ids, at least 16; there are fewer where the texts have fewer words.

    Raises
    ------
    InvalidInputError
        If the texts hold no word.
    """
    check_integer(vocabulary, "vocabulary", at_least=16)
    words, signs = Counter[str](), Counter[str]()
    for text in texts:
        words.update(_words_of(text))
    for word, count in words.items():
        for sign in word:
            signs[sign] += count
    if not words:
        raise InvalidInputError("`tokenizer` must be learnt from texts with words; got none")
    known_signs = _most_frequent(signs, int(vocabulary * _LARGEST_ALPHABET / 2))
    # A letter may stand inside a word that no text has; other signs are always alone.
    alphabet = [*known_signs, *(f"{_INSIDE}{sign}" for sign in known_signs if _is_letter(sign))]
    known = set(alphabet)
    frequent = [word for word in _most_frequent(words, vocabulary) if word not in known]
    return WordTokenizer([*alphabet, *frequent][: vocabulary - len(_SPECIAL)])


def _words_of(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def _signs_of(word: str) -> list[str]:
    return [word[0], *(f"{_INSIDE}{sign}" for sign in word[1:])]


def _is_letter(sign: str) -> bool:
    return re.fullmatch(r"\w", sign) is not None


def _most_frequent(counts: Counter[str], size: int) -> list[str]:
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]
