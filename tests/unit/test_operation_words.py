"""Names, kinds and units of measures and metrics, as the page gives them."""

from dataclasses import replace

import pytest
from report_fixtures import make_model, make_study

from topolens.base.registry import descriptors
from topolens.report.cloud_words import distance_unit
from topolens.report.findings.words import readable
from topolens.report.operation_words import grouped, measure_words, metric_words
from topolens.study.spec import CloudSpec, OperationSpec


def study_with(**operations):
    study = make_study([make_model("m", ("a", "b"))], clouds=("scaled", "raw"))
    study.spec = study.spec.model_copy(update=operations)
    study.measures = tuple(one.label for one in study.spec.descriptors)
    study.metrics = tuple(one.label for one in study.spec.comparisons)
    return study


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("linear_cka", "linear CKA"),
        ("sliced_wasserstein H1", "sliced Wasserstein H1"),
        ("lifespan_sum(alpha=2.0) H1", "lifespan sum H1, alpha = 2.0"),
        ("nothing known", "nothing known"),
    ],
)
def test_labels_become_words(label, words):
    assert readable(label) == words


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        ("none", "distance at the network's scale"),
        ("median", "median distances"),
        ("quantile:0.9", "0.9 quantiles of the distances"),
        ("unit_norm", "distance, rows of length 1"),
    ],
)
def test_a_distance_is_counted_in_what_the_cloud_is_scaled_by(rule, unit):
    assert distance_unit(CloudSpec(name="c", normalise=rule)) == unit


def test_an_angle_has_no_scale_to_count_in():
    cloud = CloudSpec(name="c", normalise="median")
    assert distance_unit(cloud, "cosine") == "cosine distance"
    assert distance_unit(cloud, "manhattan") == "manhattan median distances"


def test_units_follow_the_cloud_and_the_exponent(monkeypatch):
    plain = OperationSpec(name="lifespan_sum", dimension=0)
    squared = OperationSpec(name="lifespan_sum", dimension=0, params={"alpha": 2.0})
    study = study_with(descriptors=(plain, squared))
    words = measure_words(study)
    assert words[plain.label].axis(study.spec, "scaled") == "Lifespan sum H0 (median distances)"
    assert words[plain.label].unit(study.spec, "raw") == "distance at the network's scale"
    powered = replace(descriptors["lifespan_sum"], unit="distance^alpha")
    monkeypatch.setitem(descriptors._operations, "lifespan_sum", powered)
    words = measure_words(study)
    assert words[plain.label].unit(study.spec, "scaled") == "median distances"
    assert words[squared.label].unit(study.spec, "scaled") == "(median distances)^2"


def test_kinds_are_in_a_fixed_order_and_keep_the_degree():
    study = study_with()
    kinds = [kind for kind, _ in grouped(measure_words(study).values())]
    assert kinds == ["Topology: pieces (H0)", "Topology: loops (H1)"]
    kinds = [kind for kind, _ in grouped(metric_words(study).values())]
    assert kinds == ["Between diagrams", "Same samples, row by row"]


def test_facts_say_direction_symmetry_and_invariances():
    study = study_with()
    words = metric_words(study)
    cka = words["linear_cka"].facts(study.spec, "scaled")
    assert cka[:3] == ["similarity: larger is more alike", "a pure number", "symmetric"]
    assert "compares the same samples row by row" in cka
    assert cka[-1] == "unchanged by rotation, shifting and scaling"
    assert "in median distances" in words["sliced_wasserstein H1"].facts(study.spec, "scaled")


def test_nothing_is_claimed_of_what_the_registry_does_not_know():
    study = study_with()
    study.metrics = ("foreign",)
    words = metric_words(study)["foreign"]
    assert words.kind == "Other"
    assert words.facts(study.spec, "scaled") == []
    assert words.axis(study.spec, "scaled") == "Foreign"
