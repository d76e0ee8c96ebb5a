"""Mapper graphs of spatial activations and their purity over depth, after Purvine et al. 2023.

    TOPOLENS_DATA=... python docs/reproductions/purvine2023_mapper.py FOLDER [NETWORK ...]

Captures into FOLDER (what is there already is used again), prints the tables of
purvine2023-mapper.md and draws its pictures into docs/pictures. Without networks: all of them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Wedge
from PIL import Image

import topolens as tl
from topolens.activations.data.images.geometry import Geometry
from topolens.activations.data.images.rows import shown
from topolens.activations.data.samples import Samples
from topolens.activations.hooks.pool_names import parse_pool
from topolens.activations.hooks.positions import chosen_positions, strongest_positions

SAMPLINGS = ("random", "top norm", "foreground", "background")
RULES = ("purvine", "knee")
COVER = tl.UniformCover(40, 0.25)
MIN_SAMPLES = 5
PERMUTATIONS = 40
SCORES = ("node_wise", "point_wise", "class_wise", "majority")


def cifar10(data):
    """The 10,000 training images of the shared subset: the paper maps training images too."""
    return tl.load_samples(f"npz:{data / 'images' / 'cifar10.npz'}", base=data, split="train")


def imagenette(data, side=224):
    """All 1,000 images of ten ImageNet classes, training and validation."""
    source = f"zip:{data / 'images' / 'imagenette.zip'}"
    names = str(data / "images" / "imagenette_classes.csv")
    parts = [
        shown(
            tl.load_samples(source, base=data, split=split, classes=names),
            Geometry(resize=side, crop=side, channels="rgb"),
        )
        for split in ("train", "val")
    ]
    inputs = np.concatenate([part.batch(slice(None)) for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    return Samples(inputs, labels, parts[0].classes, np.arange(len(labels)), {"images": side})


def masks_of(folder, name, images, enlarged=1):
    """Foreground by GrabCut, kept in the folder."""
    path = folder / f"masks_{name}.npz"
    if not path.exists():
        np.savez_compressed(path, masks=tl.foreground_masks(images))
    masks = np.load(path)["masks"]
    return tl.ForegroundMasks(masks.repeat(enlarged, axis=1).repeat(enlarged, axis=2))


def resnet(depth, layers):
    """A residual network for CIFAR-10 whose blocks are captured after their last ReLU."""

    def made(data, folder):
        weights = data / "weights" / f"cifar10_resnet{depth}_akamaster.safetensors"
        samples = cifar10(data)
        return {
            "model": tl.load_model("zoo:cifar_resnet", args={"depth": depth}, weights=weights),
            "samples": samples,
            "foreground": lambda: masks_of(folder, "cifar10", samples.inputs),
            "layers": layers,
            "per_image": 1,
            "batch": 100,
            "outputs": np.arange(10),
            "mean": (0.485, 0.456, 0.406),
            "std": (0.229, 0.224, 0.225),
        }

    return made


def mobilenet(data, folder):
    """MobileNetV2 on ImageNet classes; five positions of each of its 1,000 images."""
    weights = data / "weights" / "mobilenet_v2_imagenet"
    graph = str(weights.with_suffix(".json"))
    # The network sees squares of 4 x 4 pixels alike, and GrabCut of 224 x 224 takes seconds.
    small, samples = imagenette(data, 56), imagenette(data)
    lines = (data / "weights" / "imagenet_labels.txt").read_text().splitlines()
    names = [line.split(",")[0].strip() for line in lines]
    return {
        "model": tl.load_model(
            "zoo:quantised_mobilenet",
            args={"graph": graph},
            weights=weights.with_suffix(".safetensors"),
        ),
        "samples": samples,
        "foreground": lambda: masks_of(folder, "imagenette", small.inputs, enlarged=4),
        "layers": [f"conv{n}_clamp" for n in ("09", "18", "27", "36", "42", "51")],
        "per_image": 5,
        "batch": 20,
        "outputs": np.array([names.index(each) for each in samples.classes]),
        "mean": 128.0,
        "std": 128.0,
        "scale": 1.0,
    }


NETWORKS = {
    "ResNet-20": resnet(20, [f"layer{s}.{b}" for s in (1, 2, 3) for b in (0, 1, 2)]),
    "ResNet-56": resnet(56, [f"layer{s}.{b}" for s in (1, 2, 3) for b in (2, 5, 8)]),
    "MobileNetV2": mobilenet,
}


def captured(name, made, folder):
    """Rows of every sampling and layer, (sampling, layer) -> (n_points, n_features).

    One pass through the network: all positions of a batch are captured and the samplings chosen
    from them by what the pools `inner`, `top_norm`, `foreground` and `background` call, so that
    four stores need not be recorded.
    """
    path = folder / f"{name}.npz"
    if not path.exists():
        np.savez(path, **_all_samplings(made))
    with np.load(path) as kept:
        return {tuple(key.split("|")): kept[key] for key in kept.files}


def _all_samplings(made):
    samples, masks, size = made["samples"], made["foreground"](), made["batch"]
    shape = samples.inputs.shape[1:]
    influences = tl.pixel_influences(made["model"], shape, layers=made["layers"])
    slices = [slice(begin, begin + size) for begin in range(0, len(samples), size)]
    keys = ("mean", "std", "scale")
    settings = {key: made[key] for key in keys if key in made}
    batches = ((tl.preprocess(samples.inputs[s], **settings), samples.ids[s]) for s in slices)
    rows, hits = {}, 0
    for batch in tl.capture(made["model"], batches, layers=made["layers"], pool="all"):
        ids = batch.sample_ids
        hits += (batch.predictions == made["outputs"][samples.labels[ids]]).sum()
        for layer, own in batch.layers.items():
            maps = own.rows.reshape(len(ids), -1, own.rows.shape[1])
            for sampling in SAMPLINGS:
                chosen = _chosen(sampling, maps, own.output_shape[1:], ids, made["per_image"])(
                    influences[layer], masks
                )
                taken = np.take_along_axis(maps, chosen[:, :, None], axis=1)
                rows.setdefault(f"{sampling}|{layer}", []).append(taken.reshape(-1, maps.shape[2]))
    region = np.asarray(masks.masks).any(axis=(1, 2))
    print(f"accuracy {hits / len(samples):.4f}; without foreground {(~region).mean():.3f}")
    return {key: np.concatenate(parts) for key, parts in rows.items()}


def _chosen(sampling, maps, sizes, ids, count):
    """Positions of each image, (n, count), once influence and masks are given."""

    def chosen(influence, masks):
        if sampling == "random":
            pooling = parse_pool(f"inner:{count}")
            return chosen_positions(ids, sizes, pooling, seed=0).positions.reshape(-1, count)
        if sampling == "top norm":
            norms = np.square(maps).sum(axis=2)
            return np.sort(np.argsort(-norms, axis=1, kind="stable")[:, :count], axis=1)
        region = masks(ids) if sampling == "foreground" else ~masks(ids)
        return strongest_positions(influence.of(region), ids, count, seed=0)

    return chosen


def scores_of(graph, labels, ids):
    """Purities with the mean and the 95 % quantile of images whose labels were permuted.

    Points of one image keep one label: otherwise the null would be too pure or too mixed.
    """
    found = tl.purity(graph, labels[ids], permutations=1)
    rng = np.random.default_rng(0)
    null = [
        tl.purity(graph, rng.permutation(labels)[ids], permutations=1).scores
        for _ in range(PERMUTATIONS)
    ]
    record = {"coverage": graph.coverage, "nodes": graph.n_nodes, "edges": graph.n_edges}
    record |= {"components": graph.n_components, "loops": graph.loops}
    for name in SCORES:
        values = [scores[name].value for scores in null]
        record[name] = found.scores[name].value
        record[f"{name}_null"] = float(np.mean(values))
        record[f"{name}_high"] = float(np.quantile(values, 0.95))
    return record


def graph_of(points, rule):
    """The Mapper graph of the paper, with an eps of its rule or of ours."""
    curve = tl.eps_curve(points, rule=rule, sample=None if rule == "purvine" else 10_000)
    cluster, lens = tl.DBSCAN(curve.eps, MIN_SAMPLES), np.linalg.norm(points, axis=1)
    return curve, tl.mapper_graph(points, lens, cover=COVER, cluster=cluster)


def measured(name, made, folder):
    """One record for each sampling, layer and rule of eps, kept in the folder."""
    path = folder / f"{name}.json"
    if path.exists():
        return json.loads(path.read_text())
    samples, records = made["samples"], []
    ids = np.repeat(samples.ids, made["per_image"])
    for (sampling, layer), points in captured(name, made, folder).items():
        for rule in RULES:
            curve, graph = graph_of(points, rule)
            record = {"sampling": sampling, "layer": layer, "rule": rule, "eps": curve.eps}
            record |= {"knee": curve.has_knee, "n": len(points)}
            record |= scores_of(graph, samples.labels, ids) if graph.n_nodes else {}
            records.append(record)
            print(_line(record), flush=True)
    path.write_text(json.dumps(records, indent=1))
    return records


def _line(record):
    shown_scores = " ".join(
        f"{record.get(name, np.nan):.3f}/{record.get(name + '_null', np.nan):.3f}"
        for name in SCORES
    )
    counts = " ".join(str(record.get(key, "-")) for key in ("nodes", "components", "loops"))
    return (
        f"{record['sampling']:<11} {record['layer']:<13} {record['rule']:<8} "
        f"{record['eps']:7.3f} {record.get('coverage', 0):5.2f} {counts:>12} {shown_scores}"
    )


COLOURS = dict(zip(SAMPLINGS, ("#888888", "#0072b2", "#d55e00", "#009e73"), strict=True))
PICTURES = Path(__file__).resolve().parents[1] / "pictures"


def draw_purity(name, records, rule="knee"):
    """Purity over depth for each sampling, with the mean under permuted labels dashed."""
    panels = ("node_wise", "class_wise", "majority", "coverage")
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.2), constrained_layout=True)
    layers = list(dict.fromkeys(record["layer"] for record in records))
    for axis, score in zip(axes, panels, strict=True):
        for sampling, colour in COLOURS.items():
            own = [r for r in records if r["sampling"] == sampling and r["rule"] == rule]
            values = [r.get(score, np.nan) for r in own]
            axis.plot(values, color=colour, marker="o", markersize=3, label=sampling)
            if score != "coverage":
                null = [r.get(f"{score}_null", np.nan) for r in own]
                axis.plot(null, color=colour, linestyle=":", linewidth=1)
        axis.set_title(score.replace("_", "-"), fontsize=10)
        axis.set_ylim(0, 1)
        axis.set_xticks(range(len(layers)), layers, rotation=90, fontsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(fontsize=7, frameon=False, loc="upper left")
    figure.suptitle(f"{name}: purity over depth; dotted: labels permuted", fontsize=11)
    _save(figure, f"purvine2023-{name.lower()}-purity.png")


def draw_graphs(name, made, folder, layers):
    """The graphs of some layers under three samplings, nodes as pies of classes."""
    rows = captured(name, made, folder)
    labels = np.repeat(made["samples"].labels, made["per_image"])
    names = made["samples"].classes
    colours = plt.get_cmap("tab10").colors
    size = (4 * len(layers), 9.6)
    figure, axes = plt.subplots(3, len(layers), figsize=size, constrained_layout=True)
    for column, layer in enumerate(layers):
        for axis, sampling in zip(axes[:, column], SAMPLINGS[:3], strict=True):
            _, graph = graph_of(rows[sampling, layer], "knee")
            _draw_graph(axis, graph, labels, colours)
            title = f"{sampling}, {layer}: {graph.n_nodes} nodes, {graph.coverage:.0%} covered"
            axis.set_title(title, fontsize=9)
    handles = [plt.Line2D([], [], marker="o", linestyle="", color=c) for c in colours]
    figure.legend(handles, names, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    _save(figure, f"purvine2023-{name.lower()}-graphs.png")


def _save(figure, name):
    """Write a picture of few colours, so that it stays small."""
    figure.savefig(PICTURES / name, dpi=75)
    plt.close(figure)
    with Image.open(PICTURES / name) as image:
        small = image.convert("RGB").quantize(48)
    small.save(PICTURES / name, optimize=True)


def _draw_graph(axis, graph, labels, colours):
    places = tl.mapper_layout(graph)
    axis.add_collection(LineCollection(places[graph.edges], colors="#999999", linewidths=0.8))
    span = np.ptp(places, axis=0).max()
    radii = span * (0.008 + 0.02 * np.sqrt(graph.sizes / graph.sizes.max()))
    for members, place, radius in zip(graph.nodes(), places, radii, strict=True):
        shares = np.cumsum(np.bincount(labels[members], minlength=10)) / len(members) * 360
        for begin, end, colour in zip([0, *shares[:-1]], shares, colours, strict=True):
            if end > begin:
                axis.add_patch(Wedge(place, radius, begin, end, facecolor=colour, linewidth=0))
    axis.set_aspect("equal")
    axis.autoscale_view()
    axis.margins(0.05)
    axis.set_axis_off()


def main():
    """Measure the networks named, or all, and draw."""
    data, folder = Path(os.environ["TOPOLENS_DATA"]), Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        made = NETWORKS[name](data, folder)
        print(f"\n{name}: value/null of {', '.join(SCORES)}")
        draw_purity(name, measured(name, made, folder))
        layers = made["layers"]
        draw_graphs(name, made, folder, (layers[len(layers) // 2], layers[-2], layers[-1]))


if __name__ == "__main__":
    main()
