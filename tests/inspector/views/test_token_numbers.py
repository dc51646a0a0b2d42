"""Relevance written under tokens: its room, its place, and whose it is."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp, Unit
from engine.reading.numbers import number_under
from engine.reading.units import units_of
from inspector.look.theme import tones
from inspector.views.tokens.token_strip import TokenStrip
from tests.inspector.views.prompt_tokens import tokens_of

_PROMPT = (
    "<s>",
    "up",
    " to",
    " ",
    "8",
    ",",
    "3",
    "20",
    " m",
    ".",
    "\n",
    "They",
    "\n\n",
    "שלום",
    " של",
    "ום",
    "\n",
    "a",
)
_TOKENS = tokens_of(*_PROMPT)
_COUNT = len(_PROMPT)
_LAYERS = np.random.default_rng(3).normal(size=(4, _COUNT)) * np.array([[1], [20], [0.001], [400]])
_Show = Callable[..., TokenStrip]


@pytest.fixture
def strip(shown: _Show) -> TokenStrip:
    return shown(TokenStrip())


def _show(strip: TokenStrip, layer: int, unit: Unit = "token", numbers: bool = True) -> np.ndarray:
    """The values of a layer, shown with room for those of all."""
    units = units_of(_TOKENS, unit)
    merged = units.merged(_LAYERS)
    extremes = np.stack([merged.min(axis=0), merged.max(axis=0)])
    strip.show_relevance(_TOKENS, merged[layer], 1.0, Ramp(), units=units, extremes=extremes if numbers else None)
    return merged[layer]


def _seen(strip: TokenStrip) -> QImage:
    return strip.viewport().grab().toImage()


def _width(strip: TokenStrip, value: float) -> float:
    return QFontMetricsF(strip._picture._painter.fonts.number).horizontalAdvance(number_under(value))


def _under(strip: TokenStrip, token: int) -> QRect:
    """Where the number of a token stands."""
    box = strip.token_rects(token)[0]
    height = int(strip._picture.layout.row_height - strip._picture.layout.box_height) - 3
    return QRect(box.left(), box.bottom() + 3, box.width(), height)


def _ink(image: QImage, area: QRect) -> list[int]:
    """The columns of `area` where something is written."""
    ground = image.pixelColor(area.right() + 1, area.bottom()).rgb()
    columns = range(area.left(), area.right() + 1)
    rows = range(area.top(), area.bottom() + 1)
    return [x for x in columns if any(image.pixel(x, y) != ground for y in rows)]


def test_that_every_token_is_as_wide_as_its_number_at_any_layer(strip: TokenStrip):
    _show(strip, 0)
    for token in range(_COUNT):
        needed = max(_width(strip, value) for value in _LAYERS[:, token])
        assert strip.token_rects(token)[0].width() >= needed + 2


def test_that_numbers_of_neighbours_do_not_touch(strip: TokenStrip):
    _show(strip, 3)
    places = strip._picture.layout.numbers
    ends = [
        (row, *((x - width, x) if mirrored else (x, x + width)))
        for row, x, mirrored, width in zip(
            places.row, places.x, places.mirrored, [_width(strip, value) for value in _LAYERS[3]], strict=True
        )
    ]
    ordered = sorted(ends)
    assert all(a[0] != b[0] or a[2] + 2 <= b[1] for a, b in pairwise(ordered))


def test_that_another_layer_changes_the_numbers_and_no_place(strip: TokenStrip, shown: _Show):
    _show(strip, 0)
    places, first = [strip.token_rects(token) for token in range(_COUNT)], _seen(strip)
    _show(strip, 1)
    assert [strip.token_rects(token) for token in range(_COUNT)] == places
    afresh = shown(TokenStrip())
    _show(afresh, 1)
    area = _under(strip, 4)
    strip.clearFocus()
    assert _seen(strip).copy(area) == _seen(afresh).copy(area) != first.copy(area)


def test_that_a_number_that_would_be_zero_is_not_written(strip: TokenStrip):
    _show(strip, 2)
    image = _seen(strip)
    assert not any(_ink(image, _under(strip, token)) for token in range(_COUNT - 1))
    _show(strip, 0)
    assert _ink(_seen(strip), _under(strip, 4))


def test_that_rows_are_as_they_were_without_numbers(strip: TokenStrip):
    _show(strip, 0, numbers=False)
    before = [strip.token_rects(token) for token in range(_COUNT)]
    _show(strip, 0)
    assert strip._picture.layout.row_height > strip._picture.layout.box_height + 8
    _show(strip, 0, numbers=False)
    assert [strip.token_rects(token) for token in range(_COUNT)] == before


def test_that_a_word_has_one_number_under_its_beginning(strip: TokenStrip):
    values = _show(strip, 0, "word")
    units = units_of(_TOKENS, "word")
    word = int(units.of_token[4])
    assert units.range_of(word) == range(3, 8)
    image = _seen(strip)
    boxes = [strip.token_rects(token)[0] for token in range(3, 8)]
    whole = _under(strip, 3).united(_under(strip, 7))
    ink = _ink(image, whole)
    assert boxes[0].left() <= ink[0] <= boxes[0].left() + 5
    assert ink[-1] - ink[0] <= _width(strip, values[word]) + 1
    assert boxes[-1].right() >= ink[-1]


@pytest.mark.parametrize("unit", ["line", "sentence"])
def test_that_lines_and_sentences_have_their_number_where_they_begin(strip: TokenStrip, unit: Unit):
    values = _show(strip, 0, unit)
    places = strip._picture.layout.numbers
    starts = [
        strip._picture.layout.rect(strip._picture.layout.spans_of(int(at))[0]) for at in units_of(_TOKENS, unit).starts
    ]
    assert len(places.x) == len(values) == len(starts)
    for x, mirrored, start in zip(places.x, places.mirrored, starts, strict=True):
        assert (start.right() - 8 <= x <= start.right()) if mirrored else (start.left() <= x <= start.left() + 8)


def test_that_what_is_cut_has_its_number_in_the_first_row_with_room_for_it(strip: TokenStrip):
    tokens = tokens_of("mmmmmmmmmmmmmmmmmmmmm.", " I", " walkedwalked.")
    units = units_of(tokens, "sentence")
    assert len(units) == 2
    for width in range(400, 150, -1):
        strip.resize(width, 360)
        strip.show_relevance(tokens, np.full(2, -100.0), 1.0, Ramp(), units=units, extremes=np.full((2, 2), -100.0))
        layout = strip._picture.layout
        rows = [int(layout.span_row[layout.spans_of(token)[0]]) for token in range(3)]
        if rows[1] != rows[2]:
            break
    assert rows == [0, 0, 1]
    assert layout.numbers.row.tolist() == [0, 1]


def test_that_a_number_under_hebrew_ends_where_its_text_begins(strip: TokenStrip):
    values = np.array([-123.45])
    strip.show_relevance(tokens_of("שלום"), values, 1.0, Ramp(), extremes=np.stack([values, values]))
    box, ink = strip.token_rects(0)[0], _ink(_seen(strip), _under(strip, 0))
    assert box.right() - 6 <= ink[-1] <= box.right()
    assert ink[-1] - ink[0] > 0.8 * _width(strip, values[0])


def test_that_a_number_is_part_of_what_the_pointer_is_on(strip: TokenStrip, qtbot: QtBot):
    _show(strip, 1)
    for token in (0, 4, 13):
        assert strip.token_at(_under(strip, token).center()) == token
    with qtbot.waitSignal(strip.position_clicked) as clicked:
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=_under(strip, 4).center())
    assert clicked.args == [4]


def test_that_the_keys_walk_rows_with_numbers(strip: TokenStrip, qtbot: QtBot):
    _show(strip, 1)
    strip.set_current(2)
    qtbot.keyClick(strip, Qt.Key.Key_Down)
    assert strip.current() in (11, 12)
    with qtbot.waitSignal(strip.values_requested):
        qtbot.keyClick(strip, Qt.Key.Key_U)


def test_that_numbers_have_the_ink_of_quiet_text(strip: TokenStrip):
    _show(strip, 3)
    quiet = tones(strip.palette()).quiet
    image, area = _seen(strip), _under(strip, 4)
    drawn = {
        image.pixelColor(x, y).name()
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.bottom())
    }
    assert any(abs(int(name[1:3], 16) - int(quiet[1:3], 16)) < 40 for name in drawn)


def test_that_the_row_in_view_stays_when_numbers_come(strip: TokenStrip):
    tokens = tokens_of(*[f" w{index}" for index in range(3000)])
    values = np.ones(3000)
    strip.show_relevance(tokens, values, 1.0, Ramp())
    strip.verticalScrollBar().setValue(strip.verticalScrollBar().maximum() // 2)
    first = strip.token_at(QPointF(20, 25).toPoint())
    strip.show_relevance(tokens, values, 1.0, Ramp(), extremes=np.stack([values, values]))
    assert 0 <= strip.token_rects(first)[0].top() < 60


def test_that_what_was_scrolled_to_stays_in_view_when_there_is_less_room(strip: TokenStrip):
    tokens = tokens_of(*[f" w{index}" for index in range(3000)])
    strip.show_relevance(tokens, np.ones(3000), 1.0, Ramp())
    strip.reveal(1500)
    strip.resize(strip.width(), 150)
    assert strip.viewport().rect().contains(strip.token_rects(1500)[0])
    strip.verticalScrollBar().setValue(0)
    strip.resize(strip.width(), 200)
    assert strip.verticalScrollBar().value() == 0
