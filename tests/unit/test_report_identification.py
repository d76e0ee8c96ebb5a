"""Same-layer identification: shares counted by hand, intervals, and what the sentences claim."""

import numpy as np
import pytest
from report_fixtures import CKA, SW1, make_model, make_study, matrix_of, on_a_line, realistic_study

from topolens.report.identification import identifications, reading_of
from topolens.report.page import write_report

POSITIONS = (0.0, 10.0, 20.0)


def two_models(*other):
    """Two models on a line; the first at 0, 10 and 20."""
    models = [make_model("a", ("x", "y", "z")), make_model("b", ("x", "y", "z"))]
    study = make_study(models, metrics=(SW1,))
    study.matrices[SW1, "scaled", None] = on_a_line(models, [*POSITIONS, *other])
    return study


def only(study):
    (one,) = identifications(study)
    return one


def test_counts_both_ways():
    # From a: 0->1, 10->11, 20->12, all hits. From b: 1->0, 11->10 hits, 12->10 a miss.
    one = only(two_models(1.0, 11.0, 12.0))
    assert one.share == pytest.approx(5 / 6)
    assert one.chance == pytest.approx(1 / 3)
    assert (one.n_pairs, one.n_layers) == (1, 6)
    assert (one.worst, one.best) == (one.share, one.share)
    assert np.isnan([one.low, one.high]).all()


def test_a_similarity_is_read_from_its_large_end():
    study = two_models(1.0, 11.0, 12.0)
    gaps = study.matrices.pop((SW1, "scaled", None)).values
    study.metrics = (CKA,)
    study.matrices[CKA, "scaled", None] = matrix_of(
        study.models, 1 - gaps / 100, CKA, is_similarity=True
    )
    assert only(study).share == pytest.approx(5 / 6)


def test_a_metric_that_is_not_symmetric_is_read_from_row_to_column():
    study = two_models(1.0, 11.0, 12.0)
    values = study.matrices[SW1, "scaled", None].values
    values[:3, 3:] = np.eye(3)  # no layer of a finds its own; from b all stays as it was
    assert only(study).share == pytest.approx(2 / 6)


def test_undefined_entries_are_not_looked_up():
    study = two_models(1.0, 11.0, 12.0)
    values = study.matrices[SW1, "scaled", None].values
    values[2, :] = values[:, 2] = np.nan
    one = only(study)
    assert one.n_layers == 5
    # 12 -> 10 is a miss still; the other four hit.
    assert one.share == pytest.approx(4 / 5)


def test_the_interval_is_that_of_the_half_samples():
    study = two_models(1.0, 11.0, 12.0)
    study.n_resamples = 2
    for resample, last in enumerate((12.0, 19.0)):
        study.matrices[SW1, "scaled", resample] = on_a_line(
            study.models, [*POSITIONS, 1.0, 11.0, last]
        )
    one = only(study)
    error = 1.96 * np.std([5 / 6, 1.0])
    assert one.low == pytest.approx(5 / 6 - error)
    assert one.high == pytest.approx(min(1.0, 5 / 6 + error))


def test_clouds_with_the_same_numbers_share_a_line():
    study = realistic_study((4, 4), n_points=40)
    for key in [key for key in study.matrices if key[1] == "raw"]:
        study.matrices[key] = study.matrices[key[0], "scaled", key[2]]
    assert {one.clouds for one in identifications(study)} == {("scaled", "raw")}


def test_best_first():
    shares = [one.share for one in identifications(realistic_study((6, 6, 7), n_points=40))]
    assert len(shares) == 6
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("sizes", [(3,), (1, 1)])
def test_without_two_models_of_several_layers_there_is_nothing_to_find(sizes, tmp_path):
    study = realistic_study(sizes, n_points=40, n_loops=5)
    assert identifications(study) == []
    assert reading_of([]) == []
    text = write_report(study, tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="identification"' not in text


def test_the_sentences_claim_no_order_that_the_intervals_do_not_show():
    study = realistic_study((9, 9, 9), n_points=40)
    found = identifications(study)
    text = " ".join(reading_of(found))
    rivals = [one for one in found[1:] if one.high >= found[0].low]
    assert ("is not settled" in text) == bool(rivals)


def test_below_chance_nothing_is_said_to_be_found():
    # The first and the last layer change places, the middle one is far from everything.
    one = only(two_models(20.0, 100.0, 0.0))
    assert one.share < one.chance
    assert reading_of([one]) == ["The share lies not above chance."]


def test_the_page_shows_every_metric_side_by_side(tmp_path):
    study = realistic_study((4, 4), n_points=40)
    text = write_report(study, tmp_path / "report.html").read_text(encoding="utf-8")
    table = text[text.index('id="identification"') : text.index('id="map"')]
    for heading in ("Sliced Wasserstein H1", "Sliced Wasserstein H0", "Linear CKA"):
        assert heading in table
