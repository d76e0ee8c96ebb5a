"""Many pairs at once: both ways give what the definition gives."""

import numpy as np
import pytest

from topolens.base.errors import InvalidInputError
from topolens.comparison import alignment


def products(rows, columns):
    return np.array([[np.linalg.norm(b.T @ a) ** 2 for b in columns] for a in rows])


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(50, width)) for width in (3, 8, 60, 1)]


@pytest.mark.parametrize("way", ["products", "grams"])
@pytest.mark.parametrize("tile_bytes", [1, 400 * 8, 2**20])
def test_all_pairs(clouds, way, tile_bytes, monkeypatch):
    cost = {"products": 0.0, "grams": np.inf}[way]
    monkeypatch.setattr(alignment, "_cost_by_products", lambda *a, **k: cost)
    monkeypatch.setattr(alignment, "_TILE_BYTES", tile_bytes)
    found = alignment.squared_alignments(clouds, clouds)
    np.testing.assert_allclose(found, products(clouds, clouds), rtol=1e-10)
    found = alignment.squared_alignments(clouds[:1], clouds[1:])
    np.testing.assert_allclose(found, products(clouds[:1], clouds[1:]), rtol=1e-10)


def test_many_wide_clouds_go_by_gram_matrices_and_two_do_not():
    wide = [np.zeros((100, 60))] * 20
    narrow = wide[:2]
    by_grams = alignment._cost_by_grams(wide, 20, 20)
    assert by_grams < alignment._cost_by_products(wide, wide, same=True)
    by_grams = alignment._cost_by_grams(narrow, 2, 2)
    assert by_grams > 0.5 * alignment._cost_by_products(narrow, narrow, same=True)


def test_unequal_lengths_are_refused(clouds):
    with pytest.raises(InvalidInputError, match="must hold the same samples row by row"):
        alignment.squared_alignments(clouds, [np.zeros((49, 2))])
