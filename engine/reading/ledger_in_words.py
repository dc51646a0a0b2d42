"""A ledger in words, the same in the window and on the command line."""

from __future__ import annotations

from engine.protocol.relevance import Relevance
from engine.protocol.values import Ledger


def sum_in_words(relevance: Relevance, layer: int | None, total: float) -> str:
    """The sum of relevance at a layer (None is the input) against the target, and where the rest of it went.

    A decoder's input gets the same whatever the layer: layers are the encoder's, which lies before the decoder.
    """
    text = f"relevance {_number(total)} of {_number(relevance.value)}"
    if relevance.decoder is not None:
        text += f"; the decoder’s input {_number(float(relevance.decoder.input.sum()))}"
    ledger = relevance.ledger
    if ledger is None:
        return text
    behind = (ledger.before, *ledger.blocks, ledger.after)[0 if layer is None else layer + 1 :]
    softmax, constants, rest = (
        sum(getattr(account, name) for account in behind) for name in ("softmax", "constants", "rest")
    )
    text += f"; softmax keeps {_number(softmax)}; constants {_number(constants)}"
    return text if ledger.closes else f"{text}; {_number(rest)} left over"


def is_defect(ledger: Ledger | None) -> bool:
    """Whether relevance was lost that the rule set promises to keep: a defect, and not the method."""
    return ledger is not None and ledger.conserves and not ledger.closes


def expectation(ledger: Ledger) -> str:
    """What the rule set promises of the ledger, and whether it holds."""
    if not ledger.conserves:
        return "These rules do not keep relevance: what is left over is the method's."
    if ledger.closes:
        return "Input, constants and what the softmax keeps are the target, as these rules promise."
    return (
        "Under these rules nothing should be left over: an operation of this model has no rule. "
        "`lxt-inspector coverage` names it."
    )


def _number(logits: float) -> str:
    text = f"{logits:.2f}"
    return (text[1:] if text == "-0.00" else text).replace("-", "−")
