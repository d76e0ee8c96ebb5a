"""The words with which layers are chosen, apart from torch so that a study file is checked early.

A pattern is a rule for modules, ``RULE``, optionally with the side of the module that is meant,
``RULE@input`` or ``RULE@output`` (the same as ``RULE``), and the number of the tensor there,
``RULE@input[1]``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from topolens.activations.hooks.layer_batch import Site
from topolens.base.errors import InvalidInputError

__all__ = ["Node", "Tap", "check_pattern", "matching", "split_pattern"]

_SIDED = re.compile(r"(?P<rule>.+)@(?P<site>input|output)(?:\[(?P<item>\d{1,3})\])?", re.DOTALL)
_DEPTH = re.compile(r"[1-9]\d{0,2}")


@dataclass(frozen=True, slots=True)
class Node:
    """What the rules look at in a module, beside its name."""

    type_name: str = ""
    is_leaf: bool = True


@dataclass(frozen=True, slots=True)
class Tap:
    """A place in a model where values are taken."""

    module: str
    site: Site = "output"
    item: int | None = None
    """Which of the tensors there, depth first; None for the first floating one."""

    @property
    def label(self) -> str:
        """The name of the layer: `conv1`, `bn1@input`, `attention@output[1]`."""
        if self.item is not None:
            return f"{self.module}@{self.site}[{self.item}]"
        return self.module if self.site == "output" else f"{self.module}@{self.site}"


def split_pattern(pattern: str) -> tuple[str, Site, int | None]:
    """Return the rule for modules, the side and the number of the tensor."""
    match = _SIDED.fullmatch(pattern)
    if match is None:
        return pattern, "output", None
    item = None if match["item"] is None else int(match["item"])
    return match["rule"], "input" if match["site"] == "input" else "output", item


def check_pattern(pattern: str) -> str:
    """Return a pattern whose rule can be read.

    Raises
    ------
    InvalidInputError
        If what follows `re:` is no regular expression, or what follows `depth:` no number.
    """
    rule, _, _ = split_pattern(pattern)
    kind, _, text = rule.partition(":")
    if kind == "re":
        _compiled(text, pattern)
    if kind == "depth" and _DEPTH.fullmatch(text) is None:
        raise InvalidInputError(
            f"`layers` must have a whole number from 1 after `depth:`; got {pattern!r}"
        )
    return pattern


def matching(rule: str, modules: Mapping[str, Node]) -> set[str]:
    """Return the names of the modules that a rule means.

    Parameters
    ----------
    rule : str
        Exact name; ``leaf``; ``type:GLOB`` by class name; ``re:REGEX`` that fits the whole name;
        ``depth:N``, N steps below the model; otherwise a glob over whole names, where ``*``
        crosses dots.
    modules : mapping of str to Node

    Raises
    ------
    InvalidInputError
        As `check_pattern` does.
    """
    if rule in modules:
        return {rule}
    if rule == "leaf":
        return {name for name, node in modules.items() if node.is_leaf}
    check_pattern(rule)
    kind, colon, text = rule.partition(":")
    if kind == "type" and colon:
        return {name for name, node in modules.items() if fnmatchcase(node.type_name, text)}
    if kind == "re" and colon:
        expression = _compiled(text, rule)
        return {name for name in modules if expression.fullmatch(name)}
    if kind == "depth" and colon:
        return {name for name in modules if name.count(".") + 1 == int(text)}
    return {name for name in modules if fnmatchcase(name, rule)}


def _compiled(text: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidInputError(
            f"`layers` must have a regular expression after `re:`; got {pattern!r} ({error})"
        ) from None
