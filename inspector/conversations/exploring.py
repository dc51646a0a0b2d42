"""Asks for many gammas about one question, one after another, and then how well each explains."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from engine.protocol.messages import Cancelled, Ending, Explained, Failed, Rate, Rated
from engine.protocol.rule_names import Attention, Gamma
from inspector.conversations.conversation import Conversation, Worker
from inspector.state.question import Question
from inspector.state.study import Study

Cell = tuple[int, int]  # row and column: gamma of convolutions, gamma of linear layers


class Exploring(Conversation):
    """Explains the cells of a grid, one at a time. Stop keeps what there is."""

    doing = "Exploring…"

    answered = Signal(int, int, object)  # Relevance
    rated = Signal(int, int, float)  # larger is better
    advanced = Signal(int, int)  # runs done, of all
    ended = Signal(str)  # all done or stopped; or why it failed

    def __init__(self, worker: Worker, study: Study, parent: QObject | None = None) -> None:
        super().__init__(worker, parent, study.keep)
        self._study = study
        self._waiting: deque[tuple[Cell, Question, bool]] = deque()  # and whether it is to be rated
        self._cell: Cell = (0, 0)
        self._all = 0
        self.succeeded.connect(self._on_succeeded)

    def explore(self, question: Question, conv: Sequence[float], linear: Sequence[float], attention: Attention) -> None:
        """Explain `question` by each pair of gammas, then rate each; what is known already is not asked again."""
        cells = [
            ((row, column), replace(question, rules=Gamma(first, second, attention).name))
            for row, first in enumerate(conv)
            for column, second in enumerate(linear)
        ]
        self._waiting = deque([(cell, asked, rates) for rates in (False, True) for cell, asked in cells])
        self._all = len(self._waiting)
        self._go_on()

    def stop(self) -> None:
        self._waiting.clear()
        super().stop()

    def drop(self) -> None:
        self._waiting.clear()
        super().drop()

    def _go_on(self) -> None:
        while self._waiting:
            self.advanced.emit(self._all - len(self._waiting), self._all)
            self._cell, question, rates = self._waiting.popleft()
            request = Rate(question) if rates else question
            known = self._study.known(request)
            if known is None:
                self.ask(request)
                return
            self._tell(known)
        self.ended.emit("")

    def _on_succeeded(self, ending: Ending) -> None:
        self._tell(ending)
        self._go_on()

    def _tell(self, ending: Ending) -> None:
        match ending:
            case Explained():
                self.answered.emit(*self._cell, ending.relevance)
            case Rated():
                self.rated.emit(*self._cell, ending.drop)

    def _end(self, ending: Ending) -> None:
        if isinstance(ending, Cancelled | Failed):
            self._waiting.clear()
        super()._end(ending)
        if isinstance(ending, Cancelled | Failed):
            self.ended.emit(ending.message if isinstance(ending, Failed) else "")
