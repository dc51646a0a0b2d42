from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from inspector.look.elided_label import ElidedLabel

TEXT = "Relevance · pixels · Gamma (conv 0.25, linear 0.05) · “3”"


@pytest.fixture
def label(qtbot: QtBot) -> ElidedLabel:
    widget = ElidedLabel(TEXT)
    qtbot.addWidget(widget)
    return widget


def narrowed(label: ElidedLabel, share: float) -> str:
    label.resize(int(label.sizeHint().width() * share), 20)
    return label.shown()


def test_that_text_with_room_is_whole(label: ElidedLabel):
    label.set_giving_way(("Gamma (conv 0.25, linear 0.05)",))
    assert narrowed(label, 1) == TEXT


def test_that_what_gives_way_is_cut_first_and_what_follows_it_stays(label: ElidedLabel):
    label.set_giving_way(("Gamma (conv 0.25, linear 0.05)", "Relevance · "))
    assert narrowed(label, 0.8).startswith("Relevance · pixels · Gamma (")
    assert narrowed(label, 0.8).endswith("… · “3”")
    assert narrowed(label, 0.4).endswith("pixels · … · “3”")


def test_that_the_end_is_cut_where_nothing_gives_way(label: ElidedLabel):
    assert narrowed(label, 0.5).startswith("Relevance · pixels")
    assert narrowed(label, 0.5).endswith("…")


def test_that_a_cut_text_is_told_in_full_and_as_it_is(label: ElidedLabel):
    label.setText("<b>bold</b> " + TEXT)
    label.setToolTip("What it is")
    narrowed(label, 0.3)
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), QPoint(1, 1)))
    assert "&lt;b&gt;bold&lt;/b&gt;" in QToolTip.text()
    assert "What it is" in QToolTip.text()
