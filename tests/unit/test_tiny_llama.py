"""The decoder: against plain formulas, masks, stacked weights, and what can be hooked."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.networks.models import build_seeded, load_model  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

SMALL = {"vocabulary": 20, "width": 8, "depth": 2, "heads": 2, "hidden": 12, "max_tokens": 10}


@pytest.fixture
def model():
    return build_seeded("zoo:tiny_llama", SMALL, seed=1).eval()


def stacked(model):
    """The state as such checkpoints are published."""
    state = model.state_dict()
    names = {
        "attention_norm": "attention_norm",
        "ffn_norm": "feed_forward_norm",
        "wq": "attention.q",
        "wk": "attention.k",
        "wv": "attention.v",
        "wo": "attention.out",
        "w1": "feed_forward.gate",
        "w2": "feed_forward.down",
        "w3": "feed_forward.up",
    }
    weights = {
        published: torch.stack([state[f"blocks.{n}.{own}.weight"] for n in range(2)])
        for published, own in names.items()
    }
    singles = {"tok_embeddings": state["embedding.weight"], "final_norm": state["norm.weight"]}
    return weights | singles


def scores_by_formula(w, ids, heads=2):
    """Llama 2 token by token in float64, from its formulas."""
    w = {name: tensor.double().numpy() for name, tensor in w.items()}

    def norm(x, gain):
        return gain * x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)

    def turned(x, position):
        pairs = x.reshape(heads, -1, 2)
        rates = 10000.0 ** (-np.arange(pairs.shape[1]) * 2 / (2 * pairs.shape[1]))
        as_complex = (pairs[..., 0] + 1j * pairs[..., 1]) * np.exp(1j * position * rates)
        return np.stack([as_complex.real, as_complex.imag], -1).reshape(heads, -1)

    stream = w["tok_embeddings"][ids]
    for layer in range(len(w["wq"])):
        x = norm(stream, w["attention_norm"][layer])
        q = [turned(w["wq"][layer] @ token, n) for n, token in enumerate(x)]
        k = [turned(w["wk"][layer] @ token, n) for n, token in enumerate(x)]
        v = [(w["wv"][layer] @ token).reshape(heads, -1) for token in x]
        for n in range(len(ids)):
            mixed = []
            for head in range(heads):
                logits = np.array([q[n][head] @ k[m][head] for m in range(n + 1)])
                shares = np.exp(logits / np.sqrt(len(q[n][head])))
                shares /= shares.sum()
                mixed.append(sum(share * v[m][head] for m, share in enumerate(shares)))
            stream[n] += w["wo"][layer] @ np.concatenate(mixed)
        x = norm(stream, w["ffn_norm"][layer])
        gate = x @ w["w1"][layer].T
        stream = stream + (gate / (1 + np.exp(-gate)) * (x @ w["w3"][layer].T)) @ w["w2"][layer].T
    return norm(stream, w["final_norm"]) @ w["tok_embeddings"].T


def test_scores_are_those_of_the_formulas(model):
    ids = [1, 5, 7, 19, 0, 3]
    with torch.inference_mode():
        scores = model(torch.tensor([ids]))[0].numpy()
    np.testing.assert_allclose(scores, scores_by_formula(stacked(model), ids), atol=1e-5)


@pytest.mark.parametrize("left", [False, True])
def test_padding_changes_nothing(model, left):
    ids = torch.tensor([[1, 5, 7, 19]])
    filler, ones = torch.full((1, 3), 2), torch.ones(1, 4, dtype=torch.int64)
    parts, masks = [ids, filler], [ones, torch.zeros_like(filler)]
    if left:
        parts, masks = parts[::-1], masks[::-1]
    with torch.inference_mode():
        padded = model(torch.cat(parts, 1), torch.cat(masks, 1))
        alone = model(ids)
    assert torch.isfinite(padded).all()
    torch.testing.assert_close(padded[:, 3:] if left else padded[:, :4], alone)


def test_a_token_does_not_see_what_follows(model):
    with torch.inference_mode():
        first, second = model(torch.tensor([[1, 5, 7, 9], [1, 5, 7, 3]]))
    torch.testing.assert_close(first[:3], second[:3])
    assert not torch.allclose(first[3], second[3])


def test_stacked_weights(model, tmp_path):
    save_file(stacked(model), tmp_path / "llama.safetensors")
    loaded = load_model("zoo:tiny_llama", args=SMALL, weights=tmp_path / "llama.safetensors")
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_stacked_weights_of_another_depth(model, tmp_path):
    save_file(stacked(model), tmp_path / "llama.safetensors")
    with pytest.raises(InvalidInputError, match=r"missing: blocks\.2\.attention_norm\.weight"):
        load_model(
            "zoo:tiny_llama", args={**SMALL, "depth": 3}, weights=tmp_path / "llama.safetensors"
        )


def test_every_step_can_be_hooked(model):
    steps = ["attention.q", "attention.k", "attention.v", "attention.heads", "attention.out"]
    steps += ["attention_norm", "after_attention", "feed_forward_norm", "feed_forward"]
    names = [f"blocks.0.{step}" for step in steps] + ["embedding", "blocks.0", "blocks.1", "norm"]
    batch = {"input_ids": torch.tensor([[1, 5, 7], [1, 2, 3]])}
    (captured,) = capture(model, [(batch, [0, 1])], layers=names, pool="flatten")
    rows = {name: layer.rows for name, layer in captured.layers.items()}
    assert set(rows) == set(names)
    assert {len(row) for row in rows["norm"]} == {24}
    stream = rows["blocks.0.after_attention"] + rows["blocks.0.feed_forward"]
    np.testing.assert_allclose(rows["blocks.0"], stream, atol=1e-6)
    begun = rows["embedding"] + rows["blocks.0.attention.out"]
    np.testing.assert_allclose(rows["blocks.0.after_attention"], begun, atol=1e-6)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"width": 6}, "`width` must be an even multiple of heads 2, for rotary pairs; got 6"),
        ({"depth": 0}, "`depth` must be an integer at least 1; got 0"),
    ],
)
def test_arguments(args, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        build_seeded("zoo:tiny_llama", {**SMALL, **args})


def test_too_long_a_sequence(model):
    with pytest.raises(InvalidInputError, match="`input_ids` must have at most 10 tokens; got 11"):
        model(torch.zeros(1, 11, dtype=torch.int64))
