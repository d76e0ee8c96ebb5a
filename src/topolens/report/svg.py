"""A drawn figure as SVG inside the page, following the page's theme."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from markupsafe import Markup

from topolens.report.style import THEME_VARIABLES, drawing_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_svg", "save_figure"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LONG_DECIMAL = re.compile(r"(\d+\.\d\d)\d+")
_GEOMETRY = ("d", "x", "y", "points")


def inline_svg(
    figure: Figure,
    *,
    prefix: str,
    description: str,
) -> Markup:
    """Return the figure as an `<svg>` element that can stand in an HTML page.

    Parameters
    ----------
    figure : Figure
        Drawn with the colours of `topolens.report.style`, which become theme variables.
    prefix : str
        Makes the ids of this figure different from those of every other on the page.
    description : str
        Read aloud instead of the picture.
    """
    root = ET.fromstring(_svg_text(figure))
    for parent in root.iter():
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {
            _local(key): _rewritten(_local(key), value, prefix)
            for key, value in element.attrib.items()
        }
    box = root.get("viewBox", "0 0 0 0")
    root.attrib = {"viewBox": box, "role": "img", "class": "chart", "aria-label": description}
    width = float(box.split()[2]) * 4 / 3
    root.set("style", f"max-width:{width:.0f}px")
    return Markup(ET.tostring(root, encoding="unicode"))


def save_figure(figure: Figure, target: io.BytesIO | str, kind: str) -> None:
    """Save a figure so that equal figures give equal bytes."""
    metadata = {"svg": {"Date": None}, "png": {"Software": None}}[kind]
    background = {"svg": "none", "png": "white"}[kind]
    with drawing_style(), warnings.catch_warnings():
        # Names in scripts that the drawing font lacks are still right in the SVG.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        if figure.get_layout_engine() is not None:
            # Laid out once; otherwise every format would repeat it.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        figure.savefig(target, format=kind, dpi=160, facecolor=background, metadata=metadata)


def _svg_text(figure: Figure) -> str:
    stream = io.BytesIO()
    save_figure(figure, stream, "svg")
    return stream.getvalue().decode("utf-8")


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _rewritten(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    if key in _GEOMETRY:
        return " ".join(_LONG_DECIMAL.sub(r"\1", value).split())
    if key in ("style", "clip-path"):
        value = _REFERENCE.sub(rf"url(#{prefix}-\1)", value)
        return _COLOUR.sub(lambda found: THEME_VARIABLES.get(found[0].lower(), found[0]), value)
    return value
