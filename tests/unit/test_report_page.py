"""The page stands alone, says every name as it is, and is the same twice."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from report_fixtures import (
    NASTY,
    damaged_study,
    make_model,
    make_study,
    many_operations_study,
    nasty_study,
    realistic_study,
)

from topolens.report import payload as payload_module
from topolens.report import write_report
from topolens.report.payload import build_payload
from topolens.study.results import StepFailure
from topolens.study.spec import CloudSpec

STUDIES = {
    "three": lambda: realistic_study((5, 5, 5), n_points=60),
    "one layer": lambda: realistic_study((1,), n_points=60),
    "sixty layers": lambda: realistic_study((60,), n_points=60, n_loops=20),
    "two families": lambda: realistic_study((5, 9), families=["cnn", "vit"], n_points=60),
    "no half-samples": lambda: realistic_study((4, 4), n_resamples=0, n_points=60),
    "damaged": damaged_study,
    "names": nasty_study,
    "many operations": lambda: many_operations_study((4, 5), n_points=60, n_loops=9),
    "nothing measured": lambda: make_study([make_model("m", ("a", "b"))]),
    "no model left": lambda: make_study([make_model("m", (), problem="gone")]),
}


class Elements(HTMLParser):
    """All elements with their attributes, and the text of scripts."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.scripts = []
        self._in_script = False

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data


def parsed(path):
    elements = Elements()
    elements.feed(path.read_text(encoding="utf-8"))
    return elements


