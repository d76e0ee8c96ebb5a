"""Images of a zip, batch by batch, against a plain loop of Pillow that holds them all.

Run as `TOPOLENS_DATA=… python benchmarks/images.py [imagenette|tiny_imagenet20]`. Both give
the same pixels, which is asserted; CPU time is the median of five, memory the growth of the peak.
"""

import io
import os
import resource
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from topolens.activations.data.datasets import load_samples

SPLITS = ("train", "val")
REPEATS = 5
BATCH = 100


def ours(path):
    """Sum of all pixels, split after split."""
    total, n_images = 0, 0
    for split in SPLITS:
        samples = load_samples(f"zip:{path}", base=Path(), split=split)
        n_images += len(samples)
        for start in range(0, len(samples), BATCH):
            total += int(samples.batch(slice(start, start + BATCH)).sum(dtype=np.int64))
    return total, n_images


def plain(path):
    """Sum of all pixels of images that are decoded into one list."""
    with zipfile.ZipFile(path) as archive:
        images = [
            np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
            for name in archive.namelist()
        ]
    return sum(int(image.sum(dtype=np.int64)) for image in images), len(images)


def measure(way, path):
    """Print sum, number, CPU seconds and growth of the peak in MB of one run."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    total, n_images = {"ours": ours, "plain": plain}[way](path)
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(total, n_images, seconds, grown)


def main(name):
    path = Path(os.environ["TOPOLENS_DATA"]) / "images" / f"{name}.zip"
    results = {}
    for way in ("plain", "ours"):
        runs = []
        for _ in range(REPEATS):
            command = [sys.executable, __file__, "--measure", way, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs.append([float(word) for word in done.stdout.split()])
        results[way] = [statistics.median(column) for column in zip(*runs, strict=True)]
    assert results["ours"][:2] == results["plain"][:2]
    for way, (_, n_images, seconds, grown) in results.items():
        print(f"{way:6} {n_images:.0f} images  {seconds:.2f} s CPU  {grown:.0f} MB")
    print(f"ratio  {results['ours'][2] / results['plain'][2]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
    else:
        main(*sys.argv[1:] or ["imagenette"])
