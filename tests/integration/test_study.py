"""Studies from file to results: cached, resumed, with failures kept apart."""

import csv
import re
import shutil
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from study_files import READY, TRAINED, relu_layers, result_bytes, write_ready, write_study

import topolens as tl
from topolens.base.errors import InvalidInputError, StoreError, StudyError
from topolens.base.hashing import content_key
from topolens.base.progress import Planned, RoomNeeded, StepEnded, StepFailed
from topolens.base.registry import Invariances, descriptors, metrics
from topolens.study.cache import ResultCache
from topolens.study.preview import preview
from topolens.study.reading import read_study


def run(path, root, **settings):
    events = []
    study = tl.run(path, root, on_event=events.append, **settings)
    return study, events


def computed(events):
    return {e.stage: e.n_steps - e.n_cached for e in events if isinstance(e, Planned)}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ready")
    study, events = run(write_ready(folder), folder / "out")
    return folder, study, events


def test_every_layer_of_every_model_is_measured_and_compared(ready):
    _, study, events = ready
    assert computed(events) == {
        "capture": 2,
        "survey": 2,
        "persistence": 2 * 3 * 2 * 3,
        "descriptors": 6 * 2 * 2 * 3,
        "comparisons": 2 * 3 * 2 * 3 + 3 * 3,  # CKA sees no difference between the two clouds
    }
    assert study.failures == ()
    assert not study.table()["value"].isna().any()
    matrix = study.distances("sliced_wasserstein H1", "scaled")
    assert matrix.values.shape == (6, 6)
    np.testing.assert_array_equal(matrix.values, matrix.values.T)
    np.testing.assert_array_equal(np.diag(matrix.values), 0)


def test_a_study_says_what_it_is(ready):
    _, study, _ = ready
    layers = sum(len(model.layers) for model in study.models)
    models = len(study.models)
    assert repr(study) == (
        f"<Study {study.spec.name!r}: {models} models, {layers} layers, complete>"
    )


def test_a_study_says_what_its_numbers_count(ready):
    _, study, _ = ready
    assert study.unit("lifespan_sum H1") == "distance"
    assert study.unit("persistent_entropy H0") == "nats"
    assert study.unit("sliced_wasserstein H1") == "distance"
    assert study.unit("linear_cka") == ""
    with pytest.raises(InvalidInputError, match="`label` must be one of the study's; got 'cka'"):
        study.unit("cka")


def test_every_layer_is_prepared_once_for_all_pairs_of_models(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "_operations", dict(metrics._operations))
    prepared = []

    def prepare(points, *, name="points"):
        prepared.append(len(points))
        return float(np.max(points))

    def compare(first, second):
        return abs(first - second)

    metrics.register(
        "top_gap",
        version=1,
        takes="points",
        unit="distance",
        invariances=Invariances(),
        prepare=prepare,
        compare=compare,
    )(lambda first, second: compare(prepare(first), prepare(second)))
    path = write_ready(tmp_path, 'descriptors = []\ncomparisons = ["top_gap"]\n' + READY)
    study, _ = run(path, tmp_path / "out")
    assert study.failures == ()
    # Six layers, two clouds, whole and in two halves.
    assert len(prepared) == 6 * 2 * 3


@dataclass(frozen=True, slots=True)
class Fitted:
    value: float
    standard_error: float


@pytest.mark.parametrize("resamples", [0, 2])
def test_the_interval_of_a_measure_reaches_the_table(tmp_path, monkeypatch, resamples):
    monkeypatch.setattr(descriptors, "_operations", dict(descriptors._operations))
    descriptors.register(
        "top", version=1, takes="points", unit="distance", invariances=Invariances()
    )(lambda points: Fitted(float(np.max(points)), 0.5))
    text = READY.replace("resamples = 2", f"resamples = {resamples}")
    path = write_ready(tmp_path, 'descriptors = ["top"]\ncomparisons = []\n' + text)
    study, _ = run(path, tmp_path / "out")
    table = study.table()
    own = np.isclose(table["high"] - table["low"], 2 * 1.96 * 0.5)
    # Half-samples tell more: how the value changes with the points.
    assert own.all() if resamples == 0 else not own.any()


