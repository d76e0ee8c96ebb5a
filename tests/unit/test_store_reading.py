"""Reading parts of a store: the same values as reading everything, for what they weigh."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import InvalidInputError, StoreError

# Numbers of rows of each sample, by part; the second part is even, the third another number.
COUNTS = [[2, 1, 3], [2, 2, 2, 2], [1, 1]]
IDS = [[40, 10, 30], [11, 12, 13, 14], [90, 5]]


def ragged_batch(index):
    counts, random = np.array(COUNTS[index]), np.random.default_rng(index)
    n_rows, n_samples = counts.sum(), len(counts)
    given = counts if counts.min() < counts.max() else None
    layers = {
        "tokens": LayerRows(
            random.standard_normal((n_rows, 3)).astype(np.float32),
            np.arange(n_rows) + 100 * index,
            (9, 3),
            given,
            "Linear",
            "input",
        ),
        "head": LayerRows(random.standard_normal((n_samples, 2))),
    }
    return LayerBatch(np.array(IDS[index]), layers)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("ragged")
    with ActivationStore.create(path, {}) as new:
        new.extend(ragged_batch(index) for index in range(3))
        new.finish({})
    return ActivationStore.open(path)


def row_ids():
    return np.repeat(np.concatenate(IDS), np.concatenate(COUNTS))


def all_rows(layer):
    return np.concatenate([ragged_batch(index).layers[layer].rows for index in range(3)])


def test_samples_may_have_unequal_numbers_of_rows(store):
    rows, ids = store.read("tokens")
    np.testing.assert_array_equal(rows, all_rows("tokens"))
    assert ids.tolist() == row_ids().tolist()
    expected = [np.arange(6), np.arange(8) + 100, np.arange(2) + 200]
    np.testing.assert_array_equal(store.positions("tokens"), np.concatenate(expected))
    assert store.layer("tokens").rows_per_sample is None
    assert store.layer("head").rows_per_sample == 1
    assert (store.n_rows("tokens"), store.n_rows("head")) == (16, 9)


def test_a_layer_remembers_the_module_and_the_side_it_comes_from(store):
    assert (store.layer("tokens").module_type, store.layer("tokens").site) == ("Linear", "input")
    assert (store.layer("head").module_type, store.layer("head").site) == ("", "output")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_unequal_numbers_in_any_order_of_parts_give_the_same_bytes(store, tmp_path, order):
    with ActivationStore.create(tmp_path, {}) as other:
        for index in order:
            other.append(ragged_batch(index), index=index)
    with ActivationStore.create(tmp_path, {}) as other:
        other.finish({})
    names = {file.name for file in store.path.iterdir()}
    assert names == {file.name for file in tmp_path.iterdir()}
    assert all((store.path / n).read_bytes() == (tmp_path / n).read_bytes() for n in names)


@given(rows=st.lists(st.integers(0, 15), max_size=20))
def test_rows_by_number_are_those_of_the_whole(store, rows):
    values, ids = store.read("tokens", rows=rows)
    np.testing.assert_array_equal(values, all_rows("tokens")[rows])
    np.testing.assert_array_equal(ids, row_ids()[rows])
    positions = store.positions("tokens")
    np.testing.assert_array_equal(store.positions("tokens", rows=np.array(rows)), positions[rows])


@given(rows=st.slices(16))
def test_rows_by_slice_are_those_of_the_whole(store, rows):
    if rows.step is not None and rows.step < 0:
        rows = slice(rows.start, rows.stop, -rows.step)
    values, ids = store.read("tokens", rows=rows)
    np.testing.assert_array_equal(values, all_rows("tokens")[rows])
    np.testing.assert_array_equal(ids, row_ids()[rows])


@given(samples=st.lists(st.sampled_from(np.concatenate(IDS).tolist()), max_size=12))
def test_samples_come_with_all_their_rows_in_the_order_asked_for(store, samples):
    values, ids = store.read("tokens", samples=samples)
    wanted = [np.flatnonzero(row_ids() == sample) for sample in samples]
    rows = np.concatenate([*wanted, np.empty(0, int)]).astype(int)
    np.testing.assert_array_equal(values, all_rows("tokens")[rows])
    np.testing.assert_array_equal(ids, row_ids()[rows])


def test_samples_by_place(store):
    assert store.read("head", samples=slice(2, 5))[1].tolist() == [30, 11, 12]


def test_blocks_are_the_layer_part_by_part(store):
    blocks = list(store.blocks("tokens"))
    assert [len(rows) for rows, _ in blocks] == [6, 8, 2]
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in blocks]), all_rows("tokens"))
    np.testing.assert_array_equal(np.concatenate([ids for _, ids in blocks]), row_ids())
    with pytest.raises(ValueError, match="read-only"):
        blocks[0][0][0] = 0


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"rows": [16]}, "`rows` must be from 0 and below 16; got 16"),
        ({"rows": [-1]}, "`rows` must be from 0 and below 16; got -1"),
        ({"rows": [0.5]}, "`rows` must be a slice or integers of shape"),
        ({"rows": [[1]]}, r"integers of shape \(n,\); got int64 of shape \(1, 1\)"),
        ({"samples": [99]}, "`samples` must be ids of samples in the store; got 99"),
        ({"samples": [1], "rows": [1]}, "`rows` must be left out where `samples` are given"),
    ],
)
def test_refuses_rows_and_samples_that_are_not_there(store, chosen, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        store.read("tokens", **chosen)


@pytest.mark.parametrize("damage", ["shorter", "longer", "missing", "of another store"])
def test_visible_damage_is_found_whatever_is_read(tmp_path, damage):
    with ActivationStore.create(tmp_path, {}) as new:
        new.extend(ragged_batch(index) for index in range(3))
    part = tmp_path / "part-000001.safetensors"
    content = part.read_bytes()
    part.unlink()
    if damage == "of another store":
        with ActivationStore.create(tmp_path / "other", {}) as other:
            other.append(LayerBatch(np.arange(4), {"x": LayerRows(np.zeros((4, 2)))}), index=1)
        (tmp_path / "other" / part.name).rename(part)
    elif damage != "missing":
        part.write_bytes(content[:-1] if damage == "shorter" else content + b"\0")
    store = ActivationStore.open(tmp_path)
    for read in (
        lambda: store.read("tokens"),
        lambda: store.read("head", rows=[4]),
        lambda: store.read("head", samples=[11]),
        lambda: store.positions("tokens"),
        lambda: list(store.blocks("head")),
        store.sample_ids,
    ):
        with pytest.raises(StoreError, match=r"part-000001\.safetensors` is missing or damaged"):
            read()
    assert store.verify() == (part.name,)


PEAK = """
import sys
import numpy as np
from pathlib import Path
from topolens.activations.stores.store import ActivationStore
def peak():  # getrusage would count the memory of the parent too
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
store = ActivationStore.open(Path(sys.argv[1]))
before = peak()
wanted = np.random.default_rng(0).choice(4000, 200, replace=False)
rows, ids = store.read("maps", rows=wanted)
assert (rows[:, 0] == wanted).all() and (ids == wanted).all()
assert sum(int(block[:, 1].sum()) for block, _ in store.blocks("maps")) == 4000
few = peak() - before
store.read("maps")
print(few, peak() - before)
"""


def test_rows_and_blocks_of_a_large_layer_take_little_memory(tmp_path):
    width = 4096
    with ActivationStore.create(tmp_path, {}) as store:
        for start in range(0, 4000, 500):
            ids = np.arange(start, start + 500)
            rows = np.ones((500, width), np.float32)
            rows[:, 0] = ids
            store.append(LayerBatch(ids, {"maps": LayerRows(rows)}))
        assert store.n_bytes > 65e6
    command = [sys.executable, "-W", "error", "-c", PEAK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Kilobytes: 200 rows weigh 3.3 MB, and the system reads some pages around each.
    few, everything = map(int, done.stdout.split())
    assert few < 25_000
    assert everything > 64_000
