"""Mapper graphs on the page: pies, legend, purity beside its null, and how much room they take."""

import re

import numpy as np
import pytest
from report_fixtures import mapped_layer, mapped_study

from topolens.report import collect_findings, write_figures, write_report
from topolens.report.mapper_drawing import OTHERS, ClassColours, drawn_graph
from topolens.report.mapper_section import class_key, mapper_blocks

COLOURS = ClassColours(("a", "b", "c"), np.array([0, 1, 2]))


def page_of(study, tmp_path):
    return write_report(study, tmp_path / "page.html").read_text(encoding="utf-8")


def test_every_node_is_a_pie_of_its_classes():
    found = mapped_layer(0.5)
    drawing = drawn_graph(found.graph, found.counts, COLOURS, most_nodes=1000)
    assert len(drawing.nodes) == found.graph.n_nodes
    n_slices = {colour: path.count("M") for colour, path in drawing.slices}
    assert n_slices == {k: int(np.count_nonzero(found.counts[:, k])) for k in range(3)}
    assert sum(path.count("M") for path in drawing.edges) == found.graph.n_edges
    largest = int(found.graph.sizes.argmax())
    words = drawing.nodes[0].words.splitlines()
    assert words[0] == f"{found.graph.sizes[largest]} points"
    told = {line.split(": ")[0]: int(line.split(": ")[1]) for line in words[1:-1]}
    assert told == {n: c for n, c in zip("abc", found.counts[largest].tolist(), strict=True) if c}
    assert words[-1].startswith("lens ")


def test_areas_are_in_proportion_to_the_members():
    found = mapped_layer(3.0)
    drawing = drawn_graph(found.graph, found.counts, COLOURS, most_nodes=1000)
    radii = np.array([node.radius for node in drawing.nodes])
    sizes = np.sort(found.graph.sizes)[::-1]
    large = radii > 5
    assert np.allclose(radii[large] ** 2 / sizes[large], radii[0] ** 2 / sizes[0], rtol=0.05)
    for node in drawing.nodes:
        assert node.x - node.radius + 0.2 >= 0
        assert node.x + node.radius <= drawing.width + 0.2
        assert node.y + node.radius <= drawing.height + 0.2


def test_the_largest_nodes_are_drawn_where_there_are_too_many():
    found = mapped_layer(0.5)
    drawing = drawn_graph(found.graph, found.counts, COLOURS, most_nodes=4)
    assert len(drawing.nodes) == 4
    assert drawing.n_left_out == found.graph.n_nodes - 4
    smallest = min(int(node.words.split(" ")[0]) for node in drawing.nodes)
    assert smallest == np.sort(found.graph.sizes)[-4]


def test_without_labels_nodes_have_no_classes(tmp_path):
    study = mapped_study(labelled=False)
    assert class_key(study) == []
    (block,) = mapper_blocks(study)
    assert {colour for colour, _ in block.main.drawing.slices} == {OTHERS}
    page = page_of(study, tmp_path)
    assert "Purity over depth" not in page
    assert 'id="mapper"' in page


def test_a_class_has_one_colour_on_the_page_and_many_share_the_last():
    names = [f"class {k}" for k in range(25)]
    study = mapped_study(n_classes=25, n_points=400, names=names)
    key = class_key(study)
    assert key[-1] == (OTHERS, "5 smaller classes")
    assert [colour for colour, _ in key[:-1]] == list(range(20))
    ten = class_key(mapped_study(n_classes=10, n_points=300))
    assert ten == [(k, f"class {k}") for k in range(10)]


def test_the_page_shows_graphs_purity_and_curves(tmp_path):
    study = mapped_study(mappers=("norm", "other"))
    page = page_of(study, tmp_path)
    drawn = set(re.findall(r'<g id="(graph-[\d-]+)"', page))
    assert len(drawn) == 12
    assert {name.strip("#") for name in re.findall(r'href="(#graph-[\d-]+)"', page)} == drawn
    assert page.count('id="curve-') == 12
    assert "shufflings of the labels" in page
    purity = study.purity_table()
    rows = purity[(purity["measure"] == "node_wise") & (purity["layer"] == "layer2")]
    cell = f"{rows['value'].iloc[0]:.2f} (null {rows['null_mean'].iloc[0]:.2f})"
    assert cell in page
    assert page == page_of(study, tmp_path)


def test_a_study_without_graphs_has_no_section(tmp_path):
    study = mapped_study()
    study.graphs = {}
    page = page_of(study, tmp_path)
    assert 'id="mapper"' not in page
    assert not [one for one in collect_findings(study) if one.key == "classes-in-graphs"]


def test_many_graphs_stay_within_bounds(tmp_path):
    study = mapped_study(n_layers=60)
    (block,) = mapper_blocks(study)
    assert block.n_left_out == 60
    for _, panels in block.rows:
        layers = [panel.layer for panel in panels]
        assert (layers[0], layers[-1], len(layers)) == ("layer0", "layer59", 30)
    assert len(page_of(study, tmp_path)) < 4_000_000


def test_the_finding_says_where_classes_come_apart():
    study = mapped_study()
    (finding,) = [one for one in collect_findings(study) if one.key == "classes-in-graphs"]
    table = study.purity_table()
    rows = table[(table["model"] == "net-0") & (table["measure"] == "point_wise")]
    excess = rows["value"] - rows["null_mean"]
    largest = rows["layer"].loc[excess.idxmax()]
    half = rows["layer"].loc[excess[excess >= excess.max() / 2].index[0]]
    assert f"in “net-0” from {rows['value'].iloc[0]:.2f} (" in finding.sentence
    way = f"at `{largest}`, half of the way above shuffled labels by `{half}`"
    assert way in finding.sentence
    assert finding.settled is None
    assert "in brackets" in finding.sentence


def test_classes_that_mix_are_called_mixed():
    study = mapped_study()
    study.graphs = {key: mapped_layer(0.0, seed=k) for k, key in enumerate(study.graphs)}
    (finding,) = [one for one in collect_findings(study) if one.key == "classes-in-graphs"]
    assert "more than shuffled labels give" in finding.sentence


def test_purity_is_among_the_figures(tmp_path):
    write_figures(mapped_study(), tmp_path)
    assert {path.suffix for path in tmp_path.glob("purity-*")} == {".png", ".svg"}


@pytest.mark.parametrize("labelled", [True, False])
def test_names_cannot_break_out(tmp_path, labelled):
    page = page_of(mapped_study(nasty=True, labelled=labelled), tmp_path)
    assert "<script>alert" not in page
