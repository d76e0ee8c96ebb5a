"""Figures: same bytes twice, every size, plotting functions that leave no trace."""

import io
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from report_fixtures import (
    bars_at,
    damaged_study,
    make_model,
    make_study,
    matrix_of,
    nasty_study,
    on_a_line,
    realistic_study,
)

from topolens.base.results import Diagram, Diagrams
from topolens.report import (
    plot_barcode,
    plot_diagram,
    plot_distances,
    plot_profiles,
    write_figures,
)
from topolens.report.charts import constant_measures, profile_charts
from topolens.report.heatmaps import colour_span
from topolens.report.layer_maps import layer_map, map_chart
from topolens.report.style import SERIES, line_styles, plain, short, short_names
from topolens.report.svg import inline_svg, save_figure


def test_the_same_study_gives_the_same_bytes(tmp_path):
    first, second = (
        write_figures(realistic_study((4, 4), n_points=60), tmp_path / name) for name in "ab"
    )
    assert [path.name for path in first] == [path.name for path in second]
    assert {path.suffix for path in first} == {".png", ".svg"}
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.parametrize(
    "study",
    [
        lambda: realistic_study((1,), n_points=40, clouds=("scaled",)),
        lambda: realistic_study((60,), n_points=40, n_loops=8, clouds=("scaled",)),
        damaged_study,
        nasty_study,
        lambda: make_study([make_model("m", ("a", "b"))]),
    ],
)
def test_every_study_can_be_drawn(study, tmp_path):
    for path in write_figures(study(), tmp_path):
        assert path.stat().st_size > 0
        assert path.parent == tmp_path
        if path.suffix == ".svg":
            ET.parse(path)


@pytest.fixture
def settings():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before


@pytest.mark.usefixtures("settings")
def test_figures_that_the_study_lost_are_removed_and_other_files_kept(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"kept")
    (tmp_path / "profile-9-9-gone.svg").write_bytes(b"stale")
    written = write_figures(realistic_study((3,), n_points=40), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*(p.name for p in written), "mine.png"}


def test_plotting_leaves_the_callers_settings_alone():
    study = realistic_study((3,), n_points=40)
    diagrams = study.diagrams("net-0", "block0.conv", "scaled")
    for ax in (plot_diagram(diagrams), plot_barcode(diagrams)):
        ax.figure.savefig(io.BytesIO())
    plot_profiles(study.table(), "lifespan_sum H1").figure.savefig(io.BytesIO())
    plot_distances(study.distances("linear_cka", "scaled")).figure.savefig(io.BytesIO())


def test_draws_on_given_axes():
    study = realistic_study((3, 3), n_points=40)
    axes = Figure().subplots(2, 2).ravel()
    diagrams = study.diagrams("net-0", "block0.conv", "scaled")
    assert plot_diagram(diagrams, ax=axes[0]) is axes[0]
    assert plot_barcode(diagrams, ax=axes[1]) is axes[1]
    assert plot_profiles(study.table(), "lifespan_sum H0", ax=axes[2]) is axes[2]
    assert plot_distances(study.distances("linear_cka", "raw"), ax=axes[3]) is axes[3]


def test_a_diagram_shows_every_bar_and_those_that_never_die():
    ax = plot_diagram(bars_at([1.0, 2.0], [1.5, 4.0]))
    dots = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    assert dots["H1"].tolist() == [[1.0, 1.5], [2.0, 4.0]]
    assert dots["H0"][-1, 1] == pytest.approx(1.05 * 4.0)


def test_an_empty_diagram_can_be_drawn():
    nothing = np.empty((0, 2))
    empty = Diagrams((Diagram(0, nothing), Diagram(1, nothing)), 0, "euclidean", 1.0)
    plot_diagram(empty)
    plot_barcode(empty)


def test_a_barcode_keeps_the_longest():
    births = np.zeros(10)
    ax = plot_barcode(bars_at(births, np.arange(1.0, 11)), most=3)
    segments = ax.collections[1].get_segments()
    assert sorted(segment[1, 0] for segment in segments) == [8.0, 9.0, 10.0]
    assert ax.get_legend().get_texts()[1].get_text() == "H1: 10 bars, longest 3 shown"


