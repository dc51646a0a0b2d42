import gc

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QLineEdit, QMenu, QRadioButton, QTextEdit, QWidget

from inspector.look.icons import icon
from inspector.look.theme import DARK, LIGHT, Tones, apply_theme, palette_of, tones
from inspector.views.input.prompt_editor import PromptEditor
from inspector.views.prediction_table import PredictionTable


def _luminance(colour: str) -> float:
    channels = (value / 255 for value in QColor(colour).getRgb()[:3])
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("text", "quiet") for ground in ("window", "base", "raised")),
        *((ink, ground) for ink in ("accent", "error", "warning") for ground in ("window", "base")),
        ("on_accent", "accent"),
        ("text", "error_surface"),
        ("error", "error_surface"),
        ("warning", "warning_surface"),
        ("information", "information_surface"),
    ],
)
def test_that_texts_have_enough_contrast(theme: Tones, ink: str, ground: str):
    assert _contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_the_tones_are_known_from_their_palette(theme: Tones, qapp: QApplication):
    assert tones(palette_of(theme)) is theme


def test_that_the_theme_is_switched_while_windows_are_open(qtbot, qapp: QApplication):
    apply_theme(qapp, "light")
    label = QLabel("x")
    qtbot.addWidget(label)
    label.show()
    apply_theme(qapp, "dark")
    assert tones(label.palette()) is DARK
    apply_theme(qapp, "light")
    assert tones(label.palette()) is LIGHT


@pytest.mark.parametrize("kind", [QLineEdit, QRadioButton, QDialogButtonBox, QMenu])
def test_that_what_the_style_sheet_dresses_is_switched_too(kind: type[QWidget], qtbot, qapp: QApplication):
    apply_theme(qapp, "light")
    parent = QWidget()
    qtbot.addWidget(parent)
    widget = kind(parent)
    for theme, wanted in (("dark", DARK), ("light", LIGHT)):
        apply_theme(qapp, theme)
        parent.show()
        widget.show()
        qapp.processEvents()
        assert widget.palette().windowText().color().name() == wanted.text


def test_that_warnings_are_in_the_colour_of_the_theme_after_a_switch(qtbot, qapp: QApplication):
    apply_theme(qapp, "light")
    editor, table = PromptEditor(), PredictionTable()
    for view in (editor, table):
        qtbot.addWidget(view)
        view.show()
    editor.set_count(600, 512)
    table.show_target_error("too many")
    labels = [label for label in (*editor.findChildren(QLabel), *table.findChildren(QLabel)) if "many" in label.text()]
    labels += editor.findChildren(QLabel)
    for theme, wanted in (("dark", DARK), ("light", LIGHT), ("dark", DARK)):
        apply_theme(qapp, theme)
        qapp.processEvents()
        assert {label.palette().windowText().color().name() for label in labels} == {wanted.error}


def test_that_system_follows_the_desktop_and_the_others_do_not(qapp: QApplication):
    scheme = qapp.styleHints().colorSchemeChanged
    apply_theme(qapp, "system")
    scheme.emit(Qt.ColorScheme.Dark)
    assert tones(qapp.palette()) is DARK
    scheme.emit(Qt.ColorScheme.Light)
    assert tones(qapp.palette()) is LIGHT
    apply_theme(qapp, "light")
    scheme.emit(Qt.ColorScheme.Dark)
    assert tones(qapp.palette()) is LIGHT


def test_that_icons_take_the_colour_of_the_text(qapp: QApplication):
    drawn = {}
    for theme in ("light", "dark"):
        apply_theme(qapp, theme)
        image = icon("stop").pixmap(32, 32).toImage()
        drawn[theme] = image.pixelColor(16, 16).name()
        assert drawn[theme] == qapp.palette().color(QPalette.ColorRole.ButtonText).name()
    assert drawn["light"] != drawn["dark"]
    apply_theme(qapp, "light")


def test_that_icons_are_as_sharp_as_the_screen(qapp: QApplication):
    pixmap = icon("close").pixmap(QSize(16, 16), 2.0)
    assert pixmap.width() == 32


def test_that_no_window_is_collected_while_the_widgets_are_walked(qapp: QApplication):
    """Python lets go of one that refers to itself when it likes; a list that Qt gave before would lead to nothing."""
    apply_theme(qapp, "light")
    gc.disable()
    for _ in range(200):
        window = QTextEdit()  # with scroll bars of Qt's own, of which Python hears in the walk
        window.itself = window  # type: ignore[attr-defined]
    del window
    before = gc.get_threshold()
    gc.set_threshold(gc.get_count()[0] + 400, 1, 1)  # of which the walk makes 1,400
    gc.enable()
    try:
        apply_theme(qapp, "dark")
    finally:
        gc.set_threshold(*before)
    assert gc.isenabled()
    gc.collect()
