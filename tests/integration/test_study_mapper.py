"""Mapper graphs in studies: from [[mapper]] to graphs, purities, tables and the page."""

import numpy as np
import pytest
from study_files import READY, TRAINED, relu_layers, result_bytes, write_ready, write_study

import topolens as tl
from topolens.base.errors import InvalidInputError
from topolens.report import write_report
from topolens.study.preview import preview
from topolens.study.reading import read_study

PLAIN = "descriptors = []\ncomparisons = []\n"
GRAPHS = """
[[mapper]]
name = "norm"
cover = { n_intervals = 5, overlap = 0.4 }
cluster = { min_samples = 3 }
permutations = 10
"""


def labelled(folder, *, classes=None):
    """Two ready-made models, of which the first knows its classes."""
    names = {} if classes is None else {"classes": classes}
    np.savez(folder / "first.npz", **relu_layers(1), labels=np.arange(60) % 3, **names)
    np.savez(folder / "second.npz", **relu_layers(2))


def test_a_graph_of_the_study_is_the_one_made_by_hand(tmp_path):
    labelled(tmp_path, classes=["cat", "dog", "owl"])
    study = tl.run(write_study(tmp_path, PLAIN + READY + GRAPHS), tmp_path / "out")
    assert study.failures == ()
    points = relu_layers(1)["layer1"]
    eps = tl.eps_curve(points, k=3).eps
    made = tl.mapper_graph(
        points,
        np.linalg.norm(points.astype(np.float64), axis=1),
        cover=tl.UniformCover(5, 0.4),
        cluster=tl.DBSCAN(eps, 3),
    )
    graph = study.mapper_graph("first", "layer1", "norm")
    made = made.placed(tl.mapper_layout(made))
    assert graph.to_dict() == made.to_dict()
    mapped = study.mapped("norm", "first", "layer1")
    assert mapped.eps == eps
    assert mapped.curve.k == 3
    assert mapped.classes == ("cat", "dog", "owl")
    expected = tl.purity(made, np.arange(60) % 3, permutations=10)
    assert mapped.purity.to_dict() == expected.to_dict()


def test_tables_hold_every_graph_and_purity_beside_its_null(tmp_path):
    labelled(tmp_path)
    study = tl.run(write_study(tmp_path, PLAIN + READY + GRAPHS), tmp_path / "out")
    graphs = study.mapper_table()
    assert graphs[["model", "layer"]].drop_duplicates().shape == (6, 2)
    assert (graphs["n_points"] == 60).all()
    first = study.mapped("norm", "first", "layer0").graph
    row = graphs.iloc[0]
    assert (row["nodes"], row["loops"], row["noise"]) == (
        *(first.n_nodes, first.loops, len(first.noise)),
    )
    purity = study.purity_table()
    assert set(purity["model"]) == {"first"}
    assert (purity["null_low"] <= purity["null_mean"] + 1e-12).all()
    assert set(purity.loc[purity["class"] != "", "class"]) == {"0", "1", "2"}
    assert (tmp_path / "out" / "tables" / "mapper.csv").exists()
    assert (tmp_path / "out" / "tables" / "purity.csv").exists()
    assert "Mapper `norm`: no purity for `second`, whose samples have no labels." in study.warnings


def test_several_rows_of_a_sample_share_its_class(tmp_path):
    text = TRAINED.replace("batch_size = 30", 'batch_size = 30\npool = "random:2"')
    text = text.replace('"conv*", "fc*"', '"conv*"')
    study = tl.run(write_study(tmp_path, PLAIN + text + GRAPHS), tmp_path / "out")
    assert study.failures == ()
    (folder,) = (tmp_path / "out" / "activations").iterdir()
    rows, ids = tl.ActivationStore.open(folder).read("conv2")
    samples = tl.load_samples("digits", base=tmp_path, split="test", count=120)
    labels = dict(zip(samples.ids.tolist(), samples.labels.tolist(), strict=True))
    mapped = study.mapped("norm", "cnn", "conv2")
    assert mapped.graph.n_points == len(rows) == 240
    expected = tl.purity(mapped.graph, [labels[one] for one in ids.tolist()], permutations=10)
    assert mapped.purity.to_dict() == expected.to_dict()
    assert mapped.classes == tuple(map(str, range(10)))


