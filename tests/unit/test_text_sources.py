"""Tables of sentences: columns, blank rows, and files that are no such tables."""

import sys
from pathlib import Path

import numpy as np
import pytest

from topolens.activations.data.datasets import load_samples
from topolens.activations.data.text.tokenise import texts_of
from topolens.base.errors import InvalidInputError, MissingDependencyError

TABLE = 'label,text,source\n1,"a, ""b""",x\n0,null,y\n1,  ,z\n0,"two\nlines",\n1,1.0,w\n'
TEXTS = ['a, "b"', "null", "two\nlines", "1.0"]


def load(folder: Path, content: str | bytes, name="table.csv", **options):
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    schemes = {".csv": "csv", ".tsv": "csv", ".TSV": "csv", ".parquet": "parquet"}
    scheme = schemes.get(Path(name).suffix, "lines")
    return load_samples(f"{scheme}:{name}", base=folder, **options)


def test_a_table_is_read_as_text(tmp_path):
    samples = load(tmp_path, TABLE)
    assert texts_of(samples) == TEXTS
    assert samples.labels.tolist() == [1, 0, 0, 1]
    assert samples.ids.tolist() == [0, 1, 3, 4]
    assert samples.description["blank"] == 1
    assert samples.description["source"] == "csv:table.csv"


@pytest.mark.parametrize("content", [TABLE.replace("\n", "\r\n"), "\ufeff" + TABLE])
def test_ends_of_lines_and_byte_order_marks(tmp_path, content):
    samples = load(tmp_path, content)
    assert [text.replace("\r", "") for text in texts_of(samples)] == TEXTS


def test_signs_that_only_unicode_takes_for_ends_of_lines(tmp_path):
    assert texts_of(load(tmp_path, "text\na\u2028b\x0bc\n")) == ["a\u2028b\x0bc"]


def test_columns_are_named(tmp_path):
    samples = load(tmp_path, "a\tb\nx y\t3\nz\t0\n", "table.tsv", inputs="a", labels="b")
    assert texts_of(samples) == ["x y", "z"]
    assert samples.labels.tolist() == [3, 0]


def test_labels_may_be_missing_unless_they_are_named(tmp_path):
    assert load(tmp_path, "text\nhello\n").labels is None
    with pytest.raises(InvalidInputError, match="`labels` must be a column of the table"):
        load(tmp_path, "text\nhello\n", labels="class")


def test_choices_are_those_of_other_samples(tmp_path):
    rows = [f"{n % 2},text {n}" for n in range(20)]
    samples = load(tmp_path, "\n".join(["label,text", *rows]), order="balanced", count=6, seed=1)
    assert samples.labels.tolist() == [0, 1] * 3
    assert texts_of(samples) == [f"text {n}" for n in samples.ids]


def test_the_digest_is_of_the_chosen_texts(tmp_path):
    digests = [
        load(tmp_path, content, count=2).description["inputs_sha256"]
        for content in ("text\nab\nc\n", "text\na\nbc\n", "text\nab\nc\nmore\n")
    ]
    assert digests[0] == digests[2]
    assert digests[0] != digests[1]


def test_lines_of_a_file(tmp_path):
    samples = load(tmp_path, "first\r\n\nsecond, and more\n", "poem.txt")
    assert texts_of(samples) == ["first", "second, and more"]
    assert samples.ids.tolist() == [0, 2]
    assert samples.labels is None


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (
            "label,sentence\n1,a\n",
            {},
            "`inputs` must be a column .* no `text`, known: label, sentence",
        ),
        ("label,text\n1,a\n", {"inputs": "txt"}, "no `txt`, did you mean `text`"),
        ("label,text\npos,a\n", {}, "`labels` must be whole numbers from 0; row 0 .*'pos'"),
        ("label,text\n1,a\n-1,b\n", {}, "row 1 of the column `label` holds '-1'"),
        ("label,text\n,a\n", {}, "holds ''"),
        ("label,text\n1.0,a\n", {}, "holds '1.0'"),
        ("label,text\n1_0,a\n", {}, "holds '1_0'"),
        ("label,text\n99999999999999999999,a\n", {}, "holds '99999999999999999999'"),
        ("label,text\n1\n", {}, "2 fields in every row.* has 1 in the row that ends in line 2"),
        ('text\n"open\n', {}, "`source` must be a table of fields; `table.csv` line 2"),
        ("text\n \n", {}, "`source` must hold a text; `table.csv` has none"),
        ("", {}, "`inputs` must be a column of the table"),
        (b"text\ncaf\xe9\n", {}, "`source` must be UTF-8 text; .*byte 8 is 0xe9"),
        (
            "label,text\n" + "".join(f"{n},a\n" for n in range(30)),
            {},
            "`labels` must be classes that texts share; .* 30 different values in 30 rows",
        ),
        ("text\na\n", {"split": "train"}, "`split` must be left out for `csv:table.csv`"),
    ],
)
def test_mistakes(tmp_path, content, options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        load(tmp_path, content, **options)


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"text": ["a", None, "c"], "label": np.array([1, 0, 0]), "n": [1.5, 2, 3]})
    pq.write_table(table, tmp_path / "table.parquet")
    samples = load_samples("parquet:table.parquet", base=tmp_path)
    assert texts_of(samples) == ["a", "c"]
    assert samples.labels.tolist() == [1, 0]
    with pytest.raises(InvalidInputError, match=r"`inputs` must be texts; row 0 holds 1\.5"):
        load_samples("parquet:table.parquet", base=tmp_path, inputs="n")
    with pytest.raises(InvalidInputError, match="no `words`, known: label, n, text"):
        load_samples("parquet:table.parquet", base=tmp_path, inputs="words")


def test_a_damaged_parquet_file(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(
        InvalidInputError, match=r"`source` must be a parquet table; `table\.parquet`"
    ):
        load(tmp_path, b"PAR1 and nothing else", "table.parquet")


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'topolens\[parquet\]'"):
        load(tmp_path, b"", "table.parquet")


def test_tabs_whatever_the_case_of_the_ending(tmp_path):
    assert texts_of(load(tmp_path, "text\tlabel\na, b\t1\n", "table.TSV")) == ["a, b"]


def test_spaces_around_the_names_of_columns(tmp_path):
    assert load(tmp_path, "text, label\nhello, 1\n").labels.tolist() == [1]


@pytest.mark.parametrize("header", ["text,text,label", "text,label,label "])
def test_two_columns_of_one_name(tmp_path, header):
    with pytest.raises(InvalidInputError, match=r"must be one column of the table; `table\.csv`"):
        load(tmp_path, header + "\na,1,2\n")


def test_a_parquet_file_of_texts_that_are_no_utf8(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    raw = pa.array([b"a", b"\xff"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    pq.write_table(pa.table({"text": texts}), tmp_path / "table.parquet")
    with pytest.raises(
        InvalidInputError, match=r"must be a parquet table; `table\.parquet`.*utf-8"
    ):
        load_samples("parquet:table.parquet", base=tmp_path)
