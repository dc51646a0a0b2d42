import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp
from engine.reading.colours import colours, greyed
from inspector.views.pictures.picture_frame import PictureFrame
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import PictureView

_PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
_RELEVANCE = np.random.default_rng(1).normal(size=(12, 16)).astype(np.float32)
_PANE = QRectF(10, 20, 320, 240)  # twenty points to a pixel


@pytest.fixture
def view(shown) -> PictureView:
    view = shown(PictureView())
    view.show_picture(Ground(_PIXELS), [_RELEVANCE], 2.0, Ramp())
    view.setFocus()
    return view


def _colour(view: PictureView, row: int, column: int, pane: int = 0) -> np.ndarray:
    point = view.pixel_point(row, column, pane).toPoint()
    return np.array(view.grab().toImage().pixelColor(point).getRgb()[:3])


def _turn_wheel(view: PictureView, point: QPointF, notches: int) -> None:
    wheel = QWheelEvent(
        point,
        view.mapToGlobal(point),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)


def test_that_the_picture_is_shown_pixel_by_pixel(view: PictureView):
    view.set_mode("picture")
    for row, column in ((0, 0), (11, 15), (5, 7)):
        assert (_colour(view, row, column) == _PIXELS[row, column]).all()


def test_that_the_heatmap_ends_at_the_limit(view: PictureView):
    view.set_mode("heatmap")
    for row, column in ((0, 0), (11, 15), (5, 7)):
        assert (_colour(view, row, column) == colours(_RELEVANCE[row, column], 2.0, Ramp())).all()


@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_that_the_overlay_mixes_both_by_its_opacity(view: PictureView, opacity: float):
    view.set_mode("overlay")
    view.set_opacity(opacity)
    mixed = (1 - opacity) * greyed(_PIXELS)[5, 7] + opacity * colours(_RELEVANCE[5, 7], 2.0, Ramp())
    assert np.abs(_colour(view, 5, 7) - mixed).max() < 3


def test_that_both_sides_zoom_and_move_in_step(view: PictureView, qtbot: QtBot):
    view.set_mode("side by side")
    for _ in range(4):
        qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert (_colour(view, 5, 8) == _PIXELS[5, 8]).all()
    assert (_colour(view, 5, 8, pane=1) == colours(_RELEVANCE[5, 8], 2.0, Ramp())).all()


def test_that_the_wheel_zooms_at_the_pointer(view: PictureView):
    before = view.pixel_point(6, 7)
    _turn_wheel(view, before, 3)
    assert view.zoom() == pytest.approx(1.25**3)
    assert (view.pixel_point(6, 7) - before).manhattanLength() < 1e-6
    _turn_wheel(view, before, -9)
    assert view.zoom() == 1


def test_that_the_keys_zoom_in_and_out_and_back(view: PictureView, qtbot: QtBot):
    control = Qt.KeyboardModifier.ControlModifier
    seen = []
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0):
        qtbot.keyClick(view, key, control)
        seen.append(view.zoom())
    assert seen == pytest.approx([1.25, 1.25**2, 1.25, 1])


def test_that_dragging_moves_an_enlarged_picture_along(view: PictureView, qtbot: QtBot):
    _turn_wheel(view, view.pixel_point(6, 8), 6)
    before = view.pixel_point(6, 8).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=before)
    qtbot.mouseMove(view, before + QPoint(-30, 20))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=before + QPoint(-30, 20))
    assert view.pixel_point(6, 8).toPoint() - before == QPoint(-30, 20)


def test_that_another_layer_of_the_same_picture_stays_where_it_was_zoomed_to(view: PictureView):
    _turn_wheel(view, view.pixel_point(2, 3), 5)
    view.show_picture(Ground(_PIXELS), [-_RELEVANCE], 2.0, Ramp())
    assert view.zoom() > 1
    view.show_picture(Ground(_PIXELS[:6]), [_RELEVANCE[:6]], 2.0, Ramp())
    assert view.zoom() == 1


def test_that_the_pointer_says_pixel_patch_and_value(view: PictureView, qtbot: QtBot):
    view.set_grid(3, 4)
    assert view.caption() == "16 × 12 pixels · 3 × 4 patches"
    with qtbot.waitSignal(view.pixel_hovered) as signal:
        qtbot.mouseMove(view, view.pixel_point(5, 15).toPoint())
    assert signal.args == [(5, 15)]
    assert view.caption().endswith(" logits · row 5, column 15 · patch 1, 3")
    with qtbot.waitSignal(view.pixel_hovered) as signal:
        qtbot.mouseMove(view, QPoint(view.width() - 1, 2))
    assert signal.args == [None]


def test_that_the_relevance_of_patches_covers_the_picture(view: PictureView, qtbot: QtBot):
    view.show_picture(Ground(_PIXELS), [_RELEVANCE[:3, :4]], 2.0, Ramp())
    view.set_mode("heatmap")
    assert (_colour(view, 5, 15) == colours(_RELEVANCE[1, 3], 2.0, Ramp())).all()


def test_that_lines_are_drawn_between_patches_and_nowhere_else(view: PictureView):
    view.set_mode("picture")
    plain = view.grab().toImage()
    view.set_grid(3, 4)
    lined = view.grab().toImage()
    on = ((view.pixel_point(3, 8) + view.pixel_point(4, 8)) / 2).toPoint()
    within = view.pixel_point(5, 9).toPoint()
    assert lined.pixel(on) != plain.pixel(on) or lined.pixel(on + QPoint(0, 1)) != plain.pixel(on + QPoint(0, 1))
    assert lined.pixel(within) == plain.pixel(within)
    view.set_grid(None)
    assert view.grab().toImage().pixel(on) == plain.pixel(on)


def test_that_an_empty_view_says_what_to_do(shown):
    view = shown(PictureView())
    view.set_empty_text("Open a picture.")
    empty = view.grab().toImage()
    assert view.accessibleDescription() == "Open a picture."
    view.show_picture(Ground(_PIXELS), [_RELEVANCE], 2.0, Ramp("bwr"))
    assert view.accessibleDescription() == "16 × 12 pixels, overlay"
    view.clear()
    assert view.grab().toImage() == empty


def test_that_an_unknown_mode_is_refused(view: PictureView):
    with pytest.raises(ValueError, match="side by side, not 'both'"):
        view.set_mode("both")


def test_that_a_picture_is_not_dragged_off_its_pane():
    frame = PictureFrame(16, 12).zoomed(_PANE, 3.0, _PANE.center()).moved(_PANE, QPointF(9999, -9999))
    area = frame.area(_PANE)
    assert area.left() == pytest.approx(_PANE.left())
    assert area.bottom() == pytest.approx(_PANE.bottom())


def test_that_every_pixel_is_found_under_its_middle():
    frame = PictureFrame(16, 12).zoomed(_PANE, 2.5, QPointF(40, 50))
    area, scale = frame.area(_PANE), frame.scale(_PANE)
    for row in range(12):
        for column in range(16):
            point = area.topLeft() + QPointF(column + 0.5, row + 0.5) * scale
            assert frame.pixel(_PANE, point) == ((row, column) if _PANE.contains(point) else None)


def test_that_a_closest_look_is_painted_of_what_is_seen_alone(view: PictureView):
    pixels = np.random.default_rng(2).integers(0, 256, (1024, 1024, 3), np.uint8)
    view.show_picture(Ground(pixels), [np.zeros((1024, 1024), np.float32)], 1.0, Ramp("bwr"))
    view.set_mode("picture")
    _turn_wheel(view, view.pixel_point(900, 1000), 60)
    assert (_colour(view, 900, 1000) == pixels[900, 1000]).all()
