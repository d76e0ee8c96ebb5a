"""Pairs of diagrams or clouds -> distances. Importing this package fills the registry."""

from topolens.comparison.betti_curves import betti_curve_distance
from topolens.comparison.cca import canonical_correlations, cca, pwcca, svcca
from topolens.comparison.cka import linear_cka, unbiased_cka
from topolens.comparison.cross_barcode import cross_barcode, mtop_divergence
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
from topolens.comparison.information_imbalance import information_imbalance
from topolens.comparison.landscapes import landscape_distance
from topolens.comparison.mapper_graphs import MapperGraphDistance, mapper_graph_distance
from topolens.comparison.matching import bottleneck, wasserstein
from topolens.comparison.member_flow import MemberFlow, member_flow
from topolens.comparison.neighbour_persistence import NeighbourPersistence, neighbour_persistence
from topolens.comparison.neighbours import mutual_knn, neighbour_overlap, shared_neighbours
from topolens.comparison.pairwise import cross, pairwise
from topolens.comparison.procrustes import procrustes
from topolens.comparison.rbf_cka import rbf_cka
from topolens.comparison.rsa import dissimilarities, rsa
from topolens.comparison.rtd import RTDTrials, rtd, rtd_from_distances, rtd_trials
from topolens.comparison.shape import permutation_distance, shape_distance
from topolens.comparison.streaming_cka import StreamingCKA

__all__ = [
    "HeldOutDistance",
    "LayerIdentification",
    "MapperGraphDistance",
    "MemberFlow",
    "NeighbourPersistence",
    "PairIdentification",
    "RTDTrials",
    "StreamingCKA",
    "betti_curve_distance",
    "bottleneck",
    "canonical_correlations",
    "cca",
    "cross",
    "cross_barcode",
    "cross_validated_shape_distance",
    "dissimilarities",
    "image_distance",
    "information_imbalance",
    "landscape_distance",
    "linear_cka",
    "mapper_graph_distance",
    "member_flow",
    "mtop_divergence",
    "mutual_knn",
    "neighbour_overlap",
    "neighbour_persistence",
    "pairwise",
    "permutation_distance",
    "procrustes",
    "pwcca",
    "rbf_cka",
    "rsa",
    "rtd",
    "rtd_from_distances",
    "rtd_trials",
    "same_layer_identification",
    "shape_distance",
    "shared_neighbours",
    "sliced_wasserstein",
    "svcca",
    "unbiased_cka",
    "wasserstein",
]
