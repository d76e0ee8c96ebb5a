"""A published tiny llama: sequences sampled from it are as likely as it says they are."""

import json
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from topolens.activations.data.text.piece_tokenizer import read_piece_tokenizer  # noqa: E402
from topolens.activations.networks.models import load_model  # noqa: E402

ROOT = os.environ.get("TOPOLENS_DATA")
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not ROOT, reason="TOPOLENS_DATA does not name the folder of data"),
]


@pytest.fixture(scope="module")
def model():
    weights = "${TOPOLENS_DATA}/weights/tiny_llama_aidreams.safetensors"
    return load_model("zoo:tiny_llama", weights=weights)


@pytest.fixture(scope="module")
def tokenizer_path():
    return Path(ROOT) / "weights/tiny_llama_aidreams_tokenizer.json"


@pytest.fixture(scope="module")
def sampled(tokenizer_path):
    """Eight sequences drawn from the model at temperature 1 by its authors' own code."""
    return json.loads(tokenizer_path.read_text())["sample_ids"]


def log_shares(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0].log_softmax(-1)


def test_size(model):
    assert sum(parameter.numel() for parameter in model.parameters()) == 230_976


def test_sampled_sequences_cost_their_entropy(model, sampled):
    # Of text drawn from a distribution, the expected loss is the distribution's entropy.
    losses, entropies = [], []
    for ids in sampled:
        shares = log_shares(model, ids)[:-1]
        losses.append(float(-shares.gather(1, torch.tensor(ids[1:])[:, None]).mean()))
        entropies.append(float(-(shares.exp() * shares).sum(-1).mean()))
    assert sum(losses) / 8 == pytest.approx(1.712, abs=0.002)
    assert sum(losses) / 8 == pytest.approx(sum(entropies) / 8, abs=0.05)
    assert max(losses) < 2.2


def test_unlike_text_costs_more(model, tokenizer_path):
    encode = read_piece_tokenizer(tokenizer_path).encode
    losses = []
    for text in ("Whispers of data unfold like petals", "The cat sat on the mat", "sdfkj qwe zxc"):
        ids = encode(text)
        loss = -log_shares(model, ids)[:-1].gather(1, torch.tensor(ids[1:])[:, None]).mean()
        losses.append(float(loss))
    assert losses == sorted(losses)
    assert losses[0] < 2.5
    assert losses[2] > 7.5


def test_the_tokenizer_gives_sampled_texts_back(tokenizer_path, sampled):
    tokenizer = read_piece_tokenizer(tokenizer_path)
    same = 0
    for ids in sampled:
        ends = [place for place, number in enumerate(ids[1:], 1) if number == 1]
        first = ids[: ends[0]] if ends else ids
        text = tokenizer.decode(first)
        assert tokenizer.decode(tokenizer.encode(text)) == text
        same += tokenizer.encode(text) == first
    # The other five were drawn in another splitting of the same text, as sampling may.
    assert same == 3
    assert tokenizer.vocabulary_size == 512
