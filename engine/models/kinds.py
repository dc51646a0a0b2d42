"""Kinds of model by what they predict, read off the class as transformers lists it, or off the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import transformers
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
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from engine.protocol.values import Predicts

SPAN_EDGES = ("start", "end")  # the classes of an answer span

Scores = Literal["exclusive", "independent", "amounts"]  # what logits are of: of one choice, of several, of none


@dataclass(frozen=True)
class Kind:
    """Models that predict one kind of thing, and what opens them. `classes` are the names transformers has for them,
    by model type; classes of others that are registered with the opener belong to the kind too.
    """

    predicts: Predicts
    opener: Any
    classes: Mapping[str, str | Sequence[str]]
    takes_pixels: bool = False

    def includes(self, architecture: object) -> bool:
        """Whether the class of that name is of this kind."""
        return architecture in _flat(self.classes.values())

    @property
    def ending(self) -> str:
        """What the names of its classes mostly end with."""
        return str(self.opener.__name__.removeprefix("AutoModel"))

    def opens(self, model_type: object) -> bool:
        """Whether the opener makes a model of that type, one of transformers or one that was registered with it."""
        if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING:
            return False
        return CONFIG_MAPPING[model_type] in self.opener._model_mapping

    def registers(self, module: nn.Module) -> bool:
        """Whether the class of `module` was registered with the opener."""
        registered = self.opener._model_mapping._extra_content.get(type(getattr(module, "config", None)), ())
        return isinstance(module, registered)


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


# Of a type that several kinds open and whose class says nothing. Encoders are opened as decoders too, but read text
# to both sides; what has a decoder of its own is opened as that decoder alone too, and as one that fills masks.
_BY_TYPE = sorted(KINDS, key=lambda kind: kind.predicts not in ("sequence to sequence", "masked token"))
_BY_TYPE.sort(key=lambda kind: kind.predicts != "sequence to sequence")


def kind_of(settings: Mapping[str, Any]) -> Kind | None:
    """The kind of a model with these settings, from config.json: what the auto classes of transformers open it as.

    A class that transformers lists decides; one that it has for something else is of no kind. A class of somebody
    else's is of the kind its name ends with, and where that says nothing, of the kind that opens the model's type.
    """
    named = settings.get("architectures")
    architectures = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    if listed := next((kind for kind in KINDS if any(map(kind.includes, architectures))), None):
        return listed
    known = dir(transformers)  # of which those for pre-training have what fills masks among their heads
    if any(name in known and not name.endswith("ForPreTraining") for name in architectures):
        return None
    of_type = [kind for kind in _BY_TYPE if kind.opens(settings.get("model_type"))]
    if settings.get("is_decoder"):
        of_type.sort(key=lambda kind: kind.predicts != "next token")
    ending = (kind for kind in of_type for name in architectures if name.endswith(kind.ending))
    return next(ending, None) or next(iter(of_type), None)


def takes_images(module: nn.Module) -> bool:
    """Whether `module` is given pixels: as it says, or because it has no embeddings that ids could be given to."""
    if (main := getattr(module, "main_input_name", None)) is not None:
        return bool(main == "pixel_values")
    return not has_embeddings(module)


def has_embeddings(module: nn.Module) -> bool:
    """Whether a part of `module` looks up vectors by id."""
    return any(isinstance(part, nn.Embedding) for part in module.modules())


def predicted_by(module: nn.Module, of_images: bool) -> Predicts:
    """What `module` predicts, by its class; of one that is not known, classes of images or else the next token."""
    registered = (kind for kind in KINDS if kind.registers(module))
    names = [parent.__name__ for parent in type(module).__mro__]
    listed = (kind for name in names for kind in KINDS if kind.includes(name))
    found = next(registered, None) or next(listed, None)
    return found.predicts if found else "classes" if of_images else "next token"


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
