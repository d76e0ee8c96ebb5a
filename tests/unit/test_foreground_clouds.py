"""Clouds of foreground and background: influence as by brute force, masks and ties by hand."""

import sys
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.data.foreground import (  # noqa: E402
    ForegroundMasks,
    GrabCut,
    foreground_masks,
)
from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.hooks import influence as influence_module  # noqa: E402
from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.hooks.geometry_network import pixel_influences  # noqa: E402
from topolens.activations.hooks.influence import (  # noqa: E402
    Influence,
    Regions,
    map_boxes,
    overlap_influence,
)
from topolens.activations.hooks.positions import strongest_positions  # noqa: E402
from topolens.base.errors import (  # noqa: E402
    InvalidInputError,
    MissingDependencyError,
    TopolensWarning,
)

torch.set_num_threads(1)


class Net(nn.Module):
    """Convolutions with all that can surround them: norm, ReLU, pooling, groups, a shortcut."""

    input_shape = (3, 9, 8)

    def __init__(self, *, act=nn.ReLU, groups=1, pads=False, joins=False):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.act = act()
        self.conv2 = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=groups, bias=False)
        self.pool = nn.AvgPool2d(2, stride=1)
        self.conv3 = nn.Conv2d(8 if joins else 4, 6 if pads else 4, 3, padding=1)
        self.out = nn.Identity()
        self.head = nn.Linear(6 if pads else 4, 2)
        self.pads, self.joins = pads, joins

    def forward(self, images):
        maps = self.act(self.bn1(self.conv1(images)))
        maps = self.pool(self.act(self.conv2(maps)))
        beside = torch.cat([maps, maps * 2], 1) if self.joins else maps
        inner = self.conv3(beside)
        if self.pads:
            maps = nn.functional.pad(maps, (0, 0, 0, 0, 1, 1))
        maps = self.out(inner + maps)
        return self.head(maps.mean(dim=(2, 3)))


def brute_force(net, layer):
    """The rule of the paper word by word: one pixel after the other through 0.001 everywhere."""
    channels, height, width = net.input_shape
    twin = Net(groups=net.conv2.groups, pads=net.pads, joins=net.joins).double().eval()
    twin.bn1 = nn.Identity()
    for module in (twin.conv1, twin.conv2, twin.conv3):
        nn.init.constant_(module.weight, 0.001)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    seen = []
    twin.get_submodule(layer).register_forward_hook(lambda m, i, o: seen.append(o.detach()))
    for pixel in range(height * width):
        image = torch.zeros(1, channels, height * width, dtype=torch.float64)
        image[:, :, pixel] = 1
        twin(image.reshape(1, channels, height, width))
    norms = [maps[0].square().sum(dim=0).sqrt().flatten().numpy() for maps in seen]
    found = np.stack(norms, axis=1)
    return found / found.max()


@pytest.mark.parametrize(
    "options",
    [{}, {"groups": 4}, {"groups": 2}, {"pads": True}, {"joins": True}, {"act": nn.GELU}],
    ids=str,
)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "out"])
def test_influence_is_what_brute_force_finds(options, layer):
    net = Net(**options)
    (found,) = pixel_influences(net, net.input_shape, layers=[layer]).values()
    assert (found.rule, found.side, found.image_size) == ("network", 1, (9, 8))
    expected = brute_force(net, layer)
    assert found.weights.shape == expected.shape
    np.testing.assert_allclose(found.weights, expected, rtol=1e-5, atol=1e-30)


def test_the_model_stays_as_it_was():
    net = Net(act=lambda: nn.ReLU(inplace=True)).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    pixel_influences(net, net.input_shape, layers=["out"])
    assert net.training
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())
    assert "forward" not in vars(net.act)


def test_networks_of_one_geometry_share_what_was_found():
    first, second = (
        pixel_influences(Net(), Net.input_shape, layers=["out"])["out"] for _ in range(2)
    )
    assert first.weights is second.weights
    other = Net()
    other.conv2.stride = (2, 1)
    assert pixel_influences(other, Net.input_shape, layers=["out"])["out"].weights.shape != (
        first.weights.shape
    )
    wider = Net()
    wider.conv2.dilation, wider.conv2.padding = (2, 2), (2, 2)
    assert not np.array_equal(
        pixel_influences(wider, Net.input_shape, layers=["out"])["out"].weights, first.weights
    )


