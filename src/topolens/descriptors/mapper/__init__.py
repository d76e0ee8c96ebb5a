"""Mapper graphs: cover the values of a lens, cluster the points over each piece, join."""

from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.boxes import BoxCover
from topolens.descriptors.mapper.branches import Branch, BranchPoint, branch_points
from topolens.descriptors.mapper.clustering import DBSCAN, SingleLinkage
from topolens.descriptors.mapper.covers import BalancedCover, BallCover, UniformCover
from topolens.descriptors.mapper.eps import (
    EpsCurve,
    LocalDBSCAN,
    eps_curve,
    eps_curves_of_cover,
    eps_of_layers,
)
from topolens.descriptors.mapper.export import mapper_to_networkx, read_mapper, write_mapper
from topolens.descriptors.mapper.forecast import eps_graph_forecast, mapper_forecast
from topolens.descriptors.mapper.graph import mapper_graph
from topolens.descriptors.mapper.hierarchy import ClassHierarchy, class_hierarchy
from topolens.descriptors.mapper.layout import mapper_layout
from topolens.descriptors.mapper.lens_names import LENSES, lens_values
from topolens.descriptors.mapper.neighbours import EpsGraph, eps_graph
from topolens.descriptors.mapper.noise import MapperUnderNoise, mapper_under_noise
from topolens.descriptors.mapper.purity import Purity, PurityScore, purity
from topolens.descriptors.mapper.summary import MapperSummary, mapper_summaries, mapper_summary
from topolens.descriptors.mapper.support import MapperSupport, mapper_support
from topolens.descriptors.mapper.sweep import (
    MapperPlateau,
    MapperSetting,
    MapperSweep,
    mapper_sweep,
)

__all__ = [
    "DBSCAN",
    "LENSES",
    "BalancedCover",
    "BallCover",
    "BoxCover",
    "Branch",
    "BranchPoint",
    "ClassHierarchy",
    "EpsCurve",
    "EpsGraph",
    "LocalDBSCAN",
    "MapperGraph",
    "MapperPlateau",
    "MapperSetting",
    "MapperSummary",
    "MapperSupport",
    "MapperSweep",
    "MapperUnderNoise",
    "Purity",
    "PurityScore",
    "SingleLinkage",
    "UniformCover",
    "branch_points",
    "class_hierarchy",
    "eps_curve",
    "eps_curves_of_cover",
    "eps_graph",
    "eps_graph_forecast",
    "eps_of_layers",
    "lens_values",
    "mapper_forecast",
    "mapper_graph",
    "mapper_layout",
    "mapper_summaries",
    "mapper_summary",
    "mapper_support",
    "mapper_sweep",
    "mapper_to_networkx",
    "mapper_under_noise",
    "purity",
    "read_mapper",
    "write_mapper",
]
