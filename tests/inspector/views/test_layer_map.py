import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol.looks import Ramp
from engine.reading.colours import colours
from inspector.look.numbers import written
from inspector.look.theme import apply_theme
from inspector.views.layers.layer_axes import LayerAxis, TokenAxis
from inspector.views.layers.layer_image import row_colours, strongest
from inspector.views.layers.layer_map import LayerMap
from inspector.views.layers.lens_plots import LensColumn
from inspector.views.layers.range_bar import RangeBar

_LAYERS = np.array([[1, -2, 0.5], [0, 4, -4], [3, 0, 0]], np.float32)  # two blocks
_INPUT = np.array([0.5, -1, 0.25], np.float32)
_LIMITS = np.array([1, 2, 4, 3], np.float32)
_LABELS = ["<b>a", "b", "c"]


@pytest.fixture
def layer_map(shown) -> LayerMap:
    view = shown(LayerMap())
    view.show_layers(_LAYERS, _INPUT, 3.0, _LIMITS, Ramp(), _LABELS)
    view.set_layer(1)
    view.setFocus()
    return view


def _cell(layer_map: LayerMap, layer: int | None, token: int) -> QPoint:
    return layer_map.cell_rect(layer, token).center()


def _colour(layer_map: LayerMap, layer: int | None, token: int) -> tuple[int, int, int]:
    return layer_map.grab().toImage().pixelColor(_cell(layer_map, layer, token)).getRgb()[:3]


def _click(qtbot: QtBot, layer_map: LayerMap, point: QPoint) -> None:
    viewport = layer_map._plots.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.mapFrom(layer_map, point))


def test_that_rows_run_from_the_input_at_the_bottom_each_on_its_own_scale(layer_map: LayerMap):
    rows = np.concatenate((_INPUT[None], _LAYERS))
    for row, layer in enumerate((None, 0, 1, 2)):
        for token in range(3):
            assert _colour(layer_map, layer, token) == tuple(colours(rows[row, token], _LIMITS[row], Ramp()))
    assert _cell(layer_map, None, 0).y() > _cell(layer_map, 0, 0).y() > _cell(layer_map, 2, 0).y()


def test_that_the_lens_merges_neighbours_and_tells_what_is_likely_under_the_pointer(layer_map: LayerMap):
    facts = [(), *((("“3”", "67 %"), (f"“{row}”", "1.0 %")) for row in (1, 2, 3))]
    lens = LensColumn(["", "a", "b", "b"], [0, 1000, 10, 1], facts)
    assert list(lens.runs()) == [(1, 1), (2, 3)]
    layer_map.resize(700, 300)
    layer_map.show_lens(lens)
    QApplication.processEvents()
    plots = layer_map._plots
    assert plots._lens._dots.getData()[0] == pytest.approx([-3, -1, 0])
    box = plots.mapFromScene(plots._lens.plots[1].getViewBox().sceneBoundingRect()).boundingRect()
    assert box.right() < plots.width()
    pointed = QPoint(box.center().x(), plots.mapFrom(layer_map, _cell(layer_map, 1, 0)).y())
    plots._on_moved(plots.mapToScene(pointed))
    said = ["if layer 1 were the last", "“3”", "67 %", "“2”", "1.0 %", "rank of the target", "10"]
    assert layer_map._card.texts() == said
    layer_map.show_lens(None)
    QApplication.processEvents()
    beside = plots.place_at(pointed)
    assert beside is None or not beside.is_of_lens


def test_that_the_value_of_largest_magnitude_stands_for_tokens_that_share_a_column():
    values = np.zeros((2, 1000), np.float32)
    values[0, 617], values[1, 3], values[1, 4] = -9, 2, 1
    shown, each = strongest(values, 0, 1000, 100)
    assert (each, shown.shape) == (10, (2, 100))
    assert shown[0, 61] == -9 and shown[1, 0] == 2
    assert np.count_nonzero(shown) == 2


def test_that_no_token_is_merged_where_there_is_room():
    values = np.arange(6.0).reshape(2, 3)
    shown, each = strongest(values, 1, 3, 100)
    assert each == 1
    assert (shown == values[:, 1:3]).all()


def test_that_rows_are_coloured_by_their_own_limits():
    table = row_colours(np.array([[1.0], [1.0]]), np.array([1.0, 2.0]), Ramp("bwr"), "light")
    assert (table[0, 0] == colours(np.array(1.0), 1.0, Ramp("bwr"))).all()
    assert (table[1, 0] == colours(np.array(0.5), 1.0, Ramp("bwr"))).all()


