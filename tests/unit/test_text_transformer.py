"""The small encoder and decoder: masks, padding, what the head sees, and that they learn."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.data.text.texts import Texts  # noqa: E402
from topolens.activations.data.text.tokenise import tokenise  # noqa: E402
from topolens.activations.data.text.word_tokenizer import learn_words  # noqa: E402
from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.networks.models import build_seeded  # noqa: E402
from topolens.activations.networks.training import evaluate, train_classifier  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

SMALL = {"vocabulary": 60, "max_tokens": 12, "width": 16, "depth": 2, "heads": 2}
KINDS = [("text_encoder", "mean"), ("text_encoder", "cls")]
KINDS += [("text_decoder", "last"), ("text_decoder", "mean")]


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(kind))
def model(request):
    name, pool = request.param
    return build_seeded(f"zoo:{name}", {**SMALL, "pool": pool}, seed=1).eval()


def reviews(n=120, seed=0):
    """Sentences with one telling word each."""
    rng = np.random.default_rng(seed)
    words = [["bad", "dull", "poor"], ["good", "fine", "great"]]
    labels = np.arange(n) % 2
    fillers = rng.choice(["the", "film", "was", "a", "very", "story"], size=(n, 6))
    texts = []
    for label, filler in zip(labels, fillers, strict=True):
        sentence = list(filler[: rng.integers(2, 7)])
        sentence.insert(rng.integers(len(sentence) + 1), rng.choice(words[label]))
        texts.append(" ".join(sentence))
    return Samples(Texts(texts), labels, None, np.arange(n), {})


@pytest.mark.parametrize("left", [False, True])
def test_padding_changes_nothing(model, left):
    ids = torch.tensor([[1, 5, 7, 9]])
    filler, ones = torch.full((1, 3), 8), torch.ones(1, 4, dtype=torch.int64)
    parts, masks = [ids, filler], [ones, torch.zeros_like(filler)]
    if left:
        parts, masks = parts[::-1], masks[::-1]
    with torch.inference_mode():
        padded = model(torch.cat(parts, 1), torch.cat(masks, 1))
        torch.testing.assert_close(padded, model(ids))


def test_who_sees_whom():
    layers, ids = ["blocks.1"], torch.tensor([[1, 5, 7, 9], [1, 5, 7, 3]])
    for name, same in (("text_encoder", False), ("text_decoder", True)):
        model = build_seeded(f"zoo:{name}", SMALL, seed=1)
        (batch,) = capture(model, [({"input_ids": ids}, [0, 1])], layers=layers, pool="flatten")
        first, second = batch.layers["blocks.1"].rows.reshape(2, 4, 16)
        assert np.allclose(first[:3], second[:3], atol=1e-6) == same
        assert not np.allclose(first[3], second[3], atol=1e-6)


@pytest.mark.parametrize("left", [False, True])
def test_what_the_head_sees(model, left):
    ids, mask = torch.tensor([[1, 5, 7, 0], [1, 5, 7, 9]]), torch.tensor([[1, 1, 1, 0], [1] * 4])
    if left:
        ids, mask = ids.flip(1), mask.flip(1)
    batch = {"input_ids": ids, "attention_mask": mask}
    (captured,) = capture(model, [(batch, [0, 1])], layers=["norm", "pooled"], pool="flatten")
    tokens = captured.layers["norm"].rows.reshape(2, 4, 16)[0]
    real = tokens[1:] if left else tokens[:3]
    kind = model.pooled.kind
    expected = {"mean": real.mean(axis=0), "cls": real[0], "last": real[-1]}[kind]
    np.testing.assert_allclose(captured.layers["pooled"].rows[0], expected, atol=1e-6)


@pytest.mark.parametrize(("name", "pool"), KINDS[::2])
def test_learns_which_words_tell(name, pool):
    texts = reviews()
    samples = tokenise(texts, learn_words(texts.inputs[:], vocabulary=60))
    unseen = tokenise(reviews(seed=1), learn_words(texts.inputs[:], vocabulary=60))
    model = build_seeded(f"zoo:{name}", {**SMALL, "pool": pool, "dropout": 0.1}, seed=0)
    outcome = train_classifier(model, samples, epochs=12, batch_size=20, learning_rate=1e-2)
    assert outcome["train_accuracy"] > 0.95
    assert evaluate(model, unseen) > 0.95


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"width": 15}, "`width` must be a multiple of heads 2; got 15"),
        ({"dropout": 1.0}, "`dropout` must be from 0 and below 1; got 1.0"),
        ({"pool": "sum"}, "`pool` must be one of"),
        ({"heads": 0}, "`heads` must be an integer at least 1; got 0"),
    ],
)
@pytest.mark.parametrize("name", ["text_encoder", "text_decoder"])
def test_arguments(name, args, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        build_seeded(f"zoo:{name}", {**SMALL, **args})


def test_too_long_a_text(model):
    with pytest.raises(InvalidInputError, match="`input_ids` must have at most 12 tokens; got 13"):
        model(torch.zeros(1, 13, dtype=torch.int64))
