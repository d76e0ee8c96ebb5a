"""Cloud -> diagrams -> numbers; one file each. Importing this package fills the registry."""

from topolens.descriptors.betti import betti_curve, betti_number
from topolens.descriptors.class_lifespans import ClassLifespans, lifespan_sum_per_class
from topolens.descriptors.counts import bar_count
from topolens.descriptors.entropy import persistent_entropy
from topolens.descriptors.gride import gride
from topolens.descriptors.hops import hop_distances
from topolens.descriptors.images import PersistenceImage, persistence_image
from topolens.descriptors.intrinsic import IntrinsicDimension
from topolens.descriptors.landscapes import landscape_norm, persistence_landscape
from topolens.descriptors.lifespans import lifespan_sum
from topolens.descriptors.local_pca import local_pca_dimension
from topolens.descriptors.mle import mle_dimension
from topolens.descriptors.normalised import normalised_persistence
from topolens.descriptors.persistence import persistence, persistence_from_distances
from topolens.descriptors.phdim import PHDimension, ph_dimension, ph_dimension_from_distances
from topolens.descriptors.scikit_dimension import scikit_dimension
from topolens.descriptors.significance import SignificantBars, persistence_ratio, significant_bars
from topolens.descriptors.twonn import two_nn

__all__ = [
    "ClassLifespans",
    "IntrinsicDimension",
    "PHDimension",
    "PersistenceImage",
    "SignificantBars",
    "bar_count",
    "betti_curve",
    "betti_number",
    "gride",
    "hop_distances",
    "landscape_norm",
    "lifespan_sum",
    "lifespan_sum_per_class",
    "local_pca_dimension",
    "mle_dimension",
    "normalised_persistence",
    "persistence",
    "persistence_from_distances",
    "persistence_image",
    "persistence_landscape",
    "persistence_ratio",
    "persistent_entropy",
    "ph_dimension",
    "ph_dimension_from_distances",
    "scikit_dimension",
    "significant_bars",
    "two_nn",
]
