"""What it costs to take activations: pooled in the hook, whole to the disk, and as peers do.

    python benchmarks/capture.py            ResNet-18, both stems, one and two threads: half an hour
    python benchmarks/capture.py --quick    the ImageNet stem on one thread: a minute or two

1,000 images (32 x 32 for the CIFAR stem, 64 x 64 for the other), batches of 100, 20 convolutions.
Each mode runs in a process of its own, the modes take turns, and the median of the CPU seconds is
divided by that of the forward pass alone. Memory is how far the process grew after its first batch.
Answers are compared with those of whole tensors kept in lists.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

PEERS = Path(__file__).parent / "peers"
WORKER = PEERS / "extractors.py"
GOALS = {"mean": 1.1, "top_norm": 1.1, "random:4": 1.1, "store": 2.0}
MODES = [
    *("forward", "mean", "top_norm", "random:4", "flatten", "store"),
    *("lists", "lists+clone", "fx"),
]


def measure(mode, stem, images, threads, folder):
    """CPU seconds, wall seconds, bytes grown, and the answers."""
    out = Path(folder) / "answers.npz"
    # Threads that wait for a busy core would burn seconds that nobody's code asked for.
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "0",
    }
    done = subprocess.run(
        [sys.executable, str(WORKER), mode, stem, str(images), str(threads), str(out)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    with np.load(out) as stored:
        answers = {name: stored[name] for name in stored.files}
    return [float(word) for word in done.stdout.split()], answers


def assert_same(answers, reference, mode):
    """Compare what a mode says with what whole tensors say, where they say it too."""
    for name, values in answers.items():
        if name in reference and not np.allclose(values, reference[name], rtol=1e-4, atol=1e-5):
            raise AssertionError(f"{mode}: {name} differs from the whole tensors'")


def rounds(modes, stem, images, threads, repeats, folder):
    """Let the modes take turns."""
    times = {mode: [] for mode in modes}
    _, reference = measure("lists+clone", stem, images, threads, folder)
    for _ in range(repeats):
        for mode in modes:
            spent, answers = measure(mode, stem, images, threads, folder)
            times[mode].append(spent)
            assert_same(answers, reference, mode)
    return times


def show(times, stem, images, threads):
    forward = [median(column) for column in zip(*times["forward"], strict=True)]
    print(f"\nResNet-18, {stem} stem, {images} images, {threads} thread(s)", flush=True)
    print("mode              CPU s  ratio   wall s  ratio   grown MB  goal")
    for mode, runs in times.items():
        cpu, wall, grown = (median(column) for column in zip(*runs, strict=True))
        ratio, goal = cpu / forward[0], GOALS.get(mode)
        verdict = "" if goal is None else f"{goal:g}x {'met' if ratio <= goal else 'MISSED'}"
        print(
            f"{mode:14s} {cpu:8.2f} {ratio:6.2f} {wall:8.2f} {wall / forward[1]:6.2f} "
            f"{grown / 1e6:10.0f}  {verdict}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stem", choices=["cifar", "imagenet"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    options = parser.parse_args()
    modes = ["forward", *(mode for mode in options.modes if mode != "forward")]
    if "fx" in modes and not (PEERS / "torchvision" / "site").exists():
        modes.remove("fx")
        print("without torchvision's extractor: see benchmarks/peers/README.md")
    stems = [options.stem] if options.stem else ["imagenet", "cifar"]
    counts = [options.threads] if options.threads else [1, 2]
    if options.quick:
        stems, counts = ["imagenet"], [1]
    with tempfile.TemporaryDirectory() as folder:
        for stem in stems:
            for threads in counts:
                times = rounds(modes, stem, options.images, threads, options.repeats, folder)
                show(times, stem, options.images, threads)


if __name__ == "__main__":
    main()
