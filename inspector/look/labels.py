"""Labels that show text as it is, without markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QLabel, QWidget

_LARGE, _SMALL = 1.38, 0.92  # times the interface's size


def plain_label(text: str = "", parent: QWidget | None = None) -> QLabel:
    """A label that takes no text for markup."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def quiet_label(text: str = "", parent: QWidget | None = None) -> QLabel:
    """A wrapped label in the colour of secondary text, for explanations."""
    label = plain_label(text, parent)
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def heading_label(text: str, parent: QWidget | None = None) -> QLabel:
    """A label that begins a section."""
    label = plain_label(text, parent)
    label.setFont(bold(label.font()))
    return label


def larger(font: QFont) -> QFont:
    """The font of the question over an answer."""
    large = QFont(font)
    large.setPointSizeF(font.pointSizeF() * _LARGE)
    large.setWeight(QFont.Weight.DemiBold)
    return large


def smaller(font: QFont) -> QFont:
    """The font of what is said beside something."""
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * _SMALL)
    return small


def bold(font: QFont) -> QFont:
    """The font of what begins a section."""
    heavier = QFont(font)
    heavier.setBold(True)
    return heavier
