"""Studies of images: what each model sees is its own, the samples are everyone's."""

import zipfile

import numpy as np
import pytest

import topolens as tl
from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import StudyError
from topolens.study.preview import preview
from topolens.study.reading import read_study
from topolens.study.shown import shown_to, study_samples

pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

STUDY = """\
name = "images"
resamples = 0
descriptors = []
comparisons = []

[data]
source = "images:{source}"
split = "val"
resize = 16
crop = 16

[capture]
layers = ["fc2"]

[[models]]
name = "plain"
source = "zoo:small_cnn"
args = {{ channels = 3, image_size = 16, n_classes = 2, widths = [4], hidden = 4 }}
train = {{ epochs = 1 }}

[[models]]
name = "small"
source = "zoo:small_cnn"
args = {{ channels = 1, image_size = 8, n_classes = 2, widths = [4], hidden = 4 }}
resize = [8, 8]
crop = 8
channels = "grayscale"
scale = 1.0
mean = [128.0]
std = [128.0]
"""


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for number in range(40):
        split, kind = ("train", "val")[number % 2], ("cat", "dog")[number // 2 % 2]
        path = tmp_path / "data" / split / kind / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        height = 18 + number % 3
        Image.fromarray(random.integers(0, 256, (height, 20, 3), np.uint8)).save(path)
    return tmp_path


def study_of(folder, *changes, source="data"):
    text = STUDY.format(source=source)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_models_see_the_same_samples_each_in_its_own_way(folder):
    file = read_study(study_of(folder))
    samples = study_samples(file, file.spec.data)
    plain, small = (shown_to(file, model, samples) for model in file.spec.models)
    assert plain.batch(slice(None)).shape == (20, 3, 16, 16)
    assert small.batch(slice(None)).shape == (20, 1, 8, 8)
    np.testing.assert_array_equal(plain.ids, small.ids)
    digests = {s.description["inputs_sha256"] for s in (samples, plain, small)}
    assert len(digests) == 1
    assert small.description["geometry"] == {
        "resize": [8, 8],
        "crop": 8,
        "channels": "grayscale",
        "interpolation": "bilinear",
    }


def test_a_study_of_a_zip_has_the_numbers_of_its_folder(folder):
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        for path in (folder / "data").rglob("*.png"):
            archive.write(path, str(path.relative_to(folder)))
    read = []
    for source in ("data", "data.zip"):
        study = tl.run(study_of(folder, source=source), folder / f"out-{source}")
        assert not study.failures
        rows = {}
        for path in sorted((folder / f"out-{source}" / "activations").iterdir()):
            store = ActivationStore.open(path)
            rows[store.spec["args"]["channels"]] = store.read("fc2")[0]
        read.append(rows)
    for channels in (1, 3):
        np.testing.assert_array_equal(read[0][channels], read[1][channels])


def test_the_geometry_is_part_of_the_key(folder):
    keys = []
    for crop in ("crop = 8\n", "crop = 8\ninterpolation = 'nearest'\n", "crop = 8\n"):
        tl.run(study_of(folder, ("crop = 8\n", crop)), folder / "out")
        keys.append({path.name for path in (folder / "out" / "activations").iterdir()})
    assert len(keys[0]) == 2
    assert len(keys[1]) == 3
    assert keys[2] == keys[1]


def test_mistakes_in_the_data_carry_their_place(folder):
    (folder / "data/val/cat/1.png").write_bytes(b"no image")
    file = read_study(study_of(folder))
    for attempt in (lambda: preview(file, folder / "out"), lambda: tl.run(file, folder / "out")):
        with pytest.raises(StudyError, match=r"\n  data: `val/cat/1.png` must be a PNG, JPEG"):
            attempt()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("resize = 16", "resize = 12", r'models\[1\] "plain": `crop` must be at most the size of'),
        (
            "crop = 16\n",
            "",
            r'models\[1\] "plain": `resize` and `crop` must bring all images to one',
        ),
        (
            "crop = 8",
            "crop = 0",
            r'"small".crop: must be pixels from 1 to 8192, or \[height, width',
        ),
        ("crop = 8", 'crop = "8"', r'"small".crop: must be pixels from 1 to 8192'),
        ("resize = 16", "resize = [1, 2, 3]", r"data.resize: must be pixels from 1 to 8192, or"),
        ("grayscale", "grey", r'"small".channels: must be one of rgb, bgr, grayscale; got .grey'),
        ("crop = 8", 'outputs = "no.txt"', r'"small".outputs: there is no file `no.txt`'),
        ('split = "val"', "", r"data: `split` must be one of `train`, `val`"),
        ("resize = 16", 'layout = "x"', r"data.layout: must be 'auto', 'nhwc' or 'as_is'"),
        ("resize = 16", "count = 21", "data: `count` must be at most 20, .* in the source; got 21"),
    ],
)
def test_mistakes_are_found_before_anything_runs(folder, old, new, sentence):
    path = study_of(folder, (old, new))
    with pytest.raises(StudyError, match=sentence):
        tl.run(path, folder / "out")


