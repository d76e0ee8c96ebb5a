"""The plainest network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from math import prod

from topolens.activations.needs_torch import nn, torch
from topolens.activations.networks.zoo.published_names import renamed
from topolens.base.checks import check_integer

__all__ = ["MLP", "mlp"]


def mlp(
    input_shape: Sequence[int] = (1, 8, 8),
    n_classes: int = 10,
    widths: Sequence[int] = (64, 64, 64),
    bias: bool = True,
) -> MLP:
    """Build dense layers fc1, fc2, ... with ReLU between, and a dense head.

    Parameters
    ----------
    input_shape : sequence of int, default (1, 8, 8)
        Shape of one sample; it is flattened first.
    n_classes : int, default 10
    widths : sequence of int
        Features after each dense layer; may be empty.
    bias : bool, default True
        Whether dense layers have one.

    Returns
    -------
    MLP
        Weights that count on may also call the head fc4 after fc3.
    """
    for name, values in (("input_shape", input_shape), ("widths", widths)):
        for value in values:
            check_integer(value, name, at_least=1)
    check_integer(n_classes, "n_classes", at_least=1)
    return MLP(tuple(input_shape), n_classes, tuple(widths), bias)


class MLP(nn.Sequential):
    """See `mlp`; maps inputs (n, *input_shape) to scores (n, n_classes)."""

    def __init__(
        self, input_shape: tuple[int, ...], n_classes: int, widths: tuple[int, ...], bias: bool
    ) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
        features = prod(input_shape)
        for number, width in enumerate(widths, start=1):
            layers[f"fc{number}"] = nn.Linear(features, width, bias=bias)
            layers[f"relu{number}"] = nn.ReLU()
            features = width
        layers["head"] = nn.Linear(features, n_classes, bias=bias)
        super().__init__(layers)
        self.input_shape = input_shape
        self.n_hidden = len(widths)

    def state_from_published(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Rename a head that is counted with the other layers."""
        counted = rf"fc{self.n_hidden + 1}\.(.+)"
        return renamed(tensors, self.state_dict(), {counted: r"head.\1"})
