"""Activation functions by name, a new module for each use so that each can be hooked."""

from __future__ import annotations

from typing import Literal

from topolens.activations.needs_torch import nn
from topolens.base.checks import check_one_of

__all__ = ["Activation", "activation_function", "check_activation"]

Activation = Literal["relu", "swish", "tanh", "relu6", "sigmoid", "elu", "gelu"]

_MODULES: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "gelu": nn.GELU,
}


def check_activation(name: str) -> None:
    """Refuse a name that is none of them."""
    check_one_of(name, "activation", tuple(_MODULES))


def activation_function(name: Activation) -> nn.Module:
    """Build the module of that name."""
    return _MODULES[name]()
