"""All pairs of layers against looping over pairs: CPU seconds on one thread, answers asserted.

    python benchmarks/similarity.py            40 layers, n = 2,000, d = 512: about five minutes
    python benchmarks/similarity.py --quick    12 layers, n = 1,000, d = 256

Ours is one call of `tl.pairwise`, all of it. A peer does the same work for every pair anew; it is
timed on a sample of the pairs, in the rounds between ours, and multiplied to all. Peers that
are one line of NumPy are given with clouds centred and scaled beforehand, for nothing ("ready"),
and from the clouds as they come. rsatoolbox takes part where `make oracles` has installed it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

import topolens as tl

ROUNDS = 3
PAIRS_A_ROUND = 8


def layers_of(n_layers, n_points, width):
    """Layers that see ten numbers of each sample, through different weights, with noise."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n_points, 10))
    return [
        np.tanh(latent @ rng.normal(size=(10, width)) / 2)
        + 0.1 * rng.normal(size=(n_points, width))
        for _ in range(n_layers)
    ]


def centred(cloud):
    return cloud - cloud.mean(axis=0)


def unit(cloud):
    about_mean = centred(cloud)
    return about_mean / np.linalg.norm(about_mean)


def ready_cka(x, y):
    """Centred clouds, three cross products."""
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def numpy_cka(x, y):
    return ready_cka(centred(x), centred(y))


def ready_nuclear(x, y):
    """Centred clouds of norm 1, one line."""
    return np.sqrt(max(0, 2 - 2 * np.linalg.norm(y.T @ x, "nuc")))


def numpy_nuclear(x, y):
    return ready_nuclear(unit(x), unit(y))


def scipy_rotation(x, y):
    _, cosine = linalg.orthogonal_procrustes(unit(x), unit(y))
    return np.sqrt(2 - 2 * cosine)


def fit_and_score(x, y):
    """A metric object as netrep has it: centre, align by a full SVD, transform both, the angle."""
    x, y = centred(x), centred(y)
    left, _, right = np.linalg.svd(x.T @ y)
    x, y = x @ left, y @ right.T
    cosine = np.sum(x * y) / np.linalg.norm(x) / np.linalg.norm(y)
    return np.sqrt(2 - 2 * cosine)


def qr_cca(x, y):
    x, y = (np.linalg.qr(centred(cloud))[0] for cloud in (x, y))
    return np.linalg.svd(x.T @ y, compute_uv=False).mean()


def toolbox_rsa():
    """Cosine of squared Euclidean dissimilarities by rsatoolbox, or None."""
    sys.path.append(str(Path(__file__).parents[1] / "build" / "oracles-measures"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from rsatoolbox.data import Dataset
            from rsatoolbox.rdm import calc_rdm, compare
    except ImportError:
        return None

    def cosine(x, y):
        return float(compare(*(calc_rdm(Dataset(c), method="euclidean") for c in (x, y)))[0, 0])

    return cosine


def races():
    """Metric, its parameters, and per peer what it does to a pair and to a cloud beforehand."""
    yield (
        "linear_cka",
        {},
        {"numpy, ready": (ready_cka, centred), "numpy": (numpy_cka, None)},
    )
    yield (
        "procrustes",
        {},
        {
            "numpy, ready": (ready_nuclear, unit),
            "numpy": (numpy_nuclear, None),
            "scipy rotation": (scipy_rotation, None),
            "fit and score": (fit_and_score, None),
        },
    )
    yield "cca", {}, {"numpy QR": (qr_cca, None)}
    if (toolbox := toolbox_rsa()) is not None:
        params = {"distance": "squared_euclidean", "comparison": "cosine"}
        yield "rsa", params, {"rsatoolbox": (toolbox, None)}


def cpu_seconds(work):
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def run(metric, params, peers, layers):
    """Rounds in which ours does all pairs and every peer a few."""
    pairs = list(itertools.combinations(range(len(layers)), 2))
    chosen = np.random.default_rng(1).permutation(len(pairs))[: ROUNDS * PAIRS_A_ROUND]
    ours, theirs = [], {name: [] for name in peers}
    clouds = {
        name: [ready(c) if ready else c for c in layers] for name, (_, ready) in peers.items()
    }
    for sample in np.array_split(chosen, ROUNDS):
        seconds, matrix = cpu_seconds(lambda: tl.pairwise(layers, metric, params=params))
        ours.append(seconds)
        for name, (work, _) in peers.items():
            for i, j in (pairs[k] for k in sample):
                x, y = clouds[name][i], clouds[name][j]
                seconds, expected = cpu_seconds(lambda w=work, x=x, y=y: w(x, y))
                theirs[name].append(seconds)
                np.testing.assert_allclose(matrix.values[i, j], expected, rtol=1e-7)
    total = float(np.median(ours))
    print(f"{metric:<12} ours {total:8.2f} s, all {len(pairs)} pairs", flush=True)
    for name, seconds in theirs.items():
        pair = float(np.median(seconds))
        print(
            f"{name:>26} {pair * len(pairs):8.2f} s = {len(pairs)} x {pair:.4f} s"
            f"   {pair * len(pairs) / total:5.1f} x",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and smaller layers")
    quick = parser.parse_args().quick
    layers = layers_of(12, 1000, 256) if quick else layers_of(40, 2000, 512)
    with threadpool_limits(1):
        for metric, params, peers in races():
            run(metric, params, peers, layers)


if __name__ == "__main__":
    main()
