"""One Mapper engine on one cloud, in a process of its own: CPU seconds, extra memory, the graph.

python mapper_engine.py ENGINE CLOUD.npz OUT.npz
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def topolens(points, lens, n_intervals, overlap, eps, min_samples):
    import topolens as tl

    settings = {
        "cover": tl.UniformCover(n_intervals, overlap),
        "cluster": tl.DBSCAN(eps, min_samples),
    }

    def run():
        graph = tl.mapper_graph(points, lens, **settings)
        return graph.n_nodes, graph.n_edges

    return run


def kepler_mapper(points, lens, n_intervals, overlap, eps, min_samples):
    import kmapper
    from sklearn.cluster import DBSCAN

    def run():
        graph = kmapper.KeplerMapper(verbose=0).map(
            lens,
            points,
            cover=kmapper.Cover(n_cubes=n_intervals, perc_overlap=overlap),
            clusterer=DBSCAN(eps=eps, min_samples=min_samples),
        )
        return len(graph["nodes"]), sum(map(len, graph["links"].values()))

    return run


def zen_mapper(points, lens, n_intervals, overlap, eps, min_samples):
    import zen_mapper as zm
    from sklearn.cluster import DBSCAN

    def run():
        result = zm.mapper(
            data=points,
            projection=lens,
            cover_scheme=zm.Width_Balanced_Cover([n_intervals] * lens.shape[1], overlap),
            clusterer=zm.sk_learn(DBSCAN(eps=eps, min_samples=min_samples)),
            dim=1,
        )
        return len(result.nodes), len(list(result.nerve[1]))

    return run


def tda_mapper(points, lens, n_intervals, overlap, eps, min_samples):
    from sklearn.cluster import DBSCAN
    from tdamapper.cover import CubicalCover
    from tdamapper.learn import MapperAlgorithm

    algorithm = MapperAlgorithm(
        # Its default leaves out every interval whose points others have already covered.
        CubicalCover(n_intervals=n_intervals, overlap_frac=overlap, algorithm="standard"),
        DBSCAN(eps=eps, min_samples=min_samples),
        verbose=False,
    )

    def run():
        graph = algorithm.fit_transform(points, lens)
        return graph.number_of_nodes(), graph.number_of_edges()

    return run


def giotto_tda(points, lens, n_intervals, overlap, eps, min_samples):
    from gtda.mapper import CubicalCover, make_mapper_pipeline
    from sklearn.cluster import DBSCAN
    from sklearn.preprocessing import FunctionTransformer

    pipeline = make_mapper_pipeline(
        filter_func=FunctionTransformer(lambda _: lens),
        cover=CubicalCover(n_intervals=n_intervals, overlap_frac=overlap),
        clusterer=DBSCAN(eps=eps, min_samples=min_samples),
    )

    def run():
        graph = pipeline.fit_transform(points)
        return graph.vcount(), graph.ecount()

    return run


ENGINES = {
    engine.__name__: engine
    for engine in (topolens, kepler_mapper, zen_mapper, tda_mapper, giotto_tda)
}


def peak_bytes():
    # Not ru_maxrss: that includes the parent's memory before this program started.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    name, cloud_file, out = sys.argv[1:]
    cloud = np.load(cloud_file)
    settings = json.loads(str(cloud["settings"]))
    start = time.process_time()
    run = ENGINES[name](cloud["points"], cloud["lens"], **settings)
    imports = time.process_time() - start
    before = peak_bytes()
    start = time.process_time()
    n_nodes, n_edges = run()
    seconds = time.process_time() - start
    answer = {
        "n_nodes": n_nodes,
        "n_edges": n_edges,
        "import_seconds": imports,
        "seconds": seconds,
        "whole_seconds": time.process_time(),
        "extra_bytes": peak_bytes() - before,
    }
    Path(out).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
