"""A network of which only the geometry is left.

After the copy with equal weights of Purvine et al. (AAAI 2023): every weight of a convolution is
0.001 and there is no batch norm. So that this holds for any network,

* weights of convolutions and dense layers are 0.001 and their biases 0;
* norms let their input pass; so do activation functions, as ReLU does with what is not negative;
* parameters of other modules are 0.001 with two axes or more, else 1, and 0 if they are biases.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from topolens.activations.needs_torch import nn, torch

__all__ = ["with_equal_weights"]

_WEIGHT = 0.001

_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.LocalResponseNorm,
    getattr(nn, "RMSNorm", nn.LayerNorm),
)
_ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU),
    *(nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardtanh, nn.Tanh, nn.Softplus, nn.Softsign),
    *(nn.Sigmoid, nn.LogSigmoid, nn.Hardsigmoid, nn.Hardshrink, nn.Softshrink, nn.Threshold),
)

Weighted: TypeAlias = nn.modules.conv._ConvNd | nn.Linear


def with_equal_weights(network: nn.Module, *, thin: bool) -> nn.Module:
    """Copy a network, in float64 on the CPU; `thin` leaves one channel everywhere.

    Weights of the thin copy are 0.001 times the channels that one output sums, so it lets
    through what the whole copy does if in that all channels of a layer are alike.
    """
    made = copy.deepcopy(network).cpu().double()
    for module in made.modules():
        if isinstance(module, _NORMS + _ACTIVATIONS):
            module.forward = _first  # type: ignore[method-assign]
        elif isinstance(module, nn.modules.conv._ConvNd | nn.Linear):
            _make_equal(module, thin=thin)
        else:
            for name, own in module.named_parameters(recurse=False):
                value = _WEIGHT if own.ndim > 1 else 0.0 if name.endswith("bias") else 1.0
                own.data.fill_(value)
    return made


def _make_equal(module: Weighted, *, thin: bool) -> None:
    groups: int = 1 if isinstance(module, nn.Linear) else module.groups
    if thin:
        _leave_one_channel(module, _WEIGHT * _n_inputs(module) / groups)
    elif isinstance(module, nn.Conv2d) and groups == 1:
        n_outputs = module.out_channels
        _leave_one_channel(module, _WEIGHT)
        module.forward = partial(_by_sum, module.forward, n_outputs)  # type: ignore[method-assign]
    else:
        module.weight.data.fill_(_WEIGHT)
        if module.bias is not None:
            module.bias.data.zero_()


def _leave_one_channel(module: Weighted, weight: float) -> None:
    """Give it one input, one output and one weight."""
    for name in ("groups", "in_channels", "out_channels", "in_features", "out_features"):
        if hasattr(module, name):
            setattr(module, name, 1)
    kernel = (1, 1, *module.weight.shape[2:])
    module.weight = nn.Parameter(torch.full(kernel, weight, dtype=torch.float64))
    if module.bias is not None:
        module.bias = nn.Parameter(torch.zeros(1, dtype=torch.float64))


def _n_inputs(module: Weighted) -> int:
    return int(module.in_features if isinstance(module, nn.Linear) else module.in_channels)


def _by_sum(
    convolve: Callable[[torch.Tensor], torch.Tensor], n_outputs: int, maps: torch.Tensor
) -> torch.Tensor:
    """Convolve with equal weights: every output channel is that of the sum of the inputs."""
    return convolve(maps.sum(dim=1, keepdim=True)).expand(-1, n_outputs, -1, -1)


def _first(values: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
    return values
