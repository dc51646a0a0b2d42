"""How many tokens a text has, and how many its model takes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from inspector.look.numbers import grouped, in_tokens
from inspector.look.theme import tones

_NEARLY_FULL = 0.9


class TokenCount(QLabel):
    """A number that turns to a warning near the model's limit, and to an error above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._counted: tuple[int | None, int | None] = (None, None)

    def set_count(self, count: int | None, limit: int | None) -> None:
        """How many tokens the text has, and how many the model takes; None where that is not known."""
        self._counted = (count, limit)
        if count is None:
            self.setText("")
        elif limit is None:
            self.setText(in_tokens(count))
        else:
            self.setText(f"{grouped(count)} / {grouped(limit)} tokens")
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        t = tones(self.palette())
        count, limit = self._counted
        colour, tip = t.quiet, ""
        if count is not None and limit is not None and count > limit:
            colour, tip = t.error, "The model takes no more tokens than that: shorten the text."
        elif count is not None and limit is not None and count >= _NEARLY_FULL * limit:
            colour, tip = t.warning, "Nearly as many tokens as the model takes."
        palette = self.palette()
        if palette.color(palette.ColorRole.WindowText).name() != colour:
            palette.setColor(palette.ColorRole.WindowText, colour)
            self.setPalette(palette)
        self.setToolTip(tip)
