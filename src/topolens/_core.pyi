"""Types of the compiled module. Only `topolens.kernels` imports it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

max_points: int

class Metric:
    euclidean: Metric
    manhattan: Metric
    chebyshev: Metric
    cosine: Metric
    correlation: Metric

class SlicedDiagram:
    @property
    def count(self) -> int: ...
    @property
    def directions(self) -> int: ...

def slice_diagram(pairs: NDArray[np.float64], directions: int) -> SlicedDiagram: ...
def sliced_wasserstein(first: SlicedDiagram, second: SlicedDiagram) -> float: ...
def landscape(
    pairs: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]: ...
def landscape_distance(
    first_starts: NDArray[np.int64],
    first_scales: NDArray[np.float64],
    first_heights: NDArray[np.float64],
    second_starts: NDArray[np.int64],
    second_scales: NDArray[np.float64],
    second_heights: NDArray[np.float64],
    power: float,
) -> float: ...

class Ground:
    l1: Ground
    l2: Ground
    linf: Ground

class BarTree: ...

def bar_tree(pairs: NDArray[np.float64]) -> BarTree: ...
def bottleneck(first: BarTree, second: BarTree, ground: Ground) -> float: ...
def wasserstein(
    first: BarTree, second: BarTree, ground: Ground, order: float, relative_error: float
) -> tuple[float, float]: ...
def unit_rows(points: NDArray[Any], centred: bool) -> NDArray[Any]: ...
def pairwise_distances(
    points: NDArray[Any],
    metric: Metric,
    threads: int,
    progress: Callable[[float], None] | None,
) -> NDArray[Any]: ...

class _NearestSearch:
    def rows(self, begin: int, end: int) -> NDArray[Any]: ...
    def of_rows(
        self, begin: int, end: int, k: int, ties: bool
    ) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]: ...
    def by_screen(
        self,
        screen: NDArray[np.float32],
        offsets: NDArray[np.float64],
        exponent: int,
        begin: int,
        k: int,
        ties: bool,
    ) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]: ...

def nearest_search(points: NDArray[Any], metric: Metric) -> _NearestSearch: ...
def nearest_in_matrix(
    distances: NDArray[Any], begin: int, end: int, k: int, ties: bool
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]: ...
def spanning_lengths(distances: NDArray[Any]) -> NDArray[Any]: ...
def spanning_lengths_of_subset(
    distances: NDArray[Any], names: NDArray[np.uint32]
) -> NDArray[Any]: ...
def rips(
    distances: NDArray[Any],
    max_dim: int,
    threshold: float,
    threads: int,
    progress: Callable[[float], None] | None,
) -> list[tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]]: ...
def rips_peak_bytes(distances: NDArray[Any], max_dim: int, threshold: float) -> int: ...
def rips_cycles(
    distances: NDArray[Any],
    threshold: float,
    longer_than: float,
    threads: int,
    progress: Callable[[float], None] | None,
) -> list[tuple[float, float, list[NDArray[np.int32]], bool]]: ...
def simd() -> str: ...

class ClusterRule: ...

class EpsGraph:
    @property
    def n_pairs(self) -> int: ...
    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]: ...

class NearTilesFloat:
    def __init__(
        self,
        points: NDArray[Any],
        eps: float,
        lens: NDArray[np.float64],
        window: NDArray[np.float64],
        most_bytes: int,
    ) -> None: ...
    @property
    def n_panels(self) -> int: ...
    def packed(self) -> NDArray[np.float32]: ...
    def floors(self) -> NDArray[np.float32]: ...
    def starts(self) -> NDArray[np.float32]: ...
    def near_panels(self, begin: int, end: int) -> NDArray[np.int64]: ...
    def add(self, panel: int, rows: NDArray[np.int64], positions: NDArray[np.int64]) -> None: ...
    def finish(self) -> EpsGraph: ...

class NearTilesDouble(NearTilesFloat): ...

class NearForecast:
    @property
    def pairs(self) -> float: ...
    @property
    def most_pairs_at_once(self) -> float: ...
    @property
    def seconds(self) -> float: ...

def dbscan_rule(eps: float, min_samples: int) -> ClusterRule: ...
def single_linkage_rule(eps: float, n_bins: int, min_size: int) -> ClusterRule: ...
def mapper_clusters(
    points: NDArray[Any],
    offsets: NDArray[np.int64],
    members: NDArray[np.int32],
    rule: ClusterRule,
    threads: int,
    most_bytes: int,
    progress: Callable[[float], None] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]: ...
def eps_graph(
    points: NDArray[Any],
    eps: float,
    lens: NDArray[np.float64],
    window: NDArray[np.float64],
    threads: int,
    most_bytes: int,
    progress: Callable[[float], None] | None,
) -> EpsGraph: ...
def clusters_of_graph(
    graph: EpsGraph,
    points: NDArray[Any],
    offsets: NDArray[np.int64],
    members: NDArray[np.int32],
    rule: ClusterRule,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]: ...
def forecast_of_cover(
    points: NDArray[Any],
    eps: float,
    offsets: NDArray[np.int64],
    members: NDArray[np.int32],
    n_sampled: int,
) -> NearForecast: ...
def forecast_of_window(
    points: NDArray[Any],
    eps: float,
    lens: NDArray[np.float64],
    window: NDArray[np.float64],
    n_sampled: int,
) -> NearForecast: ...
def nerve(
    offsets: NDArray[np.int64], members: NDArray[np.int32], n_points: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]: ...
