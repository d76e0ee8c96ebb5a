"""Size, crop and channels: what becomes of the pixels, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")

from topolens.activations.data.datasets import load_samples  # noqa: E402
from topolens.activations.data.images.geometry import Geometry  # noqa: E402
from topolens.activations.data.images.rows import ImageRows, shown  # noqa: E402
from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

RAMP = np.arange(5 * 8 * 3, dtype=np.uint8).reshape(5, 8, 3)


def samples_of(array):
    return Samples(array, None, None, np.arange(len(array)), {"made": "here"})


def test_nothing_given_leaves_the_pixels():
    planes = Geometry().applied(Image.fromarray(RAMP))
    np.testing.assert_array_equal(planes, RAMP.transpose(2, 0, 1))
    assert Geometry().given == {}


@pytest.mark.parametrize(
    ("resize", "crop", "expected"),
    [
        (10, None, (10, 16)),
        (4, None, (4, 6)),  # 6.4, rounded down as torchvision does
        ((3, 9), None, (3, 9)),
        (None, 4, (4, 4)),
        (10, (8, 12), (8, 12)),
    ],
)
def test_sizes(resize, crop, expected):
    geometry = Geometry(resize, crop)
    assert geometry.applied(Image.fromarray(RAMP)).shape == (3, *expected)
    assert geometry.size_of(5, 8) == expected


def test_the_crop_is_the_middle():
    planes = Geometry(crop=(3, 4)).applied(Image.fromarray(RAMP))
    np.testing.assert_array_equal(planes, RAMP[1:4, 2:6].transpose(2, 0, 1))


def test_shrinking_averages_over_what_it_drops():
    checkers = np.indices((64, 64)).sum(axis=0) % 2 * 255
    small = Geometry(8).applied(Image.fromarray(checkers.astype(np.uint8)))
    assert 120 < small.min() <= small.max() < 135
    nearest = Geometry(8, interpolation="nearest").applied(
        Image.fromarray(checkers.astype(np.uint8))
    )
    assert set(np.unique(nearest)) <= {0, 255}


def test_channels():
    image = Image.fromarray(RAMP)
    np.testing.assert_array_equal(
        Geometry(channels="bgr").applied(image), RAMP.transpose(2, 0, 1)[::-1]
    )
    grey = Geometry(channels="grayscale").applied(image)
    assert grey.shape == (1, 5, 8)
    luma = RAMP @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[0] - luma).max() <= 1
    again = Geometry(channels="rgb").applied(Image.fromarray(grey[0]))
    np.testing.assert_array_equal(again, np.concatenate([grey] * 3))


def test_given_says_only_what_is_done():
    assert Geometry(resize=8).given == {"resize": 8, "interpolation": "bilinear"}
    assert Geometry(crop=(3, 4), channels="bgr").given == {"crop": [3, 4], "channels": "bgr"}


def test_arrays_are_shown_under_a_geometry_too():
    digits = load_samples("digits", base=Path(), count=7)
    seen = shown(digits, Geometry(resize=16, crop=12, channels="rgb"))
    batch = seen.batch(slice(2, 5))
    assert batch.shape == (3, 3, 12, 12)
    np.testing.assert_array_equal(seen.ids, digits.ids)
    assert seen.description["geometry"] == {
        "resize": 16,
        "crop": 12,
        "channels": "rgb",
        "interpolation": "bilinear",
    }
    enlarged = Image.fromarray(digits.inputs[2, 0]).resize((16, 16), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(batch[0, 0], np.asarray(enlarged)[2:14, 2:14])
    assert shown(digits, Geometry()).inputs is digits.inputs
    again = shown(seen, Geometry(crop=4))
    assert again.batch(slice(1)).shape == (1, 3, 4, 4)
    assert len(ImageRows.digest(seen.inputs)) == 64


def test_colour_arrays_keep_their_channels():
    array = RAMP.transpose(2, 0, 1)[None]
    seen = shown(samples_of(array), Geometry(crop=5)).batch(slice(None))
    np.testing.assert_array_equal(seen[0], array[0, :, :, 2:7])


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros((2, 3, 8, 8), np.float32), "float32"),
        (np.zeros((2, 64), np.uint8), r"uint8 of shape \(2, 64\)"),
        (np.zeros((2, 4, 8, 8), np.uint8), r"uint8 of shape \(2, 4, 8, 8\)"),
        ({"input_ids": np.zeros((2, 4))}, "dict"),
    ],
)
def test_what_is_no_image_has_no_geometry(array, got):
    with pytest.raises(
        InvalidInputError, match=f"`crop` must be left out for inputs .*; got {got}"
    ):
        shown(samples_of(array), Geometry(crop=4))


def sizes(folder, *shapes):
    for number, shape in enumerate(shapes):
        Image.fromarray(np.zeros((*shape, 3), np.uint8)).save(folder / f"{number}.png")
    return load_samples("images:.", base=folder)


def test_different_sizes_must_be_brought_to_one(tmp_path):
    samples = sizes(tmp_path, (8, 8), (8, 8), (8, 9), (7, 9), (6, 9))
    with pytest.raises(
        InvalidInputError,
        match=r"`resize` and `crop` must bring all images to one size; got 8x8 \(2 images\), "
        r"8x9 \(1 images\), 7x9 \(1 images\) and 1 more",
    ):
        samples.batch(slice(1))
    assert shown(samples, Geometry(crop=6)).batch(slice(None)).shape == (5, 3, 6, 6)
    assert shown(samples, Geometry(resize=(4, 5))).batch(slice(None)).shape == (5, 3, 4, 5)


def test_a_crop_must_fit(tmp_path):
    samples = sizes(tmp_path, (8, 8), (8, 5))
    with pytest.raises(
        InvalidInputError,
        match=r"`crop` must be at most the size of every image; got 6 and 8x5 for `1.png`, so `",
    ):
        shown(samples, Geometry(crop=6))
    assert shown(samples, Geometry(resize=6, crop=6)).batch(slice(None)).shape == (2, 3, 6, 6)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"resize": 0}, "`resize` must be an integer from 1 to 8192; got 0"),
        ({"resize": (3, 9000)}, "`resize` must be an integer from 1 to 8192; got 9000"),
        ({"crop": (1, 2, 3)}, r"`crop` must be pixels, or height and width; got \(1, 2, 3\)"),
        ({"crop": 2.5}, "`crop` must be an integer from 1 to 8192; got 2.5"),
        ({"interpolation": "cubic"}, "`interpolation` must be one of `nearest`, .*; got 'cubic'"),
        ({"channels": "hsv"}, "`channels` must be one of `rgb`, `bgr`, `grayscale`; got 'hsv'"),
    ],
)
def test_error_sentences(options, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        Geometry(**options)
