"""Images in folders and zips: which are found, what they are called, what is refused."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")

from topolens.activations.data.datasets import load_samples  # noqa: E402
from topolens.activations.data.images import files  # noqa: E402
from topolens.activations.data.images.geometry import Geometry  # noqa: E402
from topolens.activations.data.images.rows import shown  # noqa: E402
from topolens.base.errors import InvalidInputError  # noqa: E402

SPLITS = [f"{s}/{c}/{n}.png" for s in ("train", "val") for c in ("cat", "dog") for n in range(3)]


def picture(number=0, *, size=(6, 5), mode="RGB", suffix="png"):
    """Bytes of an image that differs by number."""
    random = np.random.default_rng(number)
    planes = {"RGB": (3,), "RGBA": (4,), "CMYK": (4,), "LA": (2,), "L": ()}.get(mode, ())
    pixels = random.integers(0, 256, (*size, *planes), np.uint8)
    stream = io.BytesIO()
    if mode == "CMYK":
        image = Image.merge("CMYK", [Image.fromarray(pixels[..., n]) for n in range(4)])
    else:
        image = Image.fromarray(pixels)
    options = {"lossless": True} if suffix == "webp" else {}
    image.save(stream, {"jpg": "jpeg"}.get(suffix, suffix), **options)
    return stream.getvalue()


def folder_of(root, names, **options):
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture(number, **options))
    return root


def zip_of(path, contents, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def loaded(root, location, **options):
    return load_samples(f"images:{location}", base=root, **options)


def test_a_folder_by_class(tmp_path):
    folder_of(tmp_path, ["b/2.png", "b/10.PNG", "a/x.png", "a/deep/er/y.png"])
    samples = loaded(tmp_path, ".")
    assert samples.classes == ("a", "b")
    assert samples.labels.tolist() == [0, 0, 1, 1]
    assert samples.ids.tolist() == [0, 1, 2, 3]
    pixels = np.asarray(Image.open(io.BytesIO(picture(3))))
    np.testing.assert_array_equal(samples.batch(slice(1))[0], pixels.transpose(2, 0, 1))
    assert samples.batch(slice(None)).shape == (4, 3, 6, 5)
    assert samples.batch(np.array([3, 1])).dtype == np.uint8


def test_a_zip_holds_the_same_samples_as_its_folder(tmp_path):
    folder_of(tmp_path / "data", SPLITS)
    zip_of(tmp_path / "data.zip", {n: (tmp_path / "data" / n).read_bytes() for n in SPLITS[::-1]})
    ways = [("images:data", {}), ("images:data.zip", {}), ("zip:data.zip", {})]
    told = []
    for source, options in ways:
        samples = load_samples(
            source, base=tmp_path, split="val", count=4, order="balanced", seed=2, **options
        )
        told.append({**samples.description, "source": None, "ids": samples.ids.tolist()})
        np.testing.assert_array_equal(samples.labels, [0, 1, 0, 1])
    assert told[0] == told[1] == told[2]
    assert told[0]["split"] == "val"


def test_the_description_depends_on_what_is_chosen_and_on_no_folder(tmp_path):
    folder_of(tmp_path / "one", SPLITS)
    folder_of(tmp_path / "two" / "one", SPLITS)
    first = loaded(tmp_path, "one", split="val", count=2).description
    assert loaded(tmp_path / "two", "one", split="val", count=2).description == first
    assert loaded(tmp_path, "one", split="train", count=2).description != first
    (tmp_path / "two/one/val/cat/0.png").write_bytes(picture(99))
    assert loaded(tmp_path / "two", "one", split="val", count=2).description != first


def test_classes_mean_the_same_in_every_split(tmp_path):
    folder_of(tmp_path, ["train/a/0.png", "train/b/0.png", "val/b/0.png"])
    samples = loaded(tmp_path, ".", split="val")
    assert samples.classes == ("a", "b")
    assert samples.labels.tolist() == [1]


def test_an_outer_folder_is_passed_through(tmp_path):
    zip_of(tmp_path / "x.zip", {f"outer/{name}": picture() for name in SPLITS})
    assert loaded(tmp_path, "x.zip", split="val").classes == ("cat", "dog")
    names = ("outer/cat/1.png", "outer/dog/1.png")
    zip_of(tmp_path / "y.zip", dict.fromkeys(names, picture()))
    assert loaded(tmp_path, "y.zip").classes == ("cat", "dog")


def test_images_without_folders_have_no_labels(tmp_path):
    folder_of(tmp_path, ["b.png", "a.png"])
    samples = loaded(tmp_path, ".")
    assert samples.labels is None
    assert samples.classes is None
    (tmp_path / "names.csv").write_text("a,b\n")
    with pytest.raises(InvalidInputError, match="`classes` must be left out where images lie in"):
        loaded(tmp_path, ".", classes="names.csv")


def test_other_files_are_passed_over(tmp_path):
    folder_of(tmp_path, ["a/1.png", "a/.hidden.png", ".git/x.png", "__MACOSX/a/1.png"])
    (tmp_path / "README.txt").write_text("no image")
    (tmp_path / "a" / "notes.csv").write_text("no image")
    assert len(loaded(tmp_path, ".")) == 1


def test_names_in_any_script_sort_the_same_composed_or_not(tmp_path):
    composed = zip_of(tmp_path / "c.zip", {"é/1.png": picture(0), "猫/ß.png": picture(1)})
    apart = zip_of(tmp_path / "d.zip", {"e\u0301/1.png": picture(0), "猫/ß.png": picture(1)})
    first, second = (loaded(tmp_path, path.name) for path in (composed, apart))
    assert first.classes == ("é", "猫")
    assert first.description["inputs_sha256"] == second.description["inputs_sha256"]


def test_a_name_that_is_no_text_is_shown_as_well_as_can_be(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"caf\xe9")  # noqa: PTH118  bytes
    try:
        os.mkdir(folder)  # noqa: PTH102
    except OSError:
        pytest.skip("this file system takes text only")
    (tmp_path / os.fsdecode(b"caf\xe9") / "1.png").write_bytes(picture())
    assert loaded(tmp_path, ".").classes == ("caf\ufffd",)


def test_links_are_followed_once(tmp_path):
    folder_of(tmp_path, ["data/cat/1.png"])
    (tmp_path / "data/dog").symlink_to(folder_of(tmp_path / "elsewhere", ["1.png"]))
    (tmp_path / "data/cat/loop").symlink_to(tmp_path / "data/cat")
    (tmp_path / "data/cat/nothing.png").symlink_to(tmp_path / "nowhere")
    assert loaded(tmp_path, "data").labels.tolist() == [0, 1]


def test_readable_names_come_from_a_table(tmp_path):
    folder_of(tmp_path, ["n02/1.png", "n01/1.png"])
    (tmp_path / "names.csv").write_text('\ufeffwnid,name\nn02,"cat, tabby"\nn01,dog\nn09,eel\n')
    assert loaded(tmp_path, ".", classes="names.csv").classes == ("dog", "cat, tabby")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("n01,dog\n", "`classes` must name every folder; `names.csv` does not name `n02`"),
        ("n01\n", "`classes` must have two columns, folder and name; `names.csv`"),
        (b"\xff\xfe", "`classes` must be a readable csv file"),
        (None, "`classes` must be a readable csv file"),
    ],
)
def test_tables_of_names_that_do_not_fit(tmp_path, table, sentence):
    folder_of(tmp_path / "data", ["n02/1.png", "n01/1.png"])
    if table is not None:
        (tmp_path / "names.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(InvalidInputError, match=sentence):
        loaded(tmp_path, "data", classes="names.csv")


@pytest.mark.parametrize(
    ("names", "split", "sentence"),
    [
        (["a/notes.txt", "a/b.txt"], None, "must hold images .* it holds 2 files, 2 of them .txt"),
        ([], None, "must hold images .*; it holds no files"),
        (SPLITS, None, "`split` must be one of `train`, `val`, the folders of this source; got"),
        (SPLITS, "vall", "`split` must be a folder with images; got 'vall', did you mean `val`"),
        (["a/1.png", "2.png"], None, "image in the folder of its class; `2.png` is in none"),
    ],
)
def test_layouts_that_are_refused(tmp_path, names, split, sentence):
    folder_of(tmp_path, names)
    with pytest.raises(InvalidInputError, match=sentence):
        loaded(tmp_path, ".", split=split)


def test_an_empty_class_is_named(tmp_path):
    folder_of(tmp_path / "data", ["cat/1.png"])
    (tmp_path / "data/dog").mkdir()
    (tmp_path / "data/.cache").mkdir()
    zip_of(tmp_path / "x.zip", {"cat/1.png": picture(), "dog/": b""})
    for location in ("data", "x.zip"):
        with pytest.raises(InvalidInputError, match="folder of every class; `dog` has none"):
            loaded(tmp_path, location)


# What a file may be.


@pytest.mark.parametrize(
    ("mode", "suffix", "kept"),
    [
        ("RGB", "png", "exact"),
        ("RGB", "bmp", "exact"),
        ("RGB", "webp", "exact"),
        ("RGB", "jpg", "shape"),
        ("RGBA", "png", "exact"),
        ("CMYK", "jpg", "shape"),
        ("L", "png", "grey"),
        ("LA", "png", "shape"),
        ("L", "gif", "shape"),
    ],
)
def test_formats_and_modes(tmp_path, mode, suffix, kept):
    content = picture(7, mode=mode, suffix=suffix)
    folder_of(tmp_path, ["a/x.png"])
    (tmp_path / f"a/x.{suffix}").write_bytes(content)
    if suffix != "png":
        (tmp_path / "a/x.png").unlink()
    (got,) = loaded(tmp_path, ".").batch(slice(1))
    assert got.shape == (3, 6, 5)
    raw = np.asarray(Image.open(io.BytesIO(content)))
    if kept == "exact":
        np.testing.assert_array_equal(got, raw[..., :3].transpose(2, 0, 1))
    if kept == "grey":
        np.testing.assert_array_equal(got, np.stack([raw] * 3))


def test_sixteen_bits_keep_the_upper_eight(tmp_path):
    values = np.array([[0, 255, 256], [32768, 65280, 65535]], np.uint16)
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "png")
    (tmp_path / "x.png").write_bytes(stream.getvalue())
    samples = shown(loaded(tmp_path, "."), Geometry(channels="grayscale"))
    assert samples.batch(slice(1)).tolist() == [[[[0, 0, 1], [128, 255, 255]]]]


def test_an_animation_shows_its_first_frame(tmp_path):
    frames = [Image.new("L", (4, 4), value) for value in (10, 200)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert (loaded(tmp_path, ".").batch(slice(1)) == 10).all()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "must be a PNG, JPEG, BMP, WebP or GIF image; its content is none of these"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "`a/x.png` must be a PNG, JPEG, BMP, WebP or GIF image"),
        (picture(size=(60, 50))[:20], "`a/x.png` must be "),
    ],
)
def test_what_is_no_image_is_named_before_anything_runs(tmp_path, content, sentence):
    folder_of(tmp_path, ["a/w.png", "a/x.png"])
    (tmp_path / "a/x.png").write_bytes(content)
    with pytest.raises(InvalidInputError, match=sentence):
        loaded(tmp_path, ".")


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp", "gif"])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_cut_image_is_named(tmp_path, suffix, keep):
    mode = "L" if suffix == "gif" else "RGB"
    content = picture(size=(90, 80), mode=mode, suffix=suffix)
    (tmp_path / "a").mkdir()
    (tmp_path / f"a/x.{suffix}").write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InvalidInputError, match=rf"`a/x.{suffix}` must be a whole image; it is da"):
        loaded(tmp_path, ".").batch(slice(None))


def bomb(width, height):
    """Return a PNG of some bytes that declares many pixels."""

    def chunk(kind, body):
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0"))


@pytest.mark.parametrize("side", [8193, 10_000, 60_000])
def test_too_many_pixels_are_refused_by_the_header(tmp_path, side):
    (tmp_path / "x.png").write_bytes(bomb(side, side))
    with pytest.raises(
        InvalidInputError, match=r"`x.png` must have at most 67,108,864 pixels; got"
    ):
        loaded(tmp_path, ".")


def test_a_long_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    (tmp_path / "x.png").write_bytes(bytes(1001))
    with pytest.raises(InvalidInputError, match=r"`x.png` must have at most 1,000 bytes; got more"):
        loaded(tmp_path, ".")
    zip_of(tmp_path / "x.zip", {"x.png": bytes(1001)})
    with pytest.raises(InvalidInputError, match="at most 1,000 bytes; got 1,001"):
        loaded(tmp_path, "x.zip")


def test_an_image_that_changes_during_a_run_is_named(tmp_path):
    folder_of(tmp_path, ["a/x.png"])
    samples = loaded(tmp_path, ".")
    found = (tmp_path / "a/x.png").stat()
    (tmp_path / "a/x.png").write_bytes(picture(8))
    os.utime(tmp_path / "a/x.png", ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(InvalidInputError, match=r"`a/x.png` must stay as it is during a run"):
        samples.batch(slice(1))


# What a zip may be.


def with_member(path, name="a/x.png", **changes):
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo(name)
        for key, value in changes.items():
            setattr(member, key, value)
        archive.writestr(member, picture())
    return path


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("../x.png", {}, r"must hold names below its own folder only; got `../x.png` in `x.zip`"),
        ("/etc/x.png", {}, "must hold names below its own folder only"),
        ("a/../../x.png", {}, "must hold names below its own folder only"),
        ("a/x.png", {"external_attr": 0o120777 << 16}, "must hold files and no links"),
        ("a/x.png", {"compress_type": zipfile.ZIP_LZMA}, "must be stored or deflated"),
    ],
)
def test_members_that_are_refused(tmp_path, name, changes, sentence):
    with_member(tmp_path / "x.zip", name, **changes)
    with pytest.raises(InvalidInputError, match=sentence):
        loaded(tmp_path, "x.zip")


def test_an_encrypted_member_is_refused(tmp_path):
    path = with_member(tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="must not be encrypted"):
        loaded(tmp_path, "x.zip")


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/x.png", picture())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/x.png", picture(1))
    with pytest.raises(InvalidInputError, match=r"must hold each name once; got `a/x.png`"):
        loaded(tmp_path, "x.zip")


def test_a_zip_that_declares_more_than_it_can_hold_is_refused(tmp_path):
    path = with_member(tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 1 << 24)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"honest zip; `x.zip` has \d+ bytes and declares"):
        loaded(tmp_path, "x.zip")


def test_a_member_that_grows_is_damaged(tmp_path):
    path = zip_of(tmp_path / "x.zip", {"x.png": bytes(5000)}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 100)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"must be an undamaged zip; `x.png` in `x.zip`"):
        loaded(tmp_path, "x.zip")


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_cut_zip_is_refused(tmp_path, keep):
    path = zip_of(tmp_path / "x.zip", {name: picture() for name in SPLITS})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(InvalidInputError, match=r"`source` must be a readable zip; `.*x.zip` is"):
        loaded(tmp_path, "x.zip", split="val")


def test_flipped_bytes_in_a_zip_are_named(tmp_path):
    path = zip_of(tmp_path / "x.zip", {"a/x.png": picture()})
    content = bytearray(path.read_bytes())
    content[80] ^= 255
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"must be an undamaged zip; `a/x.png` in `x.zip`"):
        loaded(tmp_path, "x.zip")


def test_ten_thousand_names_are_listed_without_reading_them(tmp_path, monkeypatch):
    reads = []
    read = files.ZipMembers.read
    monkeypatch.setattr(files.ZipMembers, "read", lambda *a: (reads.append(a[1]), read(*a))[1])
    content = picture()
    zip_of(tmp_path / "x.zip", {f"{n % 10}/{n}.png": content for n in range(10_000)})
    samples = loaded(tmp_path, "x.zip", count=20, order="balanced")
    assert np.bincount(samples.labels).tolist() == [2] * 10
    assert len(reads) == 20


@pytest.mark.data
@pytest.mark.skipif("TOPOLENS_DATA" not in os.environ, reason="needs TOPOLENS_DATA")
def test_imagenette(tmp_path):
    folder = Path(os.environ["TOPOLENS_DATA"]) / "images"
    samples = load_samples(
        "zip:imagenette.zip",
        base=folder,
        split="val",
        count=20,
        order="balanced",
        classes="imagenette_classes.csv",
    )
    assert samples.classes[0] == "tench"
    assert samples.labels[:10].tolist() == list(range(10))
    assert shown(samples, Geometry(resize=224, crop=224)).batch(slice(None)).shape == (
        20,
        3,
        224,
        224,
    )
