"""Outliers, farthest points, fewer coordinates and scales in whole studies."""

import numpy as np
import pytest
from study_files import relu_layers, result_bytes, write_study

import topolens as tl
from topolens.base.progress import Planned
from topolens.study.preview import preview
from topolens.study.reading import read_study

HEAD = """\
name = "clouds"
resamples = 2
descriptors = [{ name = "lifespan_sum", dimension = 0 }]
comparisons = [{ name = "sliced_wasserstein", dimension = 0 }, "linear_cka"]

[[models]]
name = "first"
activations = "first.npz"

[[models]]
name = "second"
activations = "second.npz"
"""
FAR = {"layer0": [3, 11], "layer2": [40]}
"""Rows of the first model that are moved far away."""


def planted(n_samples=60):
    layers = relu_layers(1, n_samples=n_samples)
    for name, rows in FAR.items():
        layers[name][rows] += 300
    return layers


def run(folder, clouds, *, root="out"):
    np.savez(folder / "first.npz", **planted())
    np.savez(folder / "second.npz", **relu_layers(2))
    events = []
    path = write_study(folder, HEAD + clouds)
    study = tl.run(path, folder / root, on_event=events.append)
    assert study.failures == ()
    return study, {e.stage: e.n_steps - e.n_cached for e in events if isinstance(e, Planned)}


def test_outliers_are_found_per_layer_and_left_out_of_all(tmp_path):
    clouds = '[[clouds]]\nname = "clean"\noutliers = "lof"\n'
    study, computed = run(tmp_path, clouds)
    assert computed["outliers"] == 6
    table = study.outlier_table().set_index(["model", "layer"])["outliers"]
    bad = set()
    for model, layers in (("first", planted()), ("second", relu_layers(2))):
        for name, rows in layers.items():
            found = tl.local_outlier_factor(rows)
            assert table[model, name] == found.is_outlier.sum()
            bad |= set(np.flatnonzero(found.is_outlier))
    assert {3, 11, 40} <= bad
    kept = np.setdiff1d(np.arange(60), sorted(bad))
    diagrams = study.diagrams("second", "layer1", "clean")
    assert diagrams.n_points == len(kept)
    expected = tl.persistence(tl.normalise(relu_layers(2)["layer1"][kept], "median"))
    np.testing.assert_array_equal(diagrams[0].pairs, expected[0].pairs)
    assert "linear_cka" in study.metrics
    assert any("are local outliers; the" in line for line in study.warnings)
    before = result_bytes(study.root)
    _, computed = run(tmp_path, clouds)
    assert set(computed.values()) == {0}
    assert result_bytes(study.root) == before


def test_clouds_with_and_without_outliers_compare_at_equal_n(tmp_path):
    study, _ = run(
        tmp_path,
        '[[clouds]]\nname = "all"\npoints = 30\n'
        '[[clouds]]\nname = "clean"\npoints = 30\n'
        'outliers = { n_neighbors = 10, remove = "per_layer" }\n',
    )
    for cloud in study.clouds:
        for half, n_points in ((None, 30), (1, 15)):
            assert study.diagrams("first", "layer0", cloud, resample=half).n_points == n_points
    longest = [study.diagrams("first", "layer0", c)[0].lifetimes.max() for c in study.clouds]
    assert longest[0] > 3 * longest[1]
    assert study.distances("linear_cka", "all") is not None
    assert study.distances("linear_cka", "clean") is None


