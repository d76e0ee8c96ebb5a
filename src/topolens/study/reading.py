"""Read a study file; every mistake in it is named at once, each with its place."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import topolens.comparison
import topolens.descriptors  # noqa: F401  both packages fill the registries that the spec checks
from topolens.activations.data.sources import source_mistake
from topolens.activations.data.text.tokenizers import tokenizer_mistake
from topolens.base.errors import InvalidInputError, StudyError, nearest_names
from topolens.base.files import expand_path
from topolens.study.spec import DEFAULT_CLOUD, PixelSpec, StudySpec

__all__ = ["StudyFile", "read_study"]

_TOML_TYPES = {"tuple_type": "a list", "dict_type": "a table", "model_type": "a table"}
_SHOWN = 100
_UNSET = re.compile(r".*: .* must name variables .*the environment has no `(?P<variable>.*)`")
_CAPTURE_ONLY = (
    "args",
    "weights",
    "train",
    "mean",
    "std",
    "scale",
    "pool",
    *PixelSpec.model_fields,
    "outputs",
    "tokenizer",
)
"""Keys of a model that say nothing about activations captured elsewhere."""


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
    download: bool = False
    """True if published weights may be fetched over the network."""


def read_study(
    path: Path,
    *,
    trust: bool = False,
    allow_pickle: bool = False,
    download: bool = False,
    device: str | None = None,
) -> StudyFile:
    """Read and check a study file; a `device` given here is used instead of the file's.

    Raises
    ------
    StudyError
        Naming every mistake: syntax, unknown keys, wrong values, unknown measures, missing
        files, code to load without `trust`.
    """
    table = _parsed(path)
    if device is not None and isinstance(table.setdefault("capture", {}), dict):
        table["capture"]["device"] = device
    spec = check_table(table, path.parent, str(path), trust=trust)
    return StudyFile(spec, path.parent, str(path), trust, allow_pickle, download)


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
    mistakes = _by_variable(_cross_mistakes(table, base, trust=trust))
    try:
        spec = StudySpec.model_validate(table)
    except ValidationError as error:
        fields = [_sentence(dict(item), table) for item in _primary(error.errors())]
        raise StudyError(source, sorted({*fields, *mistakes})) from None
    if mistakes:
        raise StudyError(source, sorted(set(mistakes)))
    return spec


def _by_variable(mistakes: Sequence[str]) -> list[str]:
    """Say once that a variable is not set, with all places that name it."""
    places: dict[str, list[str]] = {}
    others = []
    for mistake in dict.fromkeys(mistakes):
        found = _UNSET.fullmatch(mistake)
        if found is None:
            others.append(mistake)
        else:
            places.setdefault(found["variable"], []).append(mistake)
    for variable, named in places.items():
        if len(named) == 1:
            others += named
            continue
        listed = ", ".join(mistake.partition(": ")[0] for mistake in named)
        others.append(f"`{variable}` must be set in the environment; {listed} name it")
    return others


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
    return f"{place}: {_rule(kind, error['msg'])}; got {_shortened(repr(given))}"


def _rule(kind: str, message: str) -> str:
    """Say what a value must be in the words of TOML."""
    if kind in _TOML_TYPES:
        return f"must be {_TOML_TYPES[kind]}"
    message = re.sub(r"^(Input should be|String should have|Tuple should have)", _must, message)
    return message[0].lower() + message[1:]


def _must(match: re.Match[str]) -> str:
    return "must be" if match[0].endswith("be") else "must have"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


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
            words += f"[{part + 1}]" + (f" {_quoted(name)}" if isinstance(name, str) else "")
        else:
            words += f".{part}" if words else part
    return words or "the file"


def _quoted(name: str) -> str:
    return _shortened(json.dumps(name, ensure_ascii=False))


def _step_into(here: Any, part: str | int) -> Any:  # noqa: ANN401  parsed TOML
    try:
        return here[part]
    except (KeyError, IndexError, TypeError):
        return None


def _cross_mistakes(table: Mapping[str, Any], base: Path, *, trust: bool) -> list[str]:
    """Mistakes that no single value shows; looks at the raw table, so it finds them always."""
    mistakes: list[str] = []
    models = _tables(table, "models")
    for kind in ("models", "clouds", "mapper"):
        mistakes += _repeated_names(kind, _tables(table, kind))
    mistakes += _mapper_mistakes(table)
    for number, model in enumerate(models):
        place = _place(["models", number], table)
        mistakes += [f"{place}: {line}" for line in _model_mistakes(model, table, trust=trust)]
        for key in ("weights", "outputs"):
            mistakes += _missing_file(model.get(key), f"{place}.{key}", base)
        mistakes += _text_mistakes(model, place, base)
        mistakes += _missing_file(
            model.get("activations"), f"{place}.activations", base, or_folder=True
        )
    for kind in ("descriptors", "comparisons"):
        mistakes += _repeated_operations(kind, table)
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


def _mapper_mistakes(table: Mapping[str, Any]) -> list[str]:
    """Clouds that the study does not have."""
    known = [one.get("name") for one in _tables(table, "clouds")] or [DEFAULT_CLOUD]
    names = [name for name in known if isinstance(name, str)]
    return [
        f"{_place(['mapper', number], table)}.cloud: must be one of the study's clouds; "
        f"got `{one['cloud']}`, {nearest_names(one['cloud'], names)}"
        for number, one in enumerate(_tables(table, "mapper"))
        if isinstance(one.get("cloud"), str) and one["cloud"] not in known
    ]


def _repeated_operations(kind: str, table: Mapping[str, Any]) -> list[str]:
    given = table.get(kind, [])
    items = given if isinstance(given, list) else []
    full = [{"name": item} if isinstance(item, str) else item for item in items]
    return [
        f"{_place([kind, number], table)}: repeats {kind}[{full.index(item) + 1}]"
        for number, item in enumerate(full)
        if full.index(item) < number
    ]


def _model_mistakes(
    model: Mapping[str, Any], table: Mapping[str, Any], *, trust: bool
) -> list[str]:
    mistakes = []
    if ("source" in model) == ("activations" in model):
        mistakes.append("must have either `source` or `activations`")
    if "source" in model and "data" not in table:
        mistakes.append("needs a [data] table to be shown samples")
    if "activations" in model:
        surplus = [f"`{key}`" for key in _CAPTURE_ONLY if key in model]
        if surplus:
            mistakes.append(
                f"must not have {' or '.join(surplus)} beside `activations`, used as they are"
            )
    elif "weights" in model and "train" in model:
        mistakes.append("must not have both `weights` and `train`")
    recipe = model.get("train")
    if "train" in model and not (isinstance(recipe, dict) and "source" in recipe):
        mistakes += _split_mistakes(table.get("data"))
    if str(model.get("source", "")).startswith("py:") and not trust:
        mistakes.append(f"{model['source']} is code to load; pass --trust if you trust it")
    return mistakes


def _split_mistakes(data: object) -> list[str]:
    """Arrays that [data] names are the same for every split, so training would see them too."""
    if not isinstance(data, dict) or not str(data.get("source", "")).startswith("npz:"):
        return []
    named = [key for key in ("inputs", "labels") if key in data]
    return [
        f"train: must find the arrays of its split by their names, x_SPLIT and y_SPLIT; "
        f"leave `{key}` out of [data]"
        for key in named
    ]


def _missing_file(text: object, place: str, base: Path, *, or_folder: bool = False) -> list[str]:
    if not isinstance(text, str):
        return []
    try:
        path = expand_path(text, base=base, name=place.rpartition(".")[2])
    except InvalidInputError as error:
        return [f"{place}: {error}"]
    there = bool(text) and _is_there(path, or_folder=or_folder)
    return [] if there else [f"{place}: there is no file `{text}`"]


def _is_there(path: Path, *, or_folder: bool) -> bool:
    try:
        return path.exists() if or_folder else path.is_file()
    except OSError:  # e.g. a name longer than any file's
        return False


def _data_mistakes(table: Mapping[str, Any], base: Path) -> list[str]:
    data = table.get("data")
    source = data.get("source") if isinstance(data, dict) else None
    mistakes = _text_mistakes(data, "data", base)
    mistake = source_mistake(source, base=base) if isinstance(source, str) else None
    return [*([f"data.source: {mistake}"] if mistake else []), *mistakes]


def _text_mistakes(table: object, place: str, base: Path) -> list[str]:
    """Mistakes in the `tokenizer` of [data] or a model, and in the source a model trains on."""
    found = []
    for key, rule in (("tokenizer", tokenizer_mistake), ("train", source_mistake)):
        inner = table.get(key) if isinstance(table, dict) else None
        source = inner.get("source") if isinstance(inner, dict) else inner
        mistake = rule(source, base=base) if isinstance(source, str) else None
        if mistake:
            found.append(f"{place}.{key}: {mistake}")
    return found


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
