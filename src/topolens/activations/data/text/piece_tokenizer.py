"""Byte pair encoding from a list of pieces and their scores, as small Llama models come with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from topolens.base.errors import InvalidInputError
from topolens.base.hashing import content_key

__all__ = ["PieceTokenizer", "read_piece_tokenizer"]

_BEGIN = 1
_FIRST_BYTE = 3
_N_BYTES = 256
_GONE = -1
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_LARGEST_FILE = 64 << 20


class PieceTokenizer:
    """Merges the pair of neighbours whose joined piece scores highest until none is left.

    Piece 0 is for unknown signs, 1 begins a text, 2 ends one, and pieces 3 to 258 are the 256
    bytes, into which signs that are no piece fall apart. A text begins with a space, as in
    SentencePiece (Kudo and Richardson, EMNLP 2018), so that its first word is like any other.

    Parameters
    ----------
    pieces : sequence of str
        Text of each token id.
    scores : sequence of float
        Merges of higher score come first.

    Raises
    ------
    InvalidInputError
        If they differ in number, or pieces 3 to 258 are not the bytes.
    """

    padding_id = 0

    def __init__(self, pieces: Sequence[str], scores: Sequence[float]) -> None:
        if len(pieces) != len(scores):
            raise InvalidInputError(
                f"`tokenizer` must have one score per piece; got {len(scores)} scores for "
                f"{len(pieces)} pieces"
            )
        bytes_ = [f"<0x{value:02X}>" for value in range(_N_BYTES)]
        if list(pieces[_FIRST_BYTE : _FIRST_BYTE + _N_BYTES]) != bytes_:
            raise InvalidInputError(
                "`tokenizer` must have the 256 bytes <0x00> to <0xFF> as pieces 3 to 258; "
                f"got {len(pieces)} pieces without them"
            )
        self._pieces, self._scores = list(pieces), list(scores)
        first = _FIRST_BYTE + _N_BYTES
        # The first of equal pieces wins, as in a search from the beginning.
        self._ids = {piece: n for n, piece in reversed(list(enumerate(pieces))) if n >= first}

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        return len(self._pieces)

    @property
    def description(self) -> dict[str, Any]:
        """What it is, with a digest of its pieces and scores."""
        record = {"pieces": self._pieces, "scores": self._scores}
        return {"kind": "pieces", "vocabulary": len(self._pieces), "key": content_key(record)}

    def encode(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Return the ids of a text, the beginning's first, and no more than `at_most`."""
        ids = [i for sign in f" {text}" for i in self._ids_of_sign(sign)] if text else []
        return [_BEGIN, *self._joined(ids)][:at_most]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; pieces 0 to 2 have none."""
        raw = b"".join(self._bytes_of(number) for number in ids if number >= _FIRST_BYTE)
        return raw.decode(errors="replace").removeprefix(" ")

    def _ids_of_sign(self, sign: str) -> list[int]:
        if sign in self._ids:
            return [self._ids[sign]]
        return [_FIRST_BYTE + byte for byte in sign.encode()]

    def _joined(self, ids: list[int]) -> list[int]:
        """Merge until nothing merges; a heap of candidates, stale ones thrown away on sight."""
        left, right = list(range(-1, len(ids) - 1)), list(range(1, len(ids) + 1))
        heap: list[tuple[float, int, int, int]] = []

        def propose(place: int) -> None:
            after = right[place] if place >= 0 else len(ids)
            if after < len(ids) and (merged := self._merged(ids[place], ids[after])):
                # Equal scores: the leftmost first.
                heappush(heap, (-self._scores[merged], place, after, merged))

        for place in range(len(ids) - 1):
            propose(place)
        while heap:
            _, place, after, merged = heappop(heap)
            if right[place] != after or self._merged(ids[place], ids[after]) != merged:
                continue
            ids[place], ids[after], right[place] = merged, _GONE, right[after]
            if right[after] < len(ids):
                left[right[after]] = place
            propose(left[place])
            propose(place)
        return [number for number in ids if number != _GONE]

    def _merged(self, first: int, second: int) -> int:
        if _GONE in (first, second):
            return 0
        return self._ids.get(self._pieces[first] + self._pieces[second], 0)

    def _bytes_of(self, number: int) -> bytes:
        piece = self._pieces[number]
        match = _BYTE.fullmatch(piece)
        return bytes([int(match[1], 16)]) if match else piece.encode()


def read_piece_tokenizer(path: Path) -> PieceTokenizer:
    """Read a JSON file with `tokens`, a list of text, and `scores`, a list of numbers.

    Raises
    ------
    InvalidInputError
        If the file is missing, is no JSON, or lacks one of the lists.
    """
    if not path.is_file():
        raise InvalidInputError(f"`tokenizer` must name an existing file; got `{path}`")
    if path.stat().st_size > _LARGEST_FILE:
        raise InvalidInputError(f"`tokenizer` must be at most 64 MiB; `{path}` is larger")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError(f"`tokenizer` must be JSON; `{path}` is not ({reason})") from None
    pieces, scores = (_list_in(record, name, path) for name in ("tokens", "scores"))
    if not all(isinstance(piece, str) for piece in pieces):
        raise InvalidInputError(
            f"`tokenizer` must have text as `tokens`; `{path}` has other values"
        )
    if not all(isinstance(score, int | float) for score in scores):
        raise InvalidInputError(f"`tokenizer` must have numbers as `scores`; `{path}` has others")
    return PieceTokenizer(pieces, [float(score) for score in scores])


def _list_in(record: object, name: str, path: Path) -> list[Any]:
    found = record.get(name) if isinstance(record, dict) else None
    if not isinstance(found, list):
        raise InvalidInputError(
            f"`tokenizer` must hold the lists `tokens` and `scores`; `{path}` has no `{name}`"
        )
    return found
