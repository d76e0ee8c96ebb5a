"""Digests of models and inputs: equal for equal values, whatever the device or the order."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.stores.provenance import inputs_digest, model_provenance  # noqa: E402


def state_digest(model):
    return model_provenance(model)["state_sha256"]


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def test_equal_models_have_equal_digests():
    model = network()
    assert model_provenance(model)["n_parameters"] == 3 * 4 + 4 + 4 + 4
    assert state_digest(model) == state_digest(copy.deepcopy(model)) == state_digest(network())


@pytest.mark.parametrize("change", ["parameter", "buffer", "dtype", "shape"])
def test_any_change_of_the_state_is_seen(change):
    model = network()
    before = state_digest(model)
    if change == "parameter":
        model[0].weight.data[0, 0] += 1e-6
    elif change == "buffer":
        model[1].running_mean += 1
    elif change == "dtype":
        model.double()
    else:
        model[0].weight.data = model[0].weight.data.reshape(2, 6)
    assert state_digest(model) != before


def test_types_that_numpy_lacks_and_models_without_values_have_digests():
    model = network()
    assert state_digest(model.bfloat16()) != state_digest(network())
    assert state_digest(network().to("meta")) != state_digest(network())
    assert len(state_digest(torch.nn.Identity())) == 64


def test_inputs_are_told_apart_by_values_types_names_and_samples():
    images, ids = np.arange(12, dtype=np.uint8).reshape(3, 4), np.arange(3)
    inputs = [
        (images, ids),
        (images + 1, ids),
        (images.astype(np.int64), ids),
        (images, ids + 1),
        ({"input_ids": images}, ids),
        ({"attention_mask": images}, ids),
        ({"input_ids": images, "attention_mask": images}, ids),
    ]
    digests = [inputs_digest(*each) for each in inputs]
    assert len(set(digests)) == len(digests)
    swapped = {"attention_mask": images, "input_ids": images}
    assert inputs_digest(swapped, ids) == digests[-1]
    assert inputs_digest(images.copy(), ids.copy()) == digests[0]
