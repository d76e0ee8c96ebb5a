"""Encoders and decoders of transformers on token ids: built, saved, loaded, captured, masked."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from topolens.activations.data.samples import Samples  # noqa: E402
from topolens.activations.data.text.tokenise import check_tokens_fit  # noqa: E402
from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.activations.networks.models import load_model  # noqa: E402
from topolens.activations.record import record  # noqa: E402
from topolens.activations.stores.store import ActivationStore  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

TOKENS = {"vocab_size": 30, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SMALL |= {"intermediate_size": 24, "max_position_embeddings": 32, **TOKENS}
GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32, **TOKENS}
CLASSIFIERS = {
    "bert": ({**SMALL}, "bert.encoder.layer.?"),
    "gpt2": ({**GPT2}, "transformer.h.?"),
    "llama": ({**SMALL}, "model.layers.?"),
}
IDS = np.array([[1, 5, 7, 2], [1, 9, 0, 0], [1, 3, 4, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])


@pytest.fixture(params=CLASSIFIERS)
def classifier(request):
    args, blocks = CLASSIFIERS[request.param]
    args = {**args, "head": "sequence_classification"}
    return load_model(f"hf:{request.param}", args=args, seed=1), blocks, (request.param, args)


def samples(**description):
    inputs = {"input_ids": IDS, "attention_mask": MASK}
    return Samples(inputs, np.array([0, 1, 0]), ("no", "yes"), np.arange(3), description)


def test_token_streams_and_predictions(classifier, tmp_path):
    model, blocks, _ = classifier
    assert not model.training
    with ActivationStore.create(tmp_path / "store", {"made": "here"}) as store:
        record(model, samples(), store, layers=[blocks], pool="flatten", batch_size=2)
    assert len(store.layers) == 2
    with torch.inference_mode():
        scores = model(torch.tensor(IDS), attention_mask=torch.tensor(MASK)).logits
    assert store.summary["accuracy"] == np.mean(scores.argmax(1).numpy() == [0, 1, 0])


def test_the_block_gives_the_residual_stream(classifier):
    model, blocks, _ = classifier
    batch = {"input_ids": torch.tensor(IDS), "attention_mask": torch.tensor(MASK)}
    (captured,) = capture(model, [(batch, np.arange(3))], layers=[blocks], pool="flatten")
    with torch.inference_mode():
        states = model(**batch, output_hidden_states=True).hidden_states
    first = next(iter(captured.layers.values())).rows
    expected = states[1].numpy() * MASK[:, :, None]  # padding is zero
    np.testing.assert_allclose(first.reshape(3, 4, 16), expected, atol=1e-5)


def test_padding_changes_no_token_before_it(classifier):
    model, blocks, _ = classifier
    long, short = {"input_ids": torch.tensor(IDS[1:2])}, {"input_ids": torch.tensor(IDS[1:2, :2])}
    long["attention_mask"] = torch.tensor(MASK[1:2])
    rows = []
    for batch in (long, short):
        (captured,) = capture(model, [(batch, [1])], layers=[blocks], pool="flatten")
        rows.append([layer.rows[:, : 2 * 16] for layer in captured.layers.values()])
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)


def test_the_seed_decides_the_first_weights(classifier):
    model, _, (kind, args) = classifier
    again, other = (load_model(f"hf:{kind}", args=args, seed=seed) for seed in (1, 2))
    state = model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in again.state_dict().items())
    assert not all(torch.equal(state[n], tensor) for n, tensor in other.state_dict().items())


def test_a_saved_folder_gives_the_same_scores(classifier, tmp_path):
    model, _, _ = classifier
    model.save_pretrained(tmp_path / "saved")
    loaded = load_model("hf:saved", base=tmp_path)
    ids = torch.tensor(IDS[:1])
    with torch.inference_mode():
        torch.testing.assert_close(loaded(ids).logits, model(ids).logits)
    assert not loaded.training


def test_attention_by_two_codes_agrees(classifier):
    _, blocks, (kind, args) = classifier
    batch = {"input_ids": torch.tensor(IDS), "attention_mask": torch.tensor(MASK)}
    rows = []
    for code in ("sdpa", "eager"):
        model = load_model(f"hf:{kind}", args={**args, "attn_implementation": code}, seed=1)
        assert model.config._attn_implementation == code
        (captured,) = capture(model, [(batch, np.arange(3))], layers=[blocks], pool="cls")
        rows.append([layer.rows for layer in captured.layers.values()])
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)


def test_ids_and_lengths_that_the_model_lacks(classifier):
    model, _, _ = classifier
    check_tokens_fit(model, samples(tokenizer={"vocabulary": 30}))
    with pytest.raises(InvalidInputError, match="`tokenizer` must have at most 30 ids"):
        check_tokens_fit(model, samples(tokenizer={"vocabulary": 31}))
    long = {name: np.ones((2, 33), np.int64) for name in ("input_ids", "attention_mask")}
    text = Samples(long, None, None, np.arange(2), {"tokenizer": {"vocabulary": 30}})
    with pytest.raises(InvalidInputError, match="`max_tokens` must be at most 32"):
        check_tokens_fit(model, text)


PLAIN = {
    "bert": SMALL,
    "gpt2": GPT2,
    "llama": SMALL,
    "roberta": SMALL,
}
LEFT = Samples(
    {"input_ids": IDS[1:2, [2, 3, 0, 1]], "attention_mask": MASK[1:2, [2, 3, 0, 1]]},
    None,
    None,
    np.arange(1),
    {"tokenizer": {"vocabulary": 30, "padding": "left"}},
)


@pytest.mark.parametrize("kind", PLAIN)
def test_left_padding_where_positions_count_it(kind):
    model = load_model(f"hf:{kind}", args=PLAIN[kind], seed=1)
    with torch.inference_mode():
        left, alone = (
            model(torch.tensor(ids), attention_mask=torch.tensor(mask)).last_hidden_state[0, -1]
            for ids, mask in ((*LEFT.inputs.values(),), (IDS[1:2, :2], MASK[1:2, :2]))
        )
    if torch.allclose(left, alone, atol=1e-4):
        check_tokens_fit(model, LEFT)
        return
    with pytest.raises(InvalidInputError, match="`padding` must be `right` for this model"):
        check_tokens_fit(model, LEFT)


def test_which_of_them_do():
    kinds = []
    for kind, args in PLAIN.items():
        try:
            check_tokens_fit(load_model(f"hf:{kind}", args=args, seed=1), LEFT)
        except InvalidInputError:
            kinds.append(kind)
    assert kinds == ["bert", "gpt2"]


def test_weights_of_another_shape_are_named(tmp_path, capfd):
    load_model("hf:bert", args=SMALL).save_pretrained(tmp_path / "saved")
    capfd.readouterr()
    with pytest.raises(InvalidInputError, match=r"of another shape: embeddings\.LayerNorm\.bias"):
        load_model("hf:saved", args={"hidden_size": 32}, base=tmp_path)
    load_model("hf:saved", base=tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_folder_names_no_code_to_call(tmp_path, monkeypatch):
    import json

    import transformers

    def called(*_):
        raise AssertionError("called")

    monkeypatch.setattr(transformers, "pipeline", called)
    config = {"model_type": "bert", "architectures": ["pipeline"], **SMALL}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert type(load_model(f"hf:{tmp_path}")).__name__ == "BertModel"


def test_the_filling_that_a_classifier_looks_for():
    args = {**GPT2, "pad_token_id": 2, "head": "sequence_classification"}
    model = load_model("hf:gpt2", args=args, seed=1)
    with pytest.raises(InvalidInputError, match=r"`pad_token_id` of the model must be 0, .* got 2"):
        check_tokens_fit(model, samples(tokenizer={"vocabulary": 30}))
    backbone = load_model("hf:gpt2", args={**args, "head": "none"})
    check_tokens_fit(backbone, samples(tokenizer={"vocabulary": 30}))


def test_positions_of_roberta_begin_behind_the_padding():
    model = load_model("hf:roberta", args={**SMALL, "pad_token_id": 1})
    text = Samples(
        {name: np.full((1, 31), 5) ** (name == "input_ids") for name in LEFT.inputs},
        None,
        None,
        np.arange(1),
        {"tokenizer": {"vocabulary": 30}},
    )
    with pytest.raises(InvalidInputError, match="`max_tokens` must be at most 30"):
        check_tokens_fit(model, text)


def test_a_classifier_of_encoder_and_decoder():
    args = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_kv": 8, "d_ff": 24}
    args |= {"vocab_size": 30, "pad_token_id": 0, "eos_token_id": 2}
    args |= {"decoder_start_token_id": 0, "head": "sequence_classification"}
    model, ids = load_model("hf:t5", args=args), np.array([[1, 5, 7, 2], [1, 9, 2, 0]])
    batch = {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor((ids > 0).astype(int))}
    layers = ["transformer.encoder.block.?", "transformer.decoder.block.?"]
    (found,) = capture(model, [(batch, np.arange(2))], layers=layers)
    assert len(found.layers) == 4
    assert all(np.isfinite(layer.rows).all() for layer in found.layers.values())
