from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QSizePolicy, QSpacerItem, QWidget
from pytestqt.qtbot import QtBot

from inspector.look.wrapping_row import WrappingRow


def boxes(*widths: int) -> list[QLabel]:
    made = [QLabel() for _ in widths]
    for box, width in zip(made, widths, strict=True):
        box.setFixedSize(width, 20)
    return made


@pytest.fixture
def whole(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setLayout(WrappingRow(10))
    return widget


def placed(whole: QWidget, width: int) -> None:
    whole.resize(width, 200)
    whole.show()
    whole.layout().activate()


def test_that_what_has_no_room_goes_on_below(whole: QWidget):
    first, second, third = boxes(100, 100, 50)
    for box in (first, second, third):
        whole.layout().addWidget(box)
    placed(whole, 260 + 10)
    assert [box.y() for box in (first, second, third)] == [0, 0, 0]
    placed(whole, 210)
    assert [(box.x(), box.y()) for box in (first, second, third)] == [(0, 0), (110, 0), (0, 30)]
    assert whole.layout().heightForWidth(210) == 50


def test_that_the_row_asks_for_no_more_than_its_widest_item(whole: QWidget):
    for box in boxes(40, 90, 60):
        whole.layout().addWidget(box)
    assert whole.layout().minimumSize().width() == 90


def test_that_what_is_hidden_takes_no_room(whole: QWidget):
    wide, narrow = boxes(300, 50)
    whole.layout().addWidget(wide)
    whole.layout().addWidget(narrow)
    wide.hide()
    placed(whole, 100)
    assert whole.layout().minimumSize().width() == 50
    assert (narrow.x(), narrow.y()) == (0, 0)


def test_that_a_spacer_moves_what_follows_to_the_right(whole: QWidget):
    first, last = boxes(50, 50)
    whole.layout().addWidget(first)
    whole.layout().addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding))
    whole.layout().addWidget(last)
    placed(whole, 300)
    assert last.geometry().right() == 299


def test_that_what_can_grow_keeps_its_minimum_before_it_gets_a_line_of_its_own(whole: QWidget):
    title, button = QLabel("long " * 40), *boxes(80)
    title.setMinimumWidth(120)
    title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    whole.layout().addWidget(title)
    whole.layout().addWidget(button)
    placed(whole, 250)
    assert (title.width(), button.x()) == (160, 170)
    placed(whole, 200)
    assert title.width() == 200
    assert button.y() > title.geometry().bottom()