def test_both_directions_of_an_asymmetric_metric(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "_operations", dict(metrics._operations))

    def compare(first, second):
        return max(0.0, first - second)

    metrics.register(
        "excess",
        version=1,
        takes="points",
        unit="distance",
        invariances=Invariances(),
        symmetric=False,
        prepare=lambda points, *, name="points": float(np.max(points)),
        compare=compare,
    )(lambda first, second: compare(np.max(first), np.max(second)))
    path = write_ready(tmp_path, 'descriptors = []\ncomparisons = ["excess"]\n' + READY)
    study, events = run(path, tmp_path / "out")
    assert computed(events)["comparisons"] == 2 * 2 * 2 * 3
    assert f"compare      excess (any samples): {2 * 2 * 2 * 3} steps" in preview(
        read_study(path), tmp_path / "out"
    )
    matrix = study.distances("excess", "raw")
    tops = [float(rows.max()) for seed in (1, 2) for rows in relu_layers(seed).values()]
    expected = np.maximum(0, np.subtract.outer(tops, tops))
    np.testing.assert_allclose(matrix.values, expected, rtol=1e-6)
    assert not matrix.symmetric
    table = study.distance_table()
    assert len(table) == 2 * 6 * 5
    assert not np.allclose(matrix.values, matrix.values.T)


def test_numbers_are_those_of_the_functions_called_alone(ready):
    _, study, _ = ready
    layers = relu_layers(1)
    diagrams = {name: tl.persistence(tl.normalise(rows, "median")) for name, rows in layers.items()}
    stored = study.diagrams("first", "layer1", "scaled")
    np.testing.assert_array_equal(stored[1].pairs, diagrams["layer1"][1].pairs)
    table = study.table().set_index(["model", "layer", "cloud", "measure"])["value"]
    assert table["first", "layer1", "scaled", "lifespan_sum H1"] == tl.lifespan_sum(
        diagrams["layer1"][1]
    )
    distance = study.distances("sliced_wasserstein H1", "scaled").values[0, 2]
    assert distance == tl.sliced_wasserstein(diagrams["layer0"][1], diagrams["layer2"][1])
    similarity = study.distances("linear_cka", "raw").values[0, 4]
    expected = tl.linear_cka(layers["layer0"], relu_layers(2)["layer1"])
    assert similarity == pytest.approx(expected, rel=1e-12)


def test_each_result_carries_what_made_it(ready):
    _, study, _ = ready
    cache = ResultCache(study.root / "results")
    records = [cache.get(path.stem).record for path in cache.folder.iterdir()]
    made_by = [record["made_by"] for record in records if "made_by" in record]
    assert {made["kind"] for made in made_by} == {"survey", "diagrams", "describe", "compare"}
    for path in cache.folder.iterdir():
        record = cache.get(path.stem).record
        assert "made_by" not in record or content_key(record["made_by"]) == path.stem
    made = next(m for m in made_by if m["kind"] == "compare" and m["name"] == "sliced_wasserstein")
    assert (made["version"], made["params"]) == (1, {})


def test_half_samples_give_an_interval_around_every_value(ready):
    _, study, _ = ready
    table = study.table()
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    halves = study.resampled_values("bar_count H0", "raw")["first", "layer0"]
    assert [int(value) for value in halves] == [29, 29]
    assert study.diagrams("first", "layer0", "raw", resample=1).n_points == 30


def test_a_second_run_computes_nothing_and_changes_no_byte(ready):
    folder, study, _ = ready
    before = result_bytes(study.root)
    _, events = run(folder / "study.toml", study.root)
    assert set(computed(events).values()) == {0}
    assert not [event for event in events if isinstance(event, StepEnded)]
    assert result_bytes(study.root) == before


