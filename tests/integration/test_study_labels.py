"""Measures of labelled clouds in studies: labels from the data or beside ready-made layers."""

import numpy as np
import pytest
from study_files import READY, TRAINED, relu_layers, write_study

import topolens as tl
from topolens.base.checks import check_labels, check_points
from topolens.base.registry import Invariances, descriptors

DESCRIBED = 'descriptors = ["centre_distance"]\ncomparisons = []\n'


@pytest.fixture
def centre_distance(monkeypatch):
    monkeypatch.setattr(descriptors, "_operations", dict(descriptors._operations))

    @descriptors.register(
        "centre_distance",
        version=1,
        takes="labelled_points",
        unit="distance",
        invariances=Invariances(orthogonal=True, translation=True),
    )
    def run(points, labels):
        """Largest distance between the centres of two classes."""
        cloud = check_points(points)
        _, numbers = check_labels(labels, len(cloud))
        centres = [cloud[numbers == k].mean(axis=0) for k in np.unique(numbers)]
        return float(max(np.linalg.norm(a - b) for a in centres for b in centres))

    return run


def test_labels_of_the_data_reach_the_measure(tmp_path, centre_distance):
    study = tl.run(write_study(tmp_path, DESCRIBED + TRAINED), tmp_path / "out")
    assert study.failures == ()
    samples = tl.load_samples("digits", base=tmp_path, split="test", count=120)
    labels = dict(zip(samples.ids.tolist(), samples.labels.tolist(), strict=True))
    (folder,) = (tmp_path / "out" / "activations").iterdir()
    store = tl.ActivationStore.open(folder)
    values = study.table().set_index("layer")["value"]
    for layer in store.layers:
        rows, ids = store.read(layer)
        cloud = tl.normalise(rows, "median")
        expected = centre_distance(cloud, [labels[one] for one in ids.tolist()])
        assert values[layer] == pytest.approx(expected, rel=1e-5)
    assert study.table()["low"].notna().all()  # half-samples have the labels of their rows


def test_ready_made_layers_bring_their_labels_or_are_left_out(tmp_path, centre_distance):
    labels = np.arange(60) % 3
    np.savez(tmp_path / "first.npz", **relu_layers(1), labels=labels)
    np.savez(tmp_path / "second.npz", **relu_layers(2))
    study = tl.run(write_study(tmp_path, DESCRIBED + READY), tmp_path / "out")
    assert study.failures == ()
    table = study.table().set_index(["model", "layer", "cloud"])["value"]
    expected = centre_distance(relu_layers(1)["layer1"], labels)
    assert table["first", "layer1", "raw"] == pytest.approx(expected, rel=1e-5)
    assert table["second"].isna().all()
    assert (
        "`centre_distance`: left out for `second`, whose samples have no labels." in study.warnings
    )


def test_other_labels_are_another_result(tmp_path, centre_distance):
    np.savez(tmp_path / "second.npz", **relu_layers(2))
    values = []
    for labels in (np.arange(60) % 3, np.arange(60) // 20):
        np.savez(tmp_path / "first.npz", **relu_layers(1), labels=labels)
        study = tl.run(write_study(tmp_path, DESCRIBED + READY), tmp_path / "out")
        values.append(study.table()["value"][0])
    assert values[0] != values[1]
    assert study.unit("centre_distance") == "distance"