def test_that_a_click_chooses_layer_and_token(layer_map: LayerMap, qtbot: QtBot):
    layers, tokens = [], []
    layer_map.layer_clicked.connect(layers.append)
    layer_map.token_clicked.connect(tokens.append)
    _click(qtbot, layer_map, _cell(layer_map, None, 2))
    assert (layers, tokens) == ([None], [2])


def test_that_the_arrow_keys_walk_from_the_input_to_the_last_layer(layer_map: LayerMap, qtbot: QtBot):
    walked = []
    layer_map.layer_clicked.connect(walked.append)
    for key in ("Right", "Right", "Left", "Home", "Left", "Up", "End", "Down"):
        qtbot.keyClick(layer_map, getattr(Qt.Key, f"Key_{key}"))
    assert walked == [2, 1, None, 0, 2, 1]


def test_that_set_layer_is_silent(layer_map: LayerMap, qtbot: QtBot):
    with qtbot.assertNotEmitted(layer_map.layer_clicked):
        layer_map.set_layer(None)
    assert layer_map.layer() is None


def test_that_the_pointer_shows_layer_token_and_value_as_plain_text(layer_map: LayerMap, qtbot: QtBot):
    plots = layer_map._plots
    point = plots.mapToScene(plots.viewport().mapFrom(layer_map, _cell(layer_map, 0, 0)))
    with qtbot.waitSignal(layer_map.cell_hovered) as signal:
        plots.scene().sigMouseMoved.emit(point)  # pyqtgraph leaves moves out that come within 10 ms
    assert signal.args == [0, 0]
    texts = layer_map._card.texts()
    assert texts[0] == "“<b>a”"
    assert {"+1.00 logits", "layer 0", "−0.50 logits"} <= set(texts)


