"""Pairs of diagrams or clouds -> distances. Importing this package fills the registry."""

from topolens.comparison.diagrams import sliced_wasserstein
from topolens.comparison.pairwise import cross, pairwise
from topolens.comparison.similarity import linear_cka

__all__ = ["cross", "linear_cka", "pairwise", "sliced_wasserstein"]
