"""Documentation that cannot drift: examples run, registered names have their section."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries
from topolens.base.registry import descriptors, metrics
from topolens.clouds.normalise import NORMALISATIONS
from topolens.descriptors.mapper import LENSES
from topolens.study.cloud_spec import CloudSpec, OutlierSpec
from topolens.study.mapper_spec import ClusterSpec, CoverSpec, MapperSpec
from topolens.study.reading import read_study
from topolens.study.spec import CaptureSpec, DataSpec, ModelSpec, StudySpec

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STUDIES = (ROOT / "docs" / "studies" / "README.md").read_text(encoding="utf-8")
MEASURES = (ROOT / "docs" / "measures" / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_ten_lines_of_the_readme_run():
    code = "import matplotlib; matplotlib.use('Agg')\n" + blocks("python")[0]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    distance, similarity = map(float, done.stdout.split())
    assert distance > 0
    assert 0 < similarity < 1


def test_the_study_of_the_readme_is_valid_but_for_its_files(tmp_path):
    for name in ("images.npz", "seed0.safetensors", "layers.npz"):
        (tmp_path / name).touch()
    path = tmp_path / "study.toml"
    path.write_text(blocks("toml")[0])
    assert [model.name for model in read_study(path).spec.models] == ["seed 0", "from elsewhere"]


def test_the_make_targets_of_the_readme_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, flags=re.MULTILINE))
    assert named <= targets
    assert {"setup", "demo", "test", "test-full", "check", "bench"} <= targets


def test_links_of_the_readme_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://arxiv.org/") or (ROOT / target).exists(), target


TABLES = [StudySpec, DataSpec, ModelSpec, CaptureSpec, CloudSpec, OutlierSpec]
TABLES += [MapperSpec, CoverSpec, ClusterSpec]


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_a_study_is_explained(table):
    first_cells = re.findall(r"^\| (`[^|]+) \|", STUDIES, flags=re.MULTILINE)
    explained = {key for cell in first_cells for key in re.findall(r"`(?:\w+\.)?(\w+)`", cell)}
    headed = set(re.findall(r"^## `\[+(\w+)\]+`", STUDIES, flags=re.MULTILINE))
    assert set(table.model_fields) <= explained | headed


MEASURE_PAGES = {
    name: ROOT / "docs" / "measures" / f"{name}.md" for name in [*descriptors, *metrics]
}


@pytest.mark.parametrize("name", MEASURE_PAGES)
def test_every_measure_has_a_page_that_says_all_and_shows_it(name):
    page = MEASURE_PAGES[name].read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    assert f"]({name}.md)" in MEASURES
    for said in ("**Formula.**", "**Source.**", "**Cost.**", "**Unchanged by**", "**Misleads**"):
        assert said in page, said
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    assert pictures
    for picture in pictures:
        assert (MEASURE_PAGES[name].parent / picture).exists(), picture


MAPPER_GUIDE = ROOT / "docs" / "mapper" / "README.md"

# Functions that take more than a registry's measures do have pages too.
EXAMPLE_PAGES = MEASURE_PAGES | {"mapper": MAPPER_GUIDE}
EXAMPLE_PAGES |= {
    path.stem: path
    for path in sorted((ROOT / "docs" / "measures").glob("*.md"))
    if ">>>" in path.read_text(encoding="utf-8")
}


@pytest.mark.parametrize("name", EXAMPLE_PAGES)
def test_the_example_on_the_page_of_a_measure_runs(name):
    """Python examples are doctests: what they show is what comes out."""
    page = EXAMPLE_PAGES[name].read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert any(">>>" in example for example in examples)
    test = doctest.DocTestParser().get_doctest("\n".join(examples), {}, name, None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_the_guide_to_mapper_explains_every_lens_and_shows_its_pictures():
    page = MAPPER_GUIDE.read_text(encoding="utf-8")
    for lens in LENSES:
        assert f"\n| `{lens}" in page, lens
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    assert pictures
    for picture in pictures:
        assert (MAPPER_GUIDE.parent / picture).exists(), picture


def test_every_normalisation_is_explained():
    assert set(re.findall(r"^\| `(\w+)` \|", MEASURES, flags=re.MULTILINE)) == set(NORMALISATIONS)


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.toml")), ids=lambda p: p.name)
def test_the_ready_studies_are_valid(path, data_folder):
    assert read_study(path).spec.models
