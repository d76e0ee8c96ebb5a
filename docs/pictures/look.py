"""How the pictures of the measures look, a cloud that many of them show, and where they go."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

BLUE, ORANGE, GREEN, GREY = "#0b6e99", "#c8553d", "#4c956c", "#8a9299"

mpl.use("Agg")
mpl.rcParams.update(
    {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
    }
)


def panels(count: int, *, height: float = 2.8) -> tuple[Figure, list[Axes]]:
    """Return a figure of the width of a page and its panels, side by side."""
    figure, axes = plt.subplots(1, count, figsize=(8.4, height), layout="constrained")
    return figure, list(axes) if count > 1 else [axes]


def ring(
    n_points: int,
    *,
    radius: float = 1.0,
    centre: tuple[float, float] = (0.0, 0.0),
    turn: float = 0.0,
) -> NDArray[np.float64]:
    """Return evenly spaced points on a circle."""
    angle = turn + 2 * np.pi * np.arange(n_points) / n_points
    return np.array(centre) + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def show_cloud(axis: Axes, points: NDArray[Any], *, colour: str = GREY, size: float = 6) -> None:
    """Draw a plane cloud without axes."""
    axis.scatter(*points.T, s=size, color=colour, linewidths=0)
    axis.set_aspect("equal")
    axis.axis("off")


def save(figure: Figure, name: str) -> None:
    """Write the picture of a measure beside this file."""
    figure.savefig(Path(__file__).with_name(f"{name}.png"), dpi=110)
    plt.close(figure)
