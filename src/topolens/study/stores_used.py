"""Which models of a study a store of activations belongs to, by the page of its last run."""

from __future__ import annotations

import json
from pathlib import Path

from topolens.base.hashing import content_key

__all__ = ["models_of_store"]


def models_of_store(store: Path) -> tuple[str, ...] | None:
    """Return the models whose results come from a store.

    Parameters
    ----------
    store : Path
        Folder of the store, ``STUDY/activations/KEY``.

    Returns
    -------
    tuple of str or None
        Empty if the study's results use other stores only. None if that cannot be told: the
        store is in no study, the study has no results, or the store was written after them, by
        a run that may go on.
    """
    folder = store.resolve()
    root = folder.parent.parent
    if folder.parent.name != "activations":
        return None
    try:
        # Not `Index.read`: it checks the measures too, and those take long to import.
        captures = json.loads((root / "study.json").read_bytes())["provenance"]["captures"]
        names = tuple(name for name, spec in captures.items() if _key(spec) == folder.name)
        later = folder.stat().st_mtime >= (root / "study.json").stat().st_mtime
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return None if later and not names else names


def _key(spec: dict[str, object]) -> str:
    return content_key({"kind": "import" if "activations" in spec else "capture", **spec})
