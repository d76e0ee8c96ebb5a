"""What `import topolens` offers, and what it costs."""

import importlib
import importlib.metadata
import json
import subprocess
import sys

import pytest

import topolens

HEAVY = {
    "jinja2",
    "matplotlib",
    "pandas",
    "pydantic",
    "ripser",
    "scipy",
    "sklearn",
    "torch",
    "typer",
}


def modules_after(statement):
    """Top-level names in sys.modules of a new interpreter after one statement."""
    script = f"import json, sys\n{statement}\nprint(json.dumps([*sys.modules]))"
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_names_are_sorted_and_listed():
    assert topolens.__all__ == sorted(topolens.__all__)
    assert dir(topolens) == topolens.__all__


@pytest.mark.parametrize("name", topolens.__all__)
def test_every_name_is_there(name):
    if topolens._HOMES.get(name, "").startswith("topolens.activations"):
        pytest.importorskip("torch")
    assert getattr(topolens, name) is not None


@pytest.mark.parametrize("name", sorted(topolens._HOMES))
def test_every_name_has_a_documented_object_of_its_own(name):
    if topolens._HOMES[name].startswith("topolens.activations"):
        pytest.importorskip("torch")
    thing = getattr(topolens, name)
    assert thing.__name__ == name
    assert thing.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"\Amodule 'topolens' has no attribute 'persistance'"):
        topolens.persistance  # noqa: B018


def test_a_submodule_does_not_hide_the_function_of_its_name():
    for name in ("run", "persistence", "pairwise", "normalise"):
        importlib.import_module(topolens._HOMES[name])
        assert callable(getattr(topolens, name)), name


def test_the_version_is_the_installed_one():
    assert topolens.__version__ == importlib.metadata.version("topolens")


def test_importing_loads_nothing_heavy():
    assert modules_after("import topolens") & HEAVY == set()


def test_measuring_loads_neither_torch_nor_plots():
    statement = "import topolens; topolens.persistence; topolens.pairwise"
    loaded = modules_after(statement)
    assert "numpy" in loaded
    assert loaded & {"torch", "matplotlib", "jinja2", "typer"} == set()


def test_importing_writes_and_configures_nothing(tmp_path):
    script = (
        "import logging, topolens\n"
        "assert not logging.getLogger().handlers\n"
        "assert not logging.getLogger('topolens').handlers\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []
