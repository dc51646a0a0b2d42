"""Watches work that takes time: hears how far it is, and ends it where that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from engine.protocol.failures import Stopped
from engine.protocol.messages import Phase
from engine.protocol.values import Token

ReportProgress = Callable[[Phase, int, int], None]  # the steps done and those to do; 0 to do: nobody knows
AskCancelled = Callable[[], bool]
TokensSoFar = Callable[[], tuple[Token, ...]]  # made where somebody is told of them


class Keywords(TypedDict):
    """A watch as the library's functions are given it."""

    progress: ReportProgress | None
    cancelled: AskCancelled | None


@dataclass(frozen=True)
class Watch:
    """Who hears of the steps of some work, and who is asked whether it goes on; by default nobody.

    `hear` is given the tokens that a model says, before each step of saying them.
    """

    report: ReportProgress | None = None
    cancelled: AskCancelled | None = None
    hear: Callable[[TokensSoFar], None] | None = None

    @property
    def keywords(self) -> Keywords:
        """For a function of the library."""
        return {"progress": self.report, "cancelled": self.cancelled}

    def step(self, phase: Phase, done: int, total: int) -> None:
        """So far is the work. Raises Stopped where that was asked for."""
        self.check()
        if self.report is not None:
            self.report(phase, done, total)

    def say(self, tokens: TokensSoFar) -> None:
        """So far has the model spoken."""
        if self.hear is not None:
            self.hear(tokens)

    def check(self) -> None:
        """Raises Stopped where that was asked for."""
        if self.cancelled is not None and self.cancelled():
            raise Stopped


UNWATCHED = Watch()
