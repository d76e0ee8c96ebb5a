"""`topolens store`: what lies in a store of activations, and whether every byte is as written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from topolens.activations.stores.store import ActivationStore

SOME_DAMAGED = 1
_UNUSED = "not used by the study any more; may be deleted"

store = typer.Typer(no_args_is_help=True, help="Look into activations that were captured.")

Paths = Annotated[
    list[Path], typer.Argument(help="A store, its folder `activations`, or the folder of a study.")
]


@store.command()
def verify(paths: Paths) -> None:
    """Read every byte of the stores in PATHS; exit 1 if a part is damaged, missing or to come.

    Stores that a study does not use any more are named and not read.
    """
    from topolens.activations.stores.store import ActivationStore
    from topolens.base.errors import StoreError
    from topolens.study.stores_used import models_of_store

    n_damaged = 0
    for folder in _stores(paths):
        if models_of_store(folder) == ():
            typer.echo(f"unused   {folder}: {_UNUSED}")
            continue
        try:
            opened = ActivationStore.open(folder)
            damaged = opened.verify()
        except StoreError as error:
            typer.echo(f"damaged  {error}")
            n_damaged += 1
            continue
        for name in damaged:
            typer.echo(f"damaged  {folder / name}")
        unfinished = "" if opened.complete else ", unfinished: run its capture again to go on"
        if not damaged:
            typer.echo(f"{'whole' if opened.complete else 'so far'}  {_line(opened)}{unfinished}")
        n_damaged += bool(damaged) or not opened.complete
    if n_damaged:
        typer.echo("capture again into the same folder to replace what is damaged or missing")
        raise typer.Exit(SOME_DAMAGED)


@store.command()
def show(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the layers of the stores in PATHS, and what made them."""
    from topolens.activations.stores.store import ActivationStore

    opened = [ActivationStore.open(folder) for folder in _stores(paths)]
    if as_json:
        typer.echo(json.dumps([_record(each) for each in opened], indent=1))
        return
    for number, each in enumerate(opened):
        typer.echo(("\n" if number else "") + "\n".join(_description(each)))


def _stores(paths: list[Path]) -> list[Path]:
    """Return the stores that paths mean: themselves, or those below `activations`."""
    from topolens.activations.stores.store_reading import find_stores

    return [folder for path in paths for folder in find_stores(path)]


def _line(opened: ActivationStore) -> str:
    from topolens.base.sizes import size_text

    parts = len(opened.parts)
    counted = f"{parts} part" if parts == 1 else f"{parts} parts"
    return f"{opened.path}: {counted}, {opened.n_samples} samples, {size_text(opened.n_bytes)}"


def _record(opened: ActivationStore) -> dict[str, Any]:
    from dataclasses import asdict

    from topolens.study.stores_used import models_of_store

    return {
        "path": str(opened.path),
        "models": models_of_store(opened.path),
        "complete": opened.complete,
        "n_samples": opened.n_samples,
        "n_parts": len(opened.parts),
        "n_bytes": opened.n_bytes,
        "layers": [
            {"name": name, **asdict(opened.layer(name)), "nonfinite": opened.nonfinite(name)}
            for name in opened.layers
        ],
        "summary": opened.summary,
        "settings": opened.settings,
        "spec": opened.spec,
    }


def _description(opened: ActivationStore) -> list[str]:
    state = "" if opened.complete else ", unfinished"
    facts = _facts(opened)
    width = max((len(key) for key in facts), default=0)
    said = [f"  {key.ljust(width)}  {_short(value)}" for key, value in facts.items()]
    return [f"{_line(opened)}{state}", "", *said, "", *_table(opened)]


def _facts(opened: ActivationStore) -> dict[str, Any]:
    """Say what made a store, each thing once: its study's words, settings, what came out."""
    from topolens.study.stores_used import models_of_store

    names = models_of_store(opened.path)
    belongs = {} if names is None else {"models": ", ".join(names) or f"none: {_UNUSED}"}
    settings = _flat(opened.settings or {})
    # The table below lists the layers that the patterns chose.
    settings.pop("layers", None)
    spec = _flat(opened.spec)
    for key, value in list(spec.items()):
        if settings.get(key.removeprefix("preprocessing.")) == value:
            del spec[key]
        elif settings.get(f"samples.{key.removeprefix('data.')}") == value:
            del settings[f"samples.{key.removeprefix('data.')}"]
    facts = {**belongs, **spec, **settings, **_flat(opened.summary)}
    if isinstance(share := facts.get("accuracy"), float):
        facts["accuracy"] = f"{100 * share:.1f} %"
    return facts


def _table(opened: ActivationStore) -> list[str]:
    """Lay the layers out in columns."""
    rows = [("layer", "type", "side", "shape", "rows each", "features", "values", "not finite")]
    for name in opened.layers:
        layer, nonfinite = opened.layer(name), opened.nonfinite(name)
        rows.append(
            (
                name,
                layer.module_type or "–",
                layer.site,
                " x ".join(map(str, layer.output_shape)) or "–",
                "unequal" if layer.rows_per_sample is None else str(layer.rows_per_sample),
                str(layer.n_features),
                layer.dtype,
                str(nonfinite) if nonfinite else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return [f"  {'  '.join(cells)}".rstrip() for cells in padded]


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Spread nested records, `outer.inner`; what is not set is left out."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif value is not None and value != []:
            flat[f"{prefix}{key}"] = value
    return flat


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 72 else f"{text[:71]}…"
