"""A tokenizer from its address: learnt on the spot, from a file of pieces, or of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from topolens.activations.data.text.piece_tokenizer import read_piece_tokenizer
from topolens.activations.data.text.word_tokenizer import learn_words
from topolens.base.errors import InvalidInputError
from topolens.base.files import expand_path

__all__ = ["Tokenizer", "open_tokenizer", "tokenizer_mistake"]


class Tokenizer(Protocol):
    """Turns a text into token ids."""

    @property
    def padding_id(self) -> int:
        """Id that fills short texts up."""

    @property
    def vocabulary_size(self) -> int:
        """Number of ids; all are below it."""

    @property
    def description(self) -> dict[str, Any]:
        """What decides the ids, without paths; `vocabulary` is among it."""

    def encode(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Return the ids of a text, cut where it has more than so many."""


def open_tokenizer(
    source: str,
    *,
    learn_from: Sequence[str] = (),
    vocabulary: int = 4000,
    base: Path = Path(),
    download: bool = False,
) -> Tokenizer:
    """Make the tokenizer that an address means.

    Parameters
    ----------
    source : str
        ``words``, learnt here from `learn_from` as `learn_words` does; ``pieces:FILE.json``, as
        `read_piece_tokenizer` reads; or ``hf:FOLDER``, ``hf:ORG/NAME``, of transformers.
    learn_from : sequence of str
        Texts that ``words`` is learnt from.
    vocabulary : int, default 4000
        Most token ids of ``words``.
    base : Path
        Folder that relative paths start from.
    download : bool, default False
        Allow fetching ``hf:ORG/NAME`` over the network.

    Raises
    ------
    InvalidInputError
        If the address is none of these, or what it names is not a tokenizer.
    MissingDependencyError
        If transformers is needed and not installed.
    """
    kind, _, place = source.partition(":")
    if source == "words":
        return learn_words(learn_from, vocabulary=vocabulary)
    if kind == "pieces" and place:
        return read_piece_tokenizer(expand_path(place, base=base, name="tokenizer"))
    if kind == "hf" and place:
        from topolens.activations.data.text.hf_tokenizer import load_hf_tokenizer

        return load_hf_tokenizer(place, base=base, download=download)
    raise InvalidInputError(f"`tokenizer` {_rule(source)}")


def tokenizer_mistake(source: str, *, base: Path) -> str | None:
    """Say what is wrong with an address before it is opened: no such kind, or no such file."""
    kind, _, place = source.partition(":")
    if source != "words" and (kind not in ("pieces", "hf") or not place):
        return _rule(source)
    if kind != "pieces":
        return None
    try:
        there = expand_path(place, base=base, name="tokenizer").is_file()
    except InvalidInputError as error:
        return str(error)
    return None if there else f"there is no file `{place}`"


def _rule(source: str) -> str:
    return f"must be `words`, `pieces:FILE.json` or `hf:FOLDER`; got {source!r}"
