"""Which axis holds samples and which features, in models of every habit."""

from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from topolens.activations.hooks.capture import capture  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402


def rows_of(model, inputs, layers, n_samples=4, **options):
    (batch,) = capture(model, [(inputs, np.arange(n_samples))], layers=layers, **options)
    return batch.layers


class Permute(nn.Module):
    def __init__(self, *axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.permute(*self.axes)


@pytest.fixture
def channels_last():
    """As in ConvNeXt and Swin: a convolution, then everything with the channels last."""
    torch.manual_seed(0)
    return nn.Sequential(
        OrderedDict(
            stem=nn.Conv2d(3, 8, 2),
            permute=Permute(0, 2, 3, 1),
            norm=nn.LayerNorm(8),
            wide=nn.Linear(8, 12),
            act=nn.GELU(),
            narrow=nn.Linear(12, 8),
            block=nn.Sequential(nn.Linear(8, 8), nn.Identity()),
            back=Permute(0, 3, 1, 2),
        )
    )


def test_maps_with_channels_last_are_pooled_over_their_positions(channels_last):
    images = torch.randn(4, 3, 6, 7)
    layers = ["stem", "permute", "norm", "wide", "act", "narrow", "block", "back"]
    rows = rows_of(channels_last, images, layers)
    assert [own.rows.shape[1] for own in rows.values()] == [8, 8, 8, 12, 12, 8, 8, 8]
    np.testing.assert_allclose(rows["permute"].rows, rows["stem"].rows, atol=1e-6)
    np.testing.assert_allclose(rows["back"].rows, rows["block"].rows, atol=1e-6)
    picked = rows_of(channels_last, images, ["block", "back"], pool="random:3")
    np.testing.assert_array_equal(picked["block"].rows, picked["back"].rows)
    np.testing.assert_array_equal(picked["block"].positions, picked["back"].positions)


def test_attention_weights_are_no_map_with_channels_last():
    class Weights(nn.Module):
        def __init__(self):
            super().__init__()
            self.project = nn.Linear(5, 5)
            self.drop = nn.Dropout()

        def forward(self, x):
            tokens = self.project(x)
            heads = torch.stack([tokens, tokens], 1)
            return self.drop(heads @ heads.mT)

    # Two heads of 5 x 5 weights, and 5 is a width too.
    assert rows_of(Weights(), torch.randn(4, 5, 5), ["drop"])["drop"].rows.shape == (4, 2)


def test_one_dimensional_convolutions_have_their_channels_second():
    torch.manual_seed(0)
    model = nn.Sequential(
        OrderedDict(
            conv=nn.Conv1d(2, 6, 3), bn=nn.BatchNorm1d(6), relu=nn.ReLU(), pool=nn.MaxPool1d(2)
        )
    )
    signals = torch.randn(4, 2, 12)
    rows = rows_of(model, signals, ["leaf", "conv@input"])
    assert [own.rows.shape for own in rows.values()] == [(4, 2)] + [(4, 6)] * 4
    np.testing.assert_allclose(rows["conv@input"].rows, signals.mean(2), rtol=1e-6)
    assert rows_of(model, signals, ["relu"], pool="grid:5")["relu"].rows.shape == (20, 6)
    with pytest.raises(InvalidInputError, match="`relu` must give tokens"):
        rows_of(model, signals, ["relu"], pool="cls")


def test_tokens_are_what_three_axes_are_otherwise():
    model = nn.Sequential(nn.Linear(6, 6), nn.Identity(), nn.LayerNorm(6))
    rows = rows_of(model, torch.randn(4, 5, 6), ["leaf"], pool="last")
    assert all(own.rows.shape == (4, 6) and (own.positions == 4).all() for own in rows.values())


class TokensFirst(nn.Module):
    """(n, tokens, width) outside, (tokens, n, width) inside."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x).transpose(0, 1)).mean(0))


class SamplesFirst(TokensFirst):
    def __init__(self, twin):
        super().__init__()
        self.embed, self.head = twin.embed, twin.head
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.encoder.load_state_dict(twin.encoder.state_dict())

    def forward(self, x):
        return self.head(self.encoder(self.embed(x)).mean(1))


@pytest.fixture
def twins():
    torch.manual_seed(0)
    model = TokensFirst()
    return model, SamplesFirst(model)


INNER = [
    "encoder.layers.0.self_attn",
    "encoder.layers.0.linear1@input",
    "encoder.layers.0.linear1",
    "encoder.layers.1.norm2",
    "encoder.layers.1",
    "encoder",
]


@pytest.mark.parametrize("tokens", [5, 4])
@pytest.mark.parametrize("pool", ["mean", "random:2", "flatten", "cls"])
def test_tokens_first_gives_what_samples_first_gives(twins, pool, tokens):
    x = torch.randn(4, tokens, 3)
    first, second = (rows_of(model, x, INNER, pool=pool) for model in twins)
    for name, own in first.items():
        np.testing.assert_allclose(own.rows, second[name].rows, atol=1e-5, err_msg=name)
        assert own.output_shape == second[name].output_shape


def test_says_where_samples_and_tokens_cannot_be_told_apart(twins):
    sentence = (
        r"`embed` must show which axis counts the samples; got shape \(4, 4, 8\) for 4 samples in "
        "a model with `batch_first=False`, so choose another batch size"
    )

    class OfFour(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = twins[0]

        def forward(self, x):
            if len(x) != 4:
                raise ValueError("a size that this network refuses")
            return self.inner(x)

    with pytest.raises(InvalidInputError, match=sentence.replace("embed", "inner.embed")):
        rows_of(OfFour(), torch.randn(4, 4, 3), ["inner.embed"])
    assert rows_of(OfFour(), torch.randn(4, 5, 3), ["inner.embed"])["inner.embed"].rows.shape == (
        4,
        8,
    )


def test_another_number_of_samples_tells_samples_from_tokens(twins):
    for x in (torch.randn(4, 4, 3), torch.randn(2, 2, 3), torch.randn(1, 1, 3)):
        first, second = (rows_of(m, x, ["leaf"], n_samples=len(x)) for m in twins)
        for name in first.keys() & second.keys():
            np.testing.assert_allclose(first[name].rows, second[name].rows, atol=1e-5)
        assert "embed" in first


def test_attention_weights_have_the_samples_first_even_where_tokens_come_first():
    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2)

        def forward(self, x):
            x = x.transpose(0, 1)
            return self.attention(x, x, x)[0]

    model, x = Attends(), torch.randn(4, 4, 8)
    rows = rows_of(model, x, ["attention@output[1]"], pool="flatten")
    with torch.inference_mode():
        expected = model.attention(*[x.transpose(0, 1)] * 3)[1].flatten(1).numpy()
    np.testing.assert_allclose(rows["attention@output[1]"].rows, expected, atol=1e-6)


def test_fused_attention_passes_no_inner_module_by(twins, monkeypatch):
    def fused(*arguments, **named):
        raise AssertionError

    for name in ("_transformer_encoder_layer_fwd", "_native_multi_head_attention"):
        monkeypatch.setattr(torch, name, fused)
    _, model = twins
    model.eval()
    x = torch.randn(4, 5, 3)
    with torch.no_grad(), pytest.raises(AssertionError):
        model(x)
    alone = rows_of(model, x, ["encoder"], pool="flatten")
    inner = rows_of(model, x, ["leaf", "encoder"], exclude=["*dropout*"], pool="flatten")
    # Which layers are captured beside it changes no byte.
    np.testing.assert_array_equal(alone["encoder"].rows, inner["encoder"].rows)
    assert {"encoder.layers.0.linear1", "encoder.layers.1.norm1"} < set(inner)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("width", [8, 5])
def test_batch_norm_of_tokens_has_its_features_last(width):
    class TokenNorm(nn.BatchNorm1d):
        def forward(self, tokens):
            return super().forward(tokens.mT).mT

    model = nn.Sequential(OrderedDict(fc=nn.Linear(3, width), norm=TokenNorm(width)))
    rows = rows_of(model, torch.randn(4, 5, 3), ["fc", "norm@input", "norm"])
    np.testing.assert_allclose(rows["norm@input"].rows, rows["fc"].rows, atol=1e-6)
    assert rows["norm"].rows.shape == (4, width)


def test_layers_that_only_extend_a_convolution_have_their_channels_second():
    class Padded(nn.Conv1d):
        def forward(self, x):
            return super().forward(nn.functional.pad(x, (1, 1)))

    model = nn.Sequential(OrderedDict(conv=Padded(3, 8, 3), flat=nn.Flatten(), fc=nn.Linear(40, 5)))
    rows = rows_of(model, torch.randn(4, 3, 5), ["conv@input", "conv"])
    assert [own.rows.shape for own in rows.values()] == [(4, 3), (4, 8)]
