"""Networks of the shared data written a second time, from their description, in plain steps."""

import json

import numpy as np
from safetensors.torch import load_file
from torch.nn import functional as F


def normed(w, name, maps, epsilon):
    shape = (1, -1, 1, 1)
    scale = w[f"{name}.weight"] / (w[f"{name}.running_var"] + epsilon).sqrt()
    shift = w[f"{name}.bias"] - w[f"{name}.running_mean"] * scale
    return maps * scale.view(shape) + shift.view(shape)


def padded_convolution(maps, weight, bias, stride, groups=1):
    """TensorFlow's padding "same" for even sides: the odd row and column after the others."""
    size, kernel = maps.shape[2], weight.shape[2]
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    before, after = total // 2, total - total // 2
    return F.conv2d(
        F.pad(maps, (before, after, before, after)), weight, bias, stride, groups=groups
    )


def resnet8(path, pixels):
    w = load_file(path)

    def conv(number, maps, stride=1):
        return padded_convolution(maps, w[f"conv{number}.weight"], w[f"conv{number}.bias"], stride)

    def norm(number, maps):
        return normed(w, f"bn{number}", maps, 1e-3)

    x = F.relu(norm(0, conv(0, pixels)))
    x = F.relu(norm(2, conv(2, F.relu(norm(1, conv(1, x))))) + x)
    x = F.relu(norm(4, conv(4, F.relu(norm(3, conv(3, x, 2))))) + conv(5, x, 2))
    x = F.relu(norm(6, conv(7, F.relu(norm(5, conv(6, x, 2))))) + conv(8, x, 2))
    return (x.mean((2, 3)) @ w["linear.weight"].T + w["linear.bias"]).numpy()


def vit(path, images):
    """Two blocks over five tokens of 48 features in 3 heads of 16, in numpy."""
    w = {name: tensor.double().numpy() for name, tensor in load_file(path).items()}

    def dense(name, x):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(name, x):
        centred = x - w[f"{name}.running_mean"]
        scale = w[f"{name}.weight"] / np.sqrt(w[f"{name}.running_var"] + 1e-5)
        return centred * scale + w[f"{name}.bias"]

    logits = []
    for image in images.astype(np.float64):
        corners = [(0, 0), (0, 16), (16, 0), (16, 16)]
        patches = [image[:, i : i + 16, j : j + 16].ravel() for i, j in corners]
        tokens = np.stack(patches) @ w["patch.weight"].reshape(48, -1).T + w["patch.bias"]
        x = np.vstack([w["cls_token"], tokens]) + w["positions"]
        for block in ("blocks.0", "blocks.1"):
            y = norm(f"{block}.bn1", x)
            q, k, v = (dense(f"{block}.{part}", y) for part in "qkv")
            heads = []
            for head in (slice(0, 16), slice(16, 32), slice(32, 48)):
                weights = np.exp(0.25 * q[:, head] @ k[:, head].T)
                heads.append(weights / weights.sum(axis=1, keepdims=True) @ v[:, head])
            x = x + dense(f"{block}.out", np.hstack(heads))
            y = norm(f"{block}.bn2", x)
            x = x + dense(f"{block}.fc2", np.maximum(dense(f"{block}.fc1", y), 0))
        logits.append(dense("head.linear", norm("head.bn", x.mean(axis=0))))
    return np.stack(logits)


def mobilenet(graph, weights, images):
    """The nodes one after the other, each value held in the range of its 8 bits."""
    w = load_file(weights)
    values = {}
    table = json.loads(graph.read_text())
    values[table["input"]] = images
    for node in table["nodes"]:
        inputs = [values[number] for number in node["inputs"]]
        x = inputs[0]
        if node["op"].endswith("CONV_2D"):
            name = node["name"]
            steps = w[f"{name}.weight_q"].float() - w[f"{name}.weight_zero_point"]
            weight = steps * w[f"{name}.weight_scale"]
            x = padded_convolution(x, weight, w[f"{name}.bias"], node["stride"], node["groups"])
        elif node["op"] == "FULLY_CONNECTED":
            steps = w["fc.weight_q"].float() - w["fc.weight_zero_point"]
            x = x[:, :, 0, 0] @ (steps * w["fc.weight_scale"]).T + w["fc.bias"]
        elif node["op"] == "ADD":
            x = inputs[0] + inputs[1]
        elif node["op"] == "AVERAGE_POOL_2D":
            x = x.mean((2, 3), keepdim=True)
        elif node["op"] == "RESHAPE":
            x = x.reshape(len(x), -1)
        else:
            return x.softmax(dim=1).numpy()
        values[node["output"]] = x.clamp(*node["out_range"])
    raise AssertionError("the graph ends with a softmax")
