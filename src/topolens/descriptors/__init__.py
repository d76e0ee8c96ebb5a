"""Cloud -> diagrams -> numbers; one file each. Importing this package fills the registry."""

from topolens.descriptors.betti import betti_curve, betti_number
from topolens.descriptors.counts import bar_count
from topolens.descriptors.entropy import persistent_entropy
from topolens.descriptors.landscapes import landscape_norm, persistence_landscape
from topolens.descriptors.lifespans import lifespan_sum
from topolens.descriptors.persistence import persistence, persistence_from_distances

__all__ = [
    "bar_count",
    "betti_curve",
    "betti_number",
    "landscape_norm",
    "lifespan_sum",
    "persistence",
    "persistence_from_distances",
    "persistence_landscape",
    "persistent_entropy",
]