def test_a_new_metric_computes_only_itself(ready):
    folder, study, _ = ready
    text = READY + '[[comparisons]]\nname = "sliced_wasserstein"\ndimension = 1\ndirections = 7\n'
    path = folder / "more.toml"
    path.write_text(text)
    copy = folder / "copy"
    shutil.copytree(study.root, copy)
    more, events = run(path, copy)
    assert computed(events)["persistence"] == 0
    assert more.metrics == ("sliced_wasserstein(directions=7) H1",)


def test_tables_open_as_csv(ready):
    _, study, _ = ready
    measures = pd.read_csv(study.root / "tables" / "measures.csv")
    assert list(measures.columns) == list(study.table().columns)
    with (study.root / "tables" / "distances.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 15 * 3 * 2


def test_an_interrupted_study_goes_on_and_ends_with_the_same_bytes(tmp_path):
    path = write_ready(tmp_path)
    undisturbed, _ = run(path, tmp_path / "whole")

    class Stop(Exception):
        pass

    for limit in (1, 9, 40, 90):
        seen = []

        def stop(event, seen=seen, limit=limit):
            seen.append(isinstance(event, StepEnded))
            if sum(seen) >= limit:
                raise Stop

        with pytest.raises(Stop):
            tl.run(path, tmp_path / "cut", on_event=stop)
    resumed, events = run(path, tmp_path / "cut")
    assert computed(events)["persistence"] == 0
    assert result_bytes(resumed.root) == result_bytes(undisturbed.root)


def test_a_network_is_trained_captured_and_measured_once(tmp_path):
    path = write_study(tmp_path, TRAINED)
    study, _ = run(path, tmp_path / "out")
    (model,) = study.models
    assert [layer.name for layer in model.layers] == ["conv1", "conv2", "fc1", "fc2"]
    assert 0.2 < model.accuracy <= 1
    assert model.n_samples == 120
    before = result_bytes(study.root)
    _, events = run(path, study.root)
    assert set(computed(events).values()) == {0}
    assert result_bytes(study.root) == before


def test_a_damaged_part_of_the_activations_is_captured_again(tmp_path):
    path = write_study(tmp_path, TRAINED)
    study, _ = run(path, tmp_path / "out")
    before = result_bytes(study.root)
    part = next((study.root / "activations").rglob("part-*.safetensors"))
    part.write_bytes(part.read_bytes()[:-40])
    for result in (study.root / "results").iterdir():
        result.unlink()
    again, _ = run(path, study.root)
    assert again.failures == ()
    assert result_bytes(study.root) == before


def test_a_layer_with_nan_is_marked_and_the_rest_goes_on(tmp_path):
    path = write_ready(tmp_path)
    layers = relu_layers(1)
    layers["layer1"][4, 2] = np.nan
    layers["layer1"][5, :2] = np.inf
    np.savez(tmp_path / "first.npz", **layers)
    study, _ = run(path, tmp_path / "out")
    assert study.models[0].layers[1].problem == "3 of 480 values are NaN or infinite"
    assert study.warnings[-1] == (
        "`first` layer1 was left out: 3 of 480 values are NaN or infinite."
    )
    assert study.failures == ()
    assert study.diagrams("first", "layer1", "scaled") is None
    matrix = study.distances("sliced_wasserstein H1", "scaled").values
    assert np.isnan(matrix[1]).all()
    assert np.isfinite(np.delete(np.delete(matrix, 1, 0), 1, 1)).all()


def test_a_layer_of_equal_points_fails_alone_with_a_sentence(tmp_path):
    path = write_ready(tmp_path)
    layers = relu_layers(1)
    layers["layer2"][:] = 1.0
    np.savez(tmp_path / "first.npz", **layers)
    study, events = run(path, tmp_path / "out")
    assert {f.step for f in study.failures} == {
        f"persistence of first layer2 (scaled{half})" for half in ("", ", half 1", ", half 2")
    }
    assert study.failures[0].reason == (
        "`points` must not coincide for `how`='median'; the median pairwise distance is 0"
    )
    assert [e for e in events if isinstance(e, StepFailed)]
    cka = study.distances("linear_cka", "raw")
    assert np.isnan(cka.values[2]).all()
    assert "CKA is undefined when all rows coincide" in cka.notes[0]
    assert study.diagrams("first", "layer2", "raw")[1].pairs.shape == (0, 2)


def test_a_cloud_that_no_layer_fills_is_a_failure(tmp_path):
    text = READY.replace('name = "scaled"\n', 'name = "scaled"\npoints = 61\n')
    study, _ = run(write_ready(tmp_path, text), tmp_path / "out")
    assert [(f.step, f.reason) for f in study.failures] == [
        (
            "cloud scaled",
            "no layer has enough rows; first layer0: cloud `scaled` needs 61 rows, and it has 60",
        )
    ]
    assert study.diagrams("first", "layer0", "raw") is not None


def test_unequal_sample_counts_are_cut_to_the_common_ones_and_said(tmp_path):
    study, _ = run(write_ready(tmp_path, n_samples=80), tmp_path / "out")
    assert {layer.n_points for model in study.models for layer in model.layers} == {60}
    assert any("unequal numbers of rows (up to 80)" in line for line in study.warnings)


def test_samples_that_are_not_the_same_leave_paired_measures_out(tmp_path):
    path = write_ready(tmp_path)
    np.savez(tmp_path / "second.npz", **relu_layers(2), sample_ids=np.arange(1000, 1060))
    study, _ = run(path, tmp_path / "out")
    assert study.metrics == ("sliced_wasserstein H1", "sliced_wasserstein H0")
    assert any("do not share enough samples" in line for line in study.warnings)


def test_a_model_that_fails_leaves_the_others_alone(tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "class Broken(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.good = nn.Flatten()\n"
        "        self.bad = nn.Linear(3, 2)\n"
        "    def forward(self, x):\n"
        "        return self.bad(self.good(x))\n"
    )
    text = TRAINED.replace('"conv*", "fc*"', '"leaf"')
    text += '[[models]]\nname = "broken"\nsource = "py:net.py:Broken"\n'
    study, _ = run(write_study(tmp_path, text), tmp_path / "out", trust=True)
    assert [f.step for f in study.failures] == ["capturing broken"]
    assert re.search(
        r"batch that begins with sample \d+, .*`bad` \(Linear\)", study.failures[0].reason
    )
    assert study.models[1].problem == study.failures[0].reason
    assert not study.table().query("model == 'cnn'")["value"].isna().any()


def test_an_unknown_layer_is_the_users_mistake_before_anything_runs(tmp_path):
    text = TRAINED.replace('"conv*", "fc*"', '"conv*", "full"')
    with pytest.raises(StudyError, match=r'models\[1\] "cnn": .*`full`'):
        tl.run(write_study(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out" / "weights").exists()


def test_a_dry_run_counts_the_steps_and_writes_nothing(tmp_path):
    lines = preview(read_study(write_study(tmp_path, TRAINED)), tmp_path / "out")
    assert lines[:3] + lines[4:5] == [
        "trained: 1 model, 4 layers, 1 cloud",
        "train        cnn: 2 epochs, seed 0 (to do)",
        "capture      cnn: 4 layers: conv1, conv2, fc1, fc2 (to do, 21.9 kB)",
        "persistence  4 layers x 1 cloud x 3 (whole and half-samples) = 12 steps",
    ]
    assert not (tmp_path / "out").exists()


def test_two_runs_in_one_folder_are_refused(tmp_path):
    path = write_ready(tmp_path)

    def run_again(_event):
        tl.run(path, tmp_path / "out")

    with pytest.raises(StoreError, match="another process is running a study there"):
        tl.run(path, tmp_path / "out", on_event=run_again)


def test_reading_says_what_is_not_there(ready, tmp_path):
    _, study, _ = ready
    with pytest.raises(StoreError, match="holds no study that has run"):
        tl.Study(tmp_path)
    with pytest.raises(InvalidInputError, match="`cloud` must be one of the study's; got 'scale'"):
        study.diagrams("first", "layer0", "scale")
    with pytest.raises(InvalidInputError, match="`model` must be one of the study's; got 'frist'"):
        study.diagrams("frist", "layer0", "raw")
    with pytest.raises(InvalidInputError, match="`layer` must be one of the study's; got 'l0'"):
        study.diagrams("first", "l0", "raw")
    with pytest.raises(InvalidInputError, match="`metric` must be one of the study's; got 'cka'"):
        study.distances("cka", "raw")
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(StoreError, match="is not a study of format 1"):
        tl.Study(tmp_path)


def test_the_room_needed_is_told_before_anything_is_written(tmp_path):
    path, root = write_study(tmp_path, TRAINED), tmp_path / "out"
    lines = preview(read_study(path), root)
    assert any(re.fullmatch(r"disk  +21\.9 kB of activations to write, .* free", x) for x in lines)
    assert not root.exists()
    _, events = run(path, root)
    needed = [event for event in events if isinstance(event, RoomNeeded)]
    (store,) = (root / "activations").iterdir()
    on_disk = sum(file.stat().st_size for file in store.glob("part-*"))
    assert [(event.n_bytes, event.is_whole) for event in needed] == [(on_disk, True)]
    assert events.index(needed[0]) == 0
    _, events = run(path, root)
    assert not any(isinstance(event, RoomNeeded) for event in events)


def test_the_room_for_ready_made_activations_is_told(tmp_path):
    _, events = run(write_ready(tmp_path), tmp_path / "out")
    stores = (tmp_path / "out" / "activations").glob("*/part-*")
    assert events[0].n_bytes == sum(file.stat().st_size for file in stores)


def test_a_study_that_does_not_fit_on_the_disk_is_refused(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1_060_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match=r"must have room for 21\.9 kB of activations; 1\.1 MB"):
        run(write_study(tmp_path, TRAINED), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    usage = usage._replace(free=20_000)
    lines = preview(read_study(tmp_path / "study.toml"), tmp_path / "out")
    assert "disk         21.9 kB of activations to write, 20.0 kB free: not enough" in lines


def test_a_model_that_does_not_run_has_no_forecast_and_fails_alone(tmp_path):
    text = TRAINED.replace('source = "zoo:small_cnn"', 'source = "py:broken.py:build"')
    text = text.replace("train = { epochs = 2 }\n", "").replace("args =", "# args =")
    (tmp_path / "broken.py").write_text(
        "import torch\n"
        "def build():\n"
        "    model = torch.nn.Sequential()\n"
        "    model.conv = torch.nn.Conv2d(5, 2, 3)\n"
        "    return model\n"
    )
    path = write_study(tmp_path, text.replace('"conv*", "fc*"', '"conv"'))
    with pytest.raises(StudyError, match=r'models\[1\] "cnn": .*expected input'):
        preview(read_study(path, trust=True), tmp_path / "out")
    _, events = run(path, tmp_path / "out", trust=True)
    assert [event.is_whole for event in events if isinstance(event, RoomNeeded)] == [False]
    assert any(isinstance(event, StepFailed) for event in events)


def test_raising_the_count_captures_only_what_is_new(tmp_path):
    fewer = TRAINED.replace("count = 120", "count = 60")
    run(write_study(tmp_path, fewer), tmp_path / "out")
    grown, _ = run(write_study(tmp_path, TRAINED), tmp_path / "out")
    alone, _ = run(write_study(tmp_path, TRAINED), tmp_path / "alone")
    (wanted,) = (tmp_path / "alone" / "activations").iterdir()
    found = tmp_path / "out" / "activations" / wanted.name
    parts = sorted(wanted.glob("*"))
    assert [p.name for p in parts] == sorted(p.name for p in found.iterdir())
    assert all(p.read_bytes() == (found / p.name).read_bytes() for p in parts)
    shared = [p.name for p in found.glob("part-*") if p.stat().st_nlink == 2]
    assert sorted(shared) == ["part-000000.safetensors", "part-000001.safetensors"]
    pd.testing.assert_frame_equal(grown.table(), alone.table())
