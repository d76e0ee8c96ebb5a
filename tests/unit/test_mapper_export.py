"""Graphs written to files and read again, and given to networkx."""

import json
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import topolens as tl

RING = np.linspace(0, 2 * np.pi, 60, endpoint=False)
CIRCLE = np.column_stack([np.cos(RING), np.sin(RING)])
LABELS = np.where(CIRCLE[:, 1] > 0, "upper <&>", "lower")
SUFFIXES = [".json", ".graphml", ".parquet"]


def ring_graph(lens=CIRCLE[:, 0], eps=0.15):
    return tl.mapper_graph(CIRCLE, lens, cover=tl.UniformCover(4, 0.4), cluster=tl.DBSCAN(eps, 2))


def assert_equal(first, second):
    for name in tl.MapperGraph.__slots__:
        one, two = getattr(first, name), getattr(second, name)
        np.testing.assert_array_equal(one, two, err_msg=name)
        if isinstance(two, np.ndarray):
            assert (one.dtype, one.shape) == (two.dtype, two.shape), name


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("lenses", [1, 2])
def test_a_graph_written_and_read_is_the_same(tmp_path, suffix, placed, lenses):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    graph = ring_graph(CIRCLE if lenses == 2 else CIRCLE[:, 0])
    if placed:
        graph = graph.placed(tl.mapper_layout(graph))
    path = tmp_path / f"graph{suffix}"
    for labels in (None, LABELS):
        tl.write_mapper(graph, path, labels=labels)
        assert_equal(tl.read_mapper(str(path)), graph)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.filterwarnings("ignore:the graph has no nodes")
def test_a_graph_without_nodes_too(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    graph = ring_graph(eps=1e-6)
    tl.write_mapper(graph, tmp_path / f"graph{suffix}")
    assert_equal(tl.read_mapper(tmp_path / f"graph{suffix}"), graph)


def test_json_tells_others_classes_and_weights(tmp_path):
    graph = ring_graph()
    tl.write_mapper(graph, tmp_path / "graph.json", labels=LABELS)
    record = json.loads((tmp_path / "graph.json").read_text())
    assert record["jaccard"] == graph.jaccard.tolist()
    upper = [int((LABELS[node] == "upper <&>").sum()) for node in graph.nodes()]
    assert record["class_counts"]["upper <&>"] == upper


def test_networkx_reads_our_graphml(tmp_path):
    nx = pytest.importorskip("networkx")
    graph = ring_graph().placed(np.arange(12.0).reshape(6, 2))
    tl.write_mapper(graph, tmp_path / "graph.graphml", labels=LABELS)
    read = nx.read_graphml(tmp_path / "graph.graphml")
    assert len(read) == 6
    assert read.graph["cover"] == graph.cover
    for number in range(6):
        node = read.nodes[f"n{number}"]
        assert node["size"] == len(graph.node(number))
        assert node["lens_mean_0"] == graph.lens_mean[number, 0]
        assert node["class upper <&>"] + node["class lower"] == node["size"]
        assert (node["x"], node["y"]) == (2.0 * number, 2.0 * number + 1)
    first, second = graph.edges[0]
    assert read.edges[f"n{first}", f"n{second}"]["jaccard"] == graph.jaccard[0]


def test_pandas_reads_our_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    graph = ring_graph()
    tl.write_mapper(graph, tmp_path / "graph.parquet", labels=LABELS)
    frame = pandas.read_parquet(tmp_path / "graph.parquet")
    assert frame["size"].tolist() == graph.sizes.tolist()
    assert (frame["class lower"] + frame["class upper <&>"]).tolist() == graph.sizes.tolist()
    assert frame["members"][2].tolist() == graph.node(2).tolist()


def test_a_graph_of_networkx_has_everything():
    pytest.importorskip("networkx")
    graph = ring_graph()
    made = tl.mapper_to_networkx(graph.placed(np.ones((6, 2))), labels=LABELS)
    assert [made.nodes[k]["members"] for k in made] == [tuple(node) for node in graph.nodes()]
    assert sorted(tuple(sorted(edge)) for edge in made.edges) == [tuple(e) for e in graph.edges]
    assert [made.edges[e]["shared"] for e in graph.edges.tolist()] == graph.shared.tolist()
    assert made.nodes[0]["pos"] == (1.0, 1.0)
    assert sum(made.nodes[0]["counts"].values()) == made.nodes[0]["size"]
    assert "pos" not in tl.mapper_to_networkx(graph).nodes[0]


def test_without_networkx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(tl.MissingDependencyError, match=r"topolens\[graphs\]"):
        tl.mapper_to_networkx(ring_graph())


def test_without_pyarrow_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(tl.MissingDependencyError, match=r"topolens\[parquet\]"):
        tl.write_mapper(ring_graph(), tmp_path / "graph.parquet")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("graph.gexf", b"", "`path` must end in .json, .graphml or .parquet; got `graph.gexf`"),
        ("graph.json", b"{", "`graph.json` does not"),
        ("graph.json", b"[]", "`graph.json` does not"),
        ("graph.json", b'{"format_version": 9}', "MapperGraph of format 1; got 9"),
        ("graph.graphml", b"<graphml/>", r"does not \(there is no graph in it\)"),
        ("graph.graphml", b"not xml", "`graph.graphml` does not"),
        ("graph.parquet", b"PAR1", "`graph.parquet` does not"),
    ],
)
def test_files_of_others_are_refused(tmp_path, name, content, sentence):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.read_mapper(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(tl.InvalidInputError, match="`path` must be a file that can be read"):
        tl.read_mapper(tmp_path / "none.json")


def test_graphml_holds_classes_with_characters_that_xml_has_not(tmp_path):
    graph = ring_graph()
    labels = np.where(CIRCLE[:, 1] > 0, "a\x00b\x0b\ud800", "<script>\u2603\n\"'&]]>")
    tl.write_mapper(graph, tmp_path / "graph.graphml", labels=labels)
    assert_equal(tl.read_mapper(tmp_path / "graph.graphml"), graph)
    names = {key.get("attr.name") for key in ElementTree.parse(tmp_path / "graph.graphml").iter()}
    assert {"class a\\x00b\\x0b\\ud800", "class <script>\u2603\n\"'&]]>"} <= names


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("members", lambda values: [999, *values[1:]]),
        ("members", lambda values: values[1:]),
        ("edges", lambda values: [[0, 999], *values[1:]]),
        ("edges", lambda values: [[-1, 1], *values[1:]]),
        ("shared", lambda values: values[1:]),
        ("elements", lambda values: values[1:]),
        ("offsets", lambda values: []),
        ("lens_low", lambda values: values[1:]),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, field, change):
    record = ring_graph().to_dict()
    record[field] = change(record[field])
    (tmp_path / "graph.json").write_text(json.dumps(record))
    with pytest.raises(tl.InvalidInputError, match="must be a whole MapperGraph"):
        tl.read_mapper(tmp_path / "graph.json")
