"""Reports of the engine on one model: the rule of each operation, and whether the engine's promises hold."""

from __future__ import annotations

from msgspec import Struct

PLAIN_GRADIENT = "plain gradient"
FORWARD_HOOK = "forward hook"


class CoverageRow(Struct, frozen=True, order=True):
    """An operation that depends on the input, and what stood for its gradient.

    `rule` is the rule's name; "own gradient" of an operation that is linear, at least piecewise; or "plain gradient",
    which means that no rule was made for it and relevance may be lost there. A "forward hook" runs under the rules as
    the rest of the forward pass does, and may change what the model computes.
    """

    module: str  # the path of the module that ran it, e.g. "model.layers.0.mlp"; empty for the model itself
    operation: str
    rule: str
    count: int


class Check(Struct, frozen=True):
    """One promise put to the test. `passed` None: it was not tried, and the sentence says why."""

    what: str
    figure: float | None
    passed: bool | None
    sentence: str


class SelfTest(Struct, frozen=True):
    """Every promise put to the test on one model."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether none was broken."""
        return all(check.passed is not False for check in self.checks)
