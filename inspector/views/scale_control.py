"""The control of colours: the bar with its numbers, what it spans, its contrast, and what is left out of its limit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from engine.protocol.looks import CONTRASTS, Look, Ramp, Scale
from inspector.look.labels import plain_label, smaller
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.views.colour_bar import ColourBar

_WIDEST, _NARROWEST, _HEIGHT, _SLIDER = 480, 200, 52, 64  # points
_ROOMY = 400  # points, from which on there is room for more than the bar
_TICK = 26  # points of the box and what is beside it
_WHY = "The first token and the asked one hold most by their place. They keep the end colour, and their numbers"
_STRONGEST, _LINEAR = CONTRASTS


class ScaleControl(QFrame):
    """What is chosen here is only said; the look decides what is shown."""

    scale_chosen = Signal(str)
    contrast_chosen = Signal(float)
    without_chosen = Signal(bool)

    def __init__(self, titles: Mapping[Scale, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scale_control")
        self.bar = ColourBar()
        self._is_of_tokens, self._leaves_out, self._left_out = True, False, ""
        self._span = named("scale", QToolButton())
        self._span.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._span.setAutoRaise(True)
        self._span.setToolTip("What the colours span")
        self._span.setAccessibleName("Scale")
        menu = QMenu(self._span)
        group = QActionGroup(menu)
        self._spans = {scale: group.addAction(title) for scale, title in titles.items()}
        for scale, action in self._spans.items():
            action.setCheckable(True)
            action.triggered.connect(partial(self.scale_chosen.emit, scale))
            menu.addAction(action)
        self._span.setMenu(menu)
        self._contrast = named("contrast", QSlider(Qt.Orientation.Horizontal))
        self._contrast.setRange(0, round(100 * (_LINEAR - _STRONGEST)))
        self._contrast.setFixedWidth(_SLIDER)
        self._contrast.setAccessibleName("Contrast")
        self._contrast.setToolTip("How much the colours lift what is weak; linear at the left end. Keys: [ and ]")
        self._contrast.valueChanged.connect(self._on_contrast_changed)
        label = plain_label("contrast")
        label.setBuddy(self._contrast)
        self._contrasted = QWidget()
        row = QHBoxLayout(self._contrasted)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.SMALL)
        row.addWidget(label)
        row.addWidget(self._contrast)
        self._without = named("without", QCheckBox())
        self._without.setToolTip(_WHY)
        self._without.setFont(smaller(self._without.font()))
        self._without.toggled.connect(self.without_chosen)
        grid = QGridLayout(self)
        grid.setContentsMargins(Space.MEDIUM, Space.TIGHT, Space.MEDIUM, Space.TIGHT)
        grid.setHorizontalSpacing(Space.MEDIUM)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.bar, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._span, 0, 1, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._contrasted, 0, 2, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._without, 1, 1, 1, 2)
        grid.setColumnStretch(2, 1)
        self.setFixedHeight(_HEIGHT)
        self.setMaximumWidth(_WIDEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(_WIDEST, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, _HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is room for the bar alone, the rest is in a menu."""
        super().resizeEvent(event)
        self._show_parts()

    def show_look(self, look: Look, of: str = "layer") -> None:
        """Show what is chosen; `of` is what is on show in place of a layer, which has a scale of its own."""
        self._spans[look.scale].setChecked(True)
        is_own = of != "layer" and look.scale != "target"
        self._span.setText(f"this {of}" if is_own else self._spans[look.scale].text())
        with QSignalBlocker(self._contrast):
            self._contrast.setValue(round(100 * (_LINEAR - look.contrast)))
        with QSignalBlocker(self._without):
            self._without.setChecked(look.without)

    def show_scale(self, limit: float, ramp: Ramp, text: str, left_out: str, is_of_tokens: bool = True) -> None:
        """The colours end at ± `limit` logits, as `text` says; `left_out` names what may be left out of it, if any.

        Where it `is_of_tokens`, the contrast is of use.
        """
        self.bar.show_scale(limit, ramp, text)
        self._left_out = f"without {left_out}"
        self._without.setAccessibleName(self._left_out)
        self._is_of_tokens, self._leaves_out = is_of_tokens, bool(left_out)
        self._show_parts()

    def _show_parts(self) -> None:
        has_room = self.width() >= _ROOMY
        self._span.setVisible(has_room)
        self._contrasted.setVisible(has_room and self._is_of_tokens)
        self._without.setVisible(has_room and self._leaves_out)
        room = max(_TICK, self.contentsRect().width() - self.bar.sizeHint().width() - 3 * Space.MEDIUM - 2)
        metrics = self._without.fontMetrics()
        # of a fixed size: or each text, of which every layer has another, would lay out the whole window again
        self._without.setFixedSize(room, metrics.height() + Space.TIGHT)
        self._without.setText(metrics.elidedText(self._left_out, Qt.TextElideMode.ElideMiddle, room - _TICK))

    def _on_contrast_changed(self, value: int) -> None:
        self.contrast_chosen.emit(round(_LINEAR - value / 100, 2))
