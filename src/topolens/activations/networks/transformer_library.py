"""Models of Hugging Face transformers: from a folder, from a configuration, from the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from topolens.activations.needs_torch import nn
from topolens.activations.networks.image_libraries import imported_library
from topolens.base.errors import InvalidInputError, nearest_names
from topolens.base.files import expand_path

__all__ = ["HEADS", "transformers_factory"]

HEADS = {
    "none": "AutoModel",
    "image_classification": "AutoModelForImageClassification",
    "sequence_classification": "AutoModelForSequenceClassification",
    "causal_lm": "AutoModelForCausalLM",
    "masked_lm": "AutoModelForMaskedLM",
}
"""The automatic class of transformers behind each value of the argument `head`."""

_UNLISTED = ("attn_implementation", "decoder_start_token_id")
"""Keys of every configuration that not all list: which code computes attention, `sdpa` or `eager`,
and the token that begins what a decoder behind an encoder reads."""
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


def transformers_factory(
    address: str, *, base: Path = Path(), download: bool = False, allow_pickle: bool = False
) -> Callable[..., object]:
    """Return the factory of a model of transformers.

    Parameters
    ----------
    address : str
        A folder with `config.json`, and weights or none; a type of model, such as ``bert`` or
        ``vit``, to be built from its configuration with random weights; or ``ORG/NAME`` of the
        hub, from the local cache unless `download` is given.
    base : Path
        Folder that a relative path starts from.
    download : bool, default False
        Allow asking the hub.
    allow_pickle : bool, default False
        Also read `pytorch_model.bin`.

    Returns
    -------
    callable
        Takes `head`, one of `HEADS` (by default the class that the configuration names, or
        ``none``), `revision` for the hub, and keys of the configuration to change.

    Raises
    ------
    InvalidInputError
        If the address is none of the three.
    MissingDependencyError
        If transformers is not installed.
    """
    source = f"hf:{address}"
    transformers = imported_library("transformers", "hf", source)
    folder = expand_path(address, base=base, name="source")
    known = transformers.models.auto.configuration_auto.CONFIG_MAPPING_NAMES
    if (folder / "config.json").is_file():
        place, local = str(folder), True
        fresh = not _holds_weights(folder, source, allow_pickle=allow_pickle)
    elif address in known:
        place, local, fresh = "", True, True
    elif address.count("/") == 1 and not folder.exists() and address[0] not in "./~$":
        place, local, fresh = address, not download, False
    else:
        raise InvalidInputError(
            "`source` must be hf:FOLDER with a config.json, hf:TYPE as in hf:vit, or "
            f"hf:ORG/NAME; got {source!r}, {nearest_names(address, known)}"
        )

    def build(head: str | None = None, revision: str | None = None, **config: object) -> nn.Module:
        if not place:
            with _quiet():
                settings = transformers.AutoConfig.for_model(address, **config)
        else:
            settings = _asked(
                transformers.AutoConfig.from_pretrained, place, local, revision, **config
            )
        _check_keys(settings, config, source)
        kind = _class_of(transformers, settings, head)
        if fresh:
            return _from_config(kind, settings)
        only_safe = None if allow_pickle else True
        return _whole(
            _asked(
                kind.from_pretrained,
                place,
                local,
                revision,
                config=settings,
                use_safetensors=only_safe,
                # They are refused below, by name.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            ),
            source,
        )

    return build


def _holds_weights(folder: Path, source: str, *, allow_pickle: bool) -> bool:
    if any((folder / name).is_file() for name in _WEIGHTS):
        return True
    pickles = [name for name in _PICKLES if (folder / name).is_file()]
    if pickles and not allow_pickle:
        raise InvalidInputError(
            f"`{source}` must hold model.safetensors; it holds {pickles[0]}, a pickle, which can "
            "hold code; if you trust it, pass `--allow-pickle` (in Python: allow_pickle=True)"
        )
    return bool(pickles)


def _asked(
    load: Callable[..., Any],
    place: str,
    local: bool,
    revision: str | None,
    **given: object,
) -> Any:  # noqa: ANN401  what transformers returns
    """Load from the disk, or from the hub where that is allowed; never run code of a repository."""
    if revision is not None:
        given["revision"] = revision
    try:
        with _quiet():
            return load(place, local_files_only=local, trust_remote_code=False, **given)
    except OSError as error:
        if Path(place).is_dir() or not local:
            raise
        raise InvalidInputError(
            f"`hf:{place}` must lie in the local cache; pass `--download` (in Python: "
            f"download=True) to fetch it ({str(error).splitlines()[0]})"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep bars and tables of transformers off the terminal; what matters in them is an error."""
    logging = import_module("transformers.utils.logging")
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _check_keys(settings: Any, given: dict[str, object], source: str) -> None:  # noqa: ANN401
    """Refuse keys that the configuration would keep without ever using them."""
    usual = type(settings)()
    for key in given:
        if key not in _UNLISTED and not hasattr(usual, key):
            raise InvalidInputError(
                f"`args` must be keys of the configuration of `{source}`, `head` or `revision`; "
                f"got `{key}`, {nearest_names(key, usual.to_dict())}"
            )


def _class_of(transformers: Any, settings: Any, head: str | None) -> Any:  # noqa: ANN401
    if head is not None and head not in HEADS:
        raise InvalidInputError(f"`head` must be one of {', '.join(HEADS)}; got {head!r}")
    named = (getattr(settings, "architectures", None) or [None])[0]
    found = getattr(transformers, str(named), None) if head is None else None
    # The folder names it: nothing but a model may be called on its word.
    if isinstance(found, type) and issubclass(found, nn.Module):
        return found
    return getattr(transformers, HEADS[head or "none"])


def _from_config(kind: Any, settings: Any) -> nn.Module:  # noqa: ANN401
    # The automatic classes have `from_config`, the others are called.
    build = getattr(kind, "from_config", None) or kind
    model: nn.Module = build(settings)
    return model


def _whole(loaded: tuple[nn.Module, dict[str, Any]], source: str) -> nn.Module:
    """Return the model if every one of its tensors came from the file."""
    model, report = loaded
    absent = sorted(map(str, report["missing_keys"]))
    wrong = sorted(f"{name} {tuple(its)}" for name, its, _ in report.get("mismatched_keys", ()))
    if absent or wrong:
        raise InvalidInputError(
            f"`{source}` must hold all weights of a {type(model).__name__}; missing or of another "
            f"shape: {', '.join((absent + wrong)[:4])}"
        )
    return model