def test_profiles_have_a_line_per_model():
    study = realistic_study((3, 4), n_points=40)
    ax = plot_profiles(study.table(), "lifespan_sum H1", cloud="raw")
    lines = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    assert lines["net-1"][:, 0] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    value = study.values["lifespan_sum H1", "raw"]["net-1", "block2.conv"][0]
    assert lines["net-1"][2, 1] == pytest.approx(value)


def test_dark_means_alike_in_distances_and_in_similarities():
    model = make_model("m", ("a", "b", "c"))
    far = plot_distances(on_a_line([model], [0, 1, 5]))
    alike = plot_distances(matrix_of([model], np.eye(3), "linear_cka", is_similarity=True))
    colours = [ax.images[0].cmap(ax.images[0].norm(v))[:3] for ax, v in ((far, 0), (alike, 1))]
    assert colours[0] == pytest.approx(colours[1])
    assert sum(colours[0]) < 1


def test_a_layer_against_itself_does_not_set_the_colours():
    alike = np.array([[1.0, 0.2, 0.1], [0.2, 1.0, 0.3], [0.1, 0.3, 1.0]])
    model = make_model("m", ("a", "b", "c"))
    ax = plot_distances(matrix_of([model], alike, "linear_cka", is_similarity=True))
    assert ax.images[0].get_clim() == (0.0, 0.3)


def test_a_few_huge_distances_do_not_set_the_colours():
    values = np.abs(np.subtract.outer(np.arange(12.0), np.arange(12.0)))
    values[0, 1] = values[1, 0] = 1e30
    matrix = matrix_of([make_model("m", [f"l{i}" for i in range(12)])], values)
    assert colour_span(matrix)[1] <= 11
    values[0, 1] = values[1, 0] = 20.0
    assert colour_span(matrix_of([make_model("m", [f"l{i}" for i in range(12)])], values))[1] == 20


def test_distances_that_all_lie_far_from_zero_still_differ_in_colour():
    values = 0.8 + 0.02 * np.abs(np.subtract.outer(np.arange(10.0), np.arange(10.0)))
    np.fill_diagonal(values, 0)
    matrix = matrix_of([make_model("m", [f"l{i}" for i in range(10)])], values)
    assert colour_span(matrix) == (pytest.approx(0.82), pytest.approx(0.98))


def test_undefined_distances_stay_empty():
    model = make_model("m", ("a", "b"))
    plot_distances(matrix_of([model], np.full((2, 2), np.nan), "sliced_wasserstein H1"))


def test_names_are_drawn_as_they_are():
    model = make_model("_hidden", ("$x^2$", "a_b"))
    study = realistic_study((2, 2), model_name="_m{0}", layer_name="$x_{0}^2$", n_points=40)
    ax = plot_profiles(study.table(), "lifespan_sum H1")
    stream = io.BytesIO()
    save_figure(ax.figure, stream, "svg")
    assert "_m0" in stream.getvalue().decode()
    ax = plot_distances(on_a_line([model], [0, 1]))
    stream = io.BytesIO()
    save_figure(ax.figure, stream, "svg")
    # As a text element: a formula would leave the name in a comment only.
    assert ">$x^2$</text>" in stream.getvalue().decode()
    assert plain("a\x00b") == "a�b"


def test_a_script_the_font_lacks_is_no_reason_to_warn():
    model = make_model("模型", ("第一层", "第二层"))
    ax = plot_distances(on_a_line([model], [0, 1]))
    save_figure(ax.figure, io.BytesIO(), "png")


def test_long_names_are_cut_in_the_middle():
    assert short("layer1.0.conv1") == "layer1.0.conv1"
    assert short("a" * 20 + "b" * 20, 11) == "aaaaa…bbbbb"


