"""PySide6 6.12.0 drops a reference to None, True or False with every signal and void call on Python before 3.12."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

CALLS = 10_000
SLACK = 1_000  # other code takes and gives references too; each call losing one would be CALLS of them


class _Sender(QObject):
    sent = Signal(bool)


def test_that_void_calls_and_signals_lose_no_references(qtbot: QtBot) -> None:
    label, sender = QLabel(), _Sender()
    qtbot.addWidget(label)
    sender.sent.connect(label.setEnabled)
    before = [sys.getrefcount(value) for value in (None, True, False)]
    for i in range(CALLS):
        label.setText("x")
        sender.sent.emit(bool(i % 2))
    after = [sys.getrefcount(value) for value in (None, True, False)]
    assert all(now > then - SLACK for then, now in zip(before, after, strict=True))