def test_farthest_points_are_chosen_in_every_layer_and_again_in_every_half(tmp_path):
    study, computed = run(
        tmp_path, '[[clouds]]\nname = "spread"\nsample = "farthest"\npoints = 20\n'
    )
    assert computed["farthest"] == 6 * 3
    rows = relu_layers(2)["layer1"]
    chosen = np.sort(tl.farthest_points(rows, n_points=20).rows)
    expected = tl.persistence(tl.normalise(rows[chosen], "median"))
    diagrams = study.diagrams("second", "layer1", "spread")
    np.testing.assert_array_equal(diagrams[0].pairs, expected[0].pairs)
    half = tl.clouds.half_samples(60, 2)[1]
    chosen = np.sort(half[tl.farthest_points(rows[half], n_points=10).rows])
    expected = tl.persistence(tl.normalise(rows[chosen], "median"))
    diagrams = study.diagrams("second", "layer1", "spread", resample=1)
    np.testing.assert_array_equal(diagrams[0].pairs, expected[0].pairs)
    assert study.metrics == ("sliced_wasserstein H0",)
    assert any("farthest points of its own" in line for line in study.warnings)
    assert {layer.n_points for layer in study.models[0].layers} == {20}


def test_more_farthest_points_than_rows_are_a_failure_with_a_sentence(tmp_path):
    path = write_study(tmp_path, HEAD + '[[clouds]]\nname="c"\nsample="farthest"\npoints=61\n')
    for name in ("first", "second"):
        np.savez(tmp_path / f"{name}.npz", **relu_layers(1))
    (failure,) = tl.run(path, tmp_path / "out").failures
    assert failure.reason == (
        "no layer has enough rows; first layer0: cloud `c` needs 61 rows, and it has 60"
    )


def test_coordinates_become_fewer_before_the_scale_is_taken(tmp_path):
    study, _ = run(
        tmp_path,
        '[[clouds]]\nname = "both"\nproject = 6\npca = 4\nnormalise = "zscore"\n'
        '[[clouds]]\nname = "share"\npca = 0.9\nnormalise = "quantile"\n'
        '[[clouds]]\nname = "wide"\nproject = 8\npca = 9\nnormalise = "none"\n',
    )
    rows = relu_layers(2)["layer1"]
    projected = tl.random_projection(rows, n_components=6, seed=0)
    expected = {
        "both": tl.normalise(tl.pca(projected, keep=4).points, "zscore"),
        "share": tl.normalise(tl.pca(rows, keep=0.9).points, "quantile:0.9"),
        "wide": rows,
    }
    for cloud, points in expected.items():
        found = study.diagrams("second", "layer1", cloud)[0].pairs
        np.testing.assert_array_equal(found, tl.persistence(points)[0].pairs)
    similarity = study.distances("linear_cka", "both").values[0, 4]
    first = tl.pca(tl.random_projection(planted()["layer0"], n_components=6), keep=4).points
    cka = tl.linear_cka(tl.normalise(first, "zscore"), expected["both"])
    assert similarity == pytest.approx(cka, rel=1e-6)


def test_similarity_measures_share_results_between_scales_but_not_between_coordinates(tmp_path):
    scales = ("none", "mean", "quantile:0.8", "zscore")
    clouds = "".join(f'[[clouds]]\nname = "{how}"\nnormalise = "{how}"\n' for how in scales)
    study, _ = run(tmp_path, clouds + '[[clouds]]\nname = "pca"\npca = 2\n')
    keys = {
        cloud: {
            entry.key
            for entry in study._index.distances
            if entry.where["metric"] == "linear_cka" and entry.where["cloud"] == cloud
        }
        for cloud in study.clouds
    }
    assert keys["none"] == keys["mean"] == keys["quantile:0.8"]
    assert not keys["none"] & keys["zscore"]
    assert not keys["none"] & keys["pca"]


def test_the_preview_counts_the_steps_that_choose_rows(tmp_path):
    np.savez(tmp_path / "first.npz", **relu_layers(1))
    np.savez(tmp_path / "second.npz", **relu_layers(2))
    clouds = '[[clouds]]\nname = "c"\noutliers = "lof"\nsample = "farthest"\npoints = 20\n'
    lines = preview(read_study(write_study(tmp_path, HEAD + clouds)), tmp_path / "out")
    assert "outliers     c: 6 steps" in lines
    assert "farthest     c: 18 steps" in lines
