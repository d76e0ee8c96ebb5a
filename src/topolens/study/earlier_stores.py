"""Captures of a study that can be taken over: the same network, shown other samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from topolens.activations.stores.store import ActivationStore
from topolens.base.errors import StoreError

__all__ = ["stores_of_other_samples"]


def stores_of_other_samples(root: Path, spec: Mapping[str, Any]) -> Iterator[ActivationStore]:
    """Yield the stores of a study whose description differs from `spec` only by its data.

    They appear when `count` was raised or lowered. Which of their parts hold the same samples
    is for `record` to find out.
    """
    wanted = {key: value for key, value in spec.items() if key != "data"}
    for manifest in sorted((root / "activations").glob("*/manifest.json")):
        try:
            store = ActivationStore.open(manifest.parent)
        except StoreError:
            continue
        there = {key: value for key, value in store.spec.items() if key != "data"}
        if there == wanted and store.spec.get("data") != spec.get("data"):
            yield store
