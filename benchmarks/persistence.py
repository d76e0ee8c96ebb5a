"""Persistence against the released engines: CPU seconds on one thread, answers compared.

    python benchmarks/persistence.py            the usual table, some ten minutes
    python benchmarks/persistence.py --quick    small clouds only, under a minute

With the folder of real data named by TOPOLENS_DATA, activations of a ResNet-20 are measured too.

Each engine runs in a process of its own on the same float32 matrix; ours and the peer take turns.
AVX-512 and AVX2 are reported apart. Ratios are what counts: absolute times are the machine's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topolens import persistence, persistence_of_clouds
from topolens.kernels.distances import pairwise_distances
from topolens.kernels.rips import rips_pairs_of_subsets

PEER = Path(__file__).parent / "peers" / "engine.py"
N_FEATURES = 512


def rotated(rng, latent):
    frame = np.linalg.qr(rng.normal(size=(N_FEATURES, latent.shape[1])))[0]
    return latent @ frame.T


def gauss10(rng, n):
    return rotated(rng, rng.normal(size=(n, 10)))


def mixture10(rng, n):
    centres = 3 * rng.normal(size=(10, 15))
    return rotated(rng, rng.normal(size=(n, 15)) + centres[rng.integers(0, 10, n)])


def relu20(rng, n):
    hidden = rng.normal(size=(n, 20)) @ rng.normal(size=(20, N_FEATURES))
    return np.maximum(hidden - np.quantile(hidden, 0.8), 0)


def torus(rng, n):
    u, v = rng.uniform(0, 2 * np.pi, (2, n))
    surface = np.column_stack([np.cos(u), np.sin(u), np.cos(v), np.sin(v)])
    return rotated(rng, surface) + 0.005 * rng.normal(size=(n, N_FEATURES))


def digits(rng, n):
    """Hidden layer of a network trained on real handwritten digits, shifted and noisy copies."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    images, labels = load_digits(return_X_y=True)
    rows = rng.integers(0, len(images), n)
    many = images[rows].reshape(n, 8, 8) / 16
    shifts = rng.integers(-1, 2, (n, 2))
    moved = np.stack([np.roll(im, tuple(s), (0, 1)) for im, s in zip(many, shifts, strict=True)])
    moved = (moved + 0.1 * rng.normal(size=moved.shape)).reshape(n, 64)
    network = MLPClassifier((128,), max_iter=15, random_state=0, tol=0, n_iter_no_change=99)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(images / 16, labels)
    return np.maximum(moved @ network.coefs_[0] + network.intercepts_[0], 0)


