"""Rows of activations -> point clouds: which rows, at what scale."""

from topolens.clouds.duplicates import count_duplicates
from topolens.clouds.normalise import NORMALISATIONS, normalise
from topolens.clouds.sampling import half_samples, sample_rows

__all__ = ["NORMALISATIONS", "count_duplicates", "half_samples", "normalise", "sample_rows"]
