"""Forecasts of memory and time against what comes: the peak of resident memory, CPU seconds.

    python benchmarks/forecast.py             the table of docs/measures/persistence.md
    python benchmarks/forecast.py --quick     small clouds; what the test of the forecast reads

Each row is measured in a process of its own: the peak of resident memory is reset before the
computation, huge pages are off, and what the allocator keeps is given back first.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from persistence import CLOUDS

import topolens as tl
from topolens.kernels.distances import pairwise_distances

_PR_SET_THP_DISABLE = 41


@dataclass(frozen=True, slots=True)
class Case:
    """One computation."""

    cloud: str
    n: int
    dtype: str
    max_dim: int
    door: str = "points"


def resident(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {key} in /proc/self/status")


def measure(case):
    """Peak bytes and seconds of a computation, and the same foretold."""
    rng = np.random.default_rng([case.n, *case.cloud.encode()])
    given = np.ascontiguousarray(CLOUDS[case.cloud](rng, case.n).astype(case.dtype))
    tl.persistence(given[:60], max_dim=2)  # what is loaded on first use
    run, foretell, matrix = tl.persistence, tl.persistence_forecast, 0
    if case.door == "matrix":
        given = pairwise_distances(given)
        run, foretell = tl.persistence_from_distances, tl.persistence_forecast_from_distances
        matrix = given.nbytes
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, start = resident("VmRSS"), time.process_time()
    run(given, max_dim=case.max_dim)
    seconds, peak = time.process_time() - start, resident("VmHWM") - before + matrix
    start = time.process_time()
    forecast = foretell(given, max_dim=case.max_dim)
    return {
        **asdict(case),
        "peak_bytes": peak,
        "forecast_bytes": forecast.memory_bytes,
        "seconds": seconds,
        "forecast_seconds": forecast.seconds,
        "seconds_of_forecast": time.process_time() - start,
    }


def quick_cases():
    for cloud in ("gauss10", "relu20", "torus"):
        yield Case(cloud, 1000, "float32", 1)
        yield Case(cloud, 1000, "float32", 2)
        yield Case(cloud, 1700, "float64", 1)
    yield Case("mixture10", 3000, "float32", 1)
    yield Case("mixture10", 1000, "float32", 0)
    yield Case("mixture10", 1500, "float32", 1, "matrix")


def all_cases():
    for max_dim, sizes in ((0, (1000, 4000)), (1, (1000, 2000, 4000)), (2, (1000, 2000))):
        for n in sizes:
            for cloud in CLOUDS:
                for dtype in ("float32", "float64"):
                    yield Case(cloud, n, dtype, max_dim)
    for cloud in CLOUDS:
        yield Case(cloud, 2000, "float32", 1, "matrix")
        yield Case(cloud, 8000, "float32", 1)


def in_own_process(case):
    libc = ctypes.CDLL(None)
    command = [sys.executable, __file__, "--case", json.dumps(asdict(case))]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: libc.prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0),
    )
    return json.loads(done.stdout)


def line(row):
    memory = row["forecast_bytes"] / row["peak_bytes"]
    seconds = row["forecast_seconds"] / row["seconds"]
    what = f"{row['cloud']:10s} {row['n']:5d} {row['dtype']} H0..{row['max_dim']} {row['door']:6s}"
    peak = f"peak {row['peak_bytes'] / 1e6:7.2f} MB, forecast {memory:5.3f} of it"
    cost = row["seconds_of_forecast"] / row["seconds"]
    return f"{what}  {peak}; {row['seconds']:7.3f} s, {seconds:5.2f} of it, for {cost:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small clouds, as JSON")
    parser.add_argument("--case", help="one case as JSON, measured here")
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(Case(**json.loads(options.case)))))
        return
    for case in quick_cases() if options.quick else all_cases():
        row = in_own_process(case)
        print(json.dumps(row) if options.quick else line(row), flush=True)


if __name__ == "__main__":
    main()
