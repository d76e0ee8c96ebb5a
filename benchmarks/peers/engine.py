"""One engine on one matrix, in a process of its own: CPU seconds, extra memory, bars.

python engine.py ENGINE MATRIX.npy MAX_DIM REPEATS OUT.npz
"""

import sys
import time
from pathlib import Path

import numpy as np


def topolens(matrix, max_dim):
    from topolens.kernels.rips import rips_pairs

    return lambda: rips_pairs(matrix, max_dim=max_dim)


def gudhi(matrix, max_dim):
    from gudhi.sklearn import RipsPersistence

    engine = RipsPersistence(
        homology_dimensions=list(range(max_dim + 1)),
        input_type="full distance matrix",
        homology_coeff_field=2,
    )
    return lambda: engine.fit_transform([matrix])[0]


def ripser(matrix, max_dim):
    from ripser import ripser as run

    return lambda: run(matrix, maxdim=max_dim, distance_matrix=True)["dgms"]


def numpy_prim(matrix, max_dim):
    def run():
        n = len(matrix)
        reach = matrix[0].copy()
        outside = np.ones(n, bool)
        outside[0] = False
        deaths = np.empty(n)
        for step in range(n - 1):
            nearest = np.where(outside, reach, np.inf).argmin()
            deaths[step] = reach[nearest]
            outside[nearest] = False
            np.minimum(reach, matrix[nearest], out=reach)
        deaths[-1] = np.inf
        return [np.column_stack([np.zeros(n), deaths])]

    return run


def scipy_linkage(matrix, max_dim):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    condensed = squareform(matrix, checks=False)

    def run():
        deaths = np.append(linkage(condensed, "single")[:, 2], np.inf)
        return [np.column_stack([np.zeros(len(deaths)), deaths])]

    return run


ENGINES = {
    engine.__name__: engine for engine in (topolens, gudhi, ripser, numpy_prim, scipy_linkage)
}


def peak_bytes():
    # Not ru_maxrss: that includes the parent's memory before this program started.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    name, matrix_file, max_dim, repeats, out = sys.argv[1:]
    matrix = np.load(matrix_file)
    run = ENGINES[name](matrix, int(max_dim))
    before = peak_bytes()
    seconds = []
    for _ in range(int(repeats)):
        start = time.process_time()
        bars = run()
        seconds.append(time.process_time() - start)
    sorted_bars = []
    for pairs in bars:
        pairs = np.asarray(pairs, np.float64).reshape(-1, 2)
        pairs = pairs[pairs[:, 0] < pairs[:, 1]]
        sorted_bars.append(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])
    np.savez(out, *sorted_bars)
    print(min(seconds), peak_bytes() - before)


if __name__ == "__main__":
    main()
