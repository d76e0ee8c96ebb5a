"""What the conformance tests of every registry share."""

import dataclasses
import inspect
import re
from typing import NamedTuple

import numpy as np

from topolens import persistence
from topolens.base.registry import Invariances
from topolens.base.results import Diagram

FLAGS = [field.name for field in dataclasses.fields(Invariances)]
DEGREES = (0, 1)


def flags_of(registry, *, declared):
    """(name, flag) for every invariance that an operation declares, or denies."""
    return [
        (name, flag)
        for name in sorted(registry)
        for flag in FLAGS
        if getattr(registry[name].invariances, flag) is declared
    ]


class Labelled(NamedTuple):
    """What an operation on labelled points takes."""

    points: np.ndarray
    labels: np.ndarray


def subjects(operation, cloud, labels=None):
    """What the operation takes, made of a cloud: itself, or its diagram of each degree."""
    if operation.takes == "points":
        return [cloud]
    if operation.takes == "labelled_points":
        return [Labelled(cloud, labels_of(cloud) if labels is None else labels)]
    diagrams = persistence(cloud)
    return [diagrams[degree] for degree in DEGREES]


def labels_of(cloud):
    """Classes of unequal size that know nothing of where the points lie."""
    return np.arange(len(cloud)) % 5 // 2


def described_by(operation, item, **params):
    """The value of a descriptor on one subject."""
    given = item if isinstance(item, Labelled) else (item,)
    return operation.run(*given, **params)


def transformed(flag, cloud):
    """The cloud after the map that the flag is about; coordinates grow by no more than ten."""
    if flag == "permutation":
        return renumbered(cloud)
    rng = np.random.default_rng(7)
    width = cloud.shape[1]
    rotation = np.linalg.qr(rng.standard_normal((width, width)))[0]
    return {
        "orthogonal": lambda: cloud @ rotation,
        "isotropic_scaling": lambda: 2.5 * cloud,
        "translation": lambda: cloud + rng.standard_normal(width),
        "invertible_linear": lambda: cloud @ rotation @ np.diag(np.geomspace(0.2, 4, width)),
    }[flag]()


def renumbered(rows):
    """The rows in another order, the same for all arrays of one length."""
    return rows[np.random.default_rng(8).permutation(len(rows))]


def frozen(item):
    if isinstance(item, Labelled):
        return Labelled(frozen(item.points), frozen(item.labels))
    if isinstance(item, Diagram):
        pairs = item.pairs.copy()
        pairs.setflags(write=False)
        return Diagram(item.dimension, pairs)
    item = item.copy()
    item.setflags(write=False)
    return item


def documented(function):
    """Names and stated defaults in the Parameters section of a docstring."""
    text = inspect.getdoc(function)
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", text, re.DOTALL | re.MULTILINE
    )
    entries = re.findall(r"^(\w[\w, ]*) : (.+)$", section.group(1), re.MULTILINE) if section else []
    return {
        name.strip(): (stated := re.search(r"default (.+)$", kind)) and stated.group(1)
        for names, kind in entries
        for name in names.split(",")
    }
