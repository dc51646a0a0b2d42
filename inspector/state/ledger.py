"""The ledger of an answer as rows, from the target down to the input: where relevance stayed on its way."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.protocol.messages import Explained
from engine.protocol.values import Account, Ledger


@dataclass(frozen=True)
class Stretch:
    """A part of the model between two places, in logits: what arrived behind it is what it passes on, and what its
    constants and softmax kept and what is left over. `kept` is (softmax, constants, left over) of all from the target
    down to its beginning.
    """

    name: str
    arrived: float
    passed: float
    softmax: float
    constants: float
    rest: float
    kept: tuple[float, float, float]


@dataclass(frozen=True)
class ShownLedger:
    """An answer's ledger. Equal ones look the same."""

    answer: Explained  # compares by identity
    stretches: tuple[Stretch, ...] = field(compare=False)
    value: float = field(compare=False)
    closes: bool = field(compare=False)
    promise: str = field(compare=False)  # what the rule set promises, and whether it holds

    @property
    def total(self) -> Stretch:
        """The whole way."""
        first, last = self.stretches[0], self.stretches[-1]
        return Stretch("in all", first.arrived, last.passed, *last.kept, kept=last.kept)


def ledger_of(answer: Explained, ledger: Ledger, promise: str) -> ShownLedger:
    """The rows of a ledger: behind the blocks, the blocks from the last to the first, before the blocks."""
    named = [("behind the blocks", ledger.after)]
    named += [(f"block {index}", account) for index, account in reversed(list(enumerate(ledger.blocks)))]
    named.append(("before the blocks", ledger.before))
    rows: list[Stretch] = []
    kept = (0.0, 0.0, 0.0)
    for name, account in named:
        kept = _added(kept, account)
        rows.append(
            Stretch(name, account.arrived, account.passed, account.softmax, account.constants, account.rest, kept)
        )
    return ShownLedger(answer, tuple(rows), answer.relevance.value, ledger.closes, promise)


def _added(kept: tuple[float, float, float], account: Account) -> tuple[float, float, float]:
    softmax, constants, rest = kept
    return softmax + account.softmax, constants + account.constants, rest + account.rest
