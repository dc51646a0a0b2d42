"""Where a target's value is when it is looked for at one layer."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.relevance import Relevance


@dataclass(frozen=True)
class Account:
    """Shares of a target's `value`, all in logits: what `arrives` at a layer's tokens or patches, what the `softmax` of
    attention and the `constants` between that layer and the target keep, and the `rest` that nothing accounts for.

    Without a ledger nobody knows where what does not arrive has gone: `known` is false, and the three are zero.
    """

    value: float
    arrives: float
    softmax: float = 0.0
    constants: float = 0.0
    rest: float = 0.0
    known: bool = False


def account_of(relevance: Relevance, layer: int | None) -> Account:
    """The account of a layer (None is the input). With an encoder's layer the decoder's input is counted, which gets
    the same whatever the layer.
    """
    decoder = 0.0 if relevance.decoder is None else relevance.decoder.total(None)
    arrives = relevance.parts[0].total(layer) + decoder
    ledger = relevance.ledger
    if ledger is None:
        return Account(relevance.value, arrives)
    behind = (ledger.before, *ledger.blocks, ledger.after)[0 if layer is None else layer + 1 :]
    softmax, constants, rest = (
        sum(getattr(account, name) for account in behind) for name in ("softmax", "constants", "rest")
    )
    return Account(relevance.value, arrives, softmax, constants, rest, known=True)