@pytest.mark.parametrize(("tokens", "rows"), [(1, 2), (3, 130), (20_000, 32)])
def test_that_maps_of_any_size_are_drawn(layer_map: LayerMap, tokens: int, rows: int):
    values = np.random.default_rng(0).normal(size=(rows - 1, tokens)).astype(np.float32)
    layer_map.show_layers(values, values[0], 1.0, np.full(rows, 2.0), Ramp("bwr"), ["t"] * tokens)
    layer_map.set_token(tokens - 1)
    layer_map.set_layer(rows // 2 - 1)
    image = layer_map.image()
    assert image.width() == 2 * layer_map.width()
    assert image.pixelColor(_cell(layer_map, rows // 2 - 1, tokens // 2) * 2).saturation() > 0


@pytest.mark.parametrize("layer", [None, 60, 128])
def test_that_rows_are_never_too_thin_to_be_told_apart_and_the_cursor_is_in_view(layer_map: LayerMap, layer):
    values = np.zeros((129, 5), np.float32)
    layer_map.show_layers(values, values[0], 1.0, np.ones(130), Ramp(), ["t"] * 5)
    layer_map.set_layer(layer)
    cell = layer_map.cell_rect(layer, 2)
    assert cell.height() >= 6
    assert layer_map.rect().contains(cell)


def test_that_the_map_names_the_tokens_that_stand_out(layer_map: LayerMap):
    values = np.zeros((3, 200), np.float32)
    values[:, 50], values[:, 51], values[:, 120] = 1.0, 0.9, -0.8
    layer_map.show_layers(values, values[0], 1.0, np.ones(4), Ramp(), [f"w{place}" for place in range(200)])
    axis = layer_map._plots._token_axis
    ((_, places),) = axis.tickValues(-0.5, 199.5, 500)
    assert axis.tickStrings(places, 1, 1) == ["w50", "w120"]


def test_that_a_point_on_the_profile_says_what_arrives_at_the_layer(layer_map: LayerMap):
    layer_map.set_layer(1)
    total = float(_LAYERS[1].sum(dtype=np.float64))
    assert layer_map._plots._number.toPlainText() == written(total)


def test_that_the_image_is_the_whole_map_without_its_cursor(layer_map: LayerMap):
    layer_map.set_token(1)
    image = layer_map.image()
    for layer, token in ((None, 0), (0, 2), (2, 0)):
        seen = image.pixelColor(_cell(layer_map, layer, token) * 2).getRgb()[:3]
        assert seen == _colour(layer_map, layer, token)
    edge = layer_map.cell_rect(1, 0).topLeft()
    accent = layer_map.palette().highlight().color()
    shades = [image.pixelColor(edge.x() * 2 + 40, edge.y() * 2 + offset) for offset in range(-6, 7)]
    assert accent not in shades


def test_that_values_that_are_not_numbers_do_no_harm(layer_map: LayerMap):
    layer_map.show_layers(np.full((3, 3), np.nan), _INPUT, np.nan, _LIMITS, Ramp(), _LABELS)
    assert _colour(layer_map, 1, 1) == tuple(colours(np.array(0.0), 1.0, Ramp()))


def test_that_clear_leaves_a_hint_and_no_image(layer_map: LayerMap):
    layer_map.clear()
    assert layer_map.image().isNull()
    assert "appears here" in layer_map.accessibleDescription()
    assert layer_map.grab().toImage().pixelColor(3, 3).name() == "#ffffff"


def test_that_stale_layers_fade(layer_map: LayerMap):
    fresh = _colour(layer_map, 1, 2)
    layer_map.set_stale(True)
    assert sum(_colour(layer_map, 1, 2)) > sum(fresh)


def test_that_the_background_follows_the_theme(layer_map: LayerMap, qapp: QApplication):
    apply_theme(qapp, "dark")
    assert layer_map.grab().toImage().pixelColor(3, 3).lightness() < 60


def test_that_the_layers_axis_counts_layers_above_the_input():
    axis = LayerAxis()
    axis.rows = 4
    [(_, places)] = axis.tickValues(-0.5, 3.5, 400)
    assert axis.tickStrings(places, 1, 1) == ["input", "0", "1", "2"]
    axis.rows = 130
    [(_, places)] = axis.tickValues(-0.5, 129.5, 200)
    assert axis.tickStrings(places, 1, 1) == ["input", "20", "40", "60", "80", "100", "120"]


def test_that_the_tokens_axis_has_whole_numbers_only():
    [(_, places)] = TokenAxis().tickValues(-0.5, 2.5, 2000)
    assert places == [0, 1, 2]


def test_that_a_screen_reader_hears_the_cell_under_the_cursor_or_else_the_layer(layer_map: LayerMap):
    assert layer_map.accessibleDescription() == "layer 1, sum of the layer 0 logits, target +3.00 logits"
    layer_map.set_token(1)
    heard = "“b”, relevance +4.00 logits, at layer 1, position 1, sum of the layer 0 logits"
    assert layer_map.accessibleDescription() == heard


@pytest.fixture
def long_map(shown) -> LayerMap:
    view = shown(LayerMap())
    rows = np.ones((3, 400), np.float32)
    view.show_layers(rows, rows[0], 3.0, np.ones(4), Ramp(), ["a"] * 400)
    return view


def _zoom(view: LayerMap, first: int, last: int) -> None:
    view._plots._map.setXRange(first - 0.5, last - 0.5, padding=0)


def test_that_a_bar_shows_which_tokens_are_in_view_where_not_all_are(long_map: LayerMap, qtbot: QtBot):
    bar = long_map.findChild(RangeBar)
    assert not bar.isVisible()
    _zoom(long_map, 100, 200)
    assert bar.isVisible()
    assert (bar.value() * 400, bar.pageStep() * 3) == (100 * (bar.maximum() + bar.pageStep()), bar.maximum())
    assert abs(bar.x() - long_map.cell_rect(0, 100).left()) <= 2  # as wide as the map and below it
    assert abs(bar.geometry().right() - long_map.cell_rect(0, 199).right()) <= 2
    assert bar.y() > long_map.cell_rect(None, 100).bottom()
    qtbot.keyClick(long_map, Qt.Key.Key_0)
    assert not bar.isVisible()
    _zoom(long_map, 100, 200)
    long_map.clear()
    assert not bar.isVisible()


def test_that_the_bar_is_dragged_to_other_tokens_and_keeps_how_many_there_are(long_map: LayerMap, qtbot: QtBot):
    bar = long_map.findChild(RangeBar)
    _zoom(long_map, 100, 200)
    y, width = bar.height() // 2, bar.width()
    start, end = QPoint(width * 150 // 400, y), QPoint(width * 250 // 400, y)
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(bar, end)
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=end)
    first, last = long_map._plots.tokens_in_view
    assert first == pytest.approx(200, abs=3) and last - first == pytest.approx(100, abs=0.1)
    bar.setValue(bar.maximum())
    assert long_map._plots.tokens_in_view == pytest.approx((300, 400), abs=0.1)
