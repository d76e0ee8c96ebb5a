"""One way to take activations, in a process of its own: CPU and wall seconds, memory, answers.

python extractors.py MODE STEM IMAGES THREADS OUT.npz

STEM is `cifar` (3 x 3, no max pool) or `imagenet` (7 x 7, stride 2, max pool); the network is a
ResNet-18 of random weights, the layers its 20 convolutions. Images are 32 x 32 for the first and
64 x 64 for the second, so that the last maps still have four positions. OUT gets what
the mode answers; a mode that holds full tensors is asked for everything the others answer.
"""

import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

BATCH = 100
SITE = Path(__file__).parent / "torchvision" / "site"


class Block(nn.Module):
    def __init__(self, given, made, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(given, made, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(made)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(made, made, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(made)
        self.downsample = None
        if stride > 1 or given != made:
            shortcut = nn.Conv2d(given, made, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(made))

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet18(nn.Module):
    def __init__(self, stem):
        super().__init__()
        wide = stem == "imagenet"
        kernel, stride, padding = (7, 2, 3) if wide else (3, 1, 1)
        self.conv1 = nn.Conv2d(3, 64, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if wide else nn.Identity()
        widths = [64, 64, 128, 256, 512]
        self.stages = nn.ModuleList(
            nn.Sequential(Block(given, made, 1 if made == 64 else 2), Block(made, made, 1))
            for given, made in pairwise(widths)
        )
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = stage(x)
        return self.fc(x.mean((2, 3)))


def convolutions(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]


def batches(images):
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        yield part, np.arange(start, start + len(part))


def forward(model, images):
    """The price of the predictions alone."""
    with torch.inference_mode():
        for part, _ in batches(images):
            model(torch.tensor(part)).argmax(1).numpy()
    return {}


def pooled(pool):
    def run(model, images):
        from topolens.activations.hooks.capture import capture

        kept = {}
        for batch in capture(model, batches(images), layers=["type:Conv2d"], pool=pool):
            for name, layer in batch.layers.items():
                kept.setdefault(name, []).append(layer.rows)
        return {f"{pool}/{name}": np.concatenate(rows) for name, rows in kept.items()}

    return run


def store(model, images):
    """Everything, to the disk, by the same call as a study."""
    from topolens.activations.data.samples import Samples
    from topolens.activations.record import record
    from topolens.activations.stores.store import ActivationStore

    samples = Samples(images, None, None, np.arange(len(images)), {"source": "noise"})
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        with ActivationStore.create(Path(folder), {}) as kept:
            record(model, samples, kept, layers=["type:Conv2d"], pool="flatten", batch_size=BATCH)
        DONE.append(clocks())
        return {f"flatten/{name}": spread(kept.read(name)[0]) for name in kept.layers}


def full_batches(model, images):
    """Everything, batch by batch, dropped as soon as it is there."""
    from topolens.activations.hooks.capture import capture

    for batch in capture(model, batches(images), layers=["type:Conv2d"], pool="flatten"):
        del batch
    return {}


def lists(*, clone):
    """Keep detached tensors in lists and join them at the end, as torchextractor's users do."""

    def run(model, images):
        kept = {name: [] for name in convolutions(model)}

        def hook_of(name):
            def hook(module, given, output):
                kept[name].append(output.detach().clone() if clone else output.detach())

            return hook

        handles = [
            module.register_forward_hook(hook_of(name))
            for name, module in model.named_modules()
            if name in kept
        ]
        with torch.inference_mode():
            for part, _ in batches(images):
                model(torch.tensor(part)).argmax(1).numpy()
        for handle in handles:
            handle.remove()
        return answers({name: torch.cat(parts) for name, parts in kept.items()})

    return run


def fx(model, images):
    """Torchvision's extractor, a graph traced by torch.fx that ends at the last layer asked for."""
    extract = EXTRACTORS[0](model, return_nodes=convolutions(model))
    kept = {name: [] for name in convolutions(model)}
    with torch.inference_mode():
        for part, _ in batches(images):
            for name, output in extract(torch.tensor(part)).items():
                kept[name].append(output)
    return answers({name: torch.cat(parts) for name, parts in kept.items()})


EXTRACTORS = []


def load_torchvision():
    """Import torchvision without its compiled operators, which need a build for this torch."""
    sys.path.insert(0, str(SITE))
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.models.feature_extraction import create_feature_extractor

    EXTRACTORS.extend([create_feature_extractor, library])


def spread(rows):
    """Every 97th value of every sample: enough to tell two captures apart."""
    return np.ascontiguousarray(rows.reshape(len(rows), -1)[:, ::97])


def answers(full):
    """What the pooled modes must say, by the definition and not by our code; after the clock."""
    DONE.append(clocks())
    from topolens.activations.hooks.positions import random_positions

    found = {}
    for name, values in full.items():
        flat = values.flatten(2)
        found[f"mean/{name}"] = flat.mean(2).numpy()
        at = torch.cat([part.square().sum(1).argmax(1) for part in flat.split(BATCH)])
        found[f"top_norm/{name}"] = flat[torch.arange(len(flat)), :, at].numpy()
        drawn = random_positions(np.arange(len(flat)), flat.shape[2], 4, seed=0)
        rows = [one[:, at].T for one, at in zip(flat.numpy(), drawn, strict=True)]
        found[f"random:4/{name}"] = np.concatenate(rows)
        found[f"flatten/{name}"] = spread(values.numpy())
    return found


MODES = {
    "forward": forward,
    "mean": pooled("mean"),
    "top_norm": pooled("top_norm"),
    "random:4": pooled("random:4"),
    "flatten": full_batches,
    "store": store,
    "lists": lists(clone=False),
    "lists+clone": lists(clone=True),
    "fx": fx,
}
DONE = []
FOLDER = None


def clocks():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return time.process_time(), time.perf_counter(), peak


def main():
    global FOLDER
    mode, stem, n_images, threads, out = sys.argv[1:]
    FOLDER = Path(out).parent  # has room for what the disk mode writes
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    model = ResNet18(stem).eval()
    side = 32 if stem == "cifar" else 64
    images = np.random.default_rng(0).standard_normal((int(n_images), 3, side, side), np.float32)
    if mode == "fx":
        load_torchvision()
    # Once on one batch: imports, oneDNN's choices, the allocator's first pages.
    MODES[mode](model, images[:BATCH])
    DONE.clear()
    before = clocks()
    found = MODES[mode](model, images)
    after = DONE[0] if DONE else clocks()
    np.savez(out, **found)
    print(*(end - start for start, end in zip(before, after, strict=True)))


if __name__ == "__main__":
    main()