def test_families_share_a_colour_and_seeds_differ_by_dash():
    styles = line_styles([("a", "cnn"), ("b", "cnn"), ("c", "vit")])
    assert styles["a"].colour == styles["b"].colour != styles["c"].colour
    assert styles["a"].dash != styles["b"].dash


def test_a_single_family_shows_members_by_colour():
    styles = line_styles([("a", "cnn"), ("b", "cnn")])
    assert styles["a"].colour != styles["b"].colour


def test_forty_models_have_styles():
    assert len(line_styles((f"m{i}", f"f{i}") for i in range(40))) == 40


def test_inline_charts_follow_the_theme_and_keep_their_ids_apart():
    chart = next(profile_charts(realistic_study((3,), n_points=40)))
    svg = inline_svg(chart.figure, prefix="p", description="d")
    assert f"var(--series-{SERIES.index(SERIES[0])})" in svg
    assert SERIES[0] not in svg
    ids = [part.split('"')[0] for part in svg.split(' id="')[1:]]
    assert ids
    assert all(name.startswith("p-") for name in ids)


def test_profile_figures_name_the_unit():
    study = realistic_study((3,), n_points=40)
    units = {(c.subject, c.cloud): c.figure.axes[0].get_ylabel() for c in profile_charts(study)}
    assert units["lifespan_sum H1", "scaled"] == "median distances"
    assert units["lifespan_sum H1", "raw"] == "distance at the network's scale"
    assert units["bar_count H1", "raw"] == "bars"


def test_measures_that_never_differ_are_named_and_not_drawn():
    study = realistic_study((3, 3), n_points=40)
    assert constant_measures(study) == [("bar_count H0", 39.0)]
    assert "bar_count H0" not in {chart.subject for chart in profile_charts(study)}


class TestMap:
    def test_refines_few_items_only(self):
        matrix = matrix_of([make_model("m", ("a", "b", "c", "d", "e"))], 1 - np.eye(5))
        assert layer_map(matrix).stress < layer_map(matrix, most_refined=4).stress

    def test_says_what_flattening_costs(self):
        model = make_model("m", ("a", "b", "c", "d", "e"))
        assert layer_map(matrix_of([model], 1 - np.eye(5))).stress > 0.1

    def test_leaves_out_what_is_unknown(self):
        matrix = on_a_line([make_model("m", ("a", "b", "c", "d"))], [0, 1, 2, 4])
        matrix.values[1, :] = matrix.values[:, 1] = np.nan
        assert [label[1] for label in layer_map(matrix).labels] == ["a", "c", "d"]

    def test_needs_three_layers(self):
        assert layer_map(on_a_line([make_model("m", ("a", "b"))], [0, 1])) is None

    def test_equal_layers_fall_together(self):
        found = layer_map(on_a_line([make_model("m", ("a", "b", "c"))], [0, 0, 0]))
        assert found.stress == 0

    def test_draws_the_mean_of_both_directions(self):
        distances = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
        found = layer_map(matrix_of([make_model("m", ("a", "b", "c"))], distances))
        assert np.linalg.norm(found.positions[0] - found.positions[1]) == pytest.approx(2.0)

    def test_has_a_panel_per_model(self):
        figure = map_chart(realistic_study((3, 3, 4, 3), n_points=40)).figure
        assert [ax.get_title("left") for ax in figure.axes[:4]] == [f"net-{i}" for i in range(4)]

    def test_is_missing_without_distances(self):
        assert map_chart(make_study([make_model("m", ("a", "b", "c"))])) is None


def test_long_layer_names_keep_what_tells_them_apart():
    names = ["embed", *(f"blocks.{k}.after_attention" for k in range(3))]
    assert list(short_names(names, 17).values()) == [
        "embed",
        "0.after_attention",
        "1.after_attention",
        "2.after_attention",
    ]
    cut = short_names(names, 12)
    assert len(set(cut.values())) == len(names)
    assert max(map(len, cut.values())) == 12
    alike = short_names(["stage1.0.projection", "stage2.0.projection"], 15)
    assert set(alike.values()) == {"stage1.…jection", "stage2.…jection"}
