"""`topolens describe` and `topolens compare`: arrays in files, layers of stores, mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest

import topolens as tl
from topolens.activations.hooks.layer_batch import LayerBatch, LayerRows
from topolens.activations.stores.store import ActivationStore
from topolens.base.registry import Invariances, descriptors, metrics
from topolens.cli.main import main

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 60, 5))


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with clouds; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", A)
    np.save("b.npy", B)
    np.savez("layers.npz", conv=A, head=B[:, :2], labels=np.arange(60) % 3)

    def run(line):
        code = 0
        try:
            main(line.split())
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


def test_describes_a_cloud_by_its_diagrams(said):
    diagrams = tl.persistence(A)
    code, out, _ = said("describe lifespan_sum a.npy --set alpha=2")
    assert code == 0
    assert out.splitlines() == [
        f"lifespan_sum H{degree}: {tl.lifespan_sum(diagrams[degree], alpha=2):.6g} distance^2  "
        "(60 points, 5 features, persistence up to H1)"
        for degree in (0, 1)
    ]


def test_describes_every_layer_of_an_archive_or_one(said):
    _, out, _ = said("describe bar_count layers.npz --dimension 0")
    assert out.splitlines() == [
        "bar_count H0 of conv: 59 bars  (60 points, 5 features, persistence up to H0)",
        "bar_count H0 of head: 59 bars  (60 points, 2 features, persistence up to H0)",
    ]
    _, out, _ = said("describe bar_count layers.npz --dimension 0 --layer head --points 20")
    assert out == "bar_count H0: 19 bars  (20 points, 2 features, persistence up to H0)\n"


def test_describes_the_layers_of_a_store_and_a_table(said):
    with ActivationStore.create(Path("store"), {}) as store:
        store.append(LayerBatch(np.arange(60), {"fc": LayerRows(A.astype(np.float32))}))
        store.finish({})
    np.savetxt("a.csv", A, delimiter=",", header="v,w,x,y,z", comments="")
    _, from_store, _ = said("describe lifespan_sum store --dimension 1")
    _, from_csv, _ = said("describe lifespan_sum a.csv --dimension 1")
    assert from_store == from_csv
    assert from_csv == said("describe lifespan_sum a.npy --dimension 1")[1]


def test_json_says_all_that_made_a_number(said):
    code, out, _ = said("describe lifespan_sum a.npy --dimension 1 --normalise median --json")
    (record,) = json.loads(out)
    diagrams = tl.persistence(tl.normalise(A, "median"))
    assert code == 0
    assert record.pop("result") == tl.lifespan_sum(diagrams[1])
    parameters = record.pop("parameters")
    assert parameters == descriptors["lifespan_sum"].parameters
    assert record == {
        "descriptor": "lifespan_sum",
        "layer": "a",
        "n_points": 60,
        "n_features": 5,
        "unit": "distance",
        "dimension": 1,
        "max_dim": 1,
    }


def test_curves_are_in_the_json(said):
    _, out, _ = said("describe betti_curve a.npy --dimension 1")
    assert out.startswith("betti_curve H1: in bars  (60 points")
    assert "numbers; --json has them" in out
    (record,) = json.loads(said("describe betti_curve a.npy --dimension 1 --json")[1])
    assert max(record["result"]["values"]) > 1


def test_classes_come_from_the_archive_or_a_file(said, monkeypatch):
    monkeypatch.setattr(descriptors, "_operations", dict(descriptors._operations))
    descriptors.register(
        "n_classes",
        version=1,
        takes="labelled_points",
        unit="classes",
        invariances=Invariances(),
    )(lambda points, labels: float(len(np.unique(labels))))
    np.save("labels.npy", np.arange(60) % 7)
    assert said("describe n_classes layers.npz --layer conv")[1].startswith("n_classes: 3 classes")
    out = said("describe n_classes layers.npz --layer conv --points 2")[1]
    assert out.startswith(("n_classes: 1 classes  (2", "n_classes: 2 classes  (2"))
    assert said("describe n_classes a.npy --labels labels.npy")[1].startswith("n_classes: 7 ")
    code, _, err = said("describe n_classes a.npy")
    assert (code, err.startswith("error: `n_classes` needs the class of each row: ")) == (2, True)


def test_two_clouds_give_a_value(said):
    code, out, _ = said("compare linear_cka a.npy b.npy")
    assert code == 0
    assert (
        out == f"linear_cka of a and b: {tl.linear_cka(A, B):.6g}  (similarity; 60 points each)\n"
    )
    distance = tl.sliced_wasserstein(tl.persistence(A)[1], tl.persistence(B)[1], directions=20)
    assert said("compare sliced_wasserstein a.npy b.npy --set directions=20")[1] == (
        f"sliced_wasserstein H1 of a and b: {distance:.6g} distance  "
        "(distance; 60 points each, persistence up to H1)\n"
    )


def test_more_clouds_give_a_matrix(said):
    code, out, _ = said("compare linear_cka a.npy layers.npz")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "linear_cka  (similarity; 60 points each)"
    assert [line.split()[1] for line in lines[3:]] == ["a", "layers/conv", "layers/head"]
    record = json.loads(said("compare linear_cka a.npy layers.npz --json")[1])
    matrix = tl.DistanceMatrix.from_dict(record)
    assert matrix.labels == (("a",), ("layers", "conv"), ("layers", "head"))
    assert matrix.values[0, 2] == tl.linear_cka(A, B[:, :2])
    assert record["n_points"] == [60, 60, 60]
    one = json.loads(said("compare linear_cka a.npy b.npy layers.npz --layer head --json")[1])
    assert one["labels"] == [["a"], ["b"], ["layers"]]


def test_pairs_without_a_value_are_named(said):
    np.save("short.npy", A[:30])
    code, out, _ = said("compare linear_cka a.npy b.npy short.npy")
    rule = "`first` and `second` must hold the same samples row by row; got 60 and 30 rows"
    assert code == 1
    assert out.splitlines()[-2:] == [f"a and short: {rule}", f"b and short: {rule}"]
    assert out.count("–") == 4
    code, _, err = said("compare linear_cka a.npy short.npy")
    assert (code, err) == (2, f"error: a and short: {rule}\n")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("describe lifespan_sums a.npy", "no descriptor is called `lifespan_sums`; did you mean"),
        ("describe lifespan_sum nowhere.npy", "`nowhere.npy` must be an existing file"),
        ("describe lifespan_sum a.txt", "`a.txt` must be an array (.npy, .csv), an archive of"),
        ("describe lifespan_sum a.npy --set alpha", "`--set` must be KEY=VALUE; got 'alpha'"),
        ("describe lifespan_sum a.npy --set beta=2", "`lifespan_sum` has no parameter `beta`"),
        ("describe lifespan_sum a.npy --set alpha=-1", "`alpha` must be a finite number above 0"),
        ("describe lifespan_sum a.npy --dimension 3", "`max_dim` must be"),
        ("describe lifespan_sum layers.npz --layer fc", "`layers.npz` must have a layer `fc`; "),
        ("describe lifespan_sum a.npy --points 61", "`n_points` must be"),
        ("describe lifespan_sum bad.csv", "`bad.csv` must hold numbers with commas"),
        ("compare linear_cka a.npy", "`clouds` must be two clouds at least; got 1"),
        ("compare linear_cka a.npy hole.csv", "`hole` must be finite; row 1 holds NaN"),
        ("describe two_nn hole.csv", "`hole` must be finite; row 1 holds NaN"),
        ("compare linear_cka a.npy b.npy --dimension 1", "`--dimension` must be left out: "),
    ],
)
def test_mistakes_are_sentences(said, line, sentence):
    Path("bad.csv").write_text("1,2\n3,x\n")
    Path("hole.csv").write_text("1,2\n3,\n5,6\n")
    code, out, err = said(line)
    assert code == 2
    assert out == ""
    assert err.startswith(f"error: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("kind", ["descriptors", "metrics"])
def test_lists_fit_a_page(said, kind):
    _, out, _ = said(f"list {kind}")
    assert max(map(len, out.splitlines())) <= 100
    names = [line.split()[0] for line in out.splitlines() if line.strip()]
    assert set({"descriptors": descriptors, "metrics": metrics}[kind]) <= set(names)
    expected = {
        "descriptors": "  lifespan_sum ",
        "metrics": "  linear_cka ",
    }[kind]
    (line,) = [line for line in out.splitlines() if line.startswith(expected)]
    cells = line.split()
    if kind == "metrics":
        assert cells == ["linear_cka", "points", "–", "PRTS", "=~"]
    else:
        assert cells[1:5] == ["diagrams", "distance^alpha", "PRT", "alpha=1.0"]
