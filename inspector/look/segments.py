"""A choice of few, beside each other: one is always chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from inspector.look.naming import named
from inspector.look.theme import Space


class Segments(QWidget):
    """Buttons of which one is pressed. What is chosen here is only said; `show_choice` presses it."""

    chosen = Signal(str)

    def __init__(self, name: str, titles: Mapping[str, str], tips: Mapping[str, str], parent: QWidget | None = None):
        super().__init__(parent)
        self._buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.HAIR)
        for choice, title in titles.items():
            button = self._buttons[choice] = named("segment", QToolButton())
            button.setText(title)
            button.setCheckable(True)
            button.setToolTip(tips.get(choice, ""))
            button.setAccessibleName(f"{name}: {title}")
            button.clicked.connect(lambda _=False, choice=choice: self.chosen.emit(choice))
            group.addButton(button)
            row.addWidget(button)

    def show_choice(self, choice: str) -> None:
        """Press the button of a choice."""
        self._buttons[choice].setChecked(True)

    def write(self, choice: str, title: str) -> None:
        """Write something else on the button of a choice."""
        self._buttons[choice].setText(title.replace("&", "&&"))

    def offer(self, choice: str, is_offered: bool) -> None:
        """Have a button for a choice, or none."""
        self._buttons[choice].setVisible(is_offered)

    def offered(self) -> list[str]:
        """The choices that have a button."""
        return [choice for choice, button in self._buttons.items() if button.isVisibleTo(self)]

    def choice(self) -> str:
        """What is pressed; empty where nothing is."""
        return next((choice for choice, button in self._buttons.items() if button.isChecked()), "")
