"""The bars that say what happened and how far a run is."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from inspector.views.failure_bar import FailureBar
from inspector.views.progress_line import ProgressLine, phase_text


@pytest.fixture
def host(shown) -> QWidget:
    host = QWidget()
    QVBoxLayout(host)
    return shown(host)


@pytest.fixture
def bar(host: QWidget) -> FailureBar:
    bar = FailureBar()
    host.layout().addWidget(bar)
    return bar


@pytest.fixture
def line(host: QWidget) -> ProgressLine:
    line = ProgressLine()
    host.layout().addWidget(line)
    return line


def _button(bar: FailureBar, text: str) -> QPushButton:
    return next(button for button in bar.findChildren(QPushButton) if button.text() == text)


def test_that_a_failure_offers_what_would_help(bar: FailureBar, qtbot: QtBot):
    assert not bar.isVisible()
    bar.show_failure("The model is <b>gated</b>.", ["Open & read"], "Traceback")
    assert bar.isVisible() and bar.message() == "The model is <b>gated</b>."
    with qtbot.waitSignal(bar.acted):
        qtbot.mouseClick(_button(bar, "Open && read"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(bar.details_requested):
        qtbot.mouseClick(_button(bar, "Details"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(bar.dismissed):
        qtbot.mouseClick(bar.findChild(QToolButton), Qt.MouseButton.LeftButton)
    assert not bar.isVisible()


def test_that_a_notice_without_action_has_no_buttons_for_it(bar: FailureBar):
    bar.show_notice("Drawn without LaTeX.")
    assert not any(button.isVisible() for button in bar.findChildren(QPushButton))


def test_that_failures_and_notices_look_different(bar: FailureBar):
    bar.show_failure("x")
    failed = bar.grab().toImage().pixelColor(bar.rect().center())
    bar.show_notice("x")
    assert bar.grab().toImage().pixelColor(bar.rect().center()) != failed


def test_that_a_long_message_wraps(bar: FailureBar):
    bar.show_failure("One.")
    short = bar.heightForWidth(400)
    bar.show_failure("A sentence that goes on and on. " * 12)
    assert bar.heightForWidth(400) > 2 * short


def test_that_messages_are_plain_text(bar: FailureBar, line: ProgressLine):
    labels = bar.findChildren(QLabel) + line.findChildren(QLabel)
    assert {label.textFormat() for label in labels if label.text()} <= {Qt.TextFormat.PlainText}


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (("download", 1_200_000_000, 3_400_000_000), "Downloading 1.2 of 3.4 GB"),
        (("download", 12_345_678, 0), "Downloading 12.3 MB"),
        (("download", 0, 900), "Downloading 0 of 900 bytes"),
        (("load", 120, 272), "Loading weights 120/272"),
        (("load", 0, 0), "Loading weights"),
        (("forward", 3, 30), "Forward, block 3 of 30"),
        (("backward", 29, 30), "Backward, block 29 of 30"),
        (("typeset", 0, 0), "Typesetting"),
    ],
)
def test_that_phases_are_said_in_words(progress, text: str):
    assert phase_text(*progress) == text


def test_that_stop_is_asked_for_once(line: ProgressLine, qtbot: QtBot):
    line.show_progress("forward", 3, 30)
    stop = line.findChild(QPushButton)
    with qtbot.waitSignal(line.stopped):
        qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    line.show_progress("forward", 4, 30)
    assert not stop.isEnabled() and line.text() == "Stopping …"
    line.clear()
    assert not line.isVisible()
    line.start("Starting")
    assert stop.isEnabled() and line.isVisible()
