"""Findings on hand-made studies with known answers: each rule holds and fails once."""

from dataclasses import replace

import numpy as np
import pytest
from report_fixtures import (
    CKA,
    SW1,
    bars_at,
    make_model,
    make_study,
    matrix_of,
    on_a_line,
    realistic_study,
)

from topolens.base.registry import descriptors
from topolens.report import collect_findings
from topolens.report.findings.changes import changed_layers
from topolens.report.findings.doubts import degenerate_layers, doubts
from topolens.report.findings.finding import agreement, verdict
from topolens.report.findings.loops import loops_over_depth
from topolens.report.findings.outsider import most_different_model
from topolens.report.findings.redundancy import closest_layers
from topolens.report.findings.scale import share_of_scale
from topolens.report.findings.steps import largest_step
from topolens.report.findings.trends import dimension_over_depth, rank_correlation, total_lifespans
from topolens.study.results import StepFailure
from topolens.study.spec import ModelSpec, OperationSpec

ABC = ("a", "b", "c", "d")


def one_of(findings):
    assert len(findings) == 1
    return findings[0]


def line_study(*positions, repeats=(), layers=ABC, **kwargs):
    """Models whose layers sit on a line under the main metric."""
    models = [make_model(f"m{i}", layers[: len(p)], seed=i) for i, p in enumerate(positions)]
    study = make_study(models, n_resamples=len(repeats), metrics=(SW1,), **kwargs)
    study.matrices[SW1, "scaled", None] = on_a_line(models, np.concatenate(positions))
    for index, places in enumerate(repeats):
        study.matrices[SW1, "scaled", index] = on_a_line(models, np.concatenate(places))
    return study


def measured_study(measure, *series, repeats=(), cloud="scaled"):
    """Models with one measure over their layers."""
    names = [f"l{i}" for i in range(max(map(len, series)))]
    models = [make_model(f"m{i}", names[: len(v)], seed=i) for i, v in enumerate(series)]
    study = make_study(models, n_resamples=len(repeats), measures=(measure,))
    study.values[measure, cloud] = {
        (model.name, layer.name): [values[k], *(again[i][k] for again in repeats)]
        for i, (model, values) in enumerate(zip(models, series, strict=True))
        for k, layer in enumerate(model.layers)
    }
    return study


class TestLargestStep:
    def test_names_the_step_and_its_size(self):
        finding = one_of(largest_step(line_study([0, 1, 4, 5])))
        assert finding.sentence == (
            "In “m0” the topology changes most between “b” and “c”: a distance "
            "of 3.00 by sliced Wasserstein H1, 3.00 times the median step."
        )
        assert finding.value == 3
        assert finding.settled is None
        assert finding.robustness == "not checked: the study has no half-samples"

    def test_is_settled_when_the_half_samples_agree(self):
        same, other = [[0, 1, 5, 6]], [[0, 4, 5, 6]]
        finding = one_of(largest_step(line_study([0, 1, 4, 5], repeats=[same, same, same, other])))
        assert finding.settled is True
        assert finding.robustness == "the same step in 3 of 4 half-samples"

    def test_is_not_settled_when_they_do_not(self):
        same, other = [[0, 1, 5, 6]], [[0, 4, 5, 6]]
        finding = one_of(
            largest_step(line_study([0, 1, 4, 5], repeats=[same, other, other, other]))
        )
        assert finding.settled is False
        assert finding.robustness == "not settled: the same step in only 1 of 4 half-samples"
        assert finding.table.rows[0][-1] == "1 of 4 (±1 layer: 4)"

    def test_groups_models_by_place(self):
        finding = one_of(largest_step(line_study([0, 1, 4, 5], [0, 1, 5, 6], [0, 4, 5, 6])))
        assert finding.sentence == (
            "The topology changes most between “b” and “c” in 2 models and between “a” and “b” in "
            "“m2”."
        )
        agreeing = one_of(largest_step(line_study([0, 1, 4, 5], [0, 1, 5, 6])))
        assert agreeing.sentence.endswith("between “b” and “c” in both models.")

    def test_leaves_out_what_has_a_single_step(self):
        assert largest_step(line_study([0, 1])) == []

    def test_leaves_out_a_model_that_never_changes(self):
        assert largest_step(line_study([1, 1, 1])) == []

    def test_skips_a_layer_without_results(self):
        study = line_study([0, 1, 4, 5])
        matrix = study.matrices[SW1, "scaled", None]
        matrix.values[1, :] = matrix.values[:, 1] = np.nan
        assert "between “a” and “c”" in one_of(largest_step(study)).sentence


