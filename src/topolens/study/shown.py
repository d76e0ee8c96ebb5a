"""What a model of a study is shown: samples, the ones it is trained on, texts as token ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topolens.activations.data.datasets import load_samples
from topolens.activations.data.samples import Samples
from topolens.activations.data.sources import schemes
from topolens.activations.data.text.tokenise import has_texts, texts_of, tokenise
from topolens.activations.data.text.tokenizers import Tokenizer, open_tokenizer
from topolens.base.errors import InvalidInputError, StudyError
from topolens.study.images_shown import as_seen
from topolens.study.reading import StudyFile
from topolens.study.spec import DataSpec, ModelSpec, TokenizerSpec

__all__ = ["load_study_samples", "shown_in_training", "shown_to", "study_samples", "text_doubts"]

_VOCABULARY = 4000


def load_study_samples(file: StudyFile) -> Samples | None:
    """Load the samples of [data], if there is one.

    Raises
    ------
    StudyError
        If they cannot be loaded; the sentence begins with its place in the file.
    """
    if file.spec.data is None:
        return None
    try:
        return study_samples(file, file.spec.data)
    except InvalidInputError as error:
        raise StudyError(file.source, [f"data: {error}"]) from None


def study_samples(file: StudyFile, data: DataSpec | None) -> Samples:
    """Load the samples of a [data] table."""
    if data is None:
        raise InvalidInputError("`data` must be given for models that are captured here")
    return _loaded(file, data, data.source, data.split, data.count)


def shown_to(file: StudyFile, model: ModelSpec, samples: Samples) -> Samples:
    """Return the study's samples as one model takes them.

    Raises
    ------
    InvalidInputError
        If they are texts without a tokenizer, or no texts and there is one, or as `as_seen` says.
    """
    tokenizer = _tokenizer_of(file, model)
    if tokenizer is None:
        if has_texts(samples):
            raise InvalidInputError(
                "`tokenizer` must be given for texts, in [data] or for the model; try `words`"
            )
        return as_seen(file, model, samples)
    texts_of(samples)
    learn_from = samples if model.train is None else _training_samples(file, model)
    return _tokenised(samples, tokenizer, _opened(file, tokenizer, learn_from))


def shown_in_training(file: StudyFile, model: ModelSpec) -> Samples:
    """Return the samples that a model is trained on, as it takes them; errors as `shown_to`."""
    samples, tokenizer = _training_samples(file, model), _tokenizer_of(file, model)
    if tokenizer is None:
        return as_seen(file, model, samples)
    return _tokenised(samples, tokenizer, _opened(file, tokenizer, samples))


def text_doubts(shown: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what became of texts, where some were cut or left out.

    `shown` holds the description of every model's samples; what is true of several models is
    said once.
    """
    cut: dict[str, list[str]] = {}
    left_out: dict[str, None] = {}
    for model, data in shown.items():
        made, blank = data.get("tokenizer"), data.get("blank", 0)
        if made and made["truncated"]:
            fact = f"saw {made['truncated']} of {data['count']} texts only up to"
            cut.setdefault(f"{fact} max_tokens = {made['max_tokens']}.", []).append(model)
        if blank:
            texts = "1 blank text" if blank == 1 else f"{blank} blank texts"
            verb = "was" if blank == 1 else "were"
            left_out[f"{texts} of `{data['source']}` {verb} left out."] = None
    return [*(f"{_named(models, len(shown))} {fact}" for fact, models in cut.items()), *left_out]


def _named(models: Sequence[str], n_models: int) -> str:
    if len(models) == n_models > 1:
        return "All models"
    *others, last = (f"`{model}`" for model in models)
    return f"{', '.join(others)} and {last}" if others else last


def _loaded(
    file: StudyFile, data: DataSpec, source: str, split: str | None, count: int | None
) -> Samples:
    return load_samples(
        source,
        base=file.base,
        split=split,
        inputs=data.inputs,
        labels=data.labels,
        classes=data.classes,
        count=count,
        order=data.order,
        seed=file.spec.seed,
        layout=data.layout,
        download=file.download,
    )


def _training_samples(file: StudyFile, model: ModelSpec) -> Samples:
    data, recipe = file.spec.data, model.train
    if data is None or recipe is None:
        raise InvalidInputError("`data` must be given for models that are trained here")
    scheme = data.source.partition(":")[0]
    if recipe.source is None and "split" not in next(
        known.takes for known in schemes() if known.name == scheme
    ):
        raise InvalidInputError(
            f"`train` must have a `source` of its own where the data have no splits; "
            f"`{scheme}:` has none"
        )
    given = recipe.source is None or "split" in recipe.model_fields_set
    split = recipe.split if given else None
    return _loaded(file, data, recipe.source or data.source, split, None)


def _tokenizer_of(file: StudyFile, model: ModelSpec) -> TokenizerSpec | None:
    shared = None if file.spec.data is None else file.spec.data.tokenizer
    return shared if model.tokenizer is None else model.tokenizer


def _opened(file: StudyFile, spec: TokenizerSpec, learn_from: Samples) -> Tokenizer:
    return open_tokenizer(
        spec.source,
        learn_from=texts_of(learn_from),
        vocabulary=spec.vocabulary or _VOCABULARY,
        base=file.base,
        download=file.download,
    )


def _tokenised(samples: Samples, spec: TokenizerSpec, tokenizer: Tokenizer) -> Samples:
    return tokenise(samples, tokenizer, max_tokens=spec.max_tokens, padding=spec.padding)
