"""Sentences: `csv:PATH` and `parquet:PATH` with a column of texts, `lines:PATH` of one per line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.activations.data.sources.registry import Found, Request, source
from topolens.activations.data.text.texts import Texts
from topolens.base.errors import InvalidInputError, MissingDependencyError, nearest_names

__all__ = ["read_csv", "read_lines", "read_parquet"]

_TEXT, _LABEL = "text", "label"
_FEW_ROWS = 20
_LARGEST_LABEL = 2**31 - 1


@source("csv", needs="file", takes=("inputs", "labels"))
def read_csv(request: Request) -> Found:
    """Read a UTF-8 table with a header; fields are separated by commas, in a .tsv by tabs.

    `inputs` names the column of texts (``text``), `labels` that of the classes (``label``, and
    no labels where there is no such column). Rows with a blank text are left out.
    """
    separator = "\t" if request.path.suffix.lower() == ".tsv" else ","
    # Lines end as a file's do; `splitlines` would also cut at the signs that Unicode adds.
    lines = io.StringIO(_text(request), newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise InvalidInputError(
            f"`source` must be a table of fields; `{request.path.name}` line {reader.line_num}: "
            f"{error}"
        ) from None
    for line, row in rows:
        if len(row) != len(header):
            raise InvalidInputError(
                f"`source` must have {len(header)} fields in every row, as in its header; "
                f"`{request.path.name}` has {len(row)} in the row that ends in line {line}"
            )
    names = [name.strip() for name in header]
    _check_one_of_each(names, request)
    columns = [[row[place] for _, row in rows] for place in range(len(header))]
    return _found(request, "csv", dict(zip(names, columns, strict=True)))


def _check_one_of_each(names: Sequence[str], request: Request) -> None:
    """Refuse two columns of the name that is asked for; which is meant nobody can tell."""
    for role, usual in (("inputs", _TEXT), ("labels", _LABEL)):
        name = request.options.get(role, usual)
        if names.count(name) > 1:
            raise InvalidInputError(
                f"`{role}` must be one column of the table; `{request.path.name}` has "
                f"{names.count(name)} named `{name}`"
            )


@source("parquet", needs="file", takes=("inputs", "labels"))
def read_parquet(request: Request) -> Found:
    """Read a parquet table; columns as in `read_csv`."""
    try:
        pa: Any = import_module("pyarrow")
        pq: Any = import_module("pyarrow.parquet")
    except ImportError:
        name = f"`parquet:{request.path.name}`"
        raise MissingDependencyError("pyarrow", "parquet", name) from None
    names = [request.options.get("inputs", _TEXT), request.options.get("labels", _LABEL)]
    try:
        held = pq.read_schema(request.path).names
        table = pq.read_table(request.path, columns=[name for name in held if name in names])
        wanted = table.to_pydict()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInputError(
            f"`source` must be a parquet table; `{request.path.name}` is not ({reason})"
        ) from None
    columns: dict[str, Sequence[Any]] = dict.fromkeys(held, ())
    return _found(request, "parquet", columns | wanted)


@source("lines", needs="file")
def read_lines(request: Request) -> Found:
    """Read a UTF-8 text file with one text per line; blank lines are left out."""
    lines = _text(request).split("\n")
    return _found(request, "lines", {_TEXT: [line.removesuffix("\r") for line in lines]})


def _text(request: Request) -> str:
    try:
        raw = request.path.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is {raw[error.start]:#04x}"
    raise InvalidInputError(f"`source` must be UTF-8 text; `{request.path.name}` is not ({reason})")


def _found(request: Request, kind: str, table: Mapping[str, Sequence[Any]]) -> Found:
    name = request.path.name
    text_name = request.options.get("inputs", _TEXT)
    texts = _texts(_column(table, text_name, "inputs", name))
    kept = np.flatnonzero([bool(text.strip()) for text in texts])
    if not len(kept):
        raise InvalidInputError(f"`source` must hold a text; `{name}` has none")
    label_name = request.options.get("labels", _LABEL)
    labels = None
    if "labels" in request.options or label_name in table:
        labels = _labels(_column(table, label_name, "labels", name), kept, label_name)
    blank = {"blank": len(texts) - len(kept)} if len(kept) < len(texts) and kind != "lines" else {}
    origin = {
        "source": f"{kind}:{name}",
        "inputs": text_name,
        "labels": None if labels is None else label_name,
        **blank,
    }
    return Found(Texts([texts[row] for row in kept]), origin, labels, rows=kept)


def _column(
    table: Mapping[str, Sequence[Any]], name: str, role: str, file_name: str
) -> Sequence[Any]:
    if name not in table:
        raise InvalidInputError(
            f"`{role}` must be a column of the table; `{file_name}` has no `{name}`, "
            f"{nearest_names(name, table)}"
        )
    return table[name]


def _texts(column: Sequence[Any]) -> list[str]:
    for row, value in enumerate(column):
        if value is not None and not isinstance(value, str):
            raise InvalidInputError(f"`inputs` must be texts; row {row} holds {value!r}")
    return [value or "" for value in column]


def _labels(column: Sequence[Any], kept: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    labels = np.array([_label(column[row], int(row), name) for row in kept], dtype=np.int64)
    distinct = len(np.unique(labels))
    if len(labels) >= _FEW_ROWS and distinct > len(labels) / 2:
        raise InvalidInputError(
            f"`labels` must be classes that texts share; the column `{name}` has {distinct} "
            f"different values in {len(labels)} rows"
        )
    return labels


def _label(value: object, row: int, name: str) -> int:
    try:
        # Python alone reads "1_0" as ten.
        text = str(value) if isinstance(value, str | int) else ""
        label = int(text) if "_" not in text else -1
    except ValueError:
        label = -1
    if not 0 <= label <= _LARGEST_LABEL:
        raise InvalidInputError(
            f"`labels` must be whole numbers from 0; row {row} of the column `{name}` holds "
            f"{value!r}"
        )
    return label