def test_squares_of_pixels_have_the_mean_influence(monkeypatch):
    net = Net()
    exact = pixel_influences(net, net.input_shape, layers=["conv1"])["conv1"]
    monkeypatch.setattr(influence_module, "_MOST_SQUARES", 20)
    net.conv1.weight.data.zero_()
    coarse = pixel_influences(net, (3, 9, 8), layers=["conv1", "out"])["conv1"]
    assert coarse.side == 2
    # 9 x 8 pixels are 5 x 4 squares, the last ones of one row of pixels only.
    assert coarse.weights.shape == (72, 20)
    grid = exact.weights.reshape(72, 9, 8)
    sums = np.add.reduceat(np.add.reduceat(grid, [0, 2, 4, 6, 8], axis=1), [0, 2, 4, 6], axis=2)
    means = sums / np.array([4, 4, 4, 4, 2])[:, None]
    np.testing.assert_allclose(coarse.weights, means.reshape(72, 20) / means.max(), rtol=1e-6)
    regions = np.zeros((1, 9, 8), bool)
    regions[0, 3:, 5:] = True
    pixels = np.array([[0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 2, 4], [0, 0, 2, 4], [0, 0, 1, 2]])
    expected = np.sqrt(np.square(coarse.weights.astype(float)) @ pixels.ravel())
    np.testing.assert_allclose(coarse.of(regions)[0], expected)


def test_a_receptive_field_is_the_box_of_pixels_with_influence():
    net = Net()
    found = pixel_influences(net, net.input_shape, layers=["conv1", "conv2"])
    assert found["conv1"].boxes()[0].tolist() == [0, 0, 2, 2]
    assert found["conv1"].boxes()[9].tolist() == [0, 0, 3, 3]
    # Position (2, 1) of conv2 sees conv1 from (3, 1) to (5, 3), and so pixels (2, 0) to (6, 4).
    assert found["conv2"].boxes()[2 * 4 + 1].tolist() == [2, 0, 7, 5]


def test_influence_never_looks_like_none_however_deep_the_network():
    deep = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(60)))
    found = pixel_influences(deep, (1, 3, 3), layers=["59"])["59"]
    assert found.weights.min() > 0
    assert found.boxes().tolist() == [[0, 0, 3, 3]] * 9


class Patches(nn.Module):
    """Tokens of 2 x 2 patches after a class token, and attention between them."""

    input_shape = (3, 4, 6)

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 2, stride=2)
        self.token = nn.Parameter(torch.ones(1, 1, 8))
        self.mix = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, images):
        tokens = self.patch(images).flatten(2).mT
        tokens = torch.cat([self.token.expand(len(images), -1, -1), tokens], dim=1)
        return self.head(self.mix(tokens)[:, 0])


def test_tokens_are_patches_of_the_image():
    found = pixel_influences(Patches(), Patches.input_shape, layers=["patch", "mix"])
    assert (found["patch"].rule, found["mix"].rule) == ("network", "overlap")
    assert found["mix"].n_leading == 1
    assert pixel_influences(Patches(), Patches.input_shape, layers=["mix"])["mix"].n_leading == 1
    np.testing.assert_array_equal(found["patch"].weights, found["mix"].weights)
    mask = np.zeros((2, 4, 6), bool)
    mask[0, 2:, 2:4] = True
    mask[1, 0, 0] = mask[1, 3, 4] = mask[1, 3, 5] = True
    (batch,) = capture(
        Patches(),
        [(torch.rand(2, 3, 4, 6), [0, 1])],
        layers=["mix"],
        pool="foreground:1",
        foreground=ForegroundMasks(mask),
    )
    # The middle patch of the second row is number 4, after the class token 5.
    assert batch.layers["mix"].positions.tolist() == [5, 6]


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.gate = nn.Sigmoid()
        self.out = nn.Identity()

    def forward(self, images):
        maps = self.conv(images)
        return self.out(maps * self.gate(maps.mean(dim=(2, 3), keepdim=True)))


def test_where_gates_multiply_the_map_is_laid_over_the_image():
    with pytest.warns(TopolensWarning, match="response of `out` is not proportional to the image"):
        found = pixel_influences(Gated(), (1, 6, 6), layers=["conv", "out"])
    assert (found["conv"].rule, found["out"].rule) == ("network", "overlap")
    np.testing.assert_array_equal(found["out"].weights, np.eye(36))


