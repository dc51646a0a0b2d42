"""The heading over an answer: a question in large letters, and a line of facts with a bar among them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.reading.account import Account
from inspector.look.elided_label import ElidedLabel
from inspector.look.hatching import paint_share
from inspector.look.labels import larger
from inspector.look.naming import named
from inspector.look.theme import Space, Tones, tones
from inspector.state.heading import Fact, Heading

_BAR = QSize(96, 8)
_NARROWEST = 216  # points


class HeadingLine(QWidget):
    """Shows a `Heading`. Words are quiet, names and numbers are not; a ledger that is open is red."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question = named("relevance_title", ElidedLabel("Relevance"))
        self._question.setFont(larger(self._question.font()))
        self.facts = Facts()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._question)
        column.addWidget(self.facts)
        self.setMinimumWidth(_NARROWEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_heading(self, heading: Heading | None, promise: str = "", is_defect: bool = False) -> None:
        """Write the question and the facts; `promise` is what the rule set promises of them, under the pointer."""
        self._question.setText("Relevance" if heading is None else heading.question)
        self.facts.show_facts(heading, promise, is_defect)

    def set_stale(self, stale: bool) -> None:
        """Say that this is the answer to an earlier question."""
        self.facts.set_stale(stale)


class Facts(QWidget):
    """A line of pieces, a bar between them, cut at its end where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading: Heading | None = None
        self._promise = ""  # what the rule set promises of the facts
        self._is_defect = self._stale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_facts(self, heading: Heading | None, promise: str, is_defect: bool) -> None:
        self._heading, self._is_defect = heading, is_defect
        sentence = "" if heading is None else heading.sentence
        self.setAccessibleName(sentence)
        self._promise = promise
        self.update()

    def set_stale(self, stale: bool) -> None:
        if stale != self._stale:
            self._stale = stale
            self.update()

    def event(self, event: QEvent) -> bool:
        """Tell the facts in full under the pointer, as they are and not as markup."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._heading is not None:
            lines = (self._heading.sentence, self._promise)
            QToolTip.showText(event.globalPos(), "".join(f"<p>{escape(line)}</p>" for line in lines if line), self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(_NARROWEST, self.fontMetrics().height() + Space.TIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._heading is None:
            return
        t, painter = tones(self.palette()), QPainter(self)
        x = self._paint_facts(painter, self._heading.facts, 0.0, t)
        words = painter.fontMetrics().horizontalAdvance(" ".join(fact.text for fact in self._heading.behind_bar))
        if self._heading.account.known and self.width() - x > _BAR.width() + words + 2 * Space.SMALL:
            x = self._paint_bar(painter, self._heading.account, x, t)
        elif self._heading.behind_bar:
            x = self._paint_facts(painter, (Fact("·", plain=True),), x, t)
        self._paint_facts(painter, self._heading.behind_bar, x, t)

    def _paint_facts(self, painter: QPainter, facts: Sequence[Fact], x: float, t: Tones) -> float:
        metrics = QFontMetricsF(painter.font())
        for fact in facts:
            text = metrics.elidedText(fact.text, Qt.TextElideMode.ElideRight, self.width() - x)
            if not text:
                break
            painter.setPen(QColor(self._ink(fact, t)))
            painter.drawText(QRectF(x, 0, self.width() - x, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            x += metrics.horizontalAdvance(text) + metrics.horizontalAdvance(" ")
        return x

    def _ink(self, fact: Fact, t: Tones) -> str:
        if fact.plain or self._stale:
            return t.quiet
        return t.error if self._is_defect else t.text

    def _paint_bar(self, painter: QPainter, account: Account, x: float, t: Tones) -> float:
        """What arrives is solid, what the softmax keeps is hatched, and what is left over is red."""
        room = QRectF(x + Space.TIGHT, (self.height() - _BAR.height()) / 2, _BAR.width(), _BAR.height())
        whole = max(abs(account.value), abs(account.arrives), 1e-12)
        shares = ((account.arrives, False), (account.softmax, True))
        left = room.left()
        painter.fillRect(room, QColor(t.line))
        for amount, is_hatched in shares:
            width = min(max(amount * (1 if account.value >= 0 else -1), 0) / whole * room.width(), room.right() - left)
            part = QRectF(left, room.top(), width, room.height())
            paint_share(painter, part, QColor(t.quiet), is_hatched)
            left += width
        if self._is_defect:
            painter.fillRect(QRectF(left, room.top(), room.right() - left, room.height()), QColor(t.error))
        return room.right() + Space.SMALL
