"""Two answers on one picture, and relevance on the original of which the model saw a part."""

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from engine.figures.picture import painted
from engine.protocol.looks import Look, Ramp
from engine.protocol.messages import Export
from engine.reading.colours import UNSEEN, colours, greyed
from inspector.look.numbers import signed
from inspector.look.theme import apply_theme, tones
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import PictureView
from inspector.views.side_titles import SideTitles
from tests.engine.figures.made_relevance import of_picture

_RANDOM = np.random.default_rng(0)
_PIXELS = _RANDOM.integers(0, 256, (12, 16, 3), np.uint8)
_PINNED, _NOW = (_RANDOM.normal(size=(12, 16)).astype(np.float32) for _ in range(2))
_WHOLE = _RANDOM.integers(0, 256, (30, 40, 3), np.uint8)
_BOX = QRectF(4, 3, 32, 24)  # of which every pixel of relevance covers two by two


@pytest.fixture
def pair(shown) -> PictureView:
    view = shown(PictureView())
    view.show_picture(Ground(_PIXELS), [_PINNED, _NOW], 2.0, Ramp())
    view.set_mode("heatmap")
    return view


@pytest.fixture
def original(shown) -> PictureView:
    view = shown(PictureView())
    view.show_picture(Ground(_WHOLE, (40, 30), _BOX), [_NOW], 2.0, Ramp())
    return view


def _colour(view: PictureView, row: int, column: int, pane: int = 0) -> np.ndarray:
    point = view.pixel_point(row, column, pane).toPoint()
    return np.array(view.grab().toImage().pixelColor(point).getRgb()[:3])


def test_that_both_are_drawn_on_one_scale(pair: PictureView):
    for pane, values in enumerate((_PINNED, _NOW)):
        assert (_colour(pair, 5, 7, pane) == colours(values[5, 7], 2.0, Ramp())).all()
    pair.set_mode("overlay")
    for pane, values in enumerate((_PINNED, _NOW)):
        mixed = 0.4 * greyed(_PIXELS)[5, 7] + 0.6 * colours(values[5, 7], 2.0, Ramp())
        assert np.abs(_colour(pair, 5, 7, pane) - mixed).max() < 3


def test_that_the_picture_stands_before_both_or_alone(pair: PictureView):
    pair.set_mode("side by side")
    assert (_colour(pair, 5, 7) == _PIXELS[5, 7]).all()
    assert (_colour(pair, 5, 7, pane=2) == colours(_NOW[5, 7], 2.0, Ramp())).all()
    pair.set_mode("picture")
    assert pair.pixel_point(5, 7).x() == pytest.approx(pair.width() / 2, abs=30)
    assert (_colour(pair, 5, 7) == _PIXELS[5, 7]).all()


