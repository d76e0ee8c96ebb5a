"""The command where terminals, pipes, disks and names are not as they should be."""

import os
import subprocess
import sys

import pytest
from study_files import READY, write_ready

TOPOLENS = [sys.executable, "-c", "from topolens.cli.main import main; main()"]
QUICK = READY.replace("resamples = 2", "resamples = 0")


def topolens(*arguments, **settings):
    command = [*TOPOLENS, *map(str, arguments)]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    return subprocess.run(command, check=False, **given)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mistakes")
    path = write_ready(folder, QUICK)
    assert topolens("run", path, "--out", folder / "out", "--no-report").returncode == 0
    return path


def run_again(study, **settings):
    return topolens("run", study, "--out", study.parent / "out", "--no-report", **settings)


def test_a_terminal_of_few_signs_gets_question_marks(study):
    settings = {"env": os.environ | {"PYTHONIOENCODING": "latin-1"}, "encoding": "latin-1"}
    done = run_again(study, **settings)
    assert done.returncode == 0, done.stderr
    assert "? " in done.stdout


def test_a_closed_standard_error_stops_nothing(study):
    done = run_again(study, stderr=None, preexec_fn=lambda: os.close(2))
    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == "ready-made"


def test_a_reader_of_the_progress_that_went_away_stops_nothing(study):
    reader, writer = os.pipe()
    os.close(reader)
    done = run_again(study, stderr=writer)
    os.close(writer)
    assert done.returncode == 0


def test_a_folder_that_is_a_file_is_a_sentence(study):
    done = topolens("run", study, "--out", study)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: `{study}` cannot be made a folder: File exists\n",
    )


def test_names_from_elsewhere_are_text_in_the_page(tmp_path):
    name = "<script>alert('ü & \"')</script>"
    folder = tmp_path / "größe <b>"
    folder.mkdir()
    text = QUICK.replace('"first"', f"'''{name}'''").replace("ready-made", "<b>bold</b>")
    done = topolens("run", write_ready(folder, text), "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_an_interrupt_of_the_report_ends_as_earlier_ones(study):
    code = (
        "import topolens.report as report\n"
        "from topolens.cli.main import main\n"
        "def interrupted(*_):\n    raise KeyboardInterrupt\n"
        "report.write_report = interrupted\n"
        f"main(['run', {str(study)!r}, '--out', {str(study.parent / 'out')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == (
        "stopped; what was finished is kept, run the same command to go on"
    )
