"""The loss of the next token: by hand, under masks, and through a store that was interrupted."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.hooks.next_token import next_token_sums, token_loss  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.activations.record import record  # noqa: E402
from topolens.activations.stores.store import ActivationStore  # noqa: E402

SMALL = {"vocabulary": 20, "width": 8, "depth": 1, "heads": 2, "hidden": 12, "max_tokens": 8}


@pytest.fixture
def model():
    return build_seeded("zoo:tiny_llama", SMALL, seed=1).eval()


def batch_of(texts, *, left=False):
    width = max(map(len, texts))
    ids, mask = np.zeros((2, len(texts), width), np.int64)
    for row, text in enumerate(texts):
        place = slice(width - len(text), None) if left else slice(len(text))
        ids[row, place], mask[row, place] = text, 1
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}


def loss_of(model, text):
    """-log p of each token given those before it, one at a time."""
    total = 0.0
    for place in range(1, len(text)):
        with torch.inference_mode():
            scores = model(torch.tensor([text[:place]]))[0, -1].double()
        total -= float(scores[text[place]] - scores.logsumexp(0))
    return total


@pytest.mark.parametrize("left", [False, True])
def test_the_sum_is_that_of_the_tokens_one_by_one(model, left):
    texts = [[1, 5, 7, 19, 3], [1, 4], [1]]
    batch = batch_of(texts, left=left)
    with torch.inference_mode():
        sums = next_token_sums(model, batch, model(**batch))
    assert sums["tokens"] == 5
    assert sums["token_loss"] == pytest.approx(sum(loss_of(model, t) for t in texts), rel=1e-5)


def test_other_models_have_none(model):
    batch = batch_of([[1, 2, 3]])
    classifier = build_seeded("zoo:text_encoder", {"vocabulary": 20}).eval()
    assert next_token_sums(classifier, batch, classifier(**batch)) == {}
    assert next_token_sums(model, batch["input_ids"], model(**batch)) == {}
    assert token_loss([{}, {}]) is None
    assert token_loss([{"token_loss": 6.0, "tokens": 2.0}, {"token_loss": 0.0, "tokens": 1.0}]) == 2


def test_a_store_sums_over_its_parts_also_after_an_interruption(model, tmp_path):
    texts = [[1, 5, 7], [1, 4], [1, 2, 3, 4], [1, 9, 9]]
    inputs = {name: tensor.numpy() for name, tensor in batch_of(texts).items()}
    samples = Samples(inputs, None, None, np.arange(4), {"source": "here"})

    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 1:
            raise Stop

    def into(store, **more):
        record(model, samples, store, layers=["norm"], pool="last", batch_size=2, **more)

    with ActivationStore.create(tmp_path / "a", {"x": 1}) as store, pytest.raises(Stop):
        into(store, on_batch=stop)
    for name in "ab":
        with ActivationStore.create(tmp_path / name, {"x": 1}) as store:
            into(store)
        expected = sum(loss_of(model, text) for text in texts) / 8
        assert store.summary["token_loss"] == pytest.approx(expected, rel=1e-5)
        assert store.summary["accuracy"] is None
    first, second = ((tmp_path / name / "manifest.json").read_bytes() for name in "ab")
    assert first == second