def with_shapes(study, *shapes, pool="top_norm"):
    """Give the layers of every model their shapes of output."""
    study.models = tuple(
        replace(
            model,
            layers=tuple(
                replace(layer, output_shape=shape)
                for layer, shape in zip(model.layers, shapes, strict=True)
            ),
        )
        for model in study.models
    )
    capture = study.spec.capture.model_copy(update={"pool": pool})
    study.spec = study.spec.model_copy(update={"capture": capture})
    return study


class TestStepsAcrossPooling:
    SHAPES = ((8, 4, 4), (8, 4, 4), (8,), (8,))

    def test_a_step_from_pooled_to_single_positions_carries_a_caution(self):
        repeats = [[[0, 1, 5, 6]]] * 4
        study = with_shapes(line_study([0, 1, 5, 6], repeats=repeats), *self.SHAPES)
        finding = one_of(largest_step(study))
        assert "In “m0” one side of the step has many positions" in finding.notes[0]
        assert "(“top_norm”)" in finding.notes[0]
        assert finding.settled is True
        assert finding.badge == "settled, with a caution"

    @pytest.mark.parametrize(
        ("places", "pool"), [([0, 4, 5, 6], "top_norm"), ([0, 1, 5, 6], "flatten")]
    )
    def test_other_steps_carry_none(self, places, pool):
        study = with_shapes(line_study(places), *self.SHAPES, pool=pool)
        assert one_of(largest_step(study)).notes == ()

    def test_where_shapes_are_not_known_nothing_is_said(self):
        assert one_of(largest_step(line_study([0, 1, 5, 6]))).notes == ()

    def test_cautions_are_listed_among_the_doubts(self):
        study = with_shapes(line_study([0, 1, 5, 6]), *self.SHAPES)
        found = largest_step(study)
        notes = one_of(doubts(study, found)).notes
        assert any(
            "behind “Where the topology changes most”; see their notes" in note for note in notes
        )


class TestLoops:
    def test_names_peak_and_end(self):
        study = measured_study("lifespan_sum H1", [2, 10, 3, 0.4, 0.2])
        finding = one_of(loops_over_depth(study))
        assert finding.sentence == (
            "Loops are most pronounced in “l1” of “m0” (total lifespan 10.0) and vanish from “l3” "
            "on."
        )

    def test_says_that_they_never_vanish(self):
        finding = one_of(loops_over_depth(measured_study("lifespan_sum H1", [2, 10, 0.4, 0.5])))
        assert finding.sentence.endswith(
            "and never vanish: the last layer still holds 5\u00a0% of the peak."
        )

    def test_a_return_is_no_end(self):
        finding = one_of(loops_over_depth(measured_study("lifespan_sum H1", [10, 0.1, 5, 0.1])))
        assert "vanish from “l3”" in finding.sentence

    def test_asks_peak_and_end_of_the_half_samples(self):
        series = [2, 10, 3, 0.1]
        moved = [[10, 2, 3, 0.1]]
        same = [[4, 20, 6, 0.2]]
        settled = measured_study("lifespan_sum H1", series, repeats=[same] * 4)
        loose = measured_study("lifespan_sum H1", series, repeats=[same, moved, moved, moved])
        assert one_of(loops_over_depth(settled)).robustness.endswith("in all 4 half-samples")
        assert one_of(loops_over_depth(loose)).settled is False

    def test_needs_loops(self):
        assert loops_over_depth(measured_study("lifespan_sum H1", [0, 0, 0])) == []
        assert loops_over_depth(measured_study("lifespan_sum H0", [1, 2, 3])) == []


