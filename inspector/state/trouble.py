"""Troubles: failures as they are shown, each with what a person can do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from engine.protocol.failures import FailureKind
from engine.protocol.inputs import Chat, Input, Pair
from engine.protocol.messages import Failed
from inspector.state.chat_cutting import droppable


class Remedy(Enum):
    """What the button beside a failure does; the value is its text."""

    REPEAT = "Repeat"
    OPEN_AGAIN = "Open again"
    CHECKPOINT = "Explain with checkpointing"
    CHOOSE_MODEL = "Choose a model…"
    PICTURE_MODEL = "Open the bundled one for pictures"
    OPEN_IMAGE = "Open image…"
    ALLOW_CODE = "Allow its code and open"
    EXPORT_AGAIN = "Export…"
    RESTART = "Restart the worker"
    PREFERENCES = "Preferences…"
    KEEP_END = "Keep the end"
    KEEP_BEGINNING = "Keep the beginning"
    CHOOSE_PART = "Choose what to keep"
    DROP_OLDEST = "Drop the oldest messages"
    SHORTEN_LONGER = "Shorten the longer text"


SHORTENING = (Remedy.KEEP_END, Remedy.KEEP_BEGINNING, Remedy.CHOOSE_PART)


@dataclass(frozen=True)
class Trouble:
    """A failure as it is shown: a sentence, a button for what to do, and details for the log.

    `is_of_input`: the input has to be changed before there can be an answer. `others`: what else would help.
    """

    message: str
    remedy: Remedy | None = None
    details: str = ""
    is_of_input: bool = False
    others: tuple[Remedy, ...] = ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What would help, the first before the others."""
        return () if self.remedy is None else (self.remedy, *self.others)


def with_shortening(trouble: Trouble, input: Input) -> Trouble:
    """The trouble with what would help where an input has more tokens than its model takes."""
    remedy, *others = _shortening(input)
    return replace(trouble, remedy=remedy, others=tuple(others))


def _shortening(input: Input) -> tuple[Remedy, ...]:
    match input:
        case Chat():
            return (Remedy.DROP_OLDEST, Remedy.KEEP_END) if droppable(input) else (Remedy.KEEP_END,)
        case Pair():
            return Remedy.SHORTEN_LONGER, Remedy.CHOOSE_PART
        case _:
            return SHORTENING


_OF_A_MODEL: dict[FailureKind, Remedy] = {
    "model_not_found": Remedy.CHOOSE_MODEL,
    "model_gated": Remedy.CHOOSE_MODEL,
    "model_unsupported": Remedy.CHOOSE_MODEL,
    "model_damaged": Remedy.CHOOSE_MODEL,
    "device_unavailable": Remedy.CHOOSE_MODEL,
    "needs_remote_code": Remedy.ALLOW_CODE,
}


_OF_AN_INPUT: tuple[FailureKind, ...] = ("prompt_empty", "prompt_too_long", "image_unreadable")


def trouble_with_opening(failure: Failed) -> Trouble:
    """The trouble when a model could not be opened."""
    match failure.kind:
        case "worker_died" | "offline":
            remedy = Remedy.OPEN_AGAIN
        case "protocol":
            remedy = Remedy.PREFERENCES
        case kind:
            remedy = _OF_A_MODEL.get(kind, Remedy.CHOOSE_MODEL)
    return Trouble(failure.message, remedy, failure.traceback)


def trouble_with_explaining(failure: Failed, checkpointing: bool) -> Trouble:
    """The trouble when a question could not be answered; `checkpointing` says whether that was tried already."""
    match failure.kind:
        case "worker_died" | "internal":
            remedy: Remedy | None = Remedy.REPEAT
        case "out_of_memory":
            remedy = None if checkpointing else Remedy.CHECKPOINT
        case "protocol":
            remedy = Remedy.PREFERENCES
        case "offline":
            remedy = Remedy.REPEAT
        case "image_unreadable":
            remedy = Remedy.OPEN_IMAGE
        case kind:
            remedy = _OF_A_MODEL.get(kind)
    return Trouble(failure.message, remedy, failure.traceback, failure.kind in _OF_AN_INPUT)


def trouble_with_exporting(failure: Failed) -> Trouble:
    """The trouble when a figure could not be made or written."""
    return Trouble(failure.message, Remedy.EXPORT_AGAIN, failure.traceback)