def test_that_both_zoom_and_move_in_step(pair: PictureView, qtbot: QtBot):
    pair.setFocus()
    for _ in range(5):
        qtbot.keyClick(pair, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    start = pair.pixel_point(5, 7, pane=1).toPoint()
    apart = pair.pixel_point(5, 7, pane=1) - pair.pixel_point(5, 7)
    qtbot.mousePress(pair, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(pair, start + QPoint(9, 6))
    qtbot.mouseRelease(pair, Qt.MouseButton.LeftButton, pos=start + QPoint(9, 6))
    assert pair.pixel_point(5, 7, pane=1).toPoint() - start == QPoint(9, 6)
    assert pair.pixel_point(5, 7, pane=1) - pair.pixel_point(5, 7) == apart


@pytest.mark.parametrize("pane", [0, 1])
def test_that_the_pointer_tells_values_of_both_and_is_seen_in_the_other(pair: PictureView, qtbot: QtBot, pane: int):
    before = pair.grab().toImage()
    qtbot.mouseMove(pair, pair.pixel_point(5, 7, pane).toPoint())
    pinned, now = (signed(float(values[5, 7])) for values in (_PINNED, _NOW))
    assert pair.caption() == f"{pinned} pinned, {now} now, in logits · row 5, column 7"
    after = pair.grab().toImage()
    ring = QPoint(7, 0)
    there, here = (pair.pixel_point(5, 7, which).toPoint() + ring for which in (1 - pane, pane))
    assert after.pixel(there) != before.pixel(there)
    assert after.pixel(here) == before.pixel(here)


def test_that_no_pointer_is_left_where_there_are_other_panes(pair: PictureView, qtbot: QtBot):
    qtbot.mouseMove(pair, pair.pixel_point(5, 7, pane=1).toPoint())
    pair.set_mode("picture")
    assert pair.caption() == "16 × 12 pixels"
    ring = pair.pixel_point(5, 7).toPoint() + QPoint(7, 0)
    assert (np.array(pair.grab().toImage().pixelColor(ring).getRgb()[:3]) == _PIXELS[5, 7]).all()


def test_that_only_the_present_answer_is_stale(pair: PictureView):
    pair.set_stale(True)
    assert (_colour(pair, 5, 7) == colours(_PINNED[5, 7], 2.0, Ramp())).all()
    pale = 0.35 * colours(_NOW[5, 7], 2.0, Ramp()) + 0.65 * 255
    assert np.abs(_colour(pair, 5, 7, pane=1) - pale).max() < 3
    assert pair.accessibleDescription().endswith("two answers, stale")
    pair.set_stale(False)
    assert (_colour(pair, 5, 7, pane=1) == colours(_NOW[5, 7], 2.0, Ramp())).all()


def test_that_a_pinned_answer_about_another_input_is_stale_too(pair: PictureView):
    pair.set_stale(True, True)
    pale = 0.35 * colours(_PINNED[5, 7], 2.0, Ramp()) + 0.65 * 255
    assert np.abs(_colour(pair, 5, 7) - pale).max() < 3


def test_that_a_layer_without_places_says_so(pair: PictureView, qtbot: QtBot):
    pair.show_picture(Ground(_PIXELS), [None, None], 1.0, Ramp())
    qtbot.mouseMove(pair, pair.pixel_point(5, 7).toPoint())
    assert pair.caption().startswith("this layer has no places on the picture")
    assert "logits" not in pair.caption()


def test_that_relevance_lies_on_the_original_at_its_place(original: PictureView):
    original.set_mode("heatmap")
    for row, column in ((0, 0), (11, 15), (5, 7)):
        assert (_colour(original, 3 + 2 * row, 4 + 2 * column) == colours(_NOW[row, column], 2.0, Ramp())).all()
    original.set_mode("overlay")
    mixed = 0.4 * greyed(_WHOLE)[13, 18] + 0.6 * colours(_NOW[5, 7], 2.0, Ramp())
    assert np.abs(_colour(original, 13, 18) - mixed).max() < 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_that_what_the_model_did_not_see_fades_into_the_ground(original: PictureView, qapp, theme):
    apply_theme(qapp, theme)
    base = np.array(QColor(tones(original.palette()).base).getRgb()[:3])
    for mode, picture in (("picture", _WHOLE), ("overlay", greyed(_WHOLE)), ("heatmap", greyed(_WHOLE))):
        original.set_mode(mode)
        expected = UNSEEN * picture[1, 20] + (1 - UNSEEN) * base
        assert np.abs(_colour(original, 1, 20) - expected).max() < 3


def test_that_the_caption_says_what_was_seen(original: PictureView, qtbot: QtBot):
    assert original.caption() == "40 × 30 pixels, of which the model saw 32 × 24"
    original.set_grid(3, 4)
    qtbot.mouseMove(original, original.pixel_point(1, 20).toPoint())
    assert original.caption() == "not seen by the model · row 1, column 20"
    qtbot.mouseMove(original, original.pixel_point(13, 18).toPoint())
    assert original.caption() == f"{signed(float(_NOW[5, 7]))} logits · row 13, column 18 · patch 1, 1"


def test_that_an_original_of_few_pixels_is_laid_under_many(shown):
    view = shown(PictureView())
    view.show_picture(Ground(_WHOLE[:3, :4], (40, 30), QRectF(0, 0, 40, 30)), [_NOW], 2.0, Ramp())
    view.set_mode("picture")
    assert (_colour(view, 15, 25) == _WHOLE[1, 2]).all()
    assert view.caption() == "40 × 30 pixels"


def test_that_screen_and_paper_lay_colours_over_the_picture_alike(shown):
    answer = of_picture()
    whole = _RANDOM.integers(0, 256, (40, 64, 3), np.uint8)
    seen = replace(answer.seen, original=(64, 40), box=(8.0, 4.0, 56.0, 28.0), whole=whole)
    answer = answer.with_part(seen=seen)
    limit = float(np.abs(answer.input).max())
    view = shown(PictureView())
    view.set_opacity(0.3)
    for is_original in (False, True):
        on_paper = painted(
            Export(answer, "png", "overlay", look=Look(opacity=0.3, original=is_original)), answer, None, limit
        )
        view.show_picture(Ground.of(seen, is_original), [answer.input], limit, Ramp())
        times = on_paper.shape[0] // (40 if is_original else 24)
        for row, column in ((6, 13), (20, 31), (1, 2)):
            said = on_paper[row * times, column * times].astype(int)
            assert np.abs(_colour(view, row, column) - said).max() < 3


def test_that_the_pinned_title_can_be_let_go_and_the_other_cannot(shown, qtbot: QtBot):
    titles = shown(SideTitles(), 400, 30)
    titles.show_titles(["Pinned: AttnLRP", "CP-LRP"], 0)
    assert titles.texts() == ("Pinned: AttnLRP", "CP-LRP")
    (button,) = titles.findChildren(QToolButton)
    with qtbot.waitSignal(titles.let_go):
        button.click()
    titles.show_titles([], None)
    assert titles.texts() == ()
