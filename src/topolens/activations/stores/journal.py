"""What was written since the manifest: one line per part, so that many parts stay cheap.

The manifest of a store with many layers is long; writing it anew for every part would cost the
square of their number. A line begins with a digest of the rest, so that one that a kill cut
short, or that changed later, is not believed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from topolens.activations.stores.manifest import PartRecord
from topolens.base.errors import StoreError
from topolens.base.files import append_durably

__all__ = ["JOURNAL", "note_part", "read_journal"]

JOURNAL = "parts.log"
_DIGEST_LENGTH = 16


def note_part(folder: Path, index: int, part: PartRecord) -> None:
    """Add the line of one part."""
    text = json.dumps({"index": index, **asdict(part)}, sort_keys=True)
    append_durably(folder / JOURNAL, f"{_digest(text)} {text}\n".encode())


def read_journal(folder: Path) -> tuple[dict[int, PartRecord], bool]:
    """Return the parts noted, and whether a line other than the last is damaged.

    Raises
    ------
    StoreError
        If the file is there and cannot be read.
    """
    path = folder / JOURNAL
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return {}, False
    except OSError as error:
        raise StoreError(f"`{path}` cannot be read: {error.strerror or error}") from None
    found = [_parse(line.decode("utf-8", "replace")) for line in lines]
    return dict(entry for entry in found if entry is not None), None in found


def _parse(line: str) -> tuple[int, PartRecord] | None:
    digest, _, text = line.partition(" ")
    if digest != _digest(text):
        return None
    record = json.loads(text)
    return record.pop("index"), PartRecord(**record)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
