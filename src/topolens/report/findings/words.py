"""Numbers and lists as a reader expects them in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

__all__ = [
    "by_place",
    "correlation",
    "count",
    "every",
    "heading",
    "listing",
    "number",
    "percent",
    "quoted",
    "readable",
    "times",
    "unticked",
]

_LARGE = 1e5
_SMALL = 1e-3
_LABEL = re.compile(r"(\w+)\((.*)\)( H\d)?")
_CAPITALS = (
    "cca",
    "cka",
    "mle",
    "mtd",
    "nn",
    "pca",
    "ph",
    "pwcca",
    "rbf",
    "rsa",
    "rtd",
    "svcca",
    "svd",
)
_PROPER = {"two_nn": "TwoNN"}
_NAMES = ("betti", "gride", "gromov", "hausdorff", "procrustes", "wasserstein")
_WORDS = {
    "knn": "kNN",
    "mtop": "MTop",
    **{word: word.upper() for word in _CAPITALS},
    **{word: word.capitalize() for word in _NAMES},
}


def number(value: float) -> str:
    """Return three significant digits, without an exponent where that stays short."""
    if not np.isfinite(value):
        return "–" if np.isnan(value) else ("∞" if value > 0 else "−∞")
    value = float(f"{value:.3g}")
    if value == 0:
        return "0"
    size = abs(value)
    if size >= _LARGE or size < _SMALL:
        return f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("-", "−")
    digits = max(0, 2 - int(np.floor(np.log10(size))))
    return f"{value:.{digits}f}".replace("-", "−")


def percent(share: float, *, decimals: int = 0) -> str:
    """Return a share as a percentage; a small one keeps a decimal at least.

    The space does not break, so that number and sign stay together.
    """
    if not np.isfinite(share):
        return "–"
    hundredths = 100 * share
    if 0 < abs(hundredths) < 1:
        return f"{hundredths:.1f}\u00a0%"
    return f"{hundredths:.{decimals}f}\u00a0%"


def by_place(places: Sequence[tuple[str, str]], *, shown: int = 3) -> str:
    """Return "at a in 2 models and at b in “m”" from (place, model) pairs, commonest first."""
    groups: dict[str, list[str]] = {}
    for place, model in places:
        groups.setdefault(place, []).append(model)
    if len(groups) == 1 and len(places) > 1:
        return f"{places[0][0]} in {every(len(places), 'model')}"
    largest = sorted(groups.items(), key=lambda group: -len(group[1]))
    parts = [
        f"{place} in {quoted(models[0]) if len(models) == 1 else f'{len(models)} models'}"
        for place, models in largest[:shown]
    ]
    rest = sum(len(models) for _, models in largest[shown:])
    return listing([*parts, f"elsewhere in {count(rest, 'other')}"] if rest else parts)


def correlation(value: float) -> str:
    """Return a correlation with two decimals."""
    return f"{value:.2f}".replace("-", "−") if np.isfinite(value) else "–"


def every(amount: int, noun: str) -> str:
    """Return "both models" or "all 3 models"."""
    return f"both {noun}s" if amount == 2 else f"all {amount} {noun}s"


def readable(label: str) -> str:
    """Return a measure's or metric's label as words: `linear_cka` is "linear CKA".

    Parameters come last: `lifespan_sum(alpha=2) H1` is "lifespan sum H1, alpha = 2".
    """
    found = _LABEL.fullmatch(label)
    name, params, degree = found.groups("") if found else (label, "", "")
    name = _PROPER.get(name, name)
    words = [_WORDS.get(word, word) for word in f"{name}{degree}".replace(" ", "_").split("_")]
    text = " ".join(words)
    return f"{text}, {params.replace('=', ' = ').replace('_', ' ')}" if params else text


def heading(label: str) -> str:
    """Return a readable label with a capital first letter."""
    words = readable(label)
    return words[:1].upper() + words[1:]


def times(ratio: float) -> str:
    """Return a ratio as "2.3 times"."""
    return f"{number(ratio)} times"


def quoted(name: str) -> str:
    """Return a name in quotation marks."""
    return f"“{name}”"


def unticked(text: str) -> str:
    """Return a message with its code marks as quotation marks: a page shows no Markdown."""
    return re.sub(r"`([^`]+)`", r"“\1”", text)


def listing(words: Sequence[str], *, shown: int = 6) -> str:
    """Return "a, b and c"; a long list is cut and says how many more there are."""
    if len(words) > shown:
        return f"{', '.join(words[:shown])} and {len(words) - shown} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def count(amount: int, singular: str, plural: str | None = None) -> str:
    """Return "1 model", "3 models"."""
    return f"{amount:,} {singular if amount == 1 else plural or singular + 's'}"
