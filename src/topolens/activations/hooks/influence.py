"""How strongly pixels of the input reach positions of a layer's map; arrays only, no torch.

After Purvine et al., "Experimental observations of the topology of convolutional neural network
activations", AAAI 2023: the weight of a position is the Euclidean norm of the influences of all
pixels of the foreground on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from topolens.activations.hooks.positions import Chosen, strongest_positions

__all__ = ["Influence", "Regions", "map_boxes", "overlap_influence", "side_of_squares"]

_MOST_SQUARES = 64 * 64

Call = tuple[str, int]
"""A layer and which of its calls in one forward pass, from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """The influence of each square of pixels on each position of one layer's map."""

    image_size: tuple[int, int]
    """Height and width of the input in pixels."""
    side: int
    """Pixels along each side of a square; those at the bottom and right may be cut short."""
    weights: NDArray[np.float32]
    """Mean influence of a pixel of each square, from 0 to 1, shape (n_positions, n_squares)."""
    rule: Literal["network", "overlap"]
    """`network`: what came through the network's geometry; `overlap`: the share of each square
    that lies under the position when the map is laid over the image."""
    n_leading: int = 0
    """Tokens before the first position, a class token for example, that lie nowhere."""

    def of(self, regions: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Weight of each position for regions of the image, shape (n, n_positions).

        Parameters
        ----------
        regions : array of bool, shape (n, height, width)
        """
        pixels = _per_square(regions, self.side).reshape(len(regions), -1)
        squares = np.square(self.weights, dtype=np.float64)
        weights: NDArray[np.float64] = np.sqrt(pixels @ squares.T)
        return weights

    def boxes(self) -> NDArray[np.int64]:
        """Smallest box of pixels with any influence on each position, the receptive field.

        Returns
        -------
        array of shape (n_positions, 4)
            Top, left, bottom and right, the last two excluded; up to whole squares of pixels.
        """
        shape = (-1, *_n_squares(self.image_size, self.side))
        grid = self.weights.reshape(shape).astype(np.bool_)
        rows, columns = np.logical_or.reduce(grid, axis=2), np.logical_or.reduce(grid, axis=1)
        height, width = self.image_size
        low = [found.argmax(axis=1) * self.side for found in (rows, columns)]
        high = [
            np.minimum((found.shape[1] - found[:, ::-1].argmax(axis=1)) * self.side, most)
            for found, most in ((rows, height), (columns, width))
        ]
        return np.stack([*low, *high], axis=1)


class Regions:
    """Chooses the positions of one batch that see most of a region of each image.

    Parameters
    ----------
    influences : mapping of (layer, call) to Influence
    regions : array of bool, shape (n_samples, height, width)
        Where every pixel is False, all positions are equal, and so drawn at random.
    sample_ids : array of shape (n_samples,)
    seed : int
        Decides between equal positions.
    """

    def __init__(
        self,
        influences: Mapping[Call, Influence],
        regions: NDArray[np.bool_],
        sample_ids: NDArray[np.int64],
        *,
        seed: int,
    ) -> None:
        self._influences = influences
        self._regions = regions
        self._sample_ids = sample_ids
        self._seed = seed

    def n_positions(self, layer: str, call: int) -> int:
        """Positions of the layer that are known to lie somewhere in the image."""
        influence = self._influences.get((layer, call))
        return 0 if influence is None else len(influence.weights)

    def strongest(self, layer: str, call: int, count: int) -> Chosen:
        """Choose `count` positions of each sample."""
        influence = self._influences[layer, call]
        weights, ids = influence.of(self._regions), self._sample_ids
        chosen = strongest_positions(weights, ids, count, seed=self._seed) + influence.n_leading
        return Chosen(chosen.reshape(-1), np.repeat(np.arange(len(ids)), count))


def side_of_squares(image_size: tuple[int, int]) -> int:
    """Side of the squares that leave at most 4,096 of them: 1 up to 64 x 64, 4 for 224 x 224."""
    side = 1
    while prod(_n_squares(image_size, side)) > _MOST_SQUARES:
        side += 1
    return side


def overlap_influence(
    map_size: Sequence[int], image_size: tuple[int, int], *, n_leading: int = 0
) -> Influence:
    """Lay a map over the image: a pixel counts by the share of it under each position."""
    side = side_of_squares(image_size)
    rows, columns = (
        _shares(n_positions, n_pixels, side)
        for n_positions, n_pixels in zip(map_size, image_size, strict=True)
    )
    weights = np.einsum("iy,jx->ijyx", rows, columns).reshape(prod(map_size), -1)
    return Influence(image_size, side, weights.astype(np.float32), "overlap", n_leading)


def map_boxes(map_size: Sequence[int], image_size: tuple[int, int]) -> NDArray[np.int64]:
    """Boxes of pixels under each position when a map is laid over its image.

    What a point stands for, roughly and without the model; its receptive field, which is often
    larger, is in the `boxes` of `pixel_influences`.

    Parameters
    ----------
    map_size : sequence of int
        Height and width of the map, the last two of a store's `output_shape`.
    image_size : tuple of int
        Height and width of the image in pixels.

    Returns
    -------
    array of shape (n_positions, 4)
        Top, left, bottom and right of each flat position, the last two excluded.

    Examples
    --------
    >>> map_boxes((2, 2), (4, 6)).tolist()
    [[0, 0, 2, 3], [0, 3, 2, 6], [2, 0, 4, 3], [2, 3, 4, 6]]
    """
    rows, columns = (
        [(n * k // n_all, -(-n * (k + 1) // n_all)) for k in range(n_all)]
        for n_all, n in zip(map_size, image_size, strict=True)
    )
    boxes = [(top, left, bottom, right) for top, bottom in rows for left, right in columns]
    return np.array(boxes, np.int64)


def _shares(n_positions: int, n_pixels: int, side: int) -> NDArray[np.float64]:
    """Share of each piece of `side` pixels under each of equal parts of a line."""
    edges = np.linspace(0, n_pixels, n_positions + 1)
    begin = np.arange(0, n_pixels, side)
    end = np.minimum(begin + side, n_pixels)
    under = np.minimum(edges[1:, None], end) - np.maximum(edges[:-1, None], begin)
    shares: NDArray[np.float64] = np.maximum(under, 0) / (end - begin)
    return shares


def _n_squares(image_size: tuple[int, int], side: int) -> tuple[int, int]:
    return ceil(image_size[0] / side), ceil(image_size[1] / side)


def _per_square(regions: NDArray[np.bool_], side: int) -> NDArray[np.float64]:
    """Count the pixels of each square, shape (n, rows, columns)."""
    height, width = regions.shape[1:]
    by_rows = np.add.reduceat(regions.astype(np.float64), np.arange(0, height, side), axis=1)
    return np.add.reduceat(by_rows, np.arange(0, width, side), axis=2)