def test_a_map_laid_over_an_image_counts_shares_of_pixels():
    found = overlap_influence((1, 2), (2, 3))
    # Two positions over three pixels: the middle one lies half under each.
    expected = [[1, 0.5, 0, 1, 0.5, 0], [0, 0.5, 1, 0, 0.5, 1]]
    np.testing.assert_allclose(found.weights, expected)
    mask = np.array([[[True, True, False], [False, False, False]]])
    np.testing.assert_allclose(found.of(mask), [[np.sqrt(1.25), 0.5]])
    assert found.boxes().tolist() == map_boxes((1, 2), (2, 3)).tolist()


def test_boxes_of_a_map_share_the_pixels_they_cut():
    assert map_boxes((2, 1), (5, 4)).tolist() == [[0, 0, 3, 4], [2, 0, 5, 4]]


def test_the_strongest_positions_win_and_ties_are_drawn():
    ids = np.arange(3000)
    weights = np.tile([0.0, 2.0, 1.0, 2.0 + 1e-9, 0.5], (3000, 1))
    one = strongest_positions(weights, ids, 1, seed=0)[:, 0]
    assert set(one) == {1, 3}
    # 1500 expected; 5 standard deviations of a binomial are 137.
    assert abs((one == 1).sum() - 1500) < 137
    assert strongest_positions(weights, ids, 3, seed=0).tolist() == [[1, 2, 3]] * 3000
    assert (one != strongest_positions(weights, ids, 1, seed=1)[:, 0]).mean() > 0.4


def test_a_choice_does_not_depend_on_the_rest_of_the_batch():
    weights, ids = np.random.default_rng(0).integers(0, 3, (20, 9)).astype(float), np.arange(20)
    together = strongest_positions(weights, ids, 2, seed=3)
    for row in (0, 7, 19):
        alone = strongest_positions(weights[[row]], ids[[row]], 2, seed=3)
        np.testing.assert_array_equal(alone[0], together[row])


def masks_by_hand():
    masks = np.zeros((4, 9, 8), bool)
    masks[0, :3, :3] = True
    masks[1, 5:, 4:] = True
    masks[3] = True
    return masks


@pytest.mark.parametrize("pool", ["foreground:2", "background:2"])
def test_a_captured_row_is_the_position_that_sees_most_of_its_region(pool):
    net, masks, images = Net().eval(), masks_by_hand(), torch.randn(4, 3, 9, 8)
    ids = np.array([40, 3, 17, 5])
    given = ForegroundMasks(masks[::-1], ids[::-1])
    batches = [(images[:3], ids[:3]), (images[3:], ids[3:])]
    parts = list(capture(net, batches, layers=["out"], pool=pool, foreground=given))
    positions = np.concatenate([part.layers["out"].positions for part in parts]).reshape(4, 2)
    rows = np.concatenate([part.layers["out"].rows for part in parts]).reshape(4, 2, -1)
    weights = brute_force(net, "out")
    with torch.no_grad():
        seen = []
        net.out.register_forward_hook(lambda m, i, o: seen.append(o.flatten(2).numpy()))
        net(images)
    for sample in range(4):
        region = masks[sample] if pool.startswith("fore") else ~masks[sample]
        own = np.sqrt((weights[:, region.ravel()] ** 2).sum(axis=1))
        # Whatever was drawn among equals, the chosen are the two of largest weight.
        np.testing.assert_allclose(np.sort(own[positions[sample]]), np.sort(own)[-2:], rtol=1e-5)
        for row, position in zip(rows[sample], positions[sample], strict=True):
            np.testing.assert_allclose(row, seen[0][sample, :, position], rtol=1e-5, atol=1e-6)
    counted = [part.sums for part in parts]
    assert [each["images_without_foreground"] for each in counted] == [1, 0]
    assert [each["images_without_background"] for each in counted] == [0, 1]


def test_each_call_of_a_layer_has_its_own_influence():
    net = Net()
    found = pixel_influences(net, net.input_shape, layers=["act"])
    assert [influence.weights.shape for influence in found.values()] == [(72, 72), (20, 72)]
    assert list(found) == ["act#0", "act#1"]
    (batch,) = capture(
        net,
        [(torch.randn(4, 3, 9, 8), range(4))],
        layers=["act"],
        pool="foreground:1",
        foreground=ForegroundMasks(masks_by_hand()),
    )
    assert batch.layers["act#0"].positions.max() >= 20


