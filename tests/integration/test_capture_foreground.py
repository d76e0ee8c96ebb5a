"""From images to a store of foreground activations: GrabCut on what a person sees, or masks."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.foreground import ForegroundMasks  # noqa: E402
from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.activations.record import record  # noqa: E402
from topolens.activations.stores.store import ActivationStore  # noqa: E402
from topolens.base.errors import InvalidInputError, StoreError  # noqa: E402

torch.set_num_threads(1)

PLACES = [(1, 1), (1, 9), (9, 1), (8, 9), (5, 5), (2, 8)]


@pytest.fixture(scope="module")
def network():
    args = {"channels": 3, "image_size": 16, "n_classes": 2, "widths": [4], "hidden": 4}
    return build_seeded("zoo:small_cnn", seed=0, args=args)


@pytest.fixture(scope="module")
def samples():
    """Red squares of 6 x 6 pixels on blue, the last image without one."""
    images = np.random.default_rng(0).integers(0, 25, (7, 3, 16, 16)).astype(np.uint8)
    images[:, 2] += 180
    images[6, 2] = 180
    images[6, :2] = 0
    for image, (top, left) in zip(images, PLACES, strict=False):
        square = image[:, top : top + 6, left : left + 6]
        square[:] = square[[2, 0, 1]]
    return Samples(images, None, None, np.arange(10, 17), {"made": "here"})


def recorded(path, network, samples, **options):
    settings = {"layers": ["conv1"], "pool": "foreground:3", "batch_size": 2, "std": 0.25}
    with ActivationStore.create(path, {}) as store:
        record(network, samples, store, **{**settings, **options})
    return ActivationStore.open(path)


def test_grabcut_is_shown_the_images_before_they_are_normalised(tmp_path, network, samples):
    pytest.importorskip("cv2")
    store = recorded(tmp_path, network, samples)
    positions = store.positions("conv1").reshape(7, 3)
    for own, (top, left) in zip(positions, PLACES, strict=False):
        rows, columns = own // 16, own % 16
        # A 3 x 3 kernel sees most of the square from where all nine pixels are in it.
        assert ((rows >= top) & (rows < top + 6) & (columns >= left) & (columns < left + 6)).all()
    assert store.summary["images_without_foreground"] == 1
    assert store.summary["images_without_background"] == 0
    assert store.settings["foreground"]["grabcut"] == 5
    values, ids = store.read("conv1", samples=[16])
    assert values.shape == (3, 4)
    assert ids.tolist() == [16] * 3


def test_an_interrupted_recording_goes_on_with_the_same_bytes(tmp_path, network, samples):
    pytest.importorskip("cv2")
    recorded(tmp_path / "whole", network, samples)

    class Stopped(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        recorded(tmp_path / "cut", network, samples, on_batch=stop)
    recorded(tmp_path / "cut", network, samples)
    whole, cut = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("whole", "cut")
    )
    assert whole == cut


def test_masks_can_be_given_and_are_part_of_the_settings(tmp_path, network, samples):
    masks = np.zeros((7, 16, 16), bool)
    masks[:, 12:, 12:] = True
    given = ForegroundMasks(masks, samples.ids)
    store = recorded(tmp_path, network, samples, foreground=given, pool="foreground:1")
    places = np.column_stack(np.divmod(store.positions("conv1"), 16))
    # The corner of the image sees less than the positions further in.
    assert ((places >= 12) & (places < 15)).all()
    assert store.summary["images_without_foreground"] == 0
    other = ForegroundMasks(~masks, samples.ids)
    with pytest.raises(StoreError, match=r"holds a capture with `foreground.masks_sha256`"):
        recorded(tmp_path, network, samples, foreground=other, pool="foreground:1")


def test_other_pools_ask_for_no_masks(tmp_path, network, samples):
    store = recorded(tmp_path, network, samples, pool="random:1")
    assert "foreground" not in store.settings
    assert "images_without_foreground" not in store.summary


def test_grabcut_refuses_what_nobody_can_see(tmp_path, network, samples):
    pytest.importorskip("cv2")
    floating = Samples(samples.inputs / 255.0, None, None, samples.ids, {})
    with pytest.raises(InvalidInputError, match=r"must be uint8 .*; got float64 of shape"):
        recorded(tmp_path, network, floating)
