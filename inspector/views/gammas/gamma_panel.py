"""The numbers of the gamma rules, as sliders to play with and as fields to be exact."""

from __future__ import annotations

from typing import Literal, cast

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpacerItem,
    QWidget,
)

from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.look.wrapping_row import WrappingRow
from inspector.views.gammas.gamma_scale import LAST, gamma_at, place_of

Attention = Literal["cp", "attnlrp"]
Values = tuple[float, float, Attention]

_PAUSE = 250  # ms without a change before it is told
_MOST = 1e6
_ATTENTION: dict[Attention, str] = {"cp": "CP", "attnlrp": "AttnLRP"}


class GammaPanel(QWidget):
    """Chooses the gammas of convolutions and linear layers, and the rule set of attention."""

    changed = Signal(float, float, str)  # conv, linear, "cp" | "attnlrp"; by the person, once they pause
    explore_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conv, self._linear = _Gamma("conv", "Conv γ", self), _Gamma("linear", "Linear γ", self)
        self._attention = named("gamma_attention", QComboBox(self))
        self._attention.setAccessibleName("Attention")
        self._attention.setToolTip("The rules by which relevance passes attention")
        for value, title in _ATTENTION.items():
            self._attention.addItem(title, value)
        self._explore = named("explore", QPushButton("Explore…", self))
        self._known = self.values()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._on_paused)
        for gamma in (self._conv, self._linear):
            gamma.field.valueChanged.connect(self._pause.start)
        self._attention.currentIndexChanged.connect(self._pause.start)
        self._explore.clicked.connect(self.explore_requested)
        self._lay_out()
        self.set_explorable(True)

    def set_values(self, conv: float, linear: float, attention: str) -> None:
        """Show other numbers, and say nothing. Those known already leave what the person is about to change."""
        if (conv, linear, attention) == self._known:
            return
        self._conv.field.setValue(conv)
        self._linear.field.setValue(linear)
        self._attention.setCurrentIndex(self._attention.findData(attention))
        self._known = self.values()
        self._pause.stop()

    def set_explorable(self, explorable: bool) -> None:
        """Offer to compare gammas, which takes a picture."""
        self._explore.setEnabled(explorable)
        self._explore.setToolTip("Compare many gammas on a picture" if explorable else "Open a picture first")

    def values(self) -> Values:
        """What is shown: gamma of convolutions, of linear layers, and the rules of attention."""
        return self._conv.field.value(), self._linear.field.value(), cast(Attention, self._attention.currentData())

    def _on_paused(self) -> None:
        if self.values() != self._known:
            self._known = self.values()
            self.changed.emit(*self._known)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.SMALL)
        grid.setVerticalSpacing(Space.TIGHT)
        for row, gamma in enumerate((self._conv, self._linear)):
            grid.addWidget(gamma.label, row, 0)
            grid.addWidget(gamma.slider, row, 1)
            grid.addWidget(gamma.field, row, 2)
        attention = _label("Attention", self._attention, self)
        grid.addWidget(attention, 2, 0)
        below = WrappingRow()
        below.addWidget(self._attention)
        below.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding))
        below.addWidget(self._explore)
        grid.addLayout(below, 2, 1, 1, 2)
        grid.setColumnStretch(1, 1)


class _Gamma:
    """A number as a slider and a field. The field has the number: the slider is as near to it as its places are."""

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        self.slider = named(f"{name}_slider", QSlider(Qt.Orientation.Horizontal, parent))
        self.slider.setRange(0, LAST)
        self.slider.setPageStep(10)
        self.slider.setMinimumWidth(Space.HUGE)
        self.slider.setAccessibleName(f"{title} slider")
        self.field = named(f"{name}_field", _Field(parent))
        self.field.setAccessibleName(title)
        self.label = _label(title, self.field, parent)
        self.slider.valueChanged.connect(self._on_slid)
        self.field.valueChanged.connect(self._on_entered)

    def _on_slid(self, place: int) -> None:
        if place != place_of(self.field.value()):
            self.field.setValue(gamma_at(place))

    def _on_entered(self, gamma: float) -> None:
        self.slider.setValue(place_of(gamma))


class _Field(QDoubleSpinBox):
    """Writes no more zeros than are needed, with a point whatever the language."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())
        self.setDecimals(6)
        self.setRange(0, _MOST)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.25") + 2 * Space.HUGE)
        self.setMaximumWidth(self.fontMetrics().horizontalAdvance("1000000.0") + 2 * Space.HUGE)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6f}".rstrip("0").rstrip(".")


def _label(title: str, buddy: QWidget, parent: QWidget) -> QLabel:
    label = QLabel(title, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setBuddy(buddy)
    return label
