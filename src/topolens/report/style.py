"""One look for every figure: colours that survive colour blindness and both themes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "GRID",
    "INK",
    "MUTED",
    "PAPER",
    "SERIES",
    "THEME_VARIABLES",
    "LineStyle",
    "drawing_style",
    "line_styles",
    "new_figure",
    "plain",
    "short",
    "short_names",
    "style_words",
]

INK = "#1c2027"
MUTED = "#626b78"
GRID = "#e2e5ea"
PAPER = "#fefefe"
SERIES = (
    "#0b6aa8",
    "#c4510c",
    "#0a8763",
    "#ab4a8a",
    "#967003",
    "#5f52b5",
    "#93303f",
    "#57606e",
)
THEME_VARIABLES: Mapping[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--card)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(SERIES)},
}
"""What each drawing colour becomes inside the page, so that charts follow its theme."""

_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 3)))
_MARKERS = ("o", "s", "D", "^", "v", "P")
_STYLE: Mapping[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.0,
    "figure.dpi": 100.0,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "image.interpolation": "none",
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "topolens",
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelsize": 8.5,
}


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one model is drawn everywhere."""

    colour: str
    dash: Any
    marker: str

    @property
    def series(self) -> int:
        """Position of the colour among the series colours."""
        return SERIES.index(self.colour)

    @property
    def dash_array(self) -> str:
        """The dash as SVG writes it; empty for a full line."""
        return "" if isinstance(self.dash, str) else " ".join(f"{2 * on:g}" for on in self.dash[1])


def drawing_style() -> AbstractContextManager[None]:
    """Return the context in which figures are made and saved; leaves global settings alone."""
    settings: dict[Any, Any] = dict(mpl.rcParamsDefault.items()) | dict(_STYLE)
    settings.pop("backend", None)
    context: AbstractContextManager[None] = mpl.rc_context(settings)
    return context


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches that belongs to no global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def line_styles(models: Iterable[tuple[str, str]]) -> dict[str, LineStyle]:
    """Return a style per model from (model, family) pairs.

    Families differ by colour and their members by dash; a single family of few members shows
    each member in its own colour.
    """
    pairs = list(dict.fromkeys(models))
    families = list(dict.fromkeys(family for _, family in pairs))
    by_member = len(families) == 1 and len(pairs) <= len(SERIES)
    styles: dict[str, LineStyle] = {}
    seen = dict.fromkeys(families, 0)
    for index, (model, family) in enumerate(pairs):
        place = index if by_member else families.index(family)
        member = 0 if by_member else seen[family]
        seen[family] += 1
        styles[model] = LineStyle(
            SERIES[place % len(SERIES)],
            _DASHES[(member + place // len(SERIES)) % len(_DASHES)],
            _MARKERS[place % len(_MARKERS)],
        )
    return styles


def style_words(styles: Mapping[str, LineStyle]) -> str:
    """Say by what several models are told apart, as `line_styles` drew them."""
    colours = {style.colour for style in styles.values()}
    if len(colours) == len(styles):
        return "each model has a colour of its own"
    if len(colours) == 1:
        return "models differ by dash"
    return "families differ by colour, their members by dash"


def plain(name: str) -> str:
    """Return a name that matplotlib draws as it stands: no formulas, no hidden legend entries."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in name)
    shown = shown.replace("$", r"\$")
    return f"\u200b{shown}" if shown.startswith("_") else shown


def short(name: str, length: int = 24) -> str:
    """Return a name cut in the middle, for tick labels."""
    if len(name) <= length:
        return name
    head = (length - 1) // 2
    return f"{name[:head]}…{name[len(name) - (length - 1 - head) :]}"


def short_names(names: Sequence[str], length: int = 24) -> dict[str, str]:
    """Return a label per layer name that tells it from the others, for little room.

    A name that is too long loses its first parts as long as no other name ends alike, so that
    `blocks.0.after_attention` becomes `0.after_attention`; what is still too long is cut in the
    middle.
    """
    known = dict.fromkeys(names)
    return {name: name if len(name) <= length else _tail(name, known, length) for name in known}


def _tail(name: str, names: Iterable[str], length: int) -> str:
    parts = name.split(".")
    tails = [".".join(parts[start:]) for start in range(len(parts))]
    telling = [
        tail for tail in tails if all(o == name or not f".{o}".endswith(f".{tail}") for o in names)
    ]
    fitting = (tail for tail in telling if len(tail) <= length)
    return next(fitting, short(telling[-1], length))
