"""Encoded images: files in a folder, or members of a zip that is never unpacked."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topolens.activations.data.images.decoding import MAX_BYTES, decode_image, image_size
from topolens.base.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FolderFiles", "ZipFiles"]

_MAX_RATIO = 1100
"""No honest deflate stream grows more than 1032 times (its shortest code repeats 258 bytes)."""


@dataclass(frozen=True, slots=True)
class _Facts:
    digest: str
    size: tuple[int, int]


_known: dict[Hashable, _Facts] = {}
"""Facts by file, its length and time of change: several models of a study see the same images."""


class _EncodedImages(ABC):
    """Images by number, from bytes that a subclass reads."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def name(self, number: int) -> str:
        return self._names[number]

    def image(self, number: int) -> Image:
        content = self._read(self._names[number])
        if hashlib.sha256(content).hexdigest() != self.digest(number):
            raise InvalidInputError(
                f"`{self._names[number]}` must stay as it is during a run; it has changed"
            )
        return decode_image(content, self._names[number])

    def size(self, number: int) -> tuple[int, int]:
        return self._facts(number).size

    def digest(self, number: int) -> str:
        return self._facts(number).digest

    def _facts(self, number: int) -> _Facts:
        name = self._names[number]
        key = self._identity(name)
        if key not in _known:
            content = self._read(name)
            _known[key] = _Facts(hashlib.sha256(content).hexdigest(), image_size(content, name))
        return _known[key]

    @abstractmethod
    def _identity(self, name: str) -> Hashable:
        """Return what changes when the file does."""

    @abstractmethod
    def _read(self, name: str) -> bytes:
        """Return the bytes of the file."""


class FolderFiles(_EncodedImages):
    """Files below a folder."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        super().__init__(names)
        self._folder = folder

    def _identity(self, name: str) -> Hashable:
        try:
            found = (self._folder / name).stat()
        except OSError as error:
            raise InvalidInputError(_unreadable(name, error.strerror)) from None
        return str(self._folder), name, found.st_size, found.st_mtime_ns

    def _read(self, name: str) -> bytes:
        try:
            with (self._folder / name).open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise InvalidInputError(_unreadable(name, error.strerror)) from None
        return _bounded(content, name)


class ZipFiles(_EncodedImages):
    """Members of a zip, read one at a time into memory."""

    def __init__(self, archive: ZipMembers, names: Sequence[str]) -> None:
        super().__init__(names)
        self._archive = archive

    def _identity(self, name: str) -> Hashable:
        return *self._archive.identity, name

    def _read(self, name: str) -> bytes:
        return self._archive.read(name)


class ZipMembers:
    """The names in a zip, and their bytes.

    Raises
    ------
    InvalidInputError
        If the file is no zip, is damaged, or holds what no honest one does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
            found = path.stat()
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise InvalidInputError(
                f"`source` must be a readable zip; `{path}` is none, or damaged ({error})"
            ) from None
        self.identity = (str(path), found.st_size, found.st_mtime_ns)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            self._add(member)
        declared = sum(member.file_size for member in self._members.values())
        if declared > _MAX_RATIO * found.st_size:
            raise InvalidInputError(
                f"`source` must be an honest zip; `{path.name}` has {found.st_size:,} bytes and "
                f"declares {declared:,}"
            )

    @property
    def names(self) -> list[str]:
        """Names of all members; those of folders end with a slash."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """Return the content of one member."""
        member = self._members[name]
        if member.file_size > MAX_BYTES:
            raise InvalidInputError(_too_long(name, member.file_size))
        try:
            with self._zip.open(member) as stream:
                return _bounded(stream.read(MAX_BYTES + 1), name)
        except InvalidInputError:
            raise
        except Exception as error:  # noqa: BLE001  damaged bytes raise anything
            raise InvalidInputError(
                f"`source` must be an undamaged zip; `{name}` in `{self._path.name}` cannot be "
                f"read ({error})"
            ) from None

    def _add(self, member: zipfile.ZipInfo) -> None:
        name, rule = member.filename, None
        if name in self._members:
            rule = "hold each name once"
        elif name.startswith("/") or ".." in name.split("/") or "\\" in name:
            rule = "hold names below its own folder only"
        elif stat.S_ISLNK(member.external_attr >> 16):
            rule = "hold files and no links"
        elif member.flag_bits & 1:
            rule = "not be encrypted"
        elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Python's other decompressors cannot be told to stop at a size.
            rule = "be stored or deflated, as nearly all zips are"
        if rule is not None:
            raise InvalidInputError(f"`source` must {rule}; got `{name}` in `{self._path.name}`")
        self._members[name] = member


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise InvalidInputError(_too_long(name, None))
    return content


def _too_long(name: str, size: int | None) -> str:
    got = "more" if size is None else f"{size:,}"
    return f"`{name}` must have at most {MAX_BYTES:,} bytes; got {got}"


def _unreadable(name: str, reason: str | None) -> str:
    return f"`{name}` must be a readable file; it is not ({reason})"
