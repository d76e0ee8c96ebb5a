"""Tokenizers of Hugging Face transformers, from local files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from topolens.activations.networks.image_libraries import imported_library
from topolens.base.errors import InvalidInputError
from topolens.base.files import expand_path
from topolens.base.hashing import content_key, file_digest

__all__ = ["load_hf_tokenizer"]

_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
_SHOWN = 40


class HfTokenizer:
    """A tokenizer of transformers, with its special tokens."""

    def __init__(self, tokenizer: Any, key: str) -> None:  # noqa: ANN401  of transformers
        self._tokenizer = tokenizer
        self._key = key

    @property
    def padding_id(self) -> int:
        """Id that fills short texts up; the mask hides it, so any will do where there is none."""
        return int(self._tokenizer.pad_token_id or 0)

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids, added tokens included."""
        numbers: dict[str, int] = self._tokenizer.get_vocab()
        return max(numbers.values()) + 1

    @property
    def description(self) -> dict[str, Any]:
        """What it is, with a digest of its files."""
        kind = type(self._tokenizer).__name__
        return {"kind": f"hf:{kind}", "vocabulary": self.vocabulary_size, "key": self._key}

    def encode(self, text: str, *, at_most: int | None = None) -> list[int]:
        """Return the ids of a text; a cut one keeps the special token at its end.

        Raises
        ------
        InvalidInputError
            If the tokenizer cannot tell them, as one without an id for unknown words.
        """
        cut = {} if at_most is None else {"truncation": True, "max_length": at_most}
        try:
            ids: list[int] = self._tokenizer(text, verbose=False, **cut)["input_ids"]
        except Exception as error:  # the compiled ones raise `Exception` itself
            shown = repr(text[:_SHOWN])
            raise InvalidInputError(
                f"`tokenizer` must have ids for every text; for {shown} it raised {_reason(error)}"
            ) from error
        # Where not even the special tokens fit, transformers cuts nothing.
        return ids[:at_most]


def load_hf_tokenizer(address: str, *, base: Path, download: bool = False) -> HfTokenizer:
    """Load the tokenizer in a folder, or of ``ORG/NAME`` in the local cache.

    With `download`, the hub is asked for ``ORG/NAME``.

    Raises
    ------
    InvalidInputError
        If there is none, or it cannot be read.
    MissingDependencyError
        If transformers is not installed.
    """
    transformers = imported_library("transformers", "hf", f"tokenizer hf:{address}")
    folder = expand_path(address, base=base, name="tokenizer")
    files = [folder / name for name in _FILES if (folder / name).is_file()]
    if not files and (folder.is_dir() or address.count("/") != 1 or address[0] in "./~$"):
        raise InvalidInputError(
            "`tokenizer` must be hf:FOLDER with a tokenizer.json or vocab.txt, or hf:ORG/NAME; "
            f"got 'hf:{address}'"
        )
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            str(folder) if files else address,
            local_files_only=bool(files) or not download,
            trust_remote_code=False,
        )
    except Exception as error:  # what its readers raise on damaged files is not documented
        raise InvalidInputError(_unreadable(address, files, error, download=download)) from error
    if not tokenizer.get_vocab():
        raise InvalidInputError(f"`tokenizer` must have a token at least; `hf:{address}` has none")
    digests = {path.name: file_digest(path) for path in files}
    return HfTokenizer(tokenizer, content_key(digests or {"vocabulary": tokenizer.get_vocab()}))


def _unreadable(address: str, files: list[Path], error: Exception, *, download: bool) -> str:
    reason = _reason(error)
    if files or download:
        return f"`tokenizer` must be one that transformers can read; `hf:{address}` raised {reason}"
    return (
        f"`tokenizer` hf:{address} must lie in the local cache; pass `--download` (in Python: "
        f"download=True) to fetch it ({reason})"
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
