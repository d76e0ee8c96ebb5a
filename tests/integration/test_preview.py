"""A dry run: mistakes that a trial of each model shows, and the layers that it finds."""

import re
from textwrap import dedent

import numpy as np
import pytest

pytest.importorskip("torch")

from topolens.base.errors import StudyError
from topolens.study.preview import preview
from topolens.study.reading import read_study
from topolens.study.run import run

NETWORKS = """
    import torch
    from torch import nn

    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.pool, self.head = nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Linear(2, 3)

        def forward(self, images):
            return self.head(self.pool(self.pool(self.conv(images))).flatten(1))

    class OfFour(Pooled):
        def forward(self, images):
            return self.head(self.pool(self.pool(self.conv(images))).view(4, 2))

    def pooled():
        return Pooled()

    def of_four():
        return OfFour()
"""


def study_of(folder, *models, batch_size=4):
    images = np.random.default_rng(0).normal(size=(8, 1, 8, 8)).astype(np.float32)
    np.savez(folder / "data.npz", x_test=images, y_test=np.arange(8) % 3)
    (folder / "networks.py").write_text(dedent(NETWORKS))
    text = (
        f'name = "tried"\n[data]\nsource = "npz:data.npz"\n[capture]\nbatch_size = {batch_size}\n'
    )
    for name, factory, settings in models:
        text += f'[[models]]\nname = "{name}"\nsource = "py:networks.py:{factory}"\n{settings}\n'
    (folder / "study.toml").write_text(text + "[[clouds]]\nname = 'all'\n")
    return read_study(folder / "study.toml", trust=True)


def test_a_dry_run_names_every_model_that_its_trial_refuses(tmp_path):
    file = study_of(
        tmp_path,
        ("grid", "pooled", 'layers = ["conv"]\npool = "grid:9"'),
        ("fine", "pooled", 'layers = ["conv"]'),
        ("places", "pooled", 'layers = ["pool"]\npool = "random:40"'),
    )
    with pytest.raises(StudyError) as caught:
        preview(file, tmp_path / "out")
    first, last = caught.value.mistakes
    assert re.match(r'models\[1\] "grid": layer `conv` must ', first)
    assert re.match(r'models\[3\] "places": layer `pool(#0)?` must ', last)


def test_a_dry_run_tries_the_whole_first_batch_where_two_samples_do_not_fit(tmp_path):
    file = study_of(tmp_path, ("fours", "of_four", 'layers = ["conv"]'))
    (line,) = (line for line in preview(file, tmp_path / "out") if line.startswith("capture"))
    assert "size unknown" not in line


def test_a_dry_run_counts_a_layer_per_call(tmp_path):
    file = study_of(tmp_path, ("twice", "pooled", 'layers = ["conv", "pool"]'))
    before = preview(file, tmp_path / "out")
    assert before[0] == "tried: 1 model, 3 layers, 1 cloud"
    assert "conv, pool#0, pool#1 (to do, " in before[1]
    run(file, tmp_path / "out")
    after = preview(file, tmp_path / "out")
    assert after[0] == before[0]
    assert "conv, pool#0, pool#1 (done)" in after[1]
