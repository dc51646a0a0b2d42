"""The theme: Fusion with palettes of our own, light and dark, switched while it runs.

The accent is a teal: relevance owns red and blue, and no cursor may be mistaken for it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from engine.protocol.looks import Ground
from engine.reading.colours import GROUNDS, INKS
from engine.shipped import shipped

Theme = Literal["system", "light", "dark"]


class Space(IntEnum):
    """Distances in pixels; every margin and gap is one of these."""

    HAIR = 2
    TIGHT = 4
    SMALL = 8
    MEDIUM = 12
    LARGE = 16
    HUGE = 24


@dataclass(frozen=True)
class Tones:
    """The colours of one theme, as #rrggbb. Texts reach 4.5:1 on the surfaces they are meant for (WCAG 2 AA)."""

    ground: Ground  # what its colours of relevance go with
    window: str
    base: str  # where content lies: lists, fields, the token strip
    raised: str  # cards, buttons
    line: str  # hairlines between areas
    edge: str  # of fields and ticks, which tell something apart
    text: str
    quiet: str  # secondary text, on window, base and raised
    disabled: str
    accent: str  # also legible as text on window and base
    on_accent: str
    soft: str  # what is chosen, on window and base
    match: str  # what was found
    warning: str
    warning_surface: str
    error: str
    error_surface: str
    information: str
    information_surface: str


LIGHT = Tones(
    ground="light",
    window="#f3f4f6",
    base=GROUNDS["light"],
    raised="#ffffff",
    line="#d9dde3",
    edge="#858e9e",
    text=INKS["light"],
    quiet="#586173",
    disabled="#8c94a1",
    accent="#0b7369",
    on_accent="#ffffff",
    soft="#e4f1ef",
    match="#b45309",
    warning="#8a4b06",
    warning_surface="#fdf3df",
    error="#a8201a",
    error_surface="#fdecea",
    information="#0b6a61",
    information_surface="#e6f4f2",
)

DARK = Tones(
    ground="dark",
    window="#1c1f24",
    base=GROUNDS["dark"],
    raised="#272b32",
    line="#373d47",
    edge="#717a8a",
    text=INKS["dark"],
    quiet="#a1a9b7",
    disabled="#757d8b",
    accent="#35bdac",
    on_accent="#04211d",
    soft="#12312e",
    match="#f5a524",
    warning="#f2c063",
    warning_surface="#36290f",
    error="#ff9c93",
    error_surface="#3d1b1a",
    information="#6fd6c9",
    information_surface="#12312e",
)


def tones(palette: QPalette) -> Tones:
    """The tones that go with `palette`, known by how light its window is."""
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the whole application; with "system" it follows the desktop from now on. May be called at any time."""
    follower = app.findChild(_Follower) or _Follower(app)
    follower.follow(theme)


class _Follower(QObject):
    """Keeps the application in its theme, also when the desktop changes from light to dark."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._theme: Theme = "system"
        self._dressed: Tones | None = None
        self._started_dark = _is_dark(app.palette())  # the desktop's own palette: ours is not set yet
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def follow(self, theme: Theme) -> None:
        self._theme = theme
        self._dress(self._app.styleHints().colorScheme())

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._dress(scheme)

    def _dress(self, scheme: Qt.ColorScheme) -> None:
        wanted = DARK if self._wants_dark(scheme) else LIGHT
        if wanted is not self._dressed:
            self._dressed = wanted
            self._app.setPalette(palette_of(wanted))
            self._app.setStyleSheet(style_sheet(wanted))
            with _no_collection():
                for widget in self._app.allWidgets():  # the style sheet took away the colours views gave themselves
                    self._app.sendEvent(widget, QEvent(QEvent.Type.PaletteChange))

    def _wants_dark(self, scheme: Qt.ColorScheme) -> bool:
        if self._theme != "system":
            return self._theme == "dark"
        if scheme == Qt.ColorScheme.Unknown:
            return self._started_dark
        return scheme == Qt.ColorScheme.Dark


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps Python's collector from deleting a window, with all in it, while the list of widgets is walked."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def palette_of(t: Tones) -> QPalette:
    """The Qt palette that shows the tones."""
    role = QPalette.ColorRole
    palette = QPalette()
    for which, colour in {
        role.Window: t.window,
        role.WindowText: t.text,
        role.Base: t.base,
        role.AlternateBase: t.raised,
        role.Text: t.text,
        role.PlaceholderText: t.quiet,
        role.Button: t.raised,
        role.ButtonText: t.text,
        role.BrightText: t.error,
        role.ToolTipBase: t.raised,
        role.ToolTipText: t.text,
        role.Highlight: t.accent,
        role.HighlightedText: t.on_accent,
        role.Link: t.accent,
        role.LinkVisited: t.accent,
        role.Accent: t.accent,
        role.Mid: t.line,
        role.Midlight: t.line,
    }.items():
        palette.setColor(which, QColor(colour))
    palette.setColor(role.Light, QColor(t.raised).lighter(110))
    palette.setColor(role.Dark, QColor(t.line).darker(120))
    palette.setColor(role.Shadow, QColor("#000000"))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.ToolTipText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(t.line))
    return palette