class TestTrends:
    @pytest.mark.parametrize(
        ("values", "word"),
        [
            ([1, 2, 3, 4, 5], "rises"),
            ([5, 4, 3, 2, 1], "falls"),
            ([1, 3, 5, 3, 1], "rises, then falls"),
            ([5, 3, 1, 3, 5], "falls, then rises"),
            ([4.4, 5, 4.9, 4.8, 4.5], "shows no clear direction"),
        ],
    )
    def test_direction(self, values, word):
        finding = one_of(total_lifespans(measured_study("lifespan_sum H0", values)))
        assert f"lifespan sum) {word} over the depth of “m0”" in finding.sentence
        assert finding.value == pytest.approx(values[-1] / values[0])

    def test_several_directions_read_as_one_sentence(self):
        study = measured_study("lifespan_sum H1", [1, 2, 3, 4], [1, 3, 5, 9], [9, 5, 3, 1])
        assert one_of(total_lifespans(study)).sentence == (
            "The total lifespan of loops (H1 lifespan sum) rises in 2 and falls in 1 of 3 models; "
            "the last layer has 0.111 to 9.00 times the first."
        )

    def test_equal_ends_are_said_once(self):
        study = measured_study("lifespan_sum H1", [1, 2, 3, 4], [2, 4, 6, 8])
        assert one_of(total_lifespans(study)).sentence.endswith(
            "rises over depth in both models; the last layer has 4.00 times the first."
        )

    def test_half_samples_that_turn_around_unsettle_it(self):
        rising, falling = [[1, 2, 3, 4]], [[4, 3, 2, 1]]
        study = measured_study("lifespan_sum H0", [1, 2, 3, 4], repeats=[rising, falling] * 2)
        assert one_of(total_lifespans(study)).settled is False

    def test_needs_four_layers(self):
        assert total_lifespans(measured_study("lifespan_sum H0", [1, 2, 3])) == []

    def test_rank_correlation(self):
        rising = np.array([1.0, 2, 3, 4])
        assert rank_correlation(rising, rising**3) == pytest.approx(1)
        assert rank_correlation(rising, np.array([1.0, 2, 4, 3])) == pytest.approx(0.8)
        assert np.isnan(rank_correlation(rising, np.ones(4)))


class TestMostDifferentModel:
    def test_names_it_with_its_margin(self):
        study = line_study([0, 1, 2], [0, 1, 2], [5, 6, 7])
        finding = one_of(most_different_model(study))
        assert finding.sentence == (
            "“m2” differs most from the others: its layers lie 5.00 away on average, 100\u00a0% "
            "more than the runner-up “m0”."
        )

    def test_a_narrow_margin_is_not_settled(self):
        places = [0, 1, 2], [1, 2, 3], [2.05, 3.05, 4.05]
        study = line_study(*places, repeats=[places] * 4)
        finding = one_of(most_different_model(study))
        assert finding.settled is False
        assert finding.robustness.startswith("not settled: a narrow margin")

    def test_half_samples_that_agree_settle_it(self):
        places = [0, 1, 2], [0, 1, 2], [5, 6, 7]
        assert one_of(most_different_model(line_study(*places, repeats=[places] * 4))).settled

    def test_two_models_have_no_outsider(self):
        assert most_different_model(line_study([0, 1, 2], [5, 6, 7])) == []


def redundant_study(gap, noise):
    """Three layers at 0, `gap` and 50, whose half-samples differ by a shift of one bar."""
    study = line_study([0, gap, 50], repeats=[[[0, gap, 50]]] * 4)
    for index in range(4):
        for layer in ABC[:3]:
            death = 2.0 + noise * (index % 2)
            study.bars["m0", layer, "scaled", index] = bars_at([1.0], [death])
    return study


class TestClosestLayers:
    def test_says_so_when_layers_are_within_the_noise(self):
        finding = one_of(closest_layers(redundant_study(gap=0.01, noise=1.0)))
        assert finding.sentence.startswith("“a” and “b” of “m0” are closest")
        assert "cannot be told apart" in finding.sentence
        assert finding.value < 1
        assert finding.settled is True

    def test_says_so_when_no_layers_are(self):
        finding = one_of(closest_layers(redundant_study(gap=10.0, noise=0.01)))
        assert "So no two layers are redundant by this measure." in finding.sentence
        assert finding.value > 2

    def test_noise_is_the_distance_of_disjoint_halves(self):
        finding = one_of(closest_layers(redundant_study(gap=1.0, noise=1.0)))
        # Moving one death by 1 costs the mean over directions of |cos|, at most 1.
        assert 1.0 < finding.value < 2.0

    def test_leaves_out_layers_with_the_same_diagrams(self):
        finding = one_of(closest_layers(redundant_study(gap=0.0, noise=1.0)))
        assert finding.value > 0
        assert "Left out" in finding.notes[0]
        assert "“a” and “b” in “m0”" in finding.notes[0]

    def test_needs_half_samples(self):
        assert closest_layers(line_study([0, 1, 2])) == []


