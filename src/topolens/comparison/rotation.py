"""How well one cloud can be rotated onto another: what Procrustes and shape distances share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens.comparison.nuclear_norm import nuclear_norm

__all__ = ["chord_after_rotation", "chord_to_angle", "unit_coordinates", "without_mean"]

# Above this cosine the distance is measured on the rotated clouds: there 1 - cosine loses digits.
_NEARLY_ONE = 0.9999
_NOTHING = 1e-14


def unit_coordinates(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates of a centred cloud, of Frobenius norm 1 and of full rank where that is cheap.

    Dead features are left out; what is then wider than long is rotated into as many columns as
    rows. Neither changes the shape, nor the singular values of products with other clouds.
    """
    reflected = without_mean(cloud)
    alive = reflected[:, np.abs(reflected).max(axis=0) > _NOTHING * np.abs(reflected).max()]
    if alive.shape[1] > alive.shape[0]:
        alive = np.linalg.qr(alive.T)[1].T
    coordinates: NDArray[np.float64] = alive / np.linalg.norm(alive)
    return coordinates


def without_mean(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of a centred cloud after the reflection that takes (1, …, 1) to the first axis.

    Householder's; the first row is then zero in every such cloud and is left out, so that a
    cloud of n points that span everything they can has full rank n - 1.
    """
    reflected: NDArray[np.float64] = cloud[1:] - cloud[0] / (1 - np.sqrt(len(cloud)))
    return reflected


def chord_after_rotation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Smallest ||X Q - Y|| over orthogonal Q; X, Y of unit norm, zero-padded to equal width.

    Padding changes no singular value of Y^T X, so nothing is padded.
    """
    if first is second:
        return 0.0
    product = first.T @ second
    cosine = nuclear_norm(product)
    if cosine < _NEARLY_ONE:
        return float(np.sqrt(2 - 2 * cosine))
    left, _, right = np.linalg.svd(product)
    turned, other = first @ left, second @ right.T
    common = min(turned.shape[1], other.shape[1])
    turned[:, :common] -= other[:, :common]
    return float(np.hypot(np.linalg.norm(turned), np.linalg.norm(other[:, common:])))


def chord_to_angle(chord: float) -> float:
    """Angle in radians between two unit vectors this far apart."""
    return float(2 * np.arcsin(min(1.0, chord / 2)))
