"""MobileNets that were published for 8-bit hardware, rebuilt in floating point from their graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.layer_graph import LayerGraph, Node, read_graph

__all__ = ["QuantisedMobileNet", "quantised_mobilenet"]


def quantised_mobilenet(graph: Path) -> QuantisedMobileNet:
    """Build the network that a layer graph describes; its weights are made floating point.

    Every step is a module: convolutions and dense layers by the name in the graph (``conv00``),
    sums as ``add00``, ``add01``, ..., then ``avgpool``, ``reshape`` and ``softmax``. After each
    of the first three stands ``NAME_clamp``, which holds values in the range of the 8-bit
    original; that is its ReLU6 too.

    Parameters
    ----------
    graph : Path
        A JSON file with the nodes in order: operation, inputs, output, stride, padding,
        activation, groups and range of the output. Channels are taken from the file of weights
        beside it, of the same name and with the ending .safetensors.

    Returns
    -------
    QuantisedMobileNet
        For images (n, 3, height, width), as (x - 128) / 128 for pixels from 0 to 255: `mean`
        128, `std` 128 and `scale` 1. It gives probabilities (n, n_classes).

    Raises
    ------
    InvalidInputError
        If the file is no such graph.
    """
    return QuantisedMobileNet(read_graph(graph))


class QuantisedMobileNet(nn.Module):
    """See `quantised_mobilenet`."""

    def __init__(self, graph: LayerGraph) -> None:
        super().__init__()
        height, width = graph.input_size
        self.input_shape = (3, height, width)
        self.source = graph.source
        self._first = graph.input
        self._steps: list[tuple[tuple[str, ...], tuple[int, ...], int]] = []
        for node in graph.nodes:
            self.add_module(node.name, _module(node))
            names: tuple[str, ...] = (node.name,)
            if node.kind in ("convolution", "dense", "add"):
                names += (f"{node.name}_clamp",)
                self.add_module(names[-1], Clamp(*node.out_range))
            self._steps.append((names, node.inputs, node.output))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to probabilities (n, n_classes)."""
        values = {self._first: images}
        for names, inputs, output in self._steps:
            value: torch.Tensor = self.get_submodule(names[0])(
                *(values[number] for number in inputs)
            )
            for name in names[1:]:
                value = self.get_submodule(name)(value)
            values[output] = value
        return value

    def state_from_published(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Replace 8-bit weights by (q - zero point) * scale."""
        state = dict(tensors)
        for quantised in [name for name in tensors if name.endswith("_q")]:
            name = quantised.removesuffix("_q")
            parts = [quantised, f"{name}_scale", f"{name}_zero_point"]
            if all(part in tensors for part in parts):
                steps, scale, zero_point = (state.pop(part).float() for part in parts)
                state[name] = (steps - zero_point) * scale
        return state


class Add(nn.Module):
    """The sum of a shortcut and what it goes round."""

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Add two tensors of one shape."""
        return first + second


class FlatLinear(nn.Linear):
    """A dense layer on what one position holds."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, 1, 1) or (n, channels) to (n, features)."""
        return super().forward(maps.flatten(1))


class Clamp(nn.Module):
    """Values held between two bounds."""

    def __init__(self, lowest: float, highest: float) -> None:
        super().__init__()
        self.lowest, self.highest = lowest, highest

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Map a tensor to one of the same shape."""
        return values.clamp(self.lowest, self.highest)


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow does: the odd row and column at the bottom and right."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, h, w) to h / stride and w / stride, rounded up."""
        pads: list[int] = []
        for axis in (1, 0):
            size, kernel, stride = maps.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            pads += [total // 2, total - total // 2]
        return super().forward(nn.functional.pad(maps, pads))


def _module(node: Node) -> nn.Module:
    if node.kind == "convolution":
        kind = SameConv2d if node.padding == "same" else nn.Conv2d
        return kind(node.width_in, node.width_out, node.kernel, node.stride, groups=node.groups)
    if node.kind == "dense":
        return FlatLinear(node.width_in, node.width_out)
    if node.kind == "add":
        return Add()
    if node.kind == "average_pool":
        return nn.AdaptiveAvgPool2d(1)
    return nn.Flatten() if node.kind == "reshape" else nn.Softmax(dim=1)