def checkpoints(*shifts, noise=0.1, families=("net", "net")):
    """Two checkpoints of one network whose layers moved by `shifts`; halves differ by noise."""
    places = np.arange(len(shifts)) * 100.0
    moved = places + np.array(shifts)
    study = line_study(places, moved, repeats=[[places, moved]] * 4)
    study.models = tuple(
        replace(model, family=family) for model, family in zip(study.models, families, strict=True)
    )
    for index in range(4):
        for model in study.models:
            for layer in model.layers:
                bars = bars_at([1.0], [2.0 + noise * (index % 2)])
                study.bars[model.name, layer.name, "scaled", index] = bars
    return study


def checkpoint_models(shifts):
    """Networks of one family whose first of two layers sits at `shifts`; halves differ by 0.1."""
    places = [[float(shift), 100.0] for shift in shifts]
    study = line_study(*places, repeats=[places] * 4)
    study.models = tuple(replace(model, seed=0) for model in study.models)
    for index in range(4):
        for model in study.models:
            for layer in model.layers:
                bars = bars_at([1.0], [2.0 + 0.1 * (index % 2)])
                study.bars[model.name, layer.name, "scaled", index] = bars
    return study


def with_epochs(study, *epochs):
    both = zip(study.models, epochs, strict=True)
    study.models = tuple(replace(model, epoch=epoch) for model, epoch in both)
    return study


class TestChangedLayers:
    def test_names_the_layers_that_moved_and_the_one_that_moved_most(self):
        finding = one_of(changed_layers(checkpoints(0, 0.05, 5, 9)))
        assert finding.sentence.startswith(
            "Between “m0” and “m1” 2 of 4 layers (“c” and “d”) move by more than twice the "
            "sampling noise; the most is "
        )
        assert finding.sentence.endswith(" times it, in “d”.")
        assert finding.settled is True
        assert [row[1] for row in finding.table.rows] == ["a", "b", "c", "d"]

    def test_says_when_all_layers_moved(self):
        finding = one_of(changed_layers(checkpoints(4, 3, 2)))
        assert "all 3 layers move by more than twice" in finding.sentence

    def test_says_when_none_did(self):
        finding = one_of(changed_layers(checkpoints(0, 0.05, 0.02, noise=1.0)))
        assert "no layer moves by more than twice the sampling noise" in finding.sentence
        assert finding.robustness == "the same answer in all 4 half-samples"

    def test_compares_networks_of_one_family_with_equal_layers_only(self):
        assert changed_layers(checkpoints(0, 9, families=("net", "other"))) == []
        assert changed_layers(line_study([0, 1, 2], [0, 1], repeats=[[[0, 1, 2], [0, 1]]])) == []

    def test_compares_consecutive_epochs(self):
        study = with_epochs(checkpoint_models([0, 4, 4.01, 4]), 7, 1, 3, 5)
        finding = one_of(changed_layers(study))
        assert finding.title == "Which layers still change from epoch to epoch"
        pairs = list(dict.fromkeys(row[0] for row in finding.table.rows))
        assert pairs == ["m1 ~ m2", "m2 ~ m3", "m3 ~ m0"]
        assert finding.sentence.endswith(" Between the last two checkpoints, still changing: “a”.")

    def test_says_when_the_layers_settle(self):
        study = with_epochs(checkpoint_models([0, 4, 4.01, 4, 4]), 1, 2, 3, 4, 5)
        finding = one_of(changed_layers(study))
        assert finding.sentence == (
            "Between the 4 consecutive checkpoints from “m0” to “m4”, 1, 0, 0 and 0 of 2 layers "
            "move by more than twice the sampling noise. From “m1” on, no step exceeds the noise, "
            "nor do all of them together: the shape of the layers has settled."
        )

    def test_slow_drift_is_found_though_every_step_is_below_the_noise(self):
        study = with_epochs(checkpoint_models([0, 0.06, 0.12, 0.18, 0.24, 0.3]), 1, 2, 3, 4, 5, 6)
        finding = one_of(changed_layers(study))
        assert "0, 0, 0, 0 and 0 of 2 layers move" in finding.sentence
        assert "So no single step exceeds the noise, but together they do." in finding.sentence
        assert "Between “m0” and “m5” 1 of 2 layers (“a”) move by more than" in finding.sentence
        assert finding.table.rows[-2][0] == "m0 ~ m5"

    def test_drift_after_the_last_change_is_no_settling(self):
        study = with_epochs(checkpoint_models([0, 4, 4.06, 4.12, 4.18, 4.24]), 1, 2, 3, 4, 5, 6)
        sentence = one_of(changed_layers(study)).sentence
        assert "From “m1” on, no single step exceeds the noise, but together" in sentence
        assert "settled" not in sentence

    def test_of_many_pairs_the_three_most_different(self):
        finding = one_of(changed_layers(checkpoint_models([0, 1, 5, 20])))
        assert finding.sentence.startswith("Of 6 pairs, the 3 that differ most: Between “m0” and ")
        pairs = list(dict.fromkeys(row[0] for row in finding.table.rows))
        assert pairs == ["m0 ~ m3", "m1 ~ m3", "m2 ~ m3"]

    def test_needs_half_samples(self):
        assert changed_layers(line_study([0, 1, 2], [0, 1, 2])) == []


