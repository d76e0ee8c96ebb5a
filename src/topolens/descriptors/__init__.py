"""Cloud -> diagrams -> numbers; one file each. Importing this package fills the registry."""

from topolens.descriptors.betti import betti_curve, betti_number
from topolens.descriptors.class_lifespans import ClassLifespans, lifespan_sum_per_class
from topolens.descriptors.counts import bar_count
from topolens.descriptors.entropy import persistent_entropy
from topolens.descriptors.images import PersistenceImage, persistence_image
from topolens.descriptors.landscapes import landscape_norm, persistence_landscape
from topolens.descriptors.lifespans import lifespan_sum
from topolens.descriptors.normalised import normalised_persistence
from topolens.descriptors.persistence import persistence, persistence_from_distances
from topolens.descriptors.phdim import PHDimension, ph_dimension, ph_dimension_from_distances
from topolens.descriptors.significance import SignificantBars, persistence_ratio, significant_bars

__all__ = [
    "ClassLifespans",
    "PHDimension",
    "PersistenceImage",
    "SignificantBars",
    "bar_count",
    "betti_curve",
    "betti_number",
    "landscape_norm",
    "lifespan_sum",
    "lifespan_sum_per_class",
    "normalised_persistence",
    "persistence",
    "persistence_from_distances",
    "persistence_image",
    "persistence_landscape",
    "persistence_ratio",
    "persistent_entropy",
    "ph_dimension",
    "ph_dimension_from_distances",
    "significant_bars",
]
