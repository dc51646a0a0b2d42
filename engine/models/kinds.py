"""Kinds of model by what they predict, read off the class as transformers lists it, or off the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)
from transformers.models.auto import modeling_auto as auto

from engine.protocol.values import Predicts

SPAN_EDGES = ("start", "end")  # the classes of an answer span

Scores = Literal["exclusive", "independent", "amounts"]  # what logits are of: of one choice, of several, of none


@dataclass(frozen=True)
class Kind:
    """Models that predict one kind of thing, and what opens them. `classes` are their classes' names by model type."""

    predicts: Predicts
    opener: Any
    classes: Mapping[str, str | Sequence[str]]
    takes_pixels: bool = False

    def includes(self, architecture: object) -> bool:
        """Whether the class of that name is of this kind."""
        return architecture in _flat(self.classes.values())


# The first that fits is taken: what continues text goes before what fills masks.
KINDS = (
    Kind("next token", AutoModelForCausalLM, auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    Kind("sequence to sequence", AutoModelForSeq2SeqLM, auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES),
    Kind("masked token", AutoModelForMaskedLM, auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES),
    Kind("classes", AutoModelForSequenceClassification, auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES),
    Kind("token classes", AutoModelForTokenClassification, auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES),
    Kind("answer span", AutoModelForQuestionAnswering, auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES),
    Kind("classes", AutoModelForImageClassification, auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES, True),
)


def kind_of(settings: Mapping[str, Any]) -> Kind | None:
    """The kind of a model with these settings, from config.json: of its architectures, or else of its type."""
    architectures = settings.get("architectures")
    if isinstance(architectures, list) and architectures:
        return next((kind for kind in KINDS if any(map(kind.includes, architectures))), None)
    return next((kind for kind in KINDS if settings.get("model_type") in kind.classes), None)


def takes_images(module: nn.Module) -> bool:
    """Whether `module` is given pixels: as it says, or because it has no embeddings that ids could be given to."""
    if (main := getattr(module, "main_input_name", None)) is not None:
        return bool(main == "pixel_values")
    return not has_embeddings(module)


def has_embeddings(module: nn.Module) -> bool:
    """Whether a part of `module` looks up vectors by id."""
    return any(isinstance(part, nn.Embedding) for part in module.modules())


def predicted_by(module: nn.Module, of_images: bool) -> Predicts:
    """What `module` predicts; of a class that transformers does not list, classes of images or else the next token."""
    names = [parent.__name__ for parent in type(module).__mro__]
    return next((kind.predicts for name in names for kind in KINDS if kind.includes(name)), None) or (
        "classes" if of_images else "next token"
    )


def scores_of(module: nn.Module, predicts: Predicts) -> Scores:
    """What the logits of `module` are of: of classes that exclude each other, or not, or amounts of something."""
    if predicts not in ("classes", "token classes"):
        return "exclusive"
    match getattr(getattr(module, "config", None), "problem_type", None):
        case "multi_label_classification":
            return "independent"
        case "regression":
            return "amounts"
        case _:
            return "exclusive"


def labels_of(module: nn.Module, predicts: Predicts) -> tuple[str, ...]:
    """The labels of the classes that `module` predicts; none where it predicts tokens."""
    if predicts == "answer span":
        return SPAN_EDGES
    config: Any = getattr(module, "config", None)
    named = getattr(config, "id2label", None)
    if predicts not in ("classes", "token classes") or not isinstance(named, dict):
        return ()
    return tuple(str(named.get(index, f"LABEL_{index}")) for index in range(config.num_labels))


def _flat(names: Iterable[str | Sequence[str]]) -> set[str]:
    return {name for entry in names for name in ([entry] if isinstance(entry, str) else entry)}