class TestScale:
    def scale_study(self, raw_rank, scaled_rank):
        """Raw distances follow the totals when `raw_rank`, scaled ones when `scaled_rank`."""
        totals = np.array([1.0, 2, 4, 8, 16, 32])
        mixed = np.array([3.0, 1, 2, 2.5, 1.2, 2.2])
        model = make_model("m0", [f"l{i}" for i in range(6)])
        study = make_study([model], clouds=("scaled", "raw"), measures=("lifespan_sum H1",))
        study.metrics = (SW1,)
        for cloud, follows in (("raw", raw_rank), ("scaled", scaled_rank)):
            study.values["lifespan_sum H1", cloud] = {
                ("m0", layer.name): [float(total)]
                for layer, total in zip(model.layers, totals, strict=True)
            }
            places = totals if follows else mixed
            study.matrices[SW1, cloud, None] = on_a_line([model], places)
        return study

    def test_recognises_scale(self):
        finding = one_of(share_of_scale(self.scale_study(raw_rank=True, scaled_rank=False)))
        assert finding.sentence.startswith("Distances in the cloud “raw” are mostly scale")
        assert finding.value == pytest.approx(1)

    def test_is_not_misled_by_what_rescaling_leaves(self):
        finding = one_of(share_of_scale(self.scale_study(raw_rank=True, scaled_rank=True)))
        assert finding.sentence.startswith("Distances in the cloud “raw” are not mainly scale")

    def test_absence(self):
        finding = one_of(share_of_scale(self.scale_study(raw_rank=False, scaled_rank=False)))
        assert "are not mainly scale" in finding.sentence

    def test_needs_a_raw_cloud(self):
        study = self.scale_study(raw_rank=True, scaled_rank=False)
        study.spec = replace_clouds(study.spec)
        assert share_of_scale(study) == []


def replace_clouds(spec):
    only = tuple(cloud for cloud in spec.clouds if cloud.name == "scaled")
    return spec.model_copy(update={"clouds": only})


