"""Titles over pictures beside each other: which answer each shows, with a button that lets the pinned one go."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from inspector.look.elided_label import ElidedLabel
from inspector.look.icons import icon
from inspector.look.naming import named
from inspector.look.theme import Space


class SideTitles(QWidget):
    """A row of titles as wide as the panes below it, each centred over its own."""

    let_go = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(Space.SMALL)
        self._titles: tuple[_Title, ...] = ()

    def show_titles(self, titles: Sequence[str], pinned: int | None, giving_way: Sequence[str] = ()) -> None:
        """Write a title over each pane; `pinned` is the one that can be let go, `giving_way` what is cut first."""
        if [title.text for title in self._titles] == list(titles):
            return
        for title in self._titles:
            self._row.removeWidget(title)
            title.deleteLater()
        self._titles = tuple(_Title(text, index == pinned, giving_way) for index, text in enumerate(titles))
        for title in self._titles:
            self._row.addWidget(title, 1)
            title.let_go.connect(self.let_go)

    def texts(self) -> tuple[str, ...]:
        """The titles from the left."""
        return tuple(title.text for title in self._titles)


class _Title(QWidget):
    let_go = Signal()

    def __init__(self, text: str, is_pinned: bool, giving_way: Sequence[str]) -> None:
        super().__init__()
        self.text = text
        label = ElidedLabel(text)
        label.set_giving_way(giving_way)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.TIGHT)
        row.addStretch(1)
        row.addWidget(label)
        row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if is_pinned:
            button = named("let_go", QToolButton())
            button.setIcon(icon("close"))
            button.setAutoRaise(True)
            button.setToolTip("Let the pinned answer go")
            button.setAccessibleName("Let the pinned answer go")
            button.clicked.connect(self.let_go)
            row.insertWidget(2, button)
