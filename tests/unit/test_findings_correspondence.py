"""Recognising layers across models: hits, chance, families, unequal counts."""

import numpy as np
import pytest
from report_fixtures import CKA, SW1, make_model, make_study, matrix_of, on_a_line

from topolens.report.findings.correspondence import corresponding_layers, looked_up
from topolens.report.findings.reading import blocks, corresponding, label_of, raw_cloud


def study_of(models, matrices, n_resamples=0, repeats=()):
    study = make_study(models, metrics=tuple(matrices), n_resamples=n_resamples)
    for metric, matrix in matrices.items():
        study.matrices[metric, "scaled", None] = matrix
    for index, matrix in enumerate(repeats):
        study.matrices[SW1, "scaled", index] = matrix
    return study


def models_of(*sizes, families=None):
    families = families or ["net"] * len(sizes)
    return [
        make_model(f"m{i}", [f"l{k}" for k in range(size)], family=family, seed=i)
        for i, (size, family) in enumerate(zip(sizes, families, strict=True))
    ]


def test_equal_models_are_recognised():
    models = models_of(3, 3)
    matrix = on_a_line(models, [0, 1, 2, 0.1, 1.1, 2.1])
    finding = corresponding_layers(study_of(models, {SW1: matrix}))[0]
    assert finding.value == 1
    assert finding.sentence == (
        "Between the two models, the nearest layer is the corresponding one in 100\u00a0% of cases "
        "by sliced Wasserstein H1; chance would give 33\u00a0%."
    )
    assert finding.table.rows == (("l0", "l0"), ("l1", "l1"), ("l2", "l2"))


def test_reversed_models_are_not():
    models = models_of(3, 3)
    matrix = on_a_line(models, [0, 1, 2, 2, 1, 0])
    finding = corresponding_layers(study_of(models, {SW1: matrix}))[0]
    assert finding.value == pytest.approx(1 / 3)


def test_a_similarity_looks_for_the_largest():
    models = models_of(3, 3)
    gaps = np.abs(np.subtract.outer([0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 1, 2]))
    alike = matrix_of(models, 1 - gaps / 4, CKA, is_similarity=True)
    assert corresponding_layers(study_of(models, {CKA: alike}))[0].value == 1


def test_unequal_counts_go_by_depth():
    short, long = models_of(3, 5)
    matrix = on_a_line([short, long], [0, 2, 4, 0, 1, 2, 3, 4])
    first, second = blocks(study_of([short, long], {SW1: matrix}), matrix)
    assert corresponding(first, second).sum(axis=1).tolist() == [1, 1, 1]
    # Depth 0.25 lies half a step of the short model from both of its neighbours.
    assert corresponding(second, first).sum(axis=1).tolist() == [1, 2, 1, 2, 1]
    score = looked_up(matrix)
    assert score.accuracy == 1
    assert score.chance == pytest.approx((3 * 1 / 5 + (1 + 2 + 1 + 2 + 1) / 3) / 8)


def test_a_missing_layer_has_no_partner_at_equal_counts():
    models = models_of(3, 3)
    matrix = on_a_line(models, [0, 1, 2, 0, 1, 2])
    matrix.values[4, :] = matrix.values[:, 4] = np.nan
    first, second = blocks(study_of(models, {SW1: matrix}), matrix)
    assert corresponding(first, second).tolist() == [[1, 0], [0, 0], [0, 1]]


def test_half_samples_above_chance_settle_it():
    models = models_of(3, 3)
    good = on_a_line(models, [0, 1, 2, 0.1, 1.1, 2.1])
    # The nearest layer of every layer is one place off.
    bad = on_a_line(models, [0, 1, 2, 2.1, 0.1, 1.1])
    settled = study_of(models, {SW1: good}, 2, [good, good])
    loose = study_of(models, {SW1: good}, 2, [good, bad])
    assert corresponding_layers(settled)[0].settled is True
    finding = corresponding_layers(loose)[0]
    assert finding.settled is False
    assert finding.robustness.startswith("not settled: ")


def test_families_are_told_apart():
    models = models_of(3, 3, 3, families=["cnn", "cnn", "vit"])
    matrix = on_a_line(models, [0, 1, 2, 0.1, 1.1, 2.1, 2.2, 0.2, 1.2])
    finding = corresponding_layers(study_of(models, {SW1: matrix}))[0]
    assert finding.notes == (
        "Within one family against across families: 100\u00a0% against 0\u00a0% by sliced "
        "Wasserstein H1.",
    )
    assert [row[0] for row in finding.table.rows] == ["m0 ↔ m1", "m0 ↔ m2", "m1 ↔ m2"]


def test_one_model_has_no_partner():
    models = models_of(3)
    assert corresponding_layers(study_of(models, {SW1: on_a_line(models, [0, 1, 2])})) == []


def test_single_layers_cannot_be_mistaken():
    models = models_of(1, 1)
    assert corresponding_layers(study_of(models, {SW1: on_a_line(models, [0, 1])})) == []


def test_labels_with_parameters_are_found():
    labels = ("sliced_wasserstein(directions=20) H0", "sliced_wasserstein(directions=20) H1")
    assert label_of(labels, "sliced_wasserstein", 1) == labels[1]
    assert label_of(labels, "linear_cka") is None


def test_the_raw_cloud_is_the_one_that_keeps_its_scale():
    models = models_of(3)
    assert raw_cloud(make_study(models, clouds=("scaled", "raw"))) == "raw"
    assert raw_cloud(make_study(models, clouds=("scaled",))) is None
    assert raw_cloud(make_study(models, clouds=("raw",))) is None
    assert raw_cloud(make_study(models, clouds=("scaled", "scaled again"))) is None