class TestDoubts:
    def notes(self, study):
        found = doubts(study, [])
        return "\n".join(found[0].notes) if found else ""

    def test_a_sound_study_has_none(self):
        study = realistic_study((6, 6), clouds=("scaled",))
        assert doubts(study, []) == []

    @pytest.mark.parametrize(("n_points", "doubtful"), [(299, True), (300, False)])
    def test_few_points(self, n_points, doubtful):
        study = realistic_study((6, 6), clouds=("scaled",), n_points=n_points)
        assert ("have only" in self.notes(study)) is doubtful

    def test_failures_and_warnings_are_passed_on(self):
        study = realistic_study((6, 6), clouds=("scaled",))
        study.failures = (
            StepFailure("diagrams", "out of memory"),
            StepFailure("distances", "no points"),
            StepFailure("measures", "no points"),
        )
        study.warnings = ("Twelve rows are duplicates.",)
        study.models = (replace(study.models[0], problem="no weights"), study.models[1])
        notes = self.notes(study)
        assert "Step “diagrams” failed: out of memory" in notes
        assert "Step “distances” and 1 other failed: no points" in notes
        assert "Twelve rows are duplicates." in notes
        assert "Model “net-0” has no results: no weights" in notes

    def test_why_a_layer_is_left_out_is_said_once(self):
        study = realistic_study((6, 6), clouds=("scaled",))
        layers = study.models[0].layers
        marked = (replace(layers[0], problem="3 of 480 values are NaN"), *layers[1:])
        study.models = (replace(study.models[0], layers=marked), study.models[1])
        study.warnings = ("`net-0` a was left out: 3 of 480 values are NaN.",)
        assert self.notes(study).count("3 of 480 values are NaN") == 1

    def test_nonfinite_layers(self):
        study = realistic_study((6, 6), clouds=("scaled",))
        layers = study.models[0].layers
        marked = (replace(layers[0], nonfinite=1200), *layers[1:])
        study.models = (replace(study.models[0], layers=marked), study.models[1])
        assert "is left out: 1,200 of its values are NaN or infinite" in self.notes(study)

    def test_degenerate_layers(self):
        study = measured_study("bar_count H1", [100, 20, 90, 80], [100, 30, 90, 80])
        assert degenerate_layers(study) == [
            "“l1” of “m0” looks degenerate: it has 24\u00a0% of the loops of the layers around it."
        ]

    def test_a_degenerate_block_is_found_whole(self):
        study = measured_study("bar_count H1", [100, 110, 25, 20, 120, 100])
        assert [sentence[:4] for sentence in degenerate_layers(study)] == ["“l2”", "“l3”"]

    def test_a_steep_fall_is_not_degenerate(self):
        assert degenerate_layers(measured_study("bar_count H1", [64, 32, 16, 8, 4, 2])) == []

    def test_findings_that_are_not_settled(self):
        study = line_study([0, 1, 4, 5], repeats=[[[0, 4, 5, 6]]] * 4)
        last = collect_findings(study)[-1]
        assert last.key == "doubts"
        assert any("do not settle “Where the topology changes most”" in n for n in last.notes)

    def test_an_accuracy_that_only_some_models_have_is_doubtful(self):
        study = realistic_study((6, 6), clouds=("scaled",))
        first, second = study.models
        study.models = (replace(first, accuracy=None), replace(second, accuracy=0.0))
        assert "accuracy is unknown" in self.notes(study)
        study.models = (replace(first, accuracy=None), replace(second, accuracy=None))
        assert "accuracy is unknown" not in self.notes(study)

    def test_what_was_not_asked(self):
        study = line_study([0, 1, 2])
        notes = self.notes(study)
        assert "Without half-samples" in notes
        assert "With a single model" in notes
        study.metrics = (CKA,)
        study.matrices = {(CKA, "scaled", None): matrix_of(study.models, np.eye(3), CKA)}
        assert "no sliced Wasserstein distance on H1" in self.notes(study)


def test_agreement_in_words():
    assert agreement(4, 4, "the same") == (True, "the same in all 4 half-samples")
    assert agreement(3, 4, "the same") == (True, "the same in 3 of 4 half-samples")
    assert agreement(2, 4, "the same")[0] is False
    assert agreement(0, 4, "the same")[1] == "not settled: the same in none of 4 half-samples"
    assert agreement(0, 0, "the same")[0] is None


def test_verdict_over_models():
    assert verdict({"a": 4, "b": 3}, 4, "it") == (
        True,
        "it in at least 3 of 4 half-samples of every model",
    )
    settled, sentence = verdict({"a": 4, "b": 1}, 4, "it")
    assert settled is False
    assert sentence.startswith("settled in 1 of 2 models; not settled in “b”")
    assert verdict({"a": 0, "b": 1}, 4, "it")[1].startswith("not settled in any model")


