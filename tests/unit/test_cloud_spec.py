"""What a study file may say about clouds, how mistakes are named, and how the report says it."""

import pytest

from topolens.base.errors import StudyError
from topolens.report.cloud_words import cloud_sentence
from topolens.study.index import Index
from topolens.study.reading import check_table
from topolens.study.spec import CloudSpec


def study_with(cloud, tmp_path):
    (tmp_path / "layers.npz").touch()
    models = [{"name": "m", "activations": "layers.npz"}]
    table = {"name": "s", "models": models, "clouds": [{"name": "c", **cloud}]}
    return check_table(table, tmp_path, "s.toml")


@pytest.mark.parametrize(
    ("cloud", "mistake"),
    [
        ({"outliers": "iforest"}, "outliers: must be `lof` or a table; got 'iforest'"),
        ({"outliers": 3}, "outliers: must be a table; got 3"),
        (
            {"outliers": {"neighbors": 3}},
            "outliers: has no key `neighbors`; did you mean `n_neighbors`?",
        ),
        (
            {"outliers": {"contamination": 0.7}},
            "outliers.contamination: must be 'auto' or a share above 0 and at most 0.5; got 0.7",
        ),
        (
            {"outliers": {"remove": "nowhere"}},
            "outliers.remove: must be 'everywhere' or 'per_layer'; got 'nowhere'",
        ),
        ({"sample": "farthest"}, 'must have `points` beside `sample = "farthest"`'),
        ({"sample": "best"}, "sample: must be 'random' or 'farthest'; got 'best'"),
        ({"project": 0}, "project: must be greater than 0; got 0"),
        (
            {"pca": 1.5},
            "pca: must be a number of components (an integer at least 1) or a share of the "
            "variance (a float above 0 and at most 1); got 1.5",
        ),
        (
            {"normalise": "quantile:2"},
            "normalise: must be `quantile:Q` with Q above 0 and at most 1; got 'quantile:2'",
        ),
    ],
)
def test_mistakes_are_named_with_their_place(cloud, mistake, tmp_path):
    with pytest.raises(StudyError) as caught:
        study_with(cloud, tmp_path)
    place = 'clouds[1] "c"' + (": " if mistake.startswith(("must have", "has")) else ".")
    assert place + mistake in str(caught.value)


def test_what_a_file_says_survives_the_index(tmp_path):
    cloud = {
        "outliers": {"n_neighbors": 10, "contamination": 0.1, "remove": "per_layer"},
        "sample": "farthest",
        "points": 50,
        "project": 64,
        "pca": 1.0,
        "normalise": "quantile",
    }
    spec = study_with(cloud, tmp_path)
    Index(spec).write(tmp_path)
    again = Index.read(tmp_path).spec
    assert again == spec
    assert isinstance(again.clouds[0].pca, float)
    assert again.clouds[0].normalise == "quantile:0.9"
    assert isinstance(study_with({"pca": 1}, tmp_path).clouds[0].pca, int)
    assert study_with({"outliers": "lof"}, tmp_path).clouds[0].outliers.n_neighbors == 20


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {},
            "The rows of a layer, centred and divided by the median distance between two of its "
            "points.",
        ),
        (
            {"outliers": "lof", "pca": 0.995, "normalise": "zscore"},
            "The rows of a layer, without samples that are local outliers in any layer (a Local "
            "Outlier Factor over 20 neighbours above 1.5), in the principal components that hold "
            "99.5\xa0% of the variance, with every feature brought to mean 0 and variance 1.",
        ),
        (
            {
                "outliers": {"contamination": 0.1, "remove": "per_layer"},
                "sample": "farthest",
                "points": 50,
                "project": 64,
                "pca": 8,
                "normalise": "quantile:0.8",
            },
            "The rows of a layer, without each layer's local outliers (a Local Outlier Factor over "
            "20 neighbours among the largest 10\xa0%), 50 of them chosen one by one as the "
            "farthest from all before, projected at random to 64 coordinates where there are "
            "more, in their first 8 principal components where there are more, centred and "
            "divided by the 0.8 quantile of the distances between its points.",
        ),
    ],
)
def test_the_report_says_what_was_done_in_order(settings, sentence):
    assert cloud_sentence(CloudSpec(name="c", **settings)) == sentence
