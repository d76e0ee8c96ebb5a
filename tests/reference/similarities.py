"""Measures between paired clouds by their definitions: slow, obvious, and sharing no step."""

import itertools

import numpy as np
from scipy import linalg
from scipy.spatial.distance import pdist, squareform


def centred(cloud):
    return cloud - cloud.mean(axis=0)


def gram_space_cka(first, second):
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) by n x n Gram matrices."""
    return kernel_cka(first @ first.T, second @ second.T)


def kernel_cka(first, second):
    centring = np.eye(len(first)) - 1 / len(first)
    one, other = (centring @ kernel @ centring for kernel in (first, second))
    return np.sum(one * other) / np.sqrt(np.sum(one * one) * np.sum(other * other))


def rbf_cka(first, second, bandwidth):
    kernels = []
    for cloud in (first, second):
        distances = pdist(cloud)
        sigma = bandwidth * np.median(distances)
        kernels.append(np.exp(-(squareform(distances) ** 2) / (2 * sigma**2)))
    return kernel_cka(*kernels)


def unbiased_hsic(first, second):
    """HSIC_1 of Song et al. 2012, term by term, on the clouds as they are."""
    n = len(first)
    one, other = first @ first.T, second @ second.T
    np.fill_diagonal(one, 0)
    np.fill_diagonal(other, 0)
    ones = np.ones(n)
    return (
        np.trace(one @ other)
        + (ones @ one @ ones) * (ones @ other @ ones) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (ones @ one @ other @ ones)
    ) / (n * (n - 3))


def unbiased_cka(first, second):
    own = unbiased_hsic(first, first) * unbiased_hsic(second, second)
    return unbiased_hsic(first, second) / np.sqrt(own)


def u_statistic_hsic(first, second):
    """The U-statistic over all ordered quadruples of different points."""
    one, other = first @ first.T, second @ second.T
    terms = [
        one[i, j] * (other[i, j] + other[p, q] - 2 * other[i, p])
        for i, j, p, q in itertools.permutations(range(len(first)), 4)
    ]
    return np.mean(terms)


def canonical_correlations(first, second):
    """By QR and the principal angles of SciPy (Knyazev and Argentati), features in common first."""
    return np.cos(linalg.subspace_angles(centred(first), centred(second)))[::-1]


def canonical_correlations_by_covariance(first, second):
    """Roots of the eigenvalues of Sxx^-1 Sxy Syy^-1 Syx (Hotelling)."""
    one, other = centred(first), centred(second)
    across = one.T @ other
    product = np.linalg.solve(one.T @ one, across) @ np.linalg.solve(other.T @ other, across.T)
    squares = np.sort(np.linalg.eigvals(product).real)[::-1]
    return np.sqrt(np.clip(squares[: min(across.shape)], 0, 1))


def pwcca(first, second):
    """Morcos et al. 2018: canonical variates from the whitened cross-covariance."""
    one, other = centred(first), centred(second)
    roots = [linalg.inv(linalg.sqrtm(cloud.T @ cloud).real) for cloud in (one, other)]
    left, correlations, _ = np.linalg.svd(roots[0] @ one.T @ other @ roots[1])
    variates = one @ roots[0] @ left
    weights = [sum(abs(h @ x) for x in one.T) for h in variates.T[: len(correlations)]]
    return np.average(correlations, weights=weights)


def unit_and_equally_wide(first, second, width=None):
    width = width or max(first.shape[1], second.shape[1])
    for cloud in (centred(first), centred(second)):
        missing = width - cloud.shape[1]
        yield np.pad(cloud / np.linalg.norm(cloud), ((0, 0), (0, missing)))


def rotation_residual(first, second):
    """||X Q - Y|| after SciPy's orthogonal Procrustes, unit norms, zeros added to equal width."""
    one, other = unit_and_equally_wide(first, second)
    return np.linalg.norm(one @ linalg.orthogonal_procrustes(one, other)[0] - other)


def shape_distance(first, second, alpha):
    """Williams et al. 2021: partial whitening by a matrix root, then rotation, then the angle."""
    whitened = []
    for cloud in (first, second):
        about = centred(cloud)
        about = about / np.sqrt(np.mean(np.linalg.svd(about, compute_uv=False) ** 2))
        root = linalg.inv(linalg.sqrtm(about.T @ about).real)
        whitened.append(about @ (alpha * np.eye(about.shape[1]) + (1 - alpha) * root))
    chord = rotation_residual(*whitened)
    return 2 * np.arcsin(chord / 2)


def permutation_distance(first, second):
    """The best of all pairings of features, with zeros for as many as want to stay alone."""
    one, other = unit_and_equally_wide(first, second, first.shape[1] + second.shape[1])
    orders = itertools.permutations(range(one.shape[1]))
    return np.arccos(min(1, max(np.sum(one * other[:, order]) for order in orders)))


def dissimilarities(cloud, distance):
    names = {"squared_euclidean": "sqeuclidean", "manhattan": "cityblock"}
    return pdist(cloud, names.get(distance, distance))


def tau_a(first, second):
    """Concordant less discordant pairs over all pairs."""
    pairs = list(itertools.combinations(range(len(first)), 2))
    return np.mean([np.sign((first[i] - first[j]) * (second[i] - second[j])) for i, j in pairs])
