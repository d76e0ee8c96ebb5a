"""Landscapes by the definition, on every scale where any two tents may cross."""

import numpy as np


def scales_of_change(*diagrams):
    """Scales between which all tents are linear and none crosses another."""
    births, deaths = np.vstack(diagrams).T
    crossings = np.add.outer(births, deaths).ravel() / 2
    return np.unique(np.concatenate([births, deaths, crossings]))


def heights(bars, scales):
    """Tents at every scale, sorted, highest first: shape (n_bars, n_scales)."""
    tents = np.minimum(scales - bars[:, :1], bars[:, 1:] - scales)
    return -np.sort(-np.clip(tents, 0, None), axis=0)


def distance(first, second, power):
    """The integral of the difference by Gauss–Legendre, exact for small even powers."""
    scales = scales_of_change(first, second)
    middles, halves = (scales[1:] + scales[:-1]) / 2, np.diff(scales) / 2
    nodes, weights = np.polynomial.legendre.leggauss(8)
    where = (middles[:, None] + halves[:, None] * nodes).ravel()
    layers = max(len(first), len(second))
    tall = [
        np.pad(heights(bars, where), ((0, layers - len(bars)), (0, 0))) for bars in (first, second)
    ]
    differences = (np.abs(tall[0] - tall[1]) ** power).sum(axis=0)
    return (differences * (halves[:, None] * weights).ravel()).sum() ** (1 / power)
