"""`topolens mapper`: arrays in files, layers of stores, files of graphs, mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest

import topolens as tl
from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore
from topolens.cli.main import main

LABELS = np.arange(200) % 2
POINTS = np.random.default_rng(0).normal(size=(200, 3)) + 8 * LABELS[:, None]
SHORT = "--intervals 6 --overlap 0.4 --min-samples 3 --permutations 20"


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with clouds; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    np.save("points.npy", POINTS)
    np.save("labels.npy", LABELS)
    np.savez("layers.npz", conv=POINTS, head=POINTS[:, :2], labels=LABELS)

    def run(line):
        code = 0
        try:
            main(line.split())
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


def by_hand():
    eps = tl.eps_curve(POINTS, k=3).eps
    return tl.mapper_graph(
        POINTS,
        tl.lens_values("l2_norm", POINTS),
        cover=tl.UniformCover(6, 0.4),
        cluster=tl.DBSCAN(eps, 3),
    )


def test_says_what_the_graph_looks_like(said):
    code, out, _ = said(f"mapper points.npy {SHORT}")
    graph = by_hand()
    assert code == 0
    lines = dict(line.strip().split(maxsplit=1) for line in out.splitlines()[1:])
    assert out.startswith("points  (200 points, 3 features)\n")
    assert lines["made"] == f"by      {graph.cover}, {graph.cluster}"
    assert lines["nodes"] == f"{graph.n_nodes} over {graph.n_elements} pieces of the cover"
    assert lines["edges"] == str(graph.n_edges)
    assert lines["components"] == str(graph.n_components)
    assert lines["loops"].startswith(f"{graph.loops}, {graph.loops - graph.cover_loops:+} to the")
    assert lines["coverage"].endswith(f"{len(graph.noise)} are noise")
    assert lines["eps"].startswith(f"{tl.eps_curve(POINTS, k=3).eps:.6g} by `knee`")
    assert "purity" not in lines


def test_purity_stands_beside_its_null(said):
    code, out, _ = said(f"mapper points.npy {SHORT} --labels labels.npy --json")
    (record,) = json.loads(out)
    expected = tl.purity(by_hand(), LABELS, permutations=20)
    assert code == 0
    assert record["purity"]["node_wise"]["value"] == expected.node_wise.value
    assert record["purity"]["majority"]["null_high"] == expected.majority.null_high
    assert set(record["purity"]["by_class"]) == {"0", "1"}
    _, out, _ = said(f"mapper points.npy {SHORT} --labels labels.npy")
    assert f"node-wise   {expected.node_wise.value:.3f}   " in out
    assert "labels shuffled 20 times" in out


def test_every_layer_of_an_archive_or_one(said):
    _, out, _ = said(f"mapper layers.npz {SHORT}")
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "conv  (200 points, 3 features)",
        "head  (200 points, 2 features)",
    ]
    assert out.count("node-wise") == 2
    _, out, _ = said(f"mapper layers.npz {SHORT} --layer head --points 50 --json")
    (record,) = json.loads(out)
    assert (record["layer"], record["n_points"]) == ("head", 50)


def test_rows_of_a_store_have_the_class_of_their_sample(said):
    with ActivationStore.create(Path("store"), {}) as store:
        rows = LayerRows(POINTS.astype(np.float32), np.repeat(np.arange(100), 2))
        store.extend([LayerBatch(np.arange(100), {"conv": rows})])
    labels = np.random.default_rng(1).integers(0, 3, 120)
    np.save("of_samples.npy", labels)
    _, out, _ = said(f"mapper store {SHORT} --labels of_samples.npy --json")
    (record,) = json.loads(out)
    points = POINTS.astype(np.float32)
    eps = tl.eps_curve(points, k=3).eps
    graph = tl.mapper_graph(
        points,
        tl.lens_values("l2_norm", points),
        cover=tl.UniformCover(6, 0.4),
        cluster=tl.DBSCAN(eps, 3),
    )
    expected = tl.purity(graph, labels[np.repeat(np.arange(100), 2)], permutations=20)
    assert record["purity"]["point_wise"]["value"] == expected.point_wise.value
    np.save("few.npy", labels[:50])
    code, _, err = said("mapper store --labels few.npy")
    assert code == 2
    assert "must hold the class of every sample of the store's source; got 50 labels" in err


@pytest.mark.parametrize("kind", ["json", "graphml", "parquet"])
def test_writes_the_graph_with_its_layout(said, kind):
    code, _, err = said(f"mapper points.npy {SHORT} --out graph.{kind}")
    assert (code, err) == (0, f"wrote graph.{kind}\n")
    read, graph = tl.read_mapper(f"graph.{kind}"), by_hand()
    assert np.array_equal(read.members, graph.members)
    assert np.array_equal(read.edges, graph.edges)
    assert read.positions.shape == (graph.n_nodes, 2)


def test_a_dry_run_forecasts_and_makes_nothing(said):
    code, out, _ = said(f"mapper layers.npz {SHORT} --dry-run --eps 1.5")
    assert code == 0
    assert out.count("  forecast     ") == 2
    assert "near pairs" in out
    assert "1.5, as given" in out
    assert "nodes" not in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--lens l3_norm", "no lens is called `l3_norm`; did you mean `l2_norm`?"),
        ("--lens margin", "`margin` must be given the output of the network, in Python"),
        ("--eps -1", "`eps` must be a finite number above 0; got -1.0"),
        ("--eps elbow", "`eps` must be knee, purvine, quantile or quantile:Q, or a positive"),
        ("--overlap 1", "`overlap` must lie between 0 and 1, neither included; got 1.0"),
        ("--cover cubes", "`--cover` must be"),
        ("--permutations 0", "`--permutations` must be an integer at least 1; got 0"),
        ("--min-samples 0", "`min_samples` must be an integer at least 1; got 0"),
        ("--layer conf", "must have a layer `conf`; did you mean `conv`?"),
        ("--out graph.json", "`--out` must be of one graph: choose a `--layer` of the 2"),
        ("--out graph.gif --layer conv", "`--out` must end in .json, .graphml, .parquet"),
        ("--labels points.npy", "labels"),
        ("--lens column:9", "`number` must be"),
    ],
)
def test_mistakes_are_a_sentence(said, options, sentence):
    code, out, err = said(f"mapper layers.npz {options}")
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_graph_without_nodes_is_shown_and_has_no_purity(said):
    with pytest.warns(tl.TopolensWarning, match="the graph has no nodes"):
        code, output, _ = said(f"mapper points.npy {SHORT} --eps 1e-6 --labels labels.npy --json")
    (record,) = json.loads(output)
    assert (code, record["n_nodes"], record["coverage"], record["purity"]) == (0, 0, 0, None)


def test_a_mistake_in_one_of_several_layers_names_it(said):
    np.savez("layers.npz", conv=POINTS, flat=np.ones((200, 3)))
    code, _, errors = said(f"mapper layers.npz {SHORT}")
    assert code == 2
    assert errors.rstrip().endswith("(layer `flat`)")