def resnet20(rng, n):
    """Activations of a trained ResNet-20 on CIFAR-10 images, four positions of each."""
    from topolens.activations.data.datasets import load_samples
    from topolens.activations.data.preprocess import preprocess
    from topolens.activations.hooks.capture import capture
    from topolens.activations.networks.models import load_model

    data = Path(os.environ["TOPOLENS_DATA"])
    weights = data / "weights" / "cifar10_resnet20_akamaster.safetensors"
    model = load_model("zoo:cifar_resnet", args={"depth": 20, "variant": "A"}, weights=weights)
    source = f"npz:{data / 'images' / 'cifar10.npz'}"
    images = load_samples(source, base=data, count=-(-n // 4))
    inputs = preprocess(images.inputs, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    layer = "layer3.1.conv1"
    (batch,) = capture(model, [(inputs, images.ids)], layers=[layer], pool="random:4")
    rows = batch.layers[layer].rows
    return rows[rng.permutation(len(rows))[:n]]


def hamming64(rng, n):
    bits = rng.random((n, 64)) < 0.5
    return (bits[:, None] != bits[None]).sum(axis=2)


def integers(rng, n):
    """Whole numbers from 1 to 7 that obey no triangle inequality."""
    upper = np.triu(rng.integers(1, 8, (n, n)), 1)
    return upper + upper.T


def lattice(rng, n):
    """Manhattan distances between the first n places of a square lattice."""
    places = np.array(divmod(np.arange(n), 32)).T
    return np.abs(places[:, None] - places[None]).sum(axis=2)


def rtd(rng, n):
    """Representation topology divergence of two clouds of n / 2 points: a block of zeros, the
    distances of one, and the lesser of both (Barannikov et al., arXiv 2201.00058).
    """
    first = rng.normal(size=(n // 2, 20))
    second = first + 0.3 * rng.normal(size=first.shape)
    one, other = pairwise_distances(first), pairwise_distances(second)
    return np.block([[np.zeros_like(one), one], [one, np.minimum(one, other)]])


def mtop(rng, n):
    """Manifold topology divergence: the points of one of two clouds are all joined from the start
    (Barannikov et al., arXiv 2106.04024).
    """
    both = rng.normal(size=(n, 20))
    both[: n // 2] += 0.2
    matrix = pairwise_distances(both)
    matrix[: n // 2, : n // 2] = 0
    return matrix


MATRICES = {matrix.__name__: matrix for matrix in (hamming64, integers, lattice, rtd, mtop)}
CLOUDS = {cloud.__name__: cloud for cloud in (gauss10, mixture10, relu20, torus, digits)}
if os.environ.get("TOPOLENS_DATA"):
    CLOUDS["resnet20"] = resnet20


def matrix_of(name, n):
    rng = np.random.default_rng([n, *name.encode()])
    if name in MATRICES:
        matrix = MATRICES[name](rng, n).astype(np.float32)
        np.fill_diagonal(matrix, 0)
        return matrix
    cloud = np.ascontiguousarray(CLOUDS[name](rng, n))
    return pairwise_distances(cloud).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Workload:
    """One cloud, one size, the peers to beat and by how much."""

    cloud: str
    n: int
    max_dim: int
    goals: dict[str, float]
    quick: bool = False
    at_most: float = np.inf
    """Seconds that the workload may take."""


def gudhi(goal):
    return {"gudhi": goal}


BOTH = {"gudhi": 1.0, "ripser": 1.0}
H0 = {"numpy_prim": 5.0, "scipy_linkage": 15.0, "gudhi": 100.0, "ripser": 100.0}
WORKLOADS = [
    Workload("mixture10", 4000, 0, H0),
    Workload("mixture10", 8000, 0, {"numpy_prim": 5.0, "scipy_linkage": 15.0}),
    *(Workload(c, 1000, 1, gudhi(10), quick=True) for c in ("gauss10", "mixture10", "digits")),
    *(Workload(c, 2000, 1, gudhi(15)) for c in ("gauss10", "mixture10", "digits")),
    *(Workload(c, 4000, 1, gudhi(20)) for c in ("gauss10", "mixture10", "digits")),
    Workload("mixture10", 8000, 1, gudhi(20)),
    *(Workload("relu20", n, 1, gudhi(10), quick=n == 1000) for n in (1000, 2000, 4000)),
    Workload("torus", 1000, 1, gudhi(200)),
    Workload("torus", 2000, 1, gudhi(300)),
    *(Workload(c, 500, 2, gudhi(25), quick=True) for c in CLOUDS),
    *(Workload(c, 1000, 2, gudhi(25)) for c in ("gauss10", "mixture10", "relu20", "digits")),
    Workload("gauss10", 2000, 2, {}),
    Workload("mixture10", 4000, 2, {}),
    *(Workload(c, 8000, 1, {}) for c in ("gauss10", "relu20", "torus")),
    *(Workload(c, 1000, 1, BOTH, at_most=0.5) for c in ("rtd", "mtop", "lattice", "integers")),
    Workload("hamming64", 250, 1, BOTH, at_most=0.5),
    Workload("hamming64", 1000, 1, {}, at_most=0.5),
]
if "resnet20" in CLOUDS:
    WORKLOADS += [
        *(
            Workload("resnet20", n, 1, gudhi(goal))
            for n, goal in ((1000, 10), (2000, 15), (4000, 20))
        ),
        Workload("resnet20", 1000, 2, gudhi(25)),
    ]


def measure(engine, matrix_file, workload, repeats, simd=None):
    """CPU seconds, extra bytes and bars of one engine."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as out:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if simd:
            environment["TOPOLENS_SIMD"] = simd
        arguments = [engine, matrix_file, str(workload.max_dim), str(repeats), out.name]
        done = subprocess.run(
            [sys.executable, str(PEER), *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, extra = done.stdout.split()
        with np.load(out.name) as stored:
            bars = [stored[name] for name in stored.files]
    return float(seconds), int(extra), bars


def widths():
    from topolens.kernels.rips import SIMD

    return ["avx512", "avx2"] if SIMD == "avx512" else [SIMD]


def assert_same(ours, theirs, note):
    for degree, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if not np.array_equal(mine, other):
            raise AssertionError(f"{note}: bars of degree {degree} differ")


def run(workload, folder):
    matrix_file = str(Path(folder) / "matrix.npy")
    np.save(matrix_file, matrix_of(workload.cloud, workload.n))
    repeats = 3 if workload.n <= 4000 else 1
    best, extra, answer = {}, 0, None
    rounds = [*workload.goals] or [None]
    peers = {}
    for peer in rounds:
        for width in widths():
            seconds, extra_now, bars = measure("topolens", matrix_file, workload, repeats, width)
            best[width] = min(best.get(width, np.inf), seconds)
            extra = max(extra, extra_now)
            answer = bars if answer is None else answer
            assert_same(bars, answer, f"{workload}, {width}")
        if peer:
            peers[peer], peer_extra, bars = measure(peer, matrix_file, workload, 1)
            assert_same(answer, bars, f"{workload}, {peer}")
            peers[peer] = (peers[peer], peer_extra)
    return best, extra, peers, [len(bars) for bars in answer]


def show(workload, best, extra, peers, counts):
    main = next(iter(best))
    label = f"{workload.cloud:10s} {workload.n:5d} H0..{workload.max_dim}"
    ours = "  ".join(f"{width} {seconds:8.4f}" for width, seconds in best.items())
    print(f"{label}  {ours}  +{extra / 1e6:4.0f} MB  bars {counts}", flush=True)
    if workload.at_most < np.inf:
        verdict = "met" if best[main] < workload.at_most else "MISSED"
        print(f"    goal {workload.at_most:g} s {verdict}", flush=True)
    for peer, (seconds, peer_extra) in peers.items():
        goal = workload.goals[peer]
        ratios = {width: seconds / mine for width, mine in best.items()}
        verdict = "met" if ratios[main] >= goal else "MISSED"
        shown = "  ".join(f"{width} {ratio:7.1f}x" for width, ratio in ratios.items())
        note = f"{seconds:9.4f} s +{peer_extra / 1e6:5.0f} MB"
        print(f"    {peer:14s} {note}  {shown}  goal {goal:g}x {verdict}", flush=True)


def subsamples():
    """H0 totals of 80 subsamples of 5000 points against the usual ways."""
    rng = np.random.default_rng(0)
    cloud = CLOUDS["mixture10"](rng, 5000).astype(np.float32)
    sizes = np.repeat(np.geomspace(500, 4000, 8).astype(int), 10)
    subsets = [rng.choice(5000, size, replace=False) for size in sizes]
    start = time.process_time()
    matrix = pairwise_distances(cloud)
    shared = time.process_time() - start
    start = time.process_time()
    found = rips_pairs_of_subsets(matrix, subsets, max_dim=0)
    ours = time.process_time() - start
    sys.path.insert(0, str(PEER.parent))
    from engine import numpy_prim

    theirs = 0.0
    for subset, bars in zip(subsets, found, strict=True):
        start = time.process_time()
        expected = numpy_prim(matrix[np.ix_(subset, subset)], 0)()[0]
        theirs += time.process_time() - start
        np.testing.assert_array_equal(bars[0][:, 1], np.sort(expected[:, 1]))
    usual = 10 * sum(usual_route(cloud[subset]) for subset in subsets[::10])
    print(f"80 subsamples of 5000 x {N_FEATURES}: {ours:.2f} s and {shared:.2f} s for the matrix")
    print(f"    numpy Prim on the matrix {theirs:8.2f} s  {theirs / ours:6.1f}x  goal 3x")
    whole = usual / (ours + shared)
    print(f"    distances and GUDHI each {usual:8.2f} s  {whole:6.1f}x  goal 30x", flush=True)


def many_clouds(n_clouds=8, n=2000):
    """Many clouds of many layers, one per thread: wall time and CPU time, answers compared."""
    rng = np.random.default_rng(0)
    makers = [CLOUDS[name] for name in ("gauss10", "mixture10", "relu20", "digits")]
    clouds = [makers[k % 4](rng, n).astype(np.float32) for k in range(n_clouds)]
    alone = [persistence(cloud) for cloud in clouds]
    print(f"{n_clouds} clouds of {n} points, H0..1, points given")
    first = None
    for threads in (1, 2):
        wall, cpu = time.perf_counter(), time.process_time()
        together = persistence_of_clouds(clouds, threads=threads)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        first = first or wall
        for found, expected in zip(together, alone, strict=True):
            assert_same([d.pairs for d in found], [d.pairs for d in expected], "many clouds")
        gain = f"{first / wall:5.2f}x"
        print(f"    {threads} threads  wall {wall:6.2f} s  CPU {cpu:6.2f} s  {gain}", flush=True)


def usual_route(points):
    """Distances of the subsample, then H0 by GUDHI."""
    from gudhi.sklearn import RipsPersistence
    from sklearn.metrics import pairwise_distances as usual_distances

    start = time.process_time()
    matrix = usual_distances(points)
    RipsPersistence(homology_dimensions=[0], input_type="full distance matrix").fit_transform(
        [matrix]
    )
    return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small clouds only")
    parser.add_argument("--only", default="", help="clouds whose name contains this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for workload in WORKLOADS:
            if options.only not in workload.cloud or (options.quick and not workload.quick):
                continue
            show(workload, *run(workload, folder))
    if not options.quick and not options.only:
        subsamples()
        many_clouds()


if __name__ == "__main__":
    main()
