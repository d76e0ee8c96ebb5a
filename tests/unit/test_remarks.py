"""What measures and metrics say of their own values reaches the reader once, and short."""

from dataclasses import replace

from report_fixtures import CKA, SW1, make_model, make_study, on_a_line

from topolens.report import collect_findings
from topolens.report.findings.remarks import remarks, remarks_of

REPEATS = "{} rows repeat an earlier one and are left out"


def doubtful_study(**doubts):
    """Two models; each measure's doubts are (model, layer, sentence)."""
    models = [make_model(name, ("a", "b", "c")) for name in ("m0", "m1")]
    study = make_study(models, clouds=("scaled", "raw"), measures=tuple(doubts))
    study.doubts = {(name, c): tuple(d) for name, d in doubts.items() for c in study.clouds}
    return study


def test_measures_that_say_the_same_are_told_together():
    note = ("m0", "a", REPEATS.format(8))
    assert remarks(doubtful_study(two_nn=[note], gride=[note])) == [
        "TwoNN and Gride: 8 rows repeat an earlier one and are left out (“a” of “m0”)."
    ]


def test_sentences_that_differ_in_numbers_are_told_once_and_keep_to_their_layers():
    notes = [
        ("m0", "a", REPEATS.format(8)),
        ("m0", "b", REPEATS.format(8)),
        ("m1", "a", REPEATS.format("1,204")),
    ]
    assert remarks(doubtful_study(two_nn=notes)) == [
        "TwoNN: 8 rows repeat an earlier one and are left out "
        "(“a” and “b” of “m0”; with other numbers also “a” of “m1”)."
    ]


def test_many_layers_are_counted():
    notes = [("m0", layer, "the slope is negative") for layer in "abc"]
    assert remarks(doubtful_study(two_nn=notes)) == [
        "TwoNN: the slope is negative (“a”, “b” and 1 more of “m0”)."
    ]


def test_different_sentences_stay_apart():
    notes = [("m0", "a", "the slope is negative"), ("m0", "a", REPEATS.format(2))]
    assert len(remarks(doubtful_study(two_nn=notes))) == 2


def test_a_measure_has_its_own_beside_it():
    study = doubtful_study(two_nn=[("m0", "a", "the slope is negative")], gride=[])
    assert remarks_of(study, "two_nn", "raw") == ["The slope is negative (“a” of “m0”)."]
    assert remarks_of(study, "gride", "raw") == []


def test_a_metric_says_why_it_is_undefined():
    study = doubtful_study()
    study.metrics = (SW1, CKA)
    matrix = on_a_line(study.models, range(6))
    notes = ("m0 a: `points` must not be constant", "m0 b: `points` must not be constant")
    study.matrices[CKA, "scaled", None] = replace(matrix, notes=notes)
    study.matrices[CKA, "raw", None] = replace(matrix, notes=notes)
    assert remarks(study) == [
        "Linear CKA: m0 a: `points` must not be constant. And 1 more like it."
    ]


def test_the_doubts_of_a_study_hold_them():
    study = doubtful_study(two_nn=[("m0", "a", "the slope is negative")])
    (finding,) = collect_findings(study)
    assert "TwoNN: the slope is negative (“a” of “m0”)." in finding.notes
