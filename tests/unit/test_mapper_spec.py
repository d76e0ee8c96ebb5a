"""What a study file may say about Mapper graphs, and how mistakes are named."""

import pytest

import topolens as tl
from topolens.base.errors import StudyError
from topolens.study.index import Index
from topolens.study.mapper_spec import MapperSpec
from topolens.study.reading import check_table


def study_with(tmp_path, *tables, **study):
    (tmp_path / "layers.npz").touch()
    models = [{"name": "m", "activations": "layers.npz"}]
    table = {"name": "s", "models": models, "mapper": list(tables), **study}
    return check_table(table, tmp_path, "s.toml")


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ({"lens": "l3_norm"}, "lens: no lens is called `l3_norm`; did you mean `l2_norm`?"),
        ({"lens": ["pca:1"] * 3}, "lens: must name one lens or two; got 3"),
        ({"lens": ["pca:2", "l2_norm"]}, "lens: must make one column or two; got 3"),
        ({"lens": "pca:3"}, "lens: must make one column or two; got 3"),
        ({"lens": 3}, "lens: must be the name of a lens, or a list of two; got 3"),
        ({"lens": "pca:x"}, "lens: lens `pca` must have a whole number after the colon"),
        (
            {"lens": "margin"},
            "lens: `margin` must be given the output of the network; use it in Python",
        ),
        ({"eps": 0}, "eps: must be a finite number above 0; got 0"),
        ({"eps": "elbow"}, "eps: must be knee, purvine, quantile or quantile:Q, or a positive"),
        (
            {"eps": "quantile:2"},
            "eps: must have a quantile above 0 and at most 1; got 'quantile:2'",
        ),
        (
            {"cover": {"overlap": 1.0}},
            "cover.overlap: must lie between 0 and 1, neither included; got 1.0",
        ),
        ({"cover": {"overlap": [0.5]}}, "cover.overlap: must hold one entry per lens, so two"),
        ({"cover": {"kind": "cubes"}}, "cover.kind: must be 'uniform', 'balanced' or 'ball'"),
        ({"cover": {"n_intervals": 0}}, "cover.n_intervals: must be an integer at least 1; got 0"),
        ({"cover": {"kind": "ball"}}, 'cover: must have `radius` with `kind = "ball"`'),
        ({"cover": {"radius": 2.0}}, 'cover: must not have `radius` with `kind = "uniform"`'),
        (
            {"cluster": {"kind": "single_linkage", "min_samples": 7}},
            'cluster: must not have `min_samples` with `kind = "single_linkage"`',
        ),
        ({"cluster": {"samples": 7}}, "cluster: has no key `samples`; did you mean `min_samples`?"),
        ({"permutations": 0}, "permutations: must be greater than or equal to 1; got 0"),
        ({"layers": []}, "layers: must hold at least one"),
        ({"rows": {"pointz": 100}}, "rows: has no key `pointz`; did you mean `points`?"),
        ({"rows": {"normalise": "l2"}}, "rows.normalise: must be one of"),
        ({"cloud": "raw"}, "cloud: must be one of the study's clouds; got `raw`, known: scaled"),
        ({"cloud": "scaled", "rows": {"points": 99}}, "must have either `cloud` or `rows`"),
    ],
)
def test_mistakes_are_named_with_their_place(table, mistake, tmp_path):
    with pytest.raises(StudyError) as caught:
        study_with(tmp_path, {"name": "g", **table})
    assert 'mapper[1] "g"' in str(caught.value)
    assert mistake in str(caught.value)


def test_every_table_has_a_name_of_its_own(tmp_path):
    with pytest.raises(StudyError, match=r"mapper\[1\]: must have `name`"):
        study_with(tmp_path, {})
    with pytest.raises(StudyError, match=r"mapper\[2\]: the name `g` is mapper\[1\]'s already"):
        study_with(tmp_path, {"name": "g"}, {"name": "g", "lens": "pca"})


def test_the_defaults_are_those_of_purvine_but_for_eps():
    spec = MapperSpec(name="g")
    assert spec.lens == ("l2_norm",)
    assert spec.cover.made() == tl.UniformCover(40, 0.25)
    assert spec.cluster.made(0.5) == tl.DBSCAN(0.5, 5)
    assert spec.eps == "knee"
    assert spec.own_cloud().normalise == "none"


def test_other_covers_and_clusterings():
    spec = MapperSpec(
        name="g",
        lens=["pca:1", "column:2"],
        cover={"kind": "balanced", "n_intervals": [8, 4], "overlap": 0.5},
        cluster={"kind": "single_linkage", "n_bins": 20},
    )
    assert spec.cover.made() == tl.BalancedCover((8, 4), 0.5)
    assert spec.cluster.made(0.5) == tl.SingleLinkage(0.5, 20, 2)
    ball = MapperSpec(name="g", cover={"kind": "ball", "radius": 2})
    assert ball.cover.made() == tl.BallCover(2.0)


def test_globs_choose_layers():
    spec = MapperSpec(name="g", layers=["layer3*", "fc"])
    assert [spec.covers(name) for name in ("layer3.1", "layer2.3", "fc", "fc2")] == [
        *(True, False, True, False)
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"name": "a", "cover": {"kind": "ball", "radius": 1.5}, "eps": 2.5},
        {"name": "b", "cluster": {"kind": "single_linkage"}, "lens": ["pca:1", "l2_norm"]},
        {"name": "c", "cloud": "scaled", "layers": ["x"]},
        {"name": "d", "rows": {"points": 500, "normalise": "unit_norm", "pca": 3}},
    ],
)
def test_a_study_is_written_and_read_again(table, tmp_path):
    spec = study_with(tmp_path, table)
    Index(spec).write(tmp_path)
    assert Index.read(tmp_path).spec == spec
