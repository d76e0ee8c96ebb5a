"""What it costs to put activations on disk and to take some of them back.

    python benchmarks/store.py            1.3 GB on disk, some minutes
    python benchmarks/store.py --quick    a tenth of it

Each measurement runs in a process of its own and takes CPU seconds, the median of three, beside the
peer that people would write: `safetensors.numpy.save` to a file per batch with a SHA-256 of it, and
reading those files whole. Memory is the growth of the peak. Every answer is compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import load_file, save

from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore

N_PARTS = 10
N_SAMPLES = 100
ROWS_EACH = 100
"""Rows per sample of the layer of which few are read."""


def batch_of(index, n_layers, width):
    ids = np.arange(N_SAMPLES) + N_SAMPLES * index
    n_rows = N_SAMPLES * (ROWS_EACH if n_layers == 1 else 1)
    rows = np.full((n_rows, width), 0.5, np.float32)
    rows[:, 0] = np.arange(n_rows) + n_rows * index
    return LayerBatch(ids, {f"layer{n:05d}": LayerRows(rows) for n in range(n_layers)})


def write_store(folder, n_layers, width, n_parts=N_PARTS):
    with ActivationStore.create(folder, {}) as store:
        for index in range(n_parts):
            store.append(batch_of(index, n_layers, width))
        store.finish({})


def write_peer(folder, n_layers, width, n_parts=N_PARTS):
    folder.mkdir(parents=True)
    digests = {}
    for index in range(n_parts):
        batch = batch_of(index, n_layers, width)
        tensors = {name: layer.rows for name, layer in batch.layers.items()}
        content = save({"ids": batch.sample_ids, **tensors})
        (folder / f"{index}.safetensors").write_bytes(content)
        digests[index] = hashlib.sha256(content).hexdigest()
    (folder / "digests.json").write_text(json.dumps(digests))


def wanted():
    return np.random.default_rng(0).choice(N_PARTS * N_SAMPLES * ROWS_EACH, 200, replace=False)


def rows_of_store(folder, n_layers, width):
    rows, ids = ActivationStore.open(folder).read("layer00000", rows=wanted())
    assert (rows[:, 0] == wanted()).all()
    assert (ids == wanted() // ROWS_EACH).all()


def rows_of_peer(folder, n_layers, width):
    paths = sorted(folder.glob("*.safetensors"))
    rows = np.concatenate([load_file(path)["layer00000"] for path in paths])[wanted()]
    assert (rows[:, 0] == wanted()).all()


def blocks_of_store(folder, n_layers, width):
    store = ActivationStore.open(folder)
    total = sum(rows[:, 0].sum(dtype=np.float64) for rows, _ in store.blocks("layer00000"))
    assert total == sum(range(N_PARTS * N_SAMPLES * ROWS_EACH))


def open_and_append(folder, n_layers, width):
    """Everything that a store of very many layers is asked for, each layer read once."""
    write_store(folder, n_layers, width, n_parts=20)
    store = ActivationStore.open(folder)
    assert store.verify() == ()
    for name in store.layers:
        assert len(store.read(name, rows=[0, 1999])[0]) == 2


TASKS = {
    task.__name__: task
    for task in (
        *(write_store, write_peer, rows_of_store, rows_of_peer, blocks_of_store),
        open_and_append,
    )
}


def peak_mb():
    """Largest memory of this program; getrusage would count that of its parent too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def run(task, *arguments):
    """Run a task in this process and print CPU seconds and the growth of memory in MB."""
    before = peak_mb()
    start = time.process_time()
    TASKS[task](Path(arguments[0]), *map(int, arguments[1:]))
    seconds = time.process_time() - start
    sys.stdout.write(f"{seconds} {peak_mb() - before}\n")


def measured(task, folder, n_layers, width, *, is_fresh):
    """Return the medians of three runs: CPU seconds, MB grown."""
    found = []
    for _ in range(3):
        if is_fresh:
            shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, __file__, "--run", task, str(folder), str(n_layers), str(width)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append([float(word) for word in done.stdout.split()])
    return [median(column) for column in zip(*found, strict=True)]


def report(title, ours, peer=None):
    beside = "" if peer is None else f"   peer {peer[0]:7.3f} s {peer[1]:7.0f} MB"
    sys.stdout.write(f"{title:<58} {ours[0]:7.3f} s {ours[1]:7.0f} MB{beside}\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(*arguments.run)
        return
    share = 10 if arguments.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = Path(folder, "ours"), Path(folder, "peer")
        # Twenty layers of 1,000 samples, as many values as a ResNet-18 has at 32 x 32.
        shape = 20, 4000 // share
        written = [
            measured("write_store", ours, *shape, is_fresh=True),
            measured("write_peer", peer, *shape, is_fresh=True),
        ]
        report(f"write 20 layers, {320 // share} MB in {N_PARTS} parts", *written)
        shape = 1, 2560 // share
        ours, peer = Path(folder, "large"), Path(folder, "peer-large")
        write_store(ours, *shape)
        write_peer(peer, *shape)
        read = [
            measured("rows_of_store", ours, *shape, is_fresh=False),
            measured("rows_of_peer", peer, *shape, is_fresh=False),
        ]
        report(f"200 random rows of a layer of {1024 // share} MB", *read)
        blocks = measured("blocks_of_store", ours, *shape, is_fresh=False)
        report("one value of every row, block by block", blocks)
        for n_layers in (10_000 // share, 20_000 // share):
            tiny = measured("open_and_append", Path(folder, "tiny"), n_layers, 2, is_fresh=True)
            report(f"write, verify and read {n_layers:,} layers x 20 parts", tiny)


if __name__ == "__main__":
    main()
