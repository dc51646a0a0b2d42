"""The drawing of the layer map: the map itself and, on the same rows, the sum of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsRectItem, QWidget

from engine.protocol.looks import Ramp
from inspector.look.numbers import written
from inspector.look.overlays import paint_empty, paint_focus, paint_stale_tag
from inspector.look.theme import Tones, tones
from inspector.views.layers.layer_axes import LabelAxis, LayerAxis, TokenAxis, dress_axis
from inspector.views.layers.layer_image import row_colours, strongest
from inspector.views.layers.lens_plots import LensColumn, LensPlots
from inspector.views.layers.range_bar import THICKNESS

_STALE_OPACITY = 0.4
_NARROWEST_SUMS, _WIDEST_SUMS = 120, 240
_FEWEST_TOKENS = 8  # that zooming leaves
_FRAME = 2  # pixels
_LEAST_ROW = 6  # pixels, with which rows can be told apart
_ROW_STEP, _ROWS_BY = 1.25, 3  # of a notch of the wheel
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_DOT, _TITLE, _TICK = 7, 18, 6  # pixels


@dataclass(frozen=True, eq=False)
class Layers:
    """The data drawn: `rows` is float (row, token), the input, then layers 0 to L; `limits` is (row,)."""

    rows: np.ndarray
    value: float | None  # the target's, where all rows have one
    limits: np.ndarray
    ramp: Ramp
    labels: Sequence[str]  # (token,), what tokens are called


@dataclass(frozen=True)
class Place:
    """A row, and the token where the pointer is on the map; beside it, on the sums and on the lens, there is none."""

    row: int
    token: int | None
    is_of_lens: bool = False


class LayerPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Draws `Layers`; says where the pointer is and what it clicks."""

    hovered = Signal(object)  # Place | None
    passed_by = Signal(object)  # Place | None: another one has come under a pointer that rests
    clicked = Signal(object)  # Place
    view_changed = Signal()  # which tokens are in view, or where the map is

    def __init__(self, parent: QWidget, empty_text: str, rows: LayerAxis | LabelAxis, map_title: str) -> None:
        super().__init__(parent)
        self._layers: Layers | None = None
        self._stale = False
        self._empty_text = empty_text
        self._drawn: tuple[int, int, int] | None = None
        self._cursor: tuple[int | None, int | None] = (None, None)
        self._pointer: QPointF | None = None  # while it is here
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nor does it say that it takes the keys
        self.ci.layout.setContentsMargins(6, 8, 8, THICKNESS)
        self.ci.layout.setHorizontalSpacing(6)
        self._row_axis, self._map_title = rows, map_title
        self._token_axis = TokenAxis()
        axes = {"left": self._row_axis, "bottom": self._token_axis}
        self._map = self.addPlot(0, 0, axisItems=axes, enableMenu=False)
        self._sums = self.addPlot(0, 1, enableMenu=False)
        self._sums.setYLink(self._map)
        self._sums.hideAxis("left")
        self._lens = LensPlots(self.ci, 2, self._map)
        self._totals = np.zeros(0)
        self._first_row, self._row_zoom = 0, 1.0
        for plot, along in ((self._map, True), (self._sums, False)):
            plot.hideButtons()
            plot.setMouseEnabled(x=along, y=False)
            plot.getViewBox().setDefaultPadding(0)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setCacheMode(pg.ImageItem.CacheMode.DeviceCoordinateCache)  # another layer moves a frame over it
        self._profile = pg.PlotCurveItem()
        self._dot = pg.ScatterPlotItem(size=_DOT, pxMode=True)
        self._number = pg.TextItem(anchor=(-0.15, 0.5))
        self._zero, self._value = pg.InfiniteLine(0.0, angle=90), pg.InfiniteLine(0.0, angle=90)
        self._cursor_row, self._cursor_token = QGraphicsRectItem(), QGraphicsRectItem()
        self._pointed_row: int | None = None  # under the pointer
        self._pointed_token = QGraphicsRectItem()
        self._pointed_token.hide()
        for item in (self._image, self._pointed_token, self._cursor_token, self._cursor_row):
            self._map.addItem(item)
        for item in (self._zero, self._value, self._profile, self._dot, self._number):
            self._sums.addItem(item, ignoreBounds=True)
        self._map.getViewBox().sigXRangeChanged.connect(self._refine)
        self._map.getViewBox().sigXRangeChanged.connect(self._look_under_pointer)
        for changed in (self._map.getViewBox().sigXRangeChanged, self._map.getViewBox().sigResized):
            changed.connect(lambda *_: self.view_changed.emit())
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.dress(tones(parent.palette()), parent.font())

    def show_layers(self, layers: Layers) -> None:
        """Draw other values; the part of the prompt in view stays where it is the same prompt."""
        same = self._layers is not None and self._layers.rows.shape == layers.rows.shape
        rows, token_count = layers.rows.shape
        if isinstance(self._row_axis, LayerAxis):
            self._row_axis.rows = rows
        if not same:
            self._layers = None  # each change of the view would draw what is shown
            self.point_at(None)
            box = self._map.getViewBox()
            box.setLimits(
                xMin=-0.5,
                xMax=token_count - 0.5,
                yMin=-0.5,
                yMax=rows - 0.5,
                minXRange=min(_FEWEST_TOKENS, token_count),
            )
            self._map.setRange(xRange=(-0.5, token_count - 0.5), padding=0)
            self._first_row = 0
            self._show_rows(rows)
        self._layers, self._drawn = layers, None
        shares = np.nan_to_num(np.abs(layers.rows) / layers.limits[:, None])
        self._token_axis.show_tokens(layers.labels, np.minimum(shares.max(axis=0), 1.0))
        self._draw_sums(layers)
        self._refine()
        self.set_stale(False)
        self._look_under_pointer()
        self.view_changed.emit()

    def show_lens(self, lens: LensColumn | None) -> None:
        """Draw the lens beside the sums, or leave it out."""
        self._lens.show(lens)
        self._share()

    def set_lens_stale(self, stale: bool) -> None:
        self._lens.set_opacity(_STALE_OPACITY if stale else 1.0)

    def set_stale(self, stale: bool) -> None:
        self._stale = stale
        for item in (self._image, self._profile, self._dot):
            item.setOpacity(_STALE_OPACITY if stale else 1.0)
        self.viewport().update()

    def clear_layers(self) -> None:
        self._layers = self._drawn = None
        self.viewport().update()
        self.view_changed.emit()

    def show_cursor(self, row: int | None, token: int | None) -> None:
        """Frame a row across both drawings, and a token on the map."""
        moved, self._cursor = row != self._cursor[0], (row, token)
        if moved and self._layers is not None:
            self._show_rows(len(self._layers.rows))
        self._frame_cursor()

    def point_at(self, token: int | None) -> None:
        """Mark a token's column; none for None."""
        self._pointed_token.setVisible(token is not None)
        if token is not None:
            self._pointed_token.setRect(self._column(token))

    @property
    def tokens_in_view(self) -> tuple[float, float]:
        """Where they begin and end, counted from 0."""
        low, high = self._map.getViewBox().viewRange()[0]
        return low + 0.5, high + 0.5

    def show_tokens_from(self, first: float) -> None:
        """Bring as many tokens into view as are, from another one on."""
        low, high = self.tokens_in_view
        self._map.setXRange(first - 0.5, first - 0.5 + high - low, padding=0)

    @property
    def map_area(self) -> QRect:
        """Where the map is on the viewport, without its axes."""
        area: QRect = self.mapFromScene(self._map.getViewBox().sceneBoundingRect()).boundingRect()
        return area

    def show_all_tokens(self) -> None:
        """Take zooming back, of tokens and of rows."""
        self._row_zoom = 1.0
        if self._layers is not None:
            self._show_rows(len(self._layers.rows))
        self._map.setXRange(-0.5, self._token_count() - 0.5, padding=0)

    def dress(self, t: Tones, font: QFont) -> None:
        """Take colours and font, which the plots themselves do not inherit."""
        font = QFont(font)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        self.setBackground(t.base)
        for axis in (self._map.getAxis("left"), self._map.getAxis("bottom"), self._sums.getAxis("bottom")):
            dress_axis(axis, font, t)
        for plot, title in ((self._map, self._map_title), (self._sums, "arrives here, logits")):
            plot.setTitle(title, color=t.quiet, size=f"{font.pointSizeF():.1f}pt")
            plot.titleLabel.item.setFont(font)
            plot.titleLabel.setMaximumHeight(_TITLE)
            plot.layout.setRowFixedHeight(0, _TITLE)
        self._lens.dress(t, font, _TITLE)
        self._profile.setPen(pg.mkPen(t.text, width=1.5))
        self._dot.setBrush(pg.mkBrush(t.accent))
        self._dot.setPen(pg.mkPen(None))
        self._number.setColor(t.accent)
        self._number.setFont(font)
        self._drawn = None
        self._refine()
        self._zero.setPen(pg.mkPen(t.line))
        self._value.setPen(pg.mkPen(t.text, style=Qt.PenStyle.DashLine))
        for item in (self._cursor_row, self._cursor_token):
            item.setPen(pg.mkPen(t.accent, width=_FRAME))
            item.setZValue(10)
        self._pointed_token.setPen(pg.mkPen(t.text, width=1))
        self._pointed_token.setZValue(9)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph also calls this itself
            self._share()
            if self._layers is not None:
                self._show_rows(len(self._layers.rows))
            self._refine()

    def _share(self) -> None:
        """Give the sums their part of the room, and less of it beside the lens."""
        wide = self.width() // (8 if self._lens.is_shown else 4)
        self.ci.layout.setColumnFixedWidth(1, max(_NARROWEST_SUMS, min(wide, _WIDEST_SUMS)))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        area = self.viewport().rect()
        if self._layers is not None:
            super().paintEvent(event)
        painter = QPainter(self.viewport())
        if self._layers is None:
            painter.fillRect(area, QColor(t.base))
            paint_empty(painter, area, self._empty_text, t)
        else:
            self._paint_pointed_label(painter, t)
            if self._stale:
                paint_stale_tag(painter, area, t)
        if self.parentWidget().hasFocus():
            paint_focus(painter, area, t)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self._point_at_row(None)
        self.hovered.emit(None)

    def cell_rect(self, row: int, token: int) -> QRectF:
        """Where a cell of the map is on the viewport."""
        area = self._map.getViewBox().mapViewToScene
        first, last = area(QPointF(token - 0.5, row + 0.5)), area(QPointF(token + 0.5, row - 0.5))
        return QRectF(first, last)

    @property
    def cursor(self) -> tuple[int | None, int | None]:
        """The row and the token that are framed."""
        return self._cursor

    def place_at(self, point: QPoint) -> Place | None:
        """What is at a point of the viewport."""
        return self._place(self.mapToScene(point))

    def _show_rows(self, rows: int) -> None:
        """As many rows as can be told apart: all, or those around the cursor."""
        fit = min(max(int(self._map.getViewBox().height() / (_LEAST_ROW / self._row_zoom)), 4), rows)
        row = self._cursor[0]
        if row is not None:
            self._first_row = min(max(self._first_row, row - fit + 1), row)
        self._first_row = min(max(self._first_row, 0), rows - fit)
        ends = [self._first_row - 0.5, self._first_row + fit - 0.5]
        if self._map.getViewBox().viewRange()[1] != ends:
            self._map.setYRange(*ends, padding=0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl the rows are made higher or lower, with Shift they go by; else it is the tokens'."""
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if self._layers is None or not event.modifiers() & (_CTRL | _SHIFT):
            super().wheelEvent(event)
            return
        if event.modifiers() & _CTRL:
            self._row_zoom = min(max(self._row_zoom / _ROW_STEP**steps, 0.2), 1.0)
        else:
            self._first_row += round(steps * _ROWS_BY)
        self._show_rows(len(self._layers.rows))
        event.accept()

    def _frame_cursor(self) -> None:
        """The frames lie around their cells, however thin these are, and never on them."""
        row, token = self._cursor
        wide, high = (_FRAME / 2 * size for size in self._map.getViewBox().viewPixelSize())
        self._cursor_row.setVisible(row is not None)
        self._point_at(row)
        self._cursor_token.setVisible(token is not None)
        if row is not None:
            around = QRectF(-0.5, row - 0.5, self._token_count(), 1)
            self._cursor_row.setRect(around.adjusted(0, -high, 0, high))
        if token is not None:
            self._cursor_token.setRect(self._column(token).adjusted(-wide, 0, wide, 0))

    def _column(self, token: int) -> QRectF:
        return QRectF(token - 0.5, -0.5, 1, 1 if self._layers is None else len(self._layers.rows))

    def _point_at(self, row: int | None) -> None:
        """A dot on the profile, and the number beside it."""
        known = row is not None and row < len(self._totals)
        self._dot.setVisible(known)
        self._number.setVisible(known)
        if row is None or not known:
            return
        total = float(self._totals[row])
        low, high = self._sums.getViewBox().viewRange()[0]
        is_right = total > (low + high) / 2
        self._dot.setData([total], [row])
        is_low = row < 2
        self._number.setAnchor((1.15 if is_right else -0.15, 0.9 if is_right or is_low else 0.1))
        self._number.setText(written(total))
        self._number.setPos(total, row)

    def _token_count(self) -> int:
        return 1 if self._layers is None else self._layers.rows.shape[1]

    def _refine(self) -> None:
        """Draw the tokens in view, several to a column where there are more of them than pixels."""
        if self._layers is None:
            return
        box = self._map.getViewBox()
        self._frame_cursor()
        low, high = box.viewRange()[0]
        first, last = max(int(low + 0.5), 0), min(int(np.ceil(high + 0.5)), self._token_count())
        wanted = (first, last, max(int(box.width() * self.devicePixelRatioF()), 1))
        if wanted == self._drawn or first >= last:
            return
        self._drawn = wanted
        values, each = strongest(self._layers.rows, *wanted)
        self._image.setImage(
            row_colours(values, self._layers.limits, self._layers.ramp, tones(self.palette()).ground), autoLevels=False
        )
        self._image.setRect(QRectF(first - 0.5, -0.5, values.shape[1] * each, len(values)))

    def _draw_sums(self, layers: Layers) -> None:
        sums = np.nan_to_num(layers.rows.astype(np.float64)).sum(axis=1)
        self._totals = sums
        self._profile.setData(sums, np.arange(len(sums)))
        self._value.setVisible(layers.value is not None)
        value = layers.value or 0.0
        self._value.setValue(value)
        low, high = min(0.0, value, sums.min()), max(0.0, value, sums.max())
        spare = 0.06 * (high - low) or 1.0
        self._sums.setXRange(low - spare, high + spare, padding=0)

    def _place(self, point: QPointF) -> Place | None:
        if self._layers is None:
            return None
        if (row := self._lens.row_at(point)) is not None:
            return Place(row, None, is_of_lens=True)
        for plot in (self._map, self._sums):
            box = plot.getViewBox()
            if box.sceneBoundingRect().contains(point):
                at = box.mapSceneToView(point)
                row = min(max(round(at.y()), 0), len(self._layers.rows) - 1)
                token = min(max(round(at.x()), 0), self._token_count() - 1)
                return Place(row, token if plot is self._map else None)
        return None

    def _look_under_pointer(self) -> None:
        if self._pointer is not None and self._layers is not None:
            place = self._place(self._pointer)
            self._point_at_row(place)
            self.passed_by.emit(place)

    def _on_moved(self, point: QPointF) -> None:
        self._pointer = QPointF(point)
        place = self._place(point)
        self._point_at_row(place)
        self.hovered.emit(place)

    def _point_at_row(self, place: Place | None) -> None:
        row = None if place is None else place.row
        if row != self._pointed_row:
            self._pointed_row = row
            self.viewport().update()

    def _paint_pointed_label(self, painter: QPainter, t: Tones) -> None:
        """The name of the row under the pointer, which may have none on the axis, over what stands there."""
        if self._pointed_row is None or self._layers is None or self._pointed_row >= len(self._layers.rows):
            return
        label = self._row_axis.tickStrings([float(self._pointed_row)], 1.0, 1.0)[0]
        axis = self._row_axis.sceneBoundingRect()
        painter.setFont(self._row_axis.style["tickFont"])
        height = painter.fontMetrics().height()
        middle = self.cell_rect(self._pointed_row, 0).center().y()
        box = QRectF(axis.left(), middle - height / 2, axis.width() - _TICK, height)
        painter.fillRect(box, QColor(t.soft))
        painter.setPen(QColor(t.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)

    def _on_clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.show_all_tokens()
        elif (place := self._place(event.scenePos())) is not None:
            self.clicked.emit(place)
