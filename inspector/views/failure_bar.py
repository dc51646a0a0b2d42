"""The failure bar: what happened and what to do about it, in place and never in a box."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from inspector.look.icons import icon, tinted
from inspector.look.theme import Space, tones
from inspector.look.wrapping_row import WrappingRow

MOST_ACTIONS = 3
_WORDS = 140  # points that the message has beside its sign, and the least of what is offered


class FailureBar(QWidget):
    """A message with buttons for what would help; as a notice it only informs. Hidden while it has nothing to say."""

    acted = Signal(int)  # the place among what is offered
    details_requested = Signal()  # tracebacks belong in the log
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failed = True
        self._sign = QLabel(self)
        self._message = QLabel(self)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setWordWrap(True)
        self._message.setMinimumWidth(_WORDS)
        self._message.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._message.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._actions = [QPushButton(self) for _ in range(MOST_ACTIONS)]
        for which, button in enumerate(self._actions):
            button.setMinimumWidth(_WORDS)
            button.clicked.connect(partial(self._on_action, which))
        self._details = QPushButton("Details", self)
        self._details.setToolTip("Show the log")
        self._details.clicked.connect(self.details_requested)
        self._dismiss = QToolButton(self)
        self._dismiss.setIcon(icon("close"))
        self._dismiss.setAutoRaise(True)
        self._dismiss.setToolTip("Dismiss")
        self._dismiss.setAccessibleName("Dismiss")
        self._dismiss.clicked.connect(self._on_dismiss)
        row = WrappingRow()
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.SMALL, Space.SMALL)
        column.addLayout(row)
        row.addWidget(self._sign)
        row.addWidget(self._message)
        for widget in (*self._actions, self._details, self._dismiss):
            row.addWidget(widget)
        self.hide()

    def show_failure(self, message: str, actions: Sequence[str] = (), details: str = "") -> None:
        """Say what went wrong. `actions` name what the buttons do; details are offered where there are any."""
        self._show(True, message, actions, details)

    def show_notice(self, message: str, actions: Sequence[str] = (), details: str = "") -> None:
        """Say something that is good to know."""
        self._show(False, message, actions, details)

    def clear(self) -> None:
        self._message.clear()
        self.hide()

    def message(self) -> str:
        return self._message.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.error if self._failed else t.information), 1))
        painter.setBrush(QColor(t.error_surface if self._failed else t.information_surface))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _show(self, failed: bool, message: str, actions: Sequence[str], details: str) -> None:
        self._failed = failed
        self._message.setText(message)
        for which, button in enumerate(self._actions):
            button.setVisible(which < len(actions))
            button.setText(actions[which].replace("&", "&&") if which < len(actions) else "")
        self._details.setVisible(bool(details))
        self.setAccessibleName("Failure" if failed else "Notice")
        self.setAccessibleDescription(message)
        self._dress()
        self.show()
        self.update()

    def _dress(self) -> None:
        t = tones(self.palette())
        name, colour = ("warning", t.error) if self._failed else ("information", t.information)
        self._sign.setPixmap(tinted(name, QColor(colour), 18, self.devicePixelRatioF()))

    def _on_action(self, which: int) -> None:
        self.acted.emit(which)

    def _on_dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()
