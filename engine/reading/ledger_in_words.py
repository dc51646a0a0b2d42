"""A ledger in words, the same in the window and on the command line but for how each writes a number."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol.values import Ledger
from engine.reading.account import Account

_NAMED = 5  # stretches that a sentence names
_LITTLE = 0.01  # of the input's relevance: more left over is said, though it is rounding beside the target


def two_digits(logits: float) -> str:
    """A number with two digits after the point, as a column of a terminal has it."""
    text = f"{logits:.2f}"
    return (text[1:] if text == "-0.00" else text).replace("-", "−")


def sum_in_words(account: Account, closes: bool) -> str:
    """The sum of relevance at a layer against the target, and where the rest of it went.

    Amounts are in logits; what is left over is said only where the ledger does not close.
    """
    text = f"relevance {two_digits(account.arrives)} of {two_digits(account.value)}"
    if not account.known:
        return text
    text += f"; softmax keeps {two_digits(account.softmax)}; constants {two_digits(account.constants)}"
    return text if closes else f"{text}; {two_digits(account.rest)} left over"


def is_defect(ledger: Ledger | None) -> bool:
    """Whether relevance was lost that the rule set promises to keep: a defect, and not the method."""
    return ledger is not None and ledger.conserves and not ledger.closes


def expectation(ledger: Ledger, number: Callable[[float], str] = two_digits) -> str:
    """What the rule set promises of the ledger, and whether it holds."""
    if not ledger.conserves:
        return "These rules do not keep relevance: what is left over is the method's."
    if not ledger.closes:
        return (
            f"Under these rules nothing should be left over{left_over_in_words(ledger, number)}: an operation has no "
            "rule, or a wrong one. `lxt-inspector coverage` names the one, `lxt-inspector self-test` the other."
        )
    kept = "Input, constants and what the softmax keeps are the target, as these rules promise."
    if ledger.of_input <= _LITTLE:
        return kept
    return f"{kept} Rounding is {ledger.of_input:.0%} of the input's relevance, though: constants have nearly all."


def left_over_in_words(ledger: Ledger, number: Callable[[float], str] = two_digits) -> str:
    """Where something is left over, e.g. " (block 3 −0.52, behind the blocks 0.10)"; empty where nothing is."""
    stretches = {"before the blocks": ledger.before}
    stretches |= {f"block {index}": account for index, account in enumerate(ledger.blocks)}
    stretches["behind the blocks"] = ledger.after
    largest = max(abs(account.rest) for account in stretches.values())
    named = [f"{name} {number(one.rest)}" for name, one in stretches.items() if abs(one.rest) > 0.05 * largest]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f" ({', '.join(named[:_NAMED])}{more})" if largest else ""