def test_the_points_are_those_of_a_cloud_or_rows_of_its_own(tmp_path):
    labelled(tmp_path)
    tables = """
[[mapper]]
name = "of a cloud"
cloud = "scaled"
layers = ["layer2", "layer9"]
cover = { n_intervals = 4 }
eps = 0.8
[[mapper]]
name = "own"
rows = { points = 40, normalise = "unit_norm" }
lens = ["pca:1", "column:0"]
cover = { n_intervals = 4 }
cluster = { kind = "single_linkage" }
"""
    study = tl.run(write_study(tmp_path, PLAIN + READY + tables), tmp_path / "out")
    assert study.failures == ()
    scaled = tl.normalise(relu_layers(1)["layer2"], "median")
    made = tl.mapper_graph(
        scaled,
        tl.lens_values("l2_norm", scaled),
        cover=tl.UniformCover(4, 0.25),
        cluster=tl.DBSCAN(0.8, 5),
    )
    found = study.mapped("of a cloud", "first", "layer2")
    assert np.array_equal(found.graph.members, made.members)
    assert (found.curve, found.eps) == (None, 0.8)
    assert study.mapped("of a cloud", "first", "layer1") is None
    assert "Mapper `of a cloud`: no captured layer is called `layer9`." in study.warnings
    own = study.mapped("own", "second", "layer0")
    assert own.graph.n_points == 40
    assert own.graph.lens_low.shape[1] == 2
    assert own.purity is None


def test_only_what_a_key_touches_is_made_again(tmp_path):
    labelled(tmp_path)
    study = write_study(tmp_path, PLAIN + READY + GRAPHS)
    tl.run(study, tmp_path / "out")
    before = result_bytes(tmp_path / "out")
    done = []
    study.write_text(PLAIN + READY + GRAPHS.replace("permutations = 10", "permutations = 11"))
    tl.run(study, tmp_path / "out", on_event=lambda event: done.append(event))
    ended = [type(one).__name__ for one in done].count("StepEnded")
    assert ended == 3  # the purities of the labelled model; no graph
    study.write_text(PLAIN + READY + GRAPHS)
    tl.run(study, tmp_path / "out")
    after = result_bytes(tmp_path / "out")
    assert {name: after[name] for name in before} == before


def test_one_class_and_no_nodes_are_failures_in_a_sentence(tmp_path):
    np.savez(tmp_path / "first.npz", **relu_layers(1), labels=np.zeros(60, dtype=int))
    np.savez(tmp_path / "second.npz", **relu_layers(2), labels=np.arange(60) % 2)
    tiny = GRAPHS + "eps = 1e-9\nlayers = ['layer1']\n"
    study = tl.run(write_study(tmp_path, PLAIN + READY + tiny), tmp_path / "out")
    reasons = {one.step: one.reason for one in study.failures}
    assert "two classes or more" in reasons["purity of first layer1 (norm)"]
    assert "every point is noise" in reasons["purity of second layer1 (norm)"]
    assert study.mapper_graph("second", "layer1", "norm").n_nodes == 0
    write_report(study, tmp_path / "report.html")


def test_what_is_not_there_is_refused_and_the_preview_counts(tmp_path):
    path = write_ready(tmp_path, PLAIN + READY + GRAPHS)
    lines = preview(read_study(path), tmp_path / "out")
    assert "mapper       norm: 6 graphs of all rows, and their purity" in lines
    study = tl.run(path, tmp_path / "out")
    with pytest.raises(InvalidInputError, match="`mapper` must be one of the study's"):
        study.mapped("nerm", "first", "layer0")
    with pytest.raises(InvalidInputError, match="`layer` must be one of the study's"):
        study.mapper_graph("first", "layer7", "norm")