@pytest.fixture(scope="module", params=STUDIES)
def page(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return write_report(STUDIES[request.param](), folder / "report.html")


def test_is_a_single_file(page):
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


def test_loads_nothing(page):
    for tag, attributes in parsed(page).found:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for name in ("src", "href", "srcset", "xlink:href", "poster", "action"):
            value = attributes.get(name) or ""
            allowed = value.startswith(("#", "data:")) or tag == "a" or not value
            assert allowed, f"<{tag} {name}={value[:60]}>"
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    assert "@import" not in text


def test_forbids_the_network_and_other_scripts(page):
    elements = parsed(page)
    policy = next(
        attributes["content"]
        for tag, attributes in elements.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "script-src 'sha256-" in policy
    assert len(elements.scripts) == 2


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in parsed(page).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_references_within_the_page_exist(page):
    elements = parsed(page).found
    ids = {attributes.get("id") for _, attributes in elements}
    for _, attributes in elements:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in ids


def test_shows_no_python(page):
    text = page.read_text(encoding="utf-8")
    for trace in ("None<", ">nan<", "Traceback", "{{", "{%", "Undefined", " object at 0x"):
        assert trace not in text


def test_every_name_is_shown_and_none_is_obeyed(tmp_path):
    path = write_report(nasty_study(), tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    assert NASTY not in text
    assert "<script>alert" not in text
    elements = parsed(path)
    assert [tag for tag, _ in elements.found].count("script") == 2
    payload = json.loads(elements.scripts[0])
    assert payload["models"][0]["layers"][0][0] == NASTY + "0"
    assert payload["models"][0]["name"].startswith("$m_{1}$" + NASTY)


def test_the_same_study_gives_the_same_bytes(tmp_path):
    first = write_report(realistic_study((4, 4), n_points=60), tmp_path / "a.html")
    second = write_report(realistic_study((4, 4), n_points=60), tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()


def test_makes_its_folder_and_replaces_an_older_page(tmp_path):
    target = tmp_path / "new" / "report.html"
    assert write_report(realistic_study((2,), n_points=60), target) == target
    target.write_text("old")
    write_report(realistic_study((2,), n_points=60), target)
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_large_study_stays_small(tmp_path):
    study = realistic_study((19,) * 5, families=["a"] * 3 + ["b"] * 2, n_points=1000, n_loops=800)
    assert write_report(study, tmp_path / "report.html").stat().st_size < 8e6


def test_twenty_measures_and_metrics_stay_small(tmp_path):
    study = many_operations_study(n_points=500, n_loops=300, n_resamples=2)
    assert write_report(study, tmp_path / "report.html").stat().st_size < 5e6


def test_what_is_undefined_throughout_is_not_drawn():
    study = many_operations_study((4, 5), n_points=60, n_loops=9)
    silent = [
        place
        for place, metric in enumerate(study.metrics)
        if not np.isfinite(study.distances(metric, "scaled").values).any()
    ]
    assert len(silent) == 2
    drawn = build_payload(study)["matrices"]
    assert not {f"0-{place}" for place in silent} & set(drawn)
    assert len(drawn) == 2 * (len(study.metrics) - 2)


def test_tells_of_failed_models_and_layers(tmp_path):
    text = write_report(damaged_study(), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "the weights do not fit the network" in text
    assert "17 values are NaN or infinite" in text
    assert "the cloud is not finite" in text


def text_of(study, folder):
    return write_report(study, folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("families", "words"),
    [
        (["cnn"] * 3, "each model has a colour of its own"),
        (["cnn", "cnn", "vit"], "families differ by colour, their members by dash"),
        (["cnn"] * 9, "models differ by dash"),
    ],
)
def test_the_caption_says_how_models_are_told_apart(tmp_path, families, words):
    study = realistic_study([3] * len(families), families=families, n_points=60, n_loops=9)
    assert f"to its last (1); {words}. Bands" in text_of(study, tmp_path)


def test_shows_epochs_where_there_are_any(tmp_path):
    study = realistic_study((3, 3), n_points=60, n_loops=9)
    assert '<th scope="col">epoch</th>' not in text_of(study, tmp_path)
    study.models = (replace(study.models[0], epoch=41), study.models[1])
    text = text_of(study, tmp_path)
    assert '<th scope="col">epoch</th>' in text
    assert "<td>41</td>" in text


def test_a_study_without_results_says_so_and_why_once(tmp_path):
    reason = "the weights do not fit the network"
    models = [make_model(name, (), problem=reason) for name in ("m", "n")]
    study = make_study(models, failures=(StepFailure("capture/m", reason),))
    study.warnings = (f"Model m is left out: {reason}",)
    text = text_of(study, tmp_path)
    assert text.count(reason) == 1 + len(models)  # the finding, and the rows of the models
    assert f"No layer of the study has results: {reason}" in text
    for untrue in ("With a single model", "sliced Wasserstein distance on H1", "Diagrams layer"):
        assert untrue not in text
    for empty in ("All layers at a glance", "What failed", "How it was measured", "Glossary"):
        assert empty not in text


def test_shows_no_code_marks_of_messages(tmp_path):
    study = realistic_study((3,), n_points=60, n_loops=9)
    study.warnings = ("Cloud `scaled`: the layers hold unequal numbers of rows.",)
    text = text_of(study, tmp_path)
    assert "Cloud “scaled”: the layers hold unequal numbers of rows." in text


def test_says_which_clouds_have_rows_of_their_own(tmp_path):
    study = realistic_study((3,), clouds=("scaled",), n_points=60, n_loops=9)
    assert "All the rows form its cloud." in text_of(study, tmp_path)
    assert "halves of the points, the same rows in every layer. A" in text_of(study, tmp_path)
    rim = CloudSpec(name="rim", sample="farthest", points=20)
    study.spec = study.spec.model_copy(update={"clouds": (*study.spec.clouds, rim)})
    text = text_of(study, tmp_path)
    assert "All the rows form its cloud “scaled” (20 in “rim”)." in text
    assert "the same rows in every layer except in “rim”, where layers keep their own." in text
    clean = CloudSpec(name="clean", outliers={"remove": "per_layer"})
    study.spec = study.spec.model_copy(update={"clouds": (clean,)})
    assert "the same rows in every layer" not in text_of(study, tmp_path)


def unpacked(text):
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def test_diagrams_survive_packing():
    study = realistic_study((2,), n_points=40)
    record = build_payload(study)
    bars = study.diagrams("net-0", "block0.conv", "scaled")
    pieces, loops = record["diagrams"][0][0][0]
    np.testing.assert_allclose(unpacked(loops["pairs"]).reshape(-1, 2), bars[1].pairs, rtol=1e-6)
    np.testing.assert_allclose(unpacked(pieces["deaths"]), bars[0].pairs[:, 1], rtol=1e-6)
    assert np.isinf(unpacked(pieces["deaths"])[-1])
    assert loops["n"] == len(bars[1])


def square(record, n_items):
    """The matrix that a record of the page holds."""
    if not record["triangle"]:
        return unpacked(record["values"]).reshape(n_items, n_items)
    values = np.zeros((n_items, n_items))
    values[np.triu_indices(n_items)] = unpacked(record["values"])
    return np.maximum(values, values.T)


def test_matrices_survive_packing_symmetric_or_not():
    study = realistic_study((2, 3), n_points=40)
    matrix = study.distances("sliced_wasserstein H1", "scaled")
    record = build_payload(study)["matrices"]["0-0"]
    assert record["triangle"]
    np.testing.assert_allclose(square(record, 5), matrix.values, rtol=1e-5)
    matrix.values[0, 1] += 1
    record = build_payload(study)["matrices"]["0-0"]
    assert not record["triangle"]
    np.testing.assert_allclose(square(record, 5), matrix.values, rtol=1e-5)


def test_matrices_beyond_the_budget_stay_off_the_page(monkeypatch):
    study = realistic_study((2, 3), n_points=40)
    size = len(build_payload(study)["matrices"]["0-0"]["values"])
    monkeypatch.setattr(payload_module, "_MATRICES_BUDGET", 2 * size)
    assert list(build_payload(study)["matrices"]) == ["0-0", "0-1"]


def test_measures_carry_values_intervals_and_unit():
    study = realistic_study((2, 3), n_points=40)
    record = build_payload(study)["measures"][1]
    assert record["name"] == "Lifespan sum H1"
    assert record["kind"] == "Topology: loops (H1)"
    course = record["clouds"][0]
    assert course["axis"] == "Lifespan sum H1 (median distances)"
    rows = study.table().query("measure == 'lifespan_sum H1' and cloud == 'scaled'")
    for name, column in (("values", "value"), ("low", "low"), ("high", "high")):
        np.testing.assert_allclose(unpacked(course[name]), rows[column], rtol=1e-6)


def test_a_layer_without_a_value_leaves_a_gap():
    study = damaged_study()
    values = unpacked(build_payload(study)["measures"][0]["clouds"][0]["values"])
    assert np.flatnonzero(np.isnan(values)).tolist() == [2]


def test_too_many_bars_are_cut_to_the_longest(monkeypatch):
    study = realistic_study((2,), n_points=300)
    monkeypatch.setattr(payload_module, "_BARS_BUDGET", 500)
    record = build_payload(study)
    assert record["limit"] == 100
    pieces = record["diagrams"][0][0][0][0]
    assert pieces["n"] == 300
    kept = unpacked(pieces["deaths"])
    deaths = study.diagrams("net-0", "block0.conv", "scaled")[0].pairs[:, 1]
    np.testing.assert_allclose(np.sort(kept), np.sort(deaths)[-100:], rtol=1e-6)
