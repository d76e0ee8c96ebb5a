"""The store: what goes in comes out, damage is found, and a resumed capture has the same bytes."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import InvalidInputError, StoreError

SPEC = {"model": "zoo:mlp", "seed": 3}


def batch(index, *, samples=4, width=3, layers=("fc1", "relu#0")):
    ids = np.arange(index * samples, (index + 1) * samples)
    random = np.random.default_rng(index)
    rows = {
        "fc1": LayerRows(random.standard_normal((samples, width), np.float32), None, (width,)),
        "relu#0": LayerRows(
            random.standard_normal((samples * 2, width + 1)), np.arange(samples * 2), (4, 2, 2)
        ),
    }
    return LayerBatch(ids, {name: rows[name] for name in layers}, ids % 3)


def filled(path, n_parts=3):
    with ActivationStore.create(path, SPEC) as store:
        store.extend(batch(index) for index in range(n_parts))
        store.finish({"accuracy": 0.5})
    return path


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_returns_what_was_appended_in_order(tmp_path):
    store = ActivationStore.open(filled(tmp_path))
    assert store.layers == ("fc1", "relu#0")
    assert store.complete
    assert store.summary == {"accuracy": 0.5}
    assert store.spec == SPEC
    rows, ids = store.read("fc1")
    np.testing.assert_array_equal(
        rows, np.concatenate([batch(i).layers["fc1"].rows for i in range(3)])
    )
    assert rows.dtype == np.float32
    assert ids.tolist() == list(range(12))
    np.testing.assert_array_equal(store.predictions(), np.arange(12) % 3)


def test_repeats_the_sample_id_for_each_of_its_rows(tmp_path):
    store = ActivationStore.open(filled(tmp_path))
    rows, ids = store.read("relu#0")
    assert rows.shape == (24, 4)
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(ids, np.repeat(np.arange(12), 2))
    np.testing.assert_array_equal(store.positions("relu#0"), np.tile(np.arange(8), 3))
    assert store.positions("fc1") is None
    record = store.layer("relu#0")
    assert (record.n_features, record.rows_per_sample, record.output_shape) == (4, 2, (4, 2, 2))


def test_counts_nonfinite_values_per_layer(tmp_path):
    bad = batch(1)
    bad.layers["fc1"].rows[0, :2] = [np.nan, np.inf]
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.extend([batch(0), bad])
    store = ActivationStore.open(tmp_path)
    assert store.nonfinite("fc1") == 2
    assert store.nonfinite("relu#0") == 0


@given(st.lists(st.sampled_from(range(4)), max_size=3, unique=True))
def test_any_damaged_parts_are_named_and_replaced_with_the_same_bytes(tmp_path_factory, victims):
    path = filled(tmp_path_factory.mktemp("store"), n_parts=4)
    before = contents(path)
    for index in victims:
        part = path / f"part-{index:06d}.safetensors"
        part.write_bytes(part.read_bytes()[:-1] + b"\x55")
    names = tuple(f"part-{index:06d}.safetensors" for index in sorted(victims))
    assert ActivationStore.open(path).verify() == names
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == names
        assert store.complete is not bool(victims)
        for index in range(4):
            assert store.has_part(index) is (index not in victims)
        for index in sorted(victims):
            store.append(batch(index), index=index)
        if victims:
            store.finish({"accuracy": 0.5})
    assert contents(path) == before


@pytest.mark.parametrize("keep", [0, 5, 60, -1])
def test_a_half_written_part_is_never_fatal(tmp_path, keep):
    path = filled(tmp_path)
    part = path / "part-000001.safetensors"
    part.write_bytes(part.read_bytes()[:keep])
    with pytest.raises(StoreError, match=r"part-000001\.safetensors` is missing or damaged"):
        ActivationStore.open(path).read("fc1")
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == ("part-000001.safetensors",)


def test_a_missing_part_counts_as_damaged(tmp_path):
    path = filled(tmp_path)
    (path / "part-000002.safetensors").unlink()
    assert ActivationStore.open(path).verify() == ("part-000002.safetensors",)


def test_files_the_manifest_does_not_know_are_removed(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.append(batch(0))
    (tmp_path / "part-000001.safetensors").write_bytes(b"renamed, then the power went")
    (tmp_path / ".part-000002.safetensors.77.tmp").write_bytes(b"half")
    with ActivationStore.create(tmp_path, SPEC) as store:
        assert store.damaged == ()
    assert sorted(contents(tmp_path)) == ["manifest.json", "part-000000.safetensors"]


@pytest.mark.parametrize("stop_after", [0, 1, 2, 3])
def test_an_interrupted_and_resumed_store_has_the_same_bytes(tmp_path, stop_after):
    whole = filled(tmp_path / "whole")

    def interrupted():
        for index in range(stop_after):
            yield batch(index)
        raise KeyboardInterrupt

    path = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt), ActivationStore.create(path, SPEC) as store:
        store.extend(interrupted())
    with ActivationStore.create(path, SPEC) as store:
        assert store.n_samples == 4 * stop_after
        store.extend(batch(index) for index in range(stop_after, 3))
        store.finish({"accuracy": 0.5})
    assert contents(path) == contents(whole)


def test_bytes_do_not_depend_on_the_order_of_parts(tmp_path):
    whole = filled(tmp_path / "whole")
    with ActivationStore.create(tmp_path / "other", SPEC) as store:
        for index in (2, 0, 1):
            store.append(batch(index), index=index)
        store.finish({"accuracy": 0.5})
    assert contents(tmp_path / "other") == contents(whole)


def test_a_crash_while_writing_leaves_the_old_files(tmp_path, monkeypatch):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.append(batch(0))
        before = contents(tmp_path)
        monkeypatch.setattr("os.fsync", full_disk)
        with pytest.raises(StoreError, match=r"No space left.*: free some space and run again"):
            store.append(batch(1))
    assert contents(tmp_path) == before
    with pytest.raises(StoreError, match="No space left"):
        ActivationStore.create(tmp_path, SPEC)
    assert contents(tmp_path) == before


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_complete_store_is_not_written_again(tmp_path, monkeypatch):
    filled(tmp_path)
    monkeypatch.setattr("os.fsync", full_disk)
    with ActivationStore.create(tmp_path, SPEC) as store:
        assert store.complete


def test_a_part_on_a_disk_that_fills_up_is_given_up_and_appended_later(tmp_path, monkeypatch):
    whole = filled(tmp_path / "whole")
    path = tmp_path / "other"
    with ActivationStore.create(path, SPEC) as store:
        store.append(batch(0))
        with monkeypatch.context() as patch:
            patch.setattr("topolens.base.files._write_whole", half_of_it)
            with pytest.raises(StoreError, match=r"parts\.log` cannot be written: No space left"):
                store.append(batch(1))
        store.extend([batch(1), batch(2)])
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == ()
        assert store.n_samples == 12
        store.finish({"accuracy": 0.5})
    assert contents(path) == contents(whole)


def half_of_it(stream, content):
    stream.write(content[: len(content) // 2])
    full_disk()


def test_refuses_another_spec(tmp_path):
    filled(tmp_path)
    with pytest.raises(
        StoreError, match=r"a capture with `seed` = 3, not 4; choose another folder"
    ):
        ActivationStore.create(tmp_path, {**SPEC, "seed": 4})


def test_refuses_other_settings(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.begin({"pool": "mean", "batch": 10})
        store.append(batch(0))
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.begin({"pool": "mean", "batch": 10})
        with pytest.raises(StoreError, match=r"`pool` = 'mean', not 'cls'"):
            store.begin({"pool": "cls", "batch": 10})


def test_refuses_settings_for_parts_captured_without(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.append(batch(0))
        with pytest.raises(StoreError, match="holds parts captured without these settings"):
            store.begin({"pool": "mean"})


def test_refuses_a_spec_json_cannot_hold(tmp_path):
    with pytest.raises(InvalidInputError, match="`spec` must be made of JSON values"):
        ActivationStore.create(tmp_path, {"values": np.zeros(2)})
    with pytest.raises(InvalidInputError, match="`spec` must be made of JSON values"):
        ActivationStore.create(tmp_path, {"value": float("nan")})


def test_refuses_a_folder_of_something_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"must be empty or hold an activation store.*thesis\.tex"):
        ActivationStore.create(tmp_path, SPEC)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_refuses_a_manifest_of_something_else_and_leaves_it(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web application"}')
    with pytest.raises(StoreError, match="is not the manifest of a store of format 2"):
        ActivationStore.create(tmp_path, SPEC)
    assert "web application" in (tmp_path / "manifest.json").read_text()


@pytest.mark.parametrize(
    "text", ["", '{"format_version": 2', '{"format_version": 2}', "\xff", "[" * 99999]
)
def test_a_damaged_manifest_means_capturing_again(tmp_path, text):
    path = filled(tmp_path)
    before = contents(path)
    (path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(StoreError, match=r"manifest\.json` is damaged"):
        ActivationStore.open(path)
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == ("manifest.json",)
        assert not any(store.has_part(index) for index in range(3))
        store.extend(batch(index) for index in range(3))
        store.finish({"accuracy": 0.5})
    assert contents(path) == before


@pytest.mark.parametrize(("version", "age"), [(1, "an older"), (3, "a newer")])
def test_a_store_of_another_format_says_what_to_do(tmp_path, version, age):
    path = filled(tmp_path)
    page = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**page, "format_version": version}))
    sentence = (
        f"is a store of format {version}, written by {age} TopoLens; .* reads format 2: remove"
    )
    for enter in (ActivationStore.open, lambda path: ActivationStore.create(path, SPEC)):
        with pytest.raises(StoreError, match=sentence):
            enter(path)


def test_a_digit_that_changed_in_the_manifest_is_seen(tmp_path):
    path = filled(tmp_path)
    text = (path / "manifest.json").read_text()
    assert text.count('"n_samples": 4') == 3
    (path / "manifest.json").write_text(text.replace('"n_samples": 4', '"n_samples": 5', 1))
    with pytest.raises(StoreError, match=r"manifest\.json` is damaged"):
        ActivationStore.open(path)


def test_a_line_of_the_journal_that_changed_is_not_believed(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.extend(batch(index) for index in range(3))
    journal = tmp_path / "parts.log"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[1].replace('"n_samples": 4', '"n_samples": 5') + lines[2])
    with ActivationStore.create(tmp_path, SPEC) as store:
        assert store.damaged == ("parts.log",)
        assert [store.has_part(index) for index in range(3)] == [True, False, True]


def test_a_store_being_written_can_be_read(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.extend(batch(index) for index in range(2))
        reader = ActivationStore.open(tmp_path)
        assert not reader.complete
        assert reader.read("fc1")[1].tolist() == list(range(8))


def test_swapped_parts_and_parts_of_other_stores_are_named(tmp_path):
    path, other = filled(tmp_path / "a"), tmp_path / "b"
    with ActivationStore.create(other, SPEC) as store:
        store.extend(batch(index) for index in range(7, 10))
    names = [f"part-{index:06d}.safetensors" for index in range(3)]
    first, second = (path / name for name in names[:2])
    bytes_of_first = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(bytes_of_first)
    (path / names[2]).write_bytes((other / names[2]).read_bytes())
    assert ActivationStore.open(path).verify() == tuple(names)
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == tuple(names)


def test_a_folder_behind_a_symbolic_link_is_a_store(tmp_path):
    filled(tmp_path / "there")
    (tmp_path / "here").symlink_to(tmp_path / "there")
    assert ActivationStore.open(tmp_path / "here").verify() == ()
    with ActivationStore.create(tmp_path / "here", SPEC) as store:
        assert store.complete


def test_a_part_behind_a_link_is_replaced_and_what_it_leads_to_is_left(tmp_path):
    path = filled(tmp_path / "store")
    part, elsewhere = path / "part-000001.safetensors", tmp_path / "elsewhere"
    elsewhere.write_text("years of work")
    part.unlink()
    part.symlink_to(elsewhere)
    with ActivationStore.create(path, SPEC) as store:
        assert store.damaged == (part.name,)
        store.append(batch(1), index=1)
    assert elsewhere.read_text() == "years of work"
    assert not part.is_symlink()


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "store").write_text("years of work")
    with pytest.raises(StoreError, match="cannot be made a folder: File exists"):
        ActivationStore.create(tmp_path / "store", SPEC)
    with pytest.raises(StoreError, match="is no activation store"):
        ActivationStore.open(tmp_path / "store")


def test_a_folder_where_a_part_should_be_is_refused(tmp_path):
    (tmp_path / "part-000000.safetensors").mkdir()
    with pytest.raises(StoreError, match="cannot be removed: Is a directory"):
        ActivationStore.create(tmp_path, SPEC)


def test_a_folder_that_must_not_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Whoever runs the tests may be root, whom no mode of a folder keeps out.
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(StoreError, match="cannot be written: Permission denied"):
        ActivationStore.create(tmp_path / "store", SPEC)
    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(StoreError, match="cannot be locked: Permission denied"):
        ActivationStore.create(tmp_path / "store", SPEC)


def test_opening_nothing_says_so(tmp_path):
    with pytest.raises(StoreError, match=r"is no activation store: no manifest\.json"):
        ActivationStore.open(tmp_path)


def test_reading_an_unknown_layer_offers_the_nearest(tmp_path):
    store = ActivationStore.open(filled(tmp_path))
    with pytest.raises(InvalidInputError, match=r"got 'fc2'; did you mean `fc1`\?"):
        store.read("fc2")


def test_reading_an_empty_store_says_so(tmp_path):
    with (
        ActivationStore.create(tmp_path, SPEC) as store,
        pytest.raises(StoreError, match="no parts"),
    ):
        store.sample_ids()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (batch(1, layers=("fc1",)), r"must hold the same layers; \['relu#0'\] not in all"),
        (batch(1, width=5), "layer `fc1` must be .*n_features=3.* as in the other parts"),
        (LayerBatch(np.arange(4, 8), batch(1).layers), "must hold predictions, or none"),
    ],
)
def test_refuses_a_part_unlike_the_others(tmp_path, other, sentence):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.append(batch(0))
        with pytest.raises(StoreError, match=sentence):
            store.append(other)


def test_refuses_a_part_twice_and_after_the_end(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.append(batch(0), index=0)
        with pytest.raises(StoreError, match="part 0 is already in"):
            store.append(batch(0), index=0)
        store.finish({})
    with pytest.raises(StoreError, match="is open for reading"):
        store.append(batch(1))
    with (
        ActivationStore.create(tmp_path, SPEC) as again,
        pytest.raises(StoreError, match="is complete and takes no more"),
    ):
        again.append(batch(1))


def test_refuses_to_finish_with_a_hole_or_without_parts(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        with pytest.raises(StoreError, match=r"must hold parts 0 to 0; \[0\] missing"):
            store.finish({})
        store.append(batch(2), index=2)
        with pytest.raises(StoreError, match=r"must hold parts 0 to 2; \[0, 1\] missing"):
            store.finish({})


def test_refuses_to_finish_with_a_sample_twice(tmp_path):
    with ActivationStore.create(tmp_path, SPEC) as store:
        store.extend([batch(0), batch(0)])
        with pytest.raises(StoreError, match="must hold each sample once"):
            store.finish({})


def test_two_writers_exclude_each_other(tmp_path):
    store = ActivationStore.create(tmp_path, SPEC)
    with pytest.raises(StoreError, match="is being written by another process"):
        ActivationStore.create(tmp_path, SPEC)
    store.close()
    ActivationStore.create(tmp_path, SPEC).close()


def test_a_forgotten_store_lets_go(tmp_path):
    store = ActivationStore.create(tmp_path, SPEC)
    del store
    ActivationStore.create(tmp_path, SPEC).close()


@pytest.mark.parametrize(
    ("rows", "positions", "sentence"),
    [
        (np.zeros((4, 2, 2)), None, "must be floating with shape"),
        (np.zeros((4, 2), int), None, "must be floating with shape"),
        (np.zeros((6, 2)), None, "same number of rows for each of 4 samples; got 6 rows"),
        (np.zeros((4, 2)), np.zeros(3, int), "one position per row"),
    ],
)
def test_a_batch_checks_its_rows(rows, positions, sentence):
    with pytest.raises(InvalidInputError, match=f"layer `fc` must .*{sentence}|{sentence}"):
        LayerBatch(np.arange(4), {"fc": LayerRows(rows, positions)})


def test_the_manifest_holds_no_path(tmp_path):
    path = filled(tmp_path)
    assert str(tmp_path) not in (path / "manifest.json").read_text()
    assert json.loads((path / "manifest.json").read_text())["format_version"] == 2


def test_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import topolens.activations.stores.store, topolens.activations.data.datasets\n"
        "import topolens.activations.data.readymade, topolens.activations\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_folder_that_cannot_be_named_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot be made a folder: embedded null"):
        ActivationStore.create(tmp_path / "a\0b", {})
