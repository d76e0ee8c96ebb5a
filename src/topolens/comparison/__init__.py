"""Pairs of diagrams or clouds -> distances. Importing this package fills the registry."""

from topolens.comparison.betti_curves import betti_curve_distance
from topolens.comparison.cca import canonical_correlations, cca, pwcca, svcca
from topolens.comparison.cka import linear_cka, unbiased_cka
from topolens.comparison.cross_validation import (
    HeldOutDistance,
    cross_validated_shape_distance,
)
from topolens.comparison.diagrams import sliced_wasserstein
from topolens.comparison.identification import (
    LayerIdentification,
    PairIdentification,
    same_layer_identification,
)
from topolens.comparison.images import image_distance
from topolens.comparison.landscapes import landscape_distance
from topolens.comparison.pairwise import cross, pairwise
from topolens.comparison.procrustes import procrustes
from topolens.comparison.rbf_cka import rbf_cka
from topolens.comparison.rsa import dissimilarities, rsa
from topolens.comparison.shape import permutation_distance, shape_distance
from topolens.comparison.streaming_cka import StreamingCKA

__all__ = [
    "HeldOutDistance",
    "LayerIdentification",
    "PairIdentification",
    "StreamingCKA",
    "betti_curve_distance",
    "canonical_correlations",
    "cca",
    "cross",
    "cross_validated_shape_distance",
    "dissimilarities",
    "image_distance",
    "landscape_distance",
    "linear_cka",
    "pairwise",
    "permutation_distance",
    "procrustes",
    "pwcca",
    "rbf_cka",
    "rsa",
    "same_layer_identification",
    "shape_distance",
    "sliced_wasserstein",
    "svcca",
    "unbiased_cka",
]