def _tick(t: Tones) -> str:
    """The file of what stands in a box that is checked, in the colour of text on the accent."""
    name = "tick-dark.svg" if t is DARK else "tick-light.svg"
    return shipped("icons", name).as_posix()


def style_sheet(t: Tones) -> str:
    """What Fusion draws too heavily, or too faintly on dark: fields, headings, scroll bars, menus, choices."""
    return f"""
        QLineEdit, QPlainTextEdit {{
            background: {t.base}; border: 1px solid {t.line}; border-radius: 4px; padding: 3px;
            selection-background-color: {t.accent}; selection-color: {t.on_accent};
        }}
        QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {t.accent}; }}
        QToolButton#segment, QToolButton#more_rules {{
            padding: 4px 8px; border: 1px solid transparent; border-radius: 6px;
        }}
        QToolButton#segment:hover, QToolButton#more_rules:hover {{ border-color: {t.line}; }}
        QToolButton#segment:checked, QToolButton#more_rules[chosen="true"] {{
            background: {t.soft}; color: {t.accent}; border-color: {t.line}; font-weight: 600;
        }}
        QToolButton#more_rules::menu-indicator, QToolButton#dock_menu::menu-indicator {{ image: none; }}
        QToolButton#explain {{
            background: {t.accent}; color: {t.on_accent}; border: 1px solid {t.accent}; border-radius: 6px;
            padding: 4px 14px; font-weight: 600;
        }}
        QToolButton#explain:pressed {{ background: {t.text}; }}
        QToolButton#explain:disabled {{ background: {t.line}; color: {t.disabled}; border-color: {t.line}; }}
        QToolButton#segment:focus, QToolButton#more_rules:focus {{ border-color: {t.accent}; }}
        QToolButton#explain:focus {{ border: 2px solid {t.text}; padding: 3px 13px; }}
        QFrame#scale_control {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px; }}
        QLabel#key {{ color: {t.quiet}; border: 1px solid {t.line}; border-radius: 4px; padding: 1px 6px; }}
        QHeaderView {{ background: {t.base}; border: none; }}
        QHeaderView::section {{
            background: {t.base}; color: {t.quiet}; border: none; border-bottom: 1px solid {t.line}; padding: 4px 8px;
        }}
        QTableCornerButton::section {{ background: {t.base}; border: none; }}
        QProgressBar {{ background: {t.line}; border: none; border-radius: 3px; }}
        QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
        QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
        QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
        QScrollBar::handle {{ background: {t.line}; border-radius: 4px; margin: 2px; }}
        QScrollBar::handle:vertical {{ min-height: 28px; }}
        QScrollBar::handle:horizontal {{ min-width: 28px; }}
        QScrollBar::handle:hover {{ background: {t.disabled}; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
        QAbstractScrollArea::corner {{ background: none; border: none; }}
        QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 3px; }}
        QMenu {{ border: 1px solid {t.line}; }}
        QRadioButton::indicator {{
            width: 12px; height: 12px; border: 1px solid {t.quiet}; border-radius: 7px; background: {t.base};
        }}
        QRadioButton::indicator:checked {{
            border-color: {t.accent}; background: qradialgradient(
                cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5, stop: 0.5 {t.accent}, stop: 0.6 {t.base});
        }}
        QCheckBox::indicator {{
            width: 12px; height: 12px; border: 1px solid {t.quiet}; border-radius: 3px; background: {t.base};
        }}
        QCheckBox::indicator:checked {{ border-color: {t.accent}; background: {t.accent}; image: url("{_tick(t)}"); }}
        QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {t.accent}; }}
        QCheckBox::indicator:disabled {{ border-color: {t.line}; background: {t.window}; }}
        QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    """
