"""Read a study file; every mistake in it is named at once, each with its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries that the spec checks
from topolens.base.errors import InvalidInputError, StudyError, nearest_names
from topolens.base.files import expand_path
from topolens.study.spec import StudySpec

__all__ = ["StudyFile", "read_study"]


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A valid study and the folder its relative paths start from."""

    spec: StudySpec
    base: Path
    source: str = "study"
    """Name of the file, for error sentences."""
    trust: bool = False
    """True if code that the study names may be loaded."""
    allow_pickle: bool = False
    """True if weights may be pickles (read with `weights_only=True`)."""


def read_study(path: Path, *, trust: bool = False, allow_pickle: bool = False) -> StudyFile:
    """Read and check a study file.

    Raises
    ------
    StudyError
        Naming every mistake: syntax, unknown keys, wrong values, unknown measures, missing
        files, code to load without `trust`.
    """
    table = _parsed(path)
    spec = check_table(table, path.parent, str(path), trust=trust)
    return StudyFile(spec, path.parent, str(path), trust, allow_pickle)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        # Some editors begin UTF-8 files with a mark that is no part of the text.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 text ({error.reason})"
    except RecursionError:
        reason = "is not TOML: its lists or tables are nested too deeply"
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of 5,000 digits
        reason = f"is not TOML: {error}"
    raise StudyError(str(path), [reason])


def check_table(
    table: Mapping[str, Any], base: Path, source: str, *, trust: bool = False
) -> StudySpec:
    """Return the spec that a parsed study file means, or raise StudyError."""
    mistakes = _cross_mistakes(table, base, trust=trust)
    try:
        spec = StudySpec.model_validate(table)
    except ValidationError as error:
        fields = [_sentence(dict(item), table) for item in _primary(error.errors())]
        raise StudyError(source, sorted({*fields, *mistakes})) from None
    if mistakes:
        raise StudyError(source, sorted(set(mistakes)))
    return spec


def _primary(errors: Sequence[Any]) -> Iterator[Any]:
    """Leave out what only follows from another error: a list whose items were all refused."""
    for error in errors:
        inside = (other["loc"][: len(error["loc"])] for other in errors if other is not error)
        if error["type"] != "too_short" or error["loc"] not in inside:
            yield error


def _sentence(error: dict[str, Any], table: Mapping[str, Any]) -> str:
    """Say one of pydantic's errors in our grammar."""
    *parents, last = error["loc"]
    kind, given = error["type"], error["input"]
    place = _place(error["loc"], table)
    if kind == "extra_forbidden":
        known = _known_keys(parents)
        return f"{_place(parents, table)}: has no key `{last}`; {nearest_names(str(last), known)}"
    if kind == "missing":
        return f"{_place(parents, table)}: must have `{last}`"
    if kind == "value_error":
        return f"{place}: {error['ctx']['error']}"
    if kind == "too_short":
        return f"{place}: must hold at least one"
    message = error["msg"].replace("Input should be", "must be")
    return f"{place}: {message[0].lower()}{message[1:]}; got {given!r}"


def _known_keys(parents: Sequence[str | int]) -> list[str]:
    """Keys that the table at this place may have."""
    fields: Any = StudySpec.model_fields
    for part in parents:
        if isinstance(part, str):
            nested = _nested_model(fields[part].annotation)
            fields = nested.model_fields if nested is not None else {}
    return list(fields)


def _nested_model(annotation: Any) -> Any:  # noqa: ANN401  typing's own objects
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _nested_model(inner)
        if found is not None:
            return found
    return None


def _place(location: Sequence[str | int], table: Mapping[str, Any]) -> str:
    """Write a place as `models[2] "resnet".weights`; counted from 1, named where it has a name."""
    words = ""
    here: Any = table
    for part in location:
        here = _step_into(here, part)
        if isinstance(part, int):
            name = here.get("name") if isinstance(here, dict) else None
            words += f"[{part + 1}]" + (f' "{name}"' if isinstance(name, str) else "")
        else:
            words += f".{part}" if words else part
    return words or "the file"


def _step_into(here: Any, part: str | int) -> Any:  # noqa: ANN401  parsed TOML
    try:
        return here[part]
    except (KeyError, IndexError, TypeError):
        return None


def _cross_mistakes(table: Mapping[str, Any], base: Path, *, trust: bool) -> list[str]:
    """Mistakes that no single value shows; looks at the raw table, so it finds them always."""
    mistakes: list[str] = []
    models = _tables(table, "models")
    for kind in ("models", "clouds"):
        mistakes += _repeated_names(kind, _tables(table, kind))
    for number, model in enumerate(models):
        place = _place(["models", number], table)
        mistakes += [f"{place}: {line}" for line in _model_mistakes(model, table, trust=trust)]
        for key in ("weights", "activations"):
            mistakes += _missing_file(model.get(key), f"{place}.{key}", base)
    mistakes += _data_mistakes(table, base)
    return mistakes + _degree_mistakes(table)


def _tables(table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = table.get(key, [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _repeated_names(kind: str, tables: list[dict[str, Any]]) -> list[str]:
    seen: dict[str, int] = {}
    mistakes = []
    for number, item in enumerate(tables, 1):
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            mistakes.append(
                f"{kind}[{number}]: the name `{name}` is {kind}[{seen[name]}]'s already"
            )
        seen.setdefault(name, number)
    return mistakes


def _model_mistakes(
    model: Mapping[str, Any], table: Mapping[str, Any], *, trust: bool
) -> list[str]:
    mistakes = []
    if ("source" in model) == ("activations" in model):
        mistakes.append("must have either `source` or `activations`")
    if "source" in model and "data" not in table:
        mistakes.append("needs a [data] table to be shown samples")
    if "weights" in model and "train" in model:
        mistakes.append("must not have both `weights` and `train`")
    if str(model.get("source", "")).startswith("py:") and not trust:
        mistakes.append(f"{model['source']} is code to load; pass --trust if you trust it")
    return mistakes


def _missing_file(text: object, place: str, base: Path) -> list[str]:
    if not isinstance(text, str):
        return []
    try:
        path = expand_path(text, base=base, name=place.rpartition(".")[2])
    except InvalidInputError as error:
        return [f"{place}: {error}"]
    return [] if _is_there(path) else [f"{place}: there is no file `{text}`"]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # e.g. a name longer than any file's
        return False


def _data_mistakes(table: Mapping[str, Any], base: Path) -> list[str]:
    data = table.get("data")
    source = data.get("source") if isinstance(data, dict) else None
    if not isinstance(source, str) or source == "digits":
        return []
    kind, _, path = source.partition(":")
    if kind not in ("npz", "npy") or not path:
        return [f"data.source: must be `digits`, `npz:PATH` or `npy:PATH`; got {source!r}"]
    return _missing_file(path, "data.source", base)


def _degree_mistakes(table: Mapping[str, Any]) -> list[str]:
    highest = table.get("max_dim", 1)
    mistakes = []
    for kind in ("descriptors", "comparisons"):
        for number, item in enumerate(_tables(table, kind)):
            degree = item.get("dimension")
            if isinstance(degree, int) and isinstance(highest, int) and degree > highest:
                place = _place([kind, number], table)
                mistakes.append(f"{place}: dimension {degree} is above max_dim = {highest}")
    return mistakes
