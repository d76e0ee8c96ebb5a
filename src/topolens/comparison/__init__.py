"""Pairs of diagrams or clouds -> distances. Importing this package fills the registry."""

from topolens.comparison.betti_curves import betti_curve_distance
from topolens.comparison.diagrams import sliced_wasserstein
from topolens.comparison.identification import (
    LayerIdentification,
    PairIdentification,
    same_layer_identification,
)
from topolens.comparison.landscapes import landscape_distance
from topolens.comparison.pairwise import cross, pairwise
from topolens.comparison.similarity import linear_cka

__all__ = [
    "LayerIdentification",
    "PairIdentification",
    "betti_curve_distance",
    "cross",
    "landscape_distance",
    "linear_cka",
    "pairwise",
    "same_layer_identification",
    "sliced_wasserstein",
]
