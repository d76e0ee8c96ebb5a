"""Rows of activations -> point clouds: which rows, at what scale, in how many coordinates."""

from topolens.base.duplicates import count_duplicates
from topolens.clouds.farthest import FarthestPoints, farthest_points
from topolens.clouds.normalise import NORMALISATIONS, normalise
from topolens.clouds.outliers import Outliers, local_outlier_factor
from topolens.clouds.principal import PrincipalComponents, pca
from topolens.clouds.projection import random_projection
from topolens.clouds.sampling import half_samples, sample_rows

__all__ = [
    "NORMALISATIONS",
    "FarthestPoints",
    "Outliers",
    "PrincipalComponents",
    "count_duplicates",
    "farthest_points",
    "half_samples",
    "local_outlier_factor",
    "normalise",
    "pca",
    "random_projection",
    "sample_rows",
]
