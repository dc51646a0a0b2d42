"""Labels that show text as it is, without markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QLabel, QWidget


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


def bold(font: QFont) -> QFont:
    """The font of what begins a section."""
    heavier = QFont(font)
    heavier.setBold(True)
    return heavier
