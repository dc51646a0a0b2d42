"""The fonts of tokens in colour, made from that of the interface."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from inspector.views.tokens.token_runs import RunKind

_LARGER_THAN_INTERFACE = {False: 1.15, True: 1.08}  # the second in a low window
_LOW = 900  # points: a window less high shows more of the prompt in smaller letters
_ZOOM_STEP = 1.1
_LABEL, _NUMBER = 0.82, 0.78  # of the text's size


@dataclass(frozen=True)
class StripFonts:
    """The fonts of a strip: prompt text, the smaller labels of special tokens, and the numbers under both."""

    text: QFont
    label: QFont
    number: QFont

    def of(self, kind: int) -> QFont:
        return self.label if kind in (RunKind.SPECIAL, RunKind.PIECE) else self.text


def strip_fonts(text: QFont) -> StripFonts:
    """The fonts that go with one for the prompt."""
    return StripFonts(text, _sized(text, _LABEL), _sized(text, _NUMBER))


def is_low(widget: QWidget) -> bool:
    """Whether the widget is in a window in which letters are smaller."""
    return widget.window().height() < _LOW


def text_font(widget: QWidget, low: bool, zoom: int) -> QFont:
    """The font of the prompt in a widget; each step of `zoom` makes it a tenth larger."""
    font = widget.font()
    points = font.pointSizeF() if font.pointSizeF() > 0 else font.pixelSize() * 72 / widget.logicalDpiY()
    font.setPointSizeF(points)
    return _sized(font, _LARGER_THAN_INTERFACE[low] * _ZOOM_STEP**zoom)


def _sized(font: QFont, factor: float) -> QFont:
    sized = QFont(font)
    sized.setPointSizeF(font.pointSizeF() * factor)
    return sized
