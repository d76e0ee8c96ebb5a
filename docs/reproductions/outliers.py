"""How much does leaving local outliers out change a diagram? Świder 2024, arXiv 2407.06286.

    TOPOLENS_DATA=... python docs/reproductions/outliers.py

For every layer: draws of n rows without a row in common; in each, outliers are replaced by rows
that are none. The sliced Wasserstein distance that this moves a diagram is held against two
others: between two draws (the noise of sampling), and after replacing as many rows at random.
"""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import numpy as np

import topolens as tl
from topolens.activations.data.datasets import load_samples
from topolens.activations.data.preprocess import preprocess
from topolens.activations.networks.models import build_seeded
from topolens.activations.networks.training import train_classifier

N_POINTS, N_DRAWS = 300, 5


def layers_of(model, samples, layers, **preprocessing):
    """Rows of each layer over all samples, mean over positions or tokens."""
    gathered = {}
    inputs = preprocess(samples.inputs, **preprocessing)
    batches = [(inputs[i : i + 250], samples.ids[i : i + 250]) for i in range(0, len(inputs), 250)]
    for batch in tl.capture(model, batches, layers=layers, pool="mean"):
        for name, one in batch.layers.items():
            gathered.setdefault(name, []).append(one.rows)
    return {name: np.concatenate(parts) for name, parts in gathered.items()}


def replaced(draw, unwanted, pool, rng):
    """The draw with other rows of the pool in the place of unwanted ones."""
    keep = np.setdiff1d(draw, unwanted)
    free = np.setdiff1d(pool, np.r_[draw, unwanted])
    return np.r_[keep, rng.choice(free, len(draw) - len(keep), replace=False)]


def measured(rows, degree):
    """Share of outliers; distances by removal, by random replacement, and between draws."""
    rng = np.random.default_rng(0)
    outside = np.flatnonzero(tl.local_outlier_factor(rows).is_outlier)
    everything = np.arange(len(rows))
    order = rng.permutation(len(rows))
    draws = [order[k * N_POINTS : (k + 1) * N_POINTS] for k in range(N_DRAWS)]

    def diagram(chosen):
        points = tl.normalise(rows[np.sort(chosen)], "median")
        return tl.persistence(points, max_dim=degree)[degree]

    whole = [diagram(draw) for draw in draws]
    removed, random = [], []
    for draw, before in zip(draws, whole, strict=True):
        bad = np.intersect1d(draw, outside)
        others = rng.choice(np.setdiff1d(draw, outside), len(bad), replace=False)
        cleaned = diagram(replaced(draw, bad, np.setdiff1d(everything, outside), rng))
        shuffled = diagram(replaced(draw, others, everything, rng))
        removed.append(tl.sliced_wasserstein(before, cleaned))
        random.append(tl.sliced_wasserstein(before, shuffled))
    between = [tl.sliced_wasserstein(a, b) for a, b in combinations(whole, 2)]
    return len(outside) / len(rows), *(float(np.mean(x)) for x in (removed, random, between))


def networks():
    """Name, layers and rows of every network; those of CIFAR-10 where the data are there."""
    here = Path.cwd()
    digits = load_samples("digits", base=here)
    training = load_samples("digits", base=here, split="train")
    for name, source, layers, epochs in (
        ("digits CNN", "zoo:small_cnn", ["conv*", "fc*"], 20),
        ("digits ViT", "zoo:small_vit", ["patches", "blocks.?", "head"], 40),
    ):
        model = build_seeded(source, seed=0, args={}, trust=False, base=here)
        train_classifier(model, training, epochs=epochs, seed=0, scale=16.0)
        yield name, layers_of(model, digits, layers, scale=16.0)
    if not os.environ.get("TOPOLENS_DATA"):
        return
    data = Path(os.environ["TOPOLENS_DATA"])
    images = load_samples(f"npz:{data / 'images' / 'cifar10.npz'}", base=data, count=1750)
    std = (0.229, 0.224, 0.225)
    for name, source, args, weights, layers, norm in (
        (
            "CIFAR-10 ResNet-20",
            "zoo:cifar_resnet",
            {"depth": 20, "variant": "A"},
            "cifar10_resnet20_akamaster",
            ["conv1", "layer?.?.conv2"],
            {"mean": (0.485, 0.456, 0.406), "std": std},
        ),
        (
            "CIFAR-10 ViT",
            "zoo:batch_norm_vit",
            {},
            "cifar10_vit_pgd_2_3_16",
            ["type:Linear", "type:Conv2d"],
            {"mean": (0.4914, 0.4822, 0.4465), "std": (0.2023, 0.1994, 0.2010)},
        ),
    ):
        path = data / "weights" / f"{weights}.safetensors"
        model = tl.load_model(source, args=args, weights=path)
        yield name, layers_of(model, images, layers, **norm)


def main():
    """Print one line per layer and degree."""
    for name, layers in networks():
        print(f"\n{name}: {len(next(iter(layers.values())))} samples", flush=True)
        print("layer                    degree outliers  removed  random  between  ratio")
        for layer, rows in layers.items():
            for degree in (0, 1):
                share, *distances = measured(rows, degree)
                line = "".join(f"{value:9.3f}" for value in distances)
                ratio = distances[0] / distances[2]
                print(f"{layer:<24} H{degree} {share:11.1%} {line} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
