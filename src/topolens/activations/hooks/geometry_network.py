"""What a network's geometry alone lets through: the same network with every weight alike.

Purvine et al. (AAAI 2023) measure how strongly a pixel reaches a position by a copy of the network
in which every weight of a convolution is 0.001 and batch norm is left out; the influence is the
Euclidean norm over channels of the response to an image that is 1 at this pixel in all channels
and 0 elsewhere. `with_equal_weights` does this to any network.

Where the copy's response at a layer is not proportional to its input (attention, gates) or cannot
be had, the map is laid over the image instead, and a pixel counts by the share of it under the
position. Tokens are such a map too, those before its first position, as a class token, aside.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from topolens.activations.hooks.equal_weights import with_equal_weights
from topolens.activations.hooks.influence import Influence, overlap_influence, side_of_squares
from topolens.activations.hooks.layer_patterns import Tap
from topolens.activations.hooks.layers import select_taps
from topolens.activations.hooks.layout import Layout, Layouts, NotPerSampleError
from topolens.activations.hooks.observing import chosen_tensor, observed, unwrapped
from topolens.activations.hooks.running import call_model, evaluating
from topolens.activations.needs_torch import nn, torch
from topolens.base.errors import InvalidInputError, TopolensWarning

__all__ = ["influences_of", "pixel_influences"]

_MOST_LEADING = 8
"""Tokens that may stand before those of the image: class, distillation, registers."""
_PIXELS_AT_ONCE = 1 << 18
_KEPT_BYTES = 1 << 29

Call = tuple[str, int]


def pixel_influences(
    model: nn.Module,
    input_shape: Sequence[int],
    *,
    layers: Sequence[str],
    exclude: Sequence[str] = (),
) -> dict[str, Influence]:
    """Measure how strongly each pixel reaches each position of some layers of a model.

    Exact for images of up to 64 x 64 pixels; larger ones are cut into at most 4,096 squares that
    are lit one by one, and a pixel has the mean influence of its square.

    Parameters
    ----------
    model : Module
    input_shape : sequence of int
        Channels, height and width of one image.
    layers, exclude : sequence of str
        Patterns as in `select_layers`. Layers without positions are left out.

    Returns
    -------
    dict of str to Influence
        By the name of the layer, ``relu#0``, ``relu#1`` where it runs several times. Largest
        influence 1.

    Raises
    ------
    InvalidInputError
        If the input is no image or the model does not run on it.
    """
    network = unwrapped(model)
    found = influences_of(network, tuple(input_shape), select_taps(network, layers, exclude))
    total = Counter(label for label, _ in found)
    return {
        f"{label}#{call}" if total[label] > 1 else label: influence
        for (label, call), influence in found.items()
    }


def influences_of(
    network: nn.Module, input_shape: tuple[int, ...], taps: Sequence[Tap]
) -> dict[Call, Influence]:
    """Measure the influences on every call of every tap whose values are laid out in the image.

    What was measured for a network of the same geometry, known by its response to a fixed image,
    is kept and used again.

    Raises
    ------
    InvalidInputError
        As `pixel_influences` does.
    """
    if len(input_shape) != 3 or 0 in input_shape:
        shown = ", ".join(map(str, input_shape))
        raise InvalidInputError(
            "inputs must be images, (n, channels, height, width), for the pools `foreground` and "
            f"`background`; got shape (n, {shown})"
        )
    places = _places(network, input_shape, taps)
    maps = {call: place for call, place in places.items() if len(place.sizes) == 2}
    copies = _Copies(network, input_shape, taps, maps)
    key = (input_shape, str(places), copies.fingerprint)
    if key not in _KEPT:
        _keep(key, _measured(copies, places, input_shape[1:], _patch_side(network)))
    found = _KEPT[key]
    laid = [call[0] for call in maps if found[call].rule == "overlap"]
    if laid:
        warnings.warn(
            f"the response of {', '.join(f'`{label}`' for label in laid)} is not proportional to "
            "the image in a network with equal weights; the map was laid over the image instead",
            TopolensWarning,
            stacklevel=2,
        )
    return found


_KEPT: dict[object, dict[Call, Influence]] = {}


def _keep(key: object, found: dict[Call, Influence]) -> None:
    """Keep what was found last, as much of it as there is room for."""
    _KEPT[key] = found
    while len(_KEPT) > 1 and sum(_n_bytes(each) for each in _KEPT.values()) > _KEPT_BYTES:
        del _KEPT[next(iter(_KEPT))]


def _n_bytes(found: Mapping[Call, Influence]) -> int:
    return sum(influence.weights.nbytes for influence in found.values())


def _measured(
    copies: _Copies, places: Mapping[Call, _Place], size: tuple[int, ...], patch: int | None
) -> dict[Call, Influence]:
    image_size = (size[0], size[1])
    found = _lit(copies, image_size)
    for call, place in places.items():
        grid = _grid_of(place.sizes, image_size, patch)
        if call not in found and grid is not None:
            map_size, n_leading = grid
            found[call] = overlap_influence(map_size, image_size, n_leading=n_leading)
    return found


def _lit(copies: _Copies, image_size: tuple[int, int]) -> dict[Call, Influence]:
    """Light the squares of the image one by one and see what comes through."""
    if not copies.calls:
        return {}
    side = side_of_squares(image_size)
    corners = [(y, x) for y in range(0, image_size[0], side) for x in range(0, image_size[1], side)]
    responses: dict[Call, list[NDArray[np.float64]]] = {call: [] for call in copies.calls}
    at_once = ceil(_PIXELS_AT_ONCE / (image_size[0] * image_size[1]))
    for begin in range(0, len(corners), at_once):
        some = corners[begin : begin + at_once]
        images = torch.zeros(len(some), 1, *image_size, dtype=torch.float64)
        for image, (y, x) in zip(images, some, strict=True):
            image[0, y : y + side, x : x + side] = 1
        areas = images.sum(dim=(1, 2, 3))[:, None]
        squared = copies.squared(images)
        for call, own in responses.items():
            own.append((squared[call].sqrt() / areas).numpy())
    return {call: _influence(parts, image_size, side) for call, parts in responses.items()}


def _influence(
    parts: Sequence[NDArray[np.float64]], image_size: tuple[int, int], side: int
) -> Influence:
    weights = np.concatenate(parts).T
    narrow = (weights / weights.max()).astype(np.float32)
    # However weak, an influence must not look like none.
    narrow[weights > 0] = np.maximum(narrow[weights > 0], np.finfo(np.float32).tiny)
    return Influence(image_size, side, narrow, "network")


@dataclass(frozen=True, slots=True)
class _Place:
    """How the values of one call are laid out."""

    layout: Layout
    sizes: tuple[int, ...]
    """Sizes of a map, or the number of tokens."""


def _places(
    network: nn.Module, input_shape: Sequence[int], taps: Sequence[Tap]
) -> dict[Call, _Place]:
    """Run two dark images to see which calls have positions."""
    layouts, found = Layouts(network), dict[Call, _Place]()
    parameter = next(network.parameters(), torch.zeros(0))
    dtype = parameter.dtype if parameter.is_floating_point() else torch.float32
    images = torch.zeros(2, *input_shape, dtype=dtype, device=parameter.device)

    def note(tap: Tap, call: int, values: torch.Tensor) -> None:
        try:
            layout = layouts.of(tap, values.shape, 2)
        except NotPerSampleError:
            return
        sizes = values.transpose(0, 1).shape if layout.samples else values.shape
        inner = sizes[2:] if layout.channels_second else sizes[1:-1]
        if inner:
            found[tap.label, call] = _Place(layout, tuple(inner))

    _run(network, images, taps, note)
    return found


class _Copies:
    """Copies of a network with equal weights: all of it, and one channel of it where that does."""

    def __init__(
        self,
        network: nn.Module,
        input_shape: Sequence[int],
        taps: Sequence[Tap],
        places: Mapping[Call, _Place],
    ) -> None:
        self._taps = taps
        self._places = places
        self._channels = input_shape[0]
        self._copy = with_equal_weights(network, thin=False)
        bright = torch.from_numpy(np.random.default_rng(0).uniform(0.5, 1, (1, *input_shape[1:])))
        images = torch.stack([torch.zeros_like(bright), bright, 2 * bright])
        try:
            few = self.squared(images)
        except InvalidInputError:
            few = {}
        self.calls = [
            call
            for call, (dark, once, twice) in few.items()
            if once.any() and not dark.any() and _equal(twice, 4 * once)
        ]
        """Those that respond in proportion to the image."""
        self.fingerprint = str([(call, _digits(once)) for call, (_, once, _) in few.items()])
        if self.calls:
            self._use_one_channel(network, images[1:2], {call: few[call][1] for call in self.calls})

    def _use_one_channel(
        self, network: nn.Module, image: torch.Tensor, wanted: Mapping[Call, torch.Tensor]
    ) -> None:
        """Let one channel stand for all where they are alike, so up to a factor per layer."""
        whole, channels = self._copy, self._channels
        self._copy, self._channels = with_equal_weights(network, thin=True), 1
        try:
            got = self.squared(image)
            alike = all(
                _equal(got[call][0] / got[call].max(), own / own.max())
                for call, own in wanted.items()
            )
        except (InvalidInputError, KeyError):
            alike = False
        if not alike:
            self._copy, self._channels = whole, channels

    def squared(self, images: torch.Tensor) -> dict[Call, torch.Tensor]:
        """Sum of the squares of all channels at each position, (n, n_positions) by call.

        Images are (n, 1, height, width), the same in every channel.
        """
        found: dict[Call, torch.Tensor] = {}

        def note(tap: Tap, call: int, values: torch.Tensor) -> None:
            place = self._places.get((tap.label, call))
            if place is not None:
                axis = 1 if place.layout.channels_second else -1
                found[tap.label, call] = values.square().sum(dim=axis).flatten(1)

        _run(self._copy, images.expand(-1, self._channels, -1, -1), self._taps, note)
        return found


def _run(
    network: nn.Module,
    images: torch.Tensor,
    taps: Sequence[Tap],
    note: Callable[[Tap, int, torch.Tensor], None],
) -> None:
    calls: Counter[Tap] = Counter()

    def counted(tap: Tap, values: object) -> None:
        tensor = chosen_tensor(values, tap.item)
        if tensor is not None and tensor.is_floating_point():
            note(tap, calls[tap], tensor)
        calls[tap] += 1

    modules = dict(network.named_modules())
    with observed(modules, taps, counted), evaluating(network):
        call_model(network, images, "images of single pixels")


def _equal(first: torch.Tensor, second: torch.Tensor) -> bool:
    return first.shape == second.shape and torch.allclose(first, second, rtol=1e-9, atol=0)


def _digits(values: torch.Tensor) -> list[str]:
    """Digits that no other order of additions changes."""
    return [f"{value:.6e}" for value in values.tolist()]


def _grid_of(
    sizes: tuple[int, ...], image_size: tuple[int, int], patch: int | None
) -> tuple[tuple[int, int], int] | None:
    """Return height and width of a map and the tokens before it; None if it is no map."""
    if len(sizes) == 2:
        return (sizes[0], sizes[1]), 0
    if len(sizes) != 1 or patch is None:
        return None
    rows, columns = image_size[0] // patch, image_size[1] // patch
    n_leading = sizes[0] - rows * columns
    return ((rows, columns), n_leading) if 0 <= n_leading <= _MOST_LEADING else None


def _patch_side(network: nn.Module) -> int | None:
    """Side of the patches that a network cuts images into, by its first such convolution."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == module.stride != (1, 1):
            return int(module.kernel_size[0])
    return None