@pytest.mark.parametrize("sizes", [(1,), (2,), (60,), (1, 1), (2, 7), (4, 4, 4, 4, 4)])
def test_every_size_reads_as_sentences(sizes):
    for finding in collect_findings(realistic_study(sizes, n_points=40, n_loops=10)):
        for text in (finding.sentence, finding.rule, *finding.notes):
            assert text[-1] in ".!" or finding.key == "doubts"
            assert "nan" not in text.lower()
            assert "<" not in text


def test_a_study_with_nothing_measured_has_only_doubts():
    findings = collect_findings(make_study([make_model("m", ABC)]))
    assert [finding.key for finding in findings] == ["doubts"]


@pytest.mark.parametrize(
    ("widths", "values", "cautious"),
    [
        ([1024, 16, 3, 8], [90.0, 12, 3, 6], True),
        ([13, 12, 8, 10], [90.0, 12, 3, 6], False),
        ([3, 8, 16, 1024], [90.0, 12, 6, 3], False),
    ],
)
def test_a_sum_that_follows_the_width_of_layers_is_doubted(widths, values, cautious):
    study = measured_study("lifespan_sum H0", values)
    model = study.models[0]
    layers = [
        replace(layer, n_features=width) for layer, width in zip(model.layers, widths, strict=True)
    ]
    study.models = (replace(model, layers=tuple(layers)),)
    finding = one_of(total_lifespans(study))
    notes = finding.notes
    assert len(notes) == cautious
    assert finding.caution is cautious
    if cautious:
        assert "In “m0” the sum follows the width of the layers (3 to 1,024 features" in notes[0]


def test_widths_that_double_are_wide_enough_to_doubt():
    study = measured_study("lifespan_sum H0", [3.0, 6, 12, 15])
    (model,) = study.models
    layers = [
        replace(one, n_features=w) for one, w in zip(model.layers, (8, 8, 16, 16), strict=True)
    ]
    study.models = (replace(model, layers=tuple(layers)),)
    assert one_of(total_lifespans(study)).caution is True


class TestDimension:
    @pytest.fixture
    def study(self, monkeypatch):
        for name in ("one", "other"):
            counted = replace(
                descriptors["bar_count"], name=name, unit="dimensions", takes="points"
            )
            monkeypatch.setitem(descriptors._operations, name, counted)
        study = measured_study("one", [2.0, 4, 9, 6, 3], repeats=[[[2.0, 4, 9, 6, 3]]] * 4)
        study.spec = study.spec.model_copy(
            update={"descriptors": (OperationSpec(name="one"), OperationSpec(name="other"))}
        )
        return study

    def test_follows_the_first_measure_of_it(self, study):
        finding = one_of(dimension_over_depth(study))
        assert finding.sentence.startswith("The dimension by one rises, then falls over the depth")
        assert finding.settled is True
        assert finding.rule.startswith("Rank correlation ρ of the dimension with depth")

    def test_says_where_another_measure_disagrees(self, study):
        study.measures = ("one", "other")
        values = study.values["one", "scaled"]
        study.values["other", "scaled"] = {label: [9.0 - v[0]] for label, v in values.items()}
        finding = one_of(dimension_over_depth(study))
        assert finding.notes[0].startswith("The dimension by other falls, then rises")

    def test_names_pooling_where_the_width_may_explain_it(self, study):
        model = study.models[0]
        layers = [
            replace(one, n_features=width)
            for one, width in zip(model.layers, (16, 32, 64, 64, 16), strict=True)
        ]
        study.models = (replace(model, layers=tuple(layers)),)
        assert "pooling" not in one_of(dimension_over_depth(study)).notes[-1]  # ready-made rows
        captured = ModelSpec(name="m0", source="zoo:mlp")
        study.spec = study.spec.model_copy(update={"models": (captured,)})
        finding = one_of(dimension_over_depth(study))
        assert finding.badge == "settled, with a caution"
        assert "follows the width of the layers (16 to 64 features" in finding.notes[-1]
        assert "another pooling than “mean”" in finding.notes[-1]

    def test_is_missing_without_one(self):
        assert dimension_over_depth(measured_study("bar_count H0", [1.0, 2, 3, 4])) == []