def test_an_empty_region_leaves_every_position_equal():
    regions = np.zeros((4000, 2, 2), bool)
    found = overlap_influence((2, 2), (2, 2))
    chosen = Regions({("a", 0): found}, regions, np.arange(4000), seed=0).strongest("a", 0, 1)
    # 1000 expected per position; 5 standard deviations of a binomial are 137.
    assert np.abs(np.bincount(chosen.positions, minlength=4) - 1000).max() < 137


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "`foreground` must be given for pool `foreground:1`; got None"),
        (
            {"foreground": ForegroundMasks(np.ones((4, 8, 8), bool))},
            r"masks of the size that the network sees, \(n_samples, 9, 8\); got shape \(4, 8, 8\)",
        ),
        (
            {"foreground": ForegroundMasks(np.ones((3, 9, 8), bool))},
            "`masks` must hold a mask of every sample; none of sample 3",
        ),
        (
            {"foreground": ForegroundMasks(masks_by_hand()), "pool": "foreground:21"},
            "`out` must give at least 21 positions of the image for pool `foreground:21`",
        ),
    ],
)
def test_says_what_is_wrong_with_the_foreground(options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        next(
            capture(
                Net(),
                [(torch.zeros(4, 3, 9, 8), range(4))],
                **{"layers": ["out"], "pool": "foreground:1", **options},
            )
        )


def test_only_images_have_a_foreground():
    with pytest.raises(InvalidInputError, match=r"inputs must be images, .*; got shape \(n, 5\)"):
        pixel_influences(nn.Sequential(nn.Linear(5, 5)), (5,), layers=["0"])


@pytest.mark.parametrize(
    ("masks", "ids", "sentence"),
    [
        (np.ones((2, 3), bool), None, r"`masks` must be truth values .*; got bool of shape \(2, 3"),
        (np.ones((2, 3, 3)), None, "got float64 of shape"),
        (np.ones((2, 3, 3), bool), [1, 1], r"2 different integers, .* with 1 different ones"),
    ],
)
def test_refuses_masks_that_are_none(masks, ids, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        ForegroundMasks(masks, ids)


def scene(top, left, seed=0):
    """A red square on blue, both with some noise, channels first."""
    image = np.random.default_rng(seed).integers(0, 30, (3, 24, 24)).astype(np.uint8)
    image[2] += 180
    image[:, top : top + 9, left : left + 8] = image[[2, 0, 1], top : top + 9, left : left + 8]
    return image


def test_grabcut_finds_a_square_before_a_plain_background():
    pytest.importorskip("cv2")
    images = np.stack([scene(4, 6), scene(10, 11, seed=1)])
    masks = foreground_masks(images)
    for mask, (top, left) in zip(masks, [(4, 6), (10, 11)], strict=True):
        expected = np.zeros((24, 24), bool)
        expected[top : top + 9, left : left + 8] = True
        assert (mask ^ expected).sum() <= 6
    np.testing.assert_array_equal(foreground_masks(images[1:])[0], masks[1])
    np.testing.assert_array_equal(foreground_masks(images), masks)


def test_grabcut_works_on_images_that_hold_nothing():
    pytest.importorskip("cv2")
    for value in (0, 200):
        assert foreground_masks(np.full((1, 1, 8, 9), value, np.uint8)).shape == (1, 8, 9)


def test_grabcut_looks_at_the_images_of_some_samples():
    pytest.importorskip("cv2")
    images = np.stack([scene(4, 6), scene(10, 11)])
    samples = Samples(images, None, None, np.array([7, 2]), {})
    np.testing.assert_array_equal(GrabCut(samples)(np.array([2])), foreground_masks(images[1:]))
    assert GrabCut(samples, iterations=3).description["grabcut"] == 3


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 3, 8, 8)), np.zeros((2, 4, 8, 8), np.uint8), np.zeros((2, 3, 1, 8), np.uint8)],
)
def test_grabcut_wants_images_as_a_person_sees_them(images):
    with pytest.raises(
        InvalidInputError, match=r"`images` must be uint8 of shape .* sees them; got"
    ):
        foreground_masks(images)


def test_without_opencv_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match=r"topolens\[foreground\]"):
        foreground_masks(scene(4, 6)[None])


def test_a_network_without_gates_needs_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pixel_influences(Net(), Net.input_shape, layers=["*"])
    assert all(isinstance(each, Influence) for each in found.values())
    assert "head" not in found
