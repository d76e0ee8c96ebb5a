"""The shape of what a neural network makes of its data, layer by layer.

>>> import numpy as np
>>> import topolens as tl
>>> cloud = np.random.default_rng(0).normal(size=(60, 3))
>>> diagrams = tl.persistence(cloud, max_dim=1)
>>> len(diagrams[0].pairs)
60
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topolens.activations.data.datasets import load_samples
    from topolens.activations.data.foreground import ForegroundMasks, GrabCut, foreground_masks
    from topolens.activations.data.preprocess import preprocess
    from topolens.activations.hooks.capture import capture
    from topolens.activations.hooks.geometry_network import pixel_influences
    from topolens.activations.hooks.influence import Influence, map_boxes
    from topolens.activations.networks.models import load_model
    from topolens.activations.record import record
    from topolens.activations.stores.store import ActivationStore
    from topolens.base.arrangement import Embedding
    from topolens.base.curves import BettiCurve
    from topolens.base.errors import (
        Cancelled,
        InvalidInputError,
        MissingDependencyError,
        StoreError,
        StudyError,
        TopolensError,
        TopolensWarning,
    )
    from topolens.base.landscapes import PersistenceLandscape
    from topolens.base.mapper_graph import MapperGraph
    from topolens.base.mapper_overlap import NodeMatches, match_nodes
    from topolens.base.results import Diagram, Diagrams, DistanceMatrix
    from topolens.clouds import (
        FarthestPoints,
        Outliers,
        PrincipalComponents,
        farthest_points,
        local_outlier_factor,
        pca,
        random_projection,
        sample_rows,
    )
    from topolens.clouds.normalise import normalise
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
    from topolens.comparison.neighbour_persistence import (
        NeighbourPersistence,
        neighbour_persistence,
    )
    from topolens.comparison.neighbours import mutual_knn, neighbour_overlap, shared_neighbours
    from topolens.comparison.pairwise import pairwise
    from topolens.comparison.procrustes import procrustes
    from topolens.comparison.rbf_cka import rbf_cka
    from topolens.comparison.rsa import dissimilarities, rsa
    from topolens.comparison.rtd import RTDTrials, rtd, rtd_from_distances, rtd_trials
    from topolens.comparison.shape import permutation_distance, shape_distance
    from topolens.comparison.streaming_cka import StreamingCKA
    from topolens.descriptors.bars import persistence_bars, persistence_cycles
    from topolens.descriptors.batches import persistence_of_clouds, persistence_of_subsets
    from topolens.descriptors.betti import betti_curve, betti_number
    from topolens.descriptors.class_lifespans import lifespan_sum_per_class
    from topolens.descriptors.counts import bar_count
    from topolens.descriptors.entropy import persistent_entropy
    from topolens.descriptors.forecasts import (
        persistence_forecast,
        persistence_forecast_from_distances,
    )
    from topolens.descriptors.gride import gride
    from topolens.descriptors.hops import hop_distances
    from topolens.descriptors.images import persistence_image
    from topolens.descriptors.intrinsic import IntrinsicDimension
    from topolens.descriptors.landscapes import landscape_norm, persistence_landscape
    from topolens.descriptors.lifespans import lifespan_sum
    from topolens.descriptors.local_pca import local_pca_dimension
    from topolens.descriptors.mapper import (
        DBSCAN,
        BalancedCover,
        BallCover,
        BoxCover,
        Branch,
        BranchPoint,
        ClassHierarchy,
        EpsCurve,
        EpsGraph,
        LocalDBSCAN,
        MapperPlateau,
        MapperSetting,
        MapperSummary,
        MapperSupport,
        MapperSweep,
        MapperUnderNoise,
        SingleLinkage,
        UniformCover,
        branch_points,
        class_hierarchy,
        eps_curve,
        eps_curves_of_cover,
        eps_graph,
        eps_graph_forecast,
        eps_of_layers,
        lens_values,
        mapper_forecast,
        mapper_graph,
        mapper_layout,
        mapper_summaries,
        mapper_summary,
        mapper_support,
        mapper_sweep,
        mapper_to_networkx,
        mapper_under_noise,
        read_mapper,
        write_mapper,
    )
    from topolens.descriptors.mapper.purity import Purity, PurityScore, purity
    from topolens.descriptors.mle import mle_dimension
    from topolens.descriptors.normalised import normalised_persistence
    from topolens.descriptors.persistence import persistence, persistence_from_distances
    from topolens.descriptors.phdim import PHDimension, ph_dimension, ph_dimension_from_distances
    from topolens.descriptors.scikit_dimension import scikit_dimension
    from topolens.descriptors.significance import persistence_ratio, significant_bars
    from topolens.descriptors.twonn import two_nn
    from topolens.report import plot_barcode, plot_diagram, plot_distances, write_report
    from topolens.study.run import run
    from topolens.study.study import Study

__version__ = "0.1.0"

_HOMES = {
    "ActivationStore": "topolens.activations.stores.store",
    "BalancedCover": "topolens.descriptors.mapper",
    "BallCover": "topolens.descriptors.mapper",
    "BettiCurve": "topolens.base.curves",
    "BoxCover": "topolens.descriptors.mapper",
    "Branch": "topolens.descriptors.mapper",
    "BranchPoint": "topolens.descriptors.mapper",
    "Cancelled": "topolens.base.errors",
    "ClassHierarchy": "topolens.descriptors.mapper",
    "DBSCAN": "topolens.descriptors.mapper",
    "Diagram": "topolens.base.results",
    "Diagrams": "topolens.base.results",
    "DistanceMatrix": "topolens.base.results",
    "Embedding": "topolens.base.arrangement",
    "EpsCurve": "topolens.descriptors.mapper",
    "EpsGraph": "topolens.descriptors.mapper",
    "FarthestPoints": "topolens.clouds",
    "ForegroundMasks": "topolens.activations.data.foreground",
    "GrabCut": "topolens.activations.data.foreground",
    "HeldOutDistance": "topolens.comparison",
    "Influence": "topolens.activations.hooks.influence",
    "IntrinsicDimension": "topolens.descriptors",
    "InvalidInputError": "topolens.base.errors",
    "LayerIdentification": "topolens.comparison",
    "LocalDBSCAN": "topolens.descriptors.mapper",
    "MapperGraph": "topolens.base.mapper_graph",
    "MapperGraphDistance": "topolens.comparison.mapper_graphs",
    "MapperPlateau": "topolens.descriptors.mapper",
    "MapperSetting": "topolens.descriptors.mapper",
    "MapperSummary": "topolens.descriptors.mapper",
    "MapperSupport": "topolens.descriptors.mapper",
    "MapperSweep": "topolens.descriptors.mapper",
    "MapperUnderNoise": "topolens.descriptors.mapper",
    "MemberFlow": "topolens.comparison.member_flow",
    "MissingDependencyError": "topolens.base.errors",
    "NeighbourPersistence": "topolens.comparison.neighbour_persistence",
    "NodeMatches": "topolens.base.mapper_overlap",
    "Outliers": "topolens.clouds",
    "PHDimension": "topolens.descriptors",
    "PairIdentification": "topolens.comparison",
    "PersistenceLandscape": "topolens.base.landscapes",
    "PrincipalComponents": "topolens.clouds",
    "Purity": "topolens.descriptors.mapper",
    "PurityScore": "topolens.descriptors.mapper",
    "RTDTrials": "topolens.comparison.rtd",
    "SingleLinkage": "topolens.descriptors.mapper",
    "StoreError": "topolens.base.errors",
    "StreamingCKA": "topolens.comparison",
    "Study": "topolens.study.study",
    "StudyError": "topolens.base.errors",
    "TopolensError": "topolens.base.errors",
    "TopolensWarning": "topolens.base.errors",
    "UniformCover": "topolens.descriptors.mapper",
    "bar_count": "topolens.descriptors",
    "betti_curve": "topolens.descriptors",
    "betti_curve_distance": "topolens.comparison",
    "betti_number": "topolens.descriptors",
    "bottleneck": "topolens.comparison",
    "branch_points": "topolens.descriptors.mapper",
    "canonical_correlations": "topolens.comparison",
    "capture": "topolens.activations.hooks.capture",
    "cca": "topolens.comparison",
    "class_hierarchy": "topolens.descriptors.mapper",
    "cross_barcode": "topolens.comparison.cross_barcode",
    "cross_validated_shape_distance": "topolens.comparison",
    "dissimilarities": "topolens.comparison",
    "eps_curve": "topolens.descriptors.mapper",
    "eps_curves_of_cover": "topolens.descriptors.mapper",
    "eps_graph": "topolens.descriptors.mapper",
    "eps_graph_forecast": "topolens.descriptors.mapper",
    "eps_of_layers": "topolens.descriptors.mapper",
    "farthest_points": "topolens.clouds",
    "foreground_masks": "topolens.activations.data.foreground",
    "gride": "topolens.descriptors",
    "hop_distances": "topolens.descriptors",
    "image_distance": "topolens.comparison",
    "information_imbalance": "topolens.comparison.information_imbalance",
    "landscape_distance": "topolens.comparison",
    "landscape_norm": "topolens.descriptors",
    "lens_values": "topolens.descriptors.mapper",
    "lifespan_sum": "topolens.descriptors",
    "lifespan_sum_per_class": "topolens.descriptors",
    "linear_cka": "topolens.comparison",
    "load_model": "topolens.activations.networks.models",
    "load_samples": "topolens.activations.data.datasets",
    "local_outlier_factor": "topolens.clouds",
    "local_pca_dimension": "topolens.descriptors",
    "map_boxes": "topolens.activations.hooks.influence",
    "mapper_forecast": "topolens.descriptors.mapper",
    "mapper_graph": "topolens.descriptors.mapper",
    "mapper_graph_distance": "topolens.comparison.mapper_graphs",
    "mapper_layout": "topolens.descriptors.mapper",
    "mapper_summaries": "topolens.descriptors.mapper",
    "mapper_summary": "topolens.descriptors.mapper",
    "mapper_support": "topolens.descriptors.mapper",
    "mapper_sweep": "topolens.descriptors.mapper",
    "mapper_to_networkx": "topolens.descriptors.mapper",
    "mapper_under_noise": "topolens.descriptors.mapper",
    "match_nodes": "topolens.base.mapper_overlap",
    "member_flow": "topolens.comparison.member_flow",
    "mle_dimension": "topolens.descriptors",
    "mtop_divergence": "topolens.comparison.cross_barcode",
    "mutual_knn": "topolens.comparison.neighbours",
    "neighbour_overlap": "topolens.comparison.neighbours",
    "neighbour_persistence": "topolens.comparison.neighbour_persistence",
    "normalise": "topolens.clouds",
    "normalised_persistence": "topolens.descriptors",
    "pairwise": "topolens.comparison",
    "pca": "topolens.clouds",
    "permutation_distance": "topolens.comparison",
    "persistence": "topolens.descriptors",
    "persistence_bars": "topolens.descriptors.bars",
    "persistence_cycles": "topolens.descriptors.bars",
    "persistence_forecast": "topolens.descriptors.forecasts",
    "persistence_forecast_from_distances": "topolens.descriptors.forecasts",
    "persistence_from_distances": "topolens.descriptors",
    "persistence_image": "topolens.descriptors",
    "persistence_landscape": "topolens.descriptors",
    "persistence_of_clouds": "topolens.descriptors.batches",
    "persistence_of_subsets": "topolens.descriptors.batches",
    "persistence_ratio": "topolens.descriptors",
    "persistent_entropy": "topolens.descriptors",
    "ph_dimension": "topolens.descriptors",
    "ph_dimension_from_distances": "topolens.descriptors",
    "pixel_influences": "topolens.activations.hooks.geometry_network",
    "plot_barcode": "topolens.report",
    "plot_diagram": "topolens.report",
    "plot_distances": "topolens.report",
    "preprocess": "topolens.activations.data.preprocess",
    "procrustes": "topolens.comparison",
    "purity": "topolens.descriptors.mapper",
    "pwcca": "topolens.comparison",
    "random_projection": "topolens.clouds",
    "rbf_cka": "topolens.comparison",
    "read_mapper": "topolens.descriptors.mapper",
    "record": "topolens.activations.record",
    "rsa": "topolens.comparison",
    "rtd": "topolens.comparison.rtd",
    "rtd_from_distances": "topolens.comparison.rtd",
    "rtd_trials": "topolens.comparison.rtd",
    "run": "topolens.study.run",
    "same_layer_identification": "topolens.comparison",
    "sample_rows": "topolens.clouds",
    "scikit_dimension": "topolens.descriptors",
    "shape_distance": "topolens.comparison",
    "shared_neighbours": "topolens.comparison.neighbours",
    "significant_bars": "topolens.descriptors",
    "sliced_wasserstein": "topolens.comparison",
    "svcca": "topolens.comparison",
    "two_nn": "topolens.descriptors",
    "unbiased_cka": "topolens.comparison",
    "wasserstein": "topolens.comparison",
    "write_mapper": "topolens.descriptors.mapper",
    "write_report": "topolens.report",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name on first use, so that `import topolens` loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'topolens' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