def test_labels_mean_outputs_by_name(folder):
    (folder / "names.txt").write_text("background\nDog, hound\nother\nhouse cat, CAT\n")
    change = (
        "n_classes = 2, widths = [4], hidden = 4 }\nresize",
        'n_classes = 4, widths = [4], hidden = 4 }\noutputs = "names.txt"\nresize',
    )
    file = read_study(study_of(folder, change))
    samples = study_samples(file, file.spec.data)
    seen = shown_to(file, file.spec.models[1], samples)
    assert [{0: 3, 1: 1}[label] for label in samples.labels.tolist()] == seen.labels.tolist()
    before = tl.run(file, folder / "out").models[1].accuracy
    (folder / "names.txt").write_text("background\nother\nDog, hound\nhouse cat, CAT\n")
    assert tl.run(file, folder / "out").models[1].accuracy is not None
    assert before is not None
    assert len(list((folder / "out" / "activations").iterdir())) == 3


def test_labels_beyond_the_outputs_are_a_doubt(folder):
    (folder / "names.txt").write_text("a\nb\ncat\ndog\n")
    text = 'hidden = 4 }\noutputs = "names.txt"\nresize = [8, 8]'
    path = study_of(folder, ("hidden = 4 }\nresize = [8, 8]", text))
    study = tl.run(path, folder / "out")
    assert (
        "`small` gives 2 scores, but the labels of 20 of 20 samples lie beyond them: its accuracy "
        "says little. Name its outputs with `outputs`, or show it data of its own classes."
    ) in study.warnings
    assert not any("`plain` gives" in line for line in study.warnings)


def foreground_study(folder, *changes):
    pooled = ('layers = ["fc2"]', 'layers = ["relu1"]\npool = "foreground:2"')
    return study_of(folder, pooled, *changes)


def test_foreground_activations_in_a_study(folder):
    pytest.importorskip("cv2")
    path = foreground_study(folder)
    assert any("relu1" in line for line in preview(read_study(path), folder / "out"))
    assert not tl.run(path, folder / "out").failures
    stores = [ActivationStore.open(each) for each in (folder / "out" / "activations").iterdir()]
    small, plain = sorted(stores, key=lambda store: store.layer("relu1").output_shape)
    assert small.n_rows("relu1") == plain.n_rows("relu1") == 40
    assert plain.positions("relu1").max() >= 64 > small.positions("relu1").max()
    assert plain.spec["foreground"]["grabcut"] == 5
    assert set(plain.summary) >= {"images_without_foreground", "images_without_background"}


def test_masks_that_a_study_names_decide_the_positions_and_the_key(folder):
    masks = np.zeros((20, 16, 16), bool)
    masks[:, 12:, 12:] = True
    np.savez(folder / "all.npz", corner=masks, rest=~masks)
    taken = {}
    for array in ("corner", "rest"):
        path = foreground_study(
            folder,
            ('split = "val"', f'split = "val"\nforeground = "all.npz:{array}"'),
            ("resize = [8, 8]\ncrop = 8\n", ""),
            ("image_size = 8", "image_size = 16"),
        )
        assert not tl.run(path, folder / "out").failures
    stores = [ActivationStore.open(each) for each in (folder / "out" / "activations").iterdir()]
    for store in stores:
        positions = store.positions("relu1")
        own = ((positions // 16 >= 12) & (positions % 16 >= 12)).all()
        taken.setdefault(bool(own), []).append(store)
    assert [len(taken[own]) for own in (True, False)] == [2, 2]


def test_masks_that_cannot_be_read_are_named_with_their_place(folder):
    path = foreground_study(folder, ('split = "val"', 'split = "val"\nforeground = "no.npz"'))
    sentence = r'models\[1\] "plain": `foreground` must be .*no.npz'
    with pytest.raises(StudyError, match=sentence):
        tl.run(path, folder / "out")
