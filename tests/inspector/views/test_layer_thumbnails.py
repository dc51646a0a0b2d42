import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from inspector.views.pictures.layer_thumbnails import LayerThumbnails

_RANDOM = np.random.default_rng(0)
_MAPS = [_RANDOM.normal(size=(side, side)).astype(np.float32) for side in (8, 8, 4)] + [None]
_LIMITS = [1.0, 2.0, 3.0, 4.0]
_LABELS = ["input", "0", "1", "2"]
_EXTRAS = [np.array([0.5, -1.0], np.float32)] * 4


@pytest.fixture
def strip(shown) -> LayerThumbnails:
    strip = shown(LayerThumbnails(), 640, 160)
    strip.show_layers(_MAPS, _LIMITS, _LABELS, 1, Ramp(), _EXTRAS)
    strip.setFocus()
    return strip


def _colour(strip: LayerThumbnails, index: int, row: int, column: int) -> np.ndarray:
    place, (rows, columns) = strip.map_rect(index), _MAPS[index].shape
    x = place.left() + (column + 0.5) * place.width() / columns
    y = place.top() + (row + 0.5) * place.height() / rows
    return np.array(strip.viewport().grab().toImage().pixelColor(int(x), int(y)).getRgb()[:3])


def test_that_each_map_is_coloured_up_to_its_own_limit(strip: LayerThumbnails):
    for index in range(3):
        assert (_colour(strip, index, 1, 2) == colours(_MAPS[index][1, 2], _LIMITS[index], Ramp())).all()


def test_that_an_earlier_questions_layers_are_pale(strip: LayerThumbnails):
    fresh = strip.viewport().grab().toImage()
    strip.set_stale(True)
    pale = 0.4 * colours(_MAPS[1][1, 2], _LIMITS[1], Ramp()) + 0.6 * 255
    assert np.abs(_colour(strip, 1, 1, 2) - pale).max() < 2
    strip.set_stale(False)
    assert strip.viewport().grab().toImage() == fresh


def test_that_a_click_chooses_a_layer_with_or_without_a_grid(strip: LayerThumbnails, qtbot: QtBot):
    clicked = []
    strip.layer_clicked.connect(clicked.append)
    for index in (0, 3, 3):
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.map_rect(index).center())
    assert clicked == [0, 3]
    assert strip.current() == 3


def test_that_the_arrow_keys_walk_through_the_layers(strip: LayerThumbnails, qtbot: QtBot):
    walked = []
    strip.layer_clicked.connect(walked.append)
    for key in ("Right", "Right", "Right", "Left", "Home", "Left", "End"):
        qtbot.keyClick(strip, getattr(Qt.Key, f"Key_{key}"))
    assert walked == [2, 3, 2, 0, 3]


def test_that_showing_layers_is_silent(strip: LayerThumbnails, qtbot: QtBot):
    with qtbot.assertNotEmitted(strip.layer_clicked):
        strip.show_layers(_MAPS, _LIMITS, _LABELS, 2, Ramp("bwr"))
    assert strip.current() == 2


def test_that_the_current_layer_is_scrolled_into_view(shown):
    strip = shown(LayerThumbnails(), 400, 160)
    many = [_MAPS[0]] * 40
    strip.show_layers(many, [1.0] * 40, [str(each) for each in range(40)], 39, Ramp("bwr"))
    assert strip.viewport().rect().contains(strip.map_rect(39))
    strip.show_layers(many, [1.0] * 40, [str(each) for each in range(40)], 0, Ramp("bwr"))
    assert strip.viewport().rect().contains(strip.map_rect(0))


@pytest.mark.parametrize("height", [120, 300])
def test_that_maps_are_as_high_as_there_is_room(shown, height: int):
    strip = shown(LayerThumbnails(), 640, height)
    strip.show_layers(_MAPS, _LIMITS, _LABELS, None, Ramp("bwr"), _EXTRAS)
    place = strip.map_rect(0)
    text = strip.fontMetrics().height()
    assert place.top() >= text
    assert text <= strip.viewport().height() - place.bottom() <= 2 * text + 28


def test_that_tokens_beside_the_picture_are_squares_above_it(strip: LayerThumbnails):
    image, place = strip.viewport().grab().toImage(), strip.map_rect(1)
    side = strip._extras_height() - 6
    for index, value in enumerate(_EXTRAS[0]):
        seen = image.pixelColor(place.topLeft() + QPoint(int((index + 0.5) * side), 0) - QPoint(0, place.top() - 10))
        assert (np.array(seen.getRgb()[:3]) == colours(value, 2.0, Ramp())).all()
    assert strip.accessibleDescription() == "0, other tokens −0.50"


def test_that_a_layer_without_a_grid_says_so(strip: LayerThumbnails, qtbot: QtBot):
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert strip.accessibleDescription() == "2, not a picture here, other tokens −0.50"


def test_that_an_empty_strip_says_what_appears_here(strip: LayerThumbnails):
    strip.clear()
    assert "appears here" in strip.accessibleDescription()
    assert strip.current() is None


def test_that_maps_keep_their_size_where_a_scroll_bar_comes(shown):
    strip = shown(LayerThumbnails(), 640, 160)
    sizes = []
    for count in (2, 40):
        strip.show_layers([_MAPS[0]] * count, [1.0] * count, ["a"] * count, None, Ramp("bwr"))
        sizes.append(strip.map_rect(0).size())
    assert strip.horizontalScrollBar().maximum() > 0
    assert sizes[0] == sizes[1]


def test_that_the_pointer_is_told_what_the_squares_above_a_map_are(strip: LayerThumbnails):
    place = strip.map_rect(2)
    tip = strip.tip_at(QPoint(place.left() + 2, 6))
    assert "class token" in tip
    assert tip.endswith("−0.50 logits")
    assert strip.tip_at(place.center()) == ""
    assert strip.tip_at(QPoint(strip.map_rect(3).right() + 200, 6)) == ""
