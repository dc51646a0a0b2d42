"""Tells whether a model takes a question's prompt or picture, and offers a remedy if not."""

from __future__ import annotations

from engine.protocol.inputs import Chat, Pair, is_empty
from engine.protocol.values import Medium, ModelInfo, ModelSource
from inspector.state.question import Question
from inspector.state.trouble import Remedy, Trouble

PICTURE_MODEL = ModelSource("bundled:vit")
_NOTHING: dict[Medium, Trouble] = {
    "text": Trouble("The prompt is empty: type or paste a text to explain.", is_of_input=True),
    "picture": Trouble(
        "There is no picture yet: open, drop or paste one to explain.", Remedy.OPEN_IMAGE, is_of_input=True
    ),
}


def misfit(question: Question, model: ModelInfo | None) -> Trouble | None:
    """Why `model` cannot answer `question`; None where it can, or where that is not known."""
    asked = question.input
    if model is None or model.takes == asked.medium:
        return None
    if asked.image is None:
        return Trouble(
            f"{model.title} takes pictures, not text. Open a picture, or a model for text.",
            Remedy.CHOOSE_MODEL,
            is_of_input=True,
        )
    return Trouble(
        f"{model.title} takes text, not pictures. {asked.image.name} waits for a model that does; to explain a "
        "prompt, turn to it under Input and press Explain.",
        Remedy.PICTURE_MODEL,
        is_of_input=True,
    )


def speechless(model: ModelInfo | None) -> Trouble | None:
    """Why `model` cannot go on from a text; None where it can, or where that is not known."""
    if model is None or model.predicts in ("next token", "sequence to sequence"):
        return None
    return Trouble(
        f"{model.title} predicts {model.predicts} and cannot go on from a text. Open a model of the next token.",
        Remedy.CHOOSE_MODEL,
    )


def nothing_to_explain(question: Question, model: ModelInfo | None) -> Trouble | None:
    """Why there is nothing to ask; None where there is a prompt or a picture."""
    if not is_empty(question.input):
        return None
    if isinstance(question.input, Chat):
        return Trouble("No message says anything yet: type one to explain.", is_of_input=True)
    if isinstance(question.input, Pair):
        return Trouble("Of two texts neither may be empty: type both.", is_of_input=True)
    return _NOTHING["text" if model is None else model.takes]
