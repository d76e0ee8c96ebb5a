"""Findings speak of the metric a study has, and name it, where the usual one is missing."""

import pytest
from report_fixtures import CKA, SW1, realistic_study

from topolens.comparison import bottleneck
from topolens.report import collect_findings
from topolens.report.findings.noise import diagram_metric, layer_noise
from topolens.study.spec import OperationSpec

BOTTLENECK = OperationSpec(name="bottleneck", dimension=1)
PIECES = OperationSpec(name="wasserstein", dimension=0, params={"order": 2.0})
KEYS = ("largest-step", "redundant-layers", "most-different-model", "changed-layers", "scale")


def study_with(*metrics):
    """Three networks compared by other metrics, with the distances of the usual one."""
    study = realistic_study((5, 5, 5), n_points=60, n_loops=12)
    study.spec = study.spec.model_copy(update={"comparisons": metrics})
    study.metrics = tuple(one.label for one in metrics)
    known = {key[1:]: m for key, m in study.matrices.items() if key[0] == SW1}
    alike = {key[1:]: m for key, m in study.matrices.items() if key[0] == CKA}
    for label in study.metrics:
        for where, matrix in (alike if label == CKA else known).items():
            study.matrices[label, *where] = matrix
    return study


def by_key(study):
    return {finding.key: finding for finding in collect_findings(study)}


def test_another_distance_of_loops_takes_the_place_of_the_usual_one():
    found = by_key(study_with(OperationSpec(name="linear_cka"), BOTTLENECK))
    assert found.keys() >= {"redundant-layers", "changed-layers", "scale"}
    for key in ("redundant-layers", "changed-layers", "scale"):
        assert "bottleneck H1" in found[key].measure
        assert "(by bottleneck H1)" in found[key].rule or key == "scale"
        assert "Wasserstein" not in found[key].rule + found[key].measure
    assert any("they use linear CKA or bottleneck H1." in note for note in found["doubts"].notes)


@pytest.mark.parametrize("chosen", [PIECES, BOTTLENECK])
def test_the_first_metric_speaks_of_steps_and_of_the_outsider(chosen):
    found = by_key(study_with(chosen))
    assert found["largest-step"].title == "Where the topology changes most"
    name = "Wasserstein H0, order = 2.0" if chosen is PIECES else "bottleneck H1"
    for key in ("largest-step", "most-different-model"):
        assert found[key].measure.startswith(name)


def test_without_diagrams_layers_change_and_nothing_is_set_against_noise():
    found = by_key(study_with(OperationSpec(name="linear_cka")))
    assert found.keys().isdisjoint({"redundant-layers", "changed-layers", "scale"})
    step = found["largest-step"]
    assert step.title == "Where the layers change most"
    assert step.sentence.startswith("The layers change most")
    assert "linear CKA, 1 minus the similarity" in step.rule
    assert any("needs diagrams" in note for note in found["doubts"].notes)


def test_without_metrics_nothing_is_said_of_distances():
    found = by_key(study_with())
    assert found.keys().isdisjoint(KEYS)
    assert any("nothing is said about how far layers" in note for note in found["doubts"].notes)


def test_pieces_that_cannot_be_told_apart_are_called_pieces():
    study = study_with(PIECES)
    for key, matrix in study.matrices.items():
        if key[0] == PIECES.label:
            matrix.values[:] *= 1e-6
    sentence = by_key(study)["redundant-layers"].sentence
    assert sentence.startswith("By their pieces, these layers cannot be told apart")


def test_the_noise_is_by_the_same_metric_with_its_parameters():
    study = study_with(PIECES)
    metric = diagram_metric(study)
    assert (metric.label, metric.noun) == ("wasserstein(order=2.0) H0", "pieces")
    assert diagram_metric(study, degree=1) is None
    assert diagram_metric(study_with(OperationSpec(name="linear_cka"))) is None
    study = study_with(BOTTLENECK)
    halves = [study.bars["net-0", "block0.conv", "scaled", r][1] for r in range(4)]
    expected = (bottleneck(*halves[:2]) + bottleneck(*halves[2:])) / 2
    noise = layer_noise(study, "net-0", "block0.conv", "scaled", diagram_metric(study))
    assert noise == pytest.approx(expected)
