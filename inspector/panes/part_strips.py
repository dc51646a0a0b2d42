"""The tokens of one text in colour: of one answer, of two beside each other, or of their difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.protocol.looks import Look
from engine.protocol.values import Token
from engine.reading.units import Units, units_of
from inspector.look.theme import Space
from inspector.state.heading import place_in_words
from inspector.state.legends import layer_title
from inspector.state.scene import explained_in
from inspector.state.text import ShownText
from inspector.views.tokens.token_strip import TokenStrip


class PartStrips(QWidget):
    """A strip for each side: the cursor and the place scrolled to are the same in all strips."""

    position_clicked = Signal(int)
    span_chosen = Signal(object)  # range of tokens
    current_changed = Signal(int)
    token_hovered = Signal(int)  # -1: none
    unit_requested = Signal()  # the next one
    values_requested = Signal()  # under the tokens, or no longer

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.strip = TokenStrip()  # of the answer to the question
        self.strip.setAccessibleName(name)
        self.pinned: TokenStrip | None = None  # from the first pinned answer on
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(Space.SMALL)
        self._follow(self.strip)
        self._row.addWidget(self.strip, 1)
        self.setFocusProxy(self.strip)

    def all(self) -> list[TokenStrip]:
        """The strips from left to right, whether they are in sight or not."""
        return [strip for strip in (self.pinned, self.strip) if strip is not None]

    def show_text(self, shown: ShownText) -> None:
        """Show each side of the text in its colours."""
        *others, _ = shown.sides
        self._show_side(self.strip, shown, len(shown.sides) - 1)
        if others:
            pinned = self.pinned or self._made_pinned()
            self._show_side(pinned, shown, 0)
            is_here = others[0].whole.answered_part == others[0].part
            pinned.set_target_position(explained_in(others[0].answer) if is_here else None)
        if self.pinned is not None:
            self.pinned.setVisible(bool(others))

    def show_said(self, shown: ShownText | None, tokens: Sequence[Token], explained: int, look: Look) -> None:
        """Show what a model says behind the tokens that are explained, and what it says last in sight."""
        values, limit, ramp, share_of = np.full(len(tokens), np.nan), 1.0, look.ramp, None
        units, reach, extremes = units_of(tokens, look.unit), 0, None
        if shown is not None and explained:
            values[:explained] = shown.values
            limit, ramp, share_of = shown.limit, shown.ramp, shown.relevance.value
            reach, extremes = min(shown.reach, explained), _of_same_units(shown, units)
        merged = units.merged(values)
        self.strip.show_relevance(tokens, merged, limit, ramp, share_of, look.signs, reach, units, explained, extremes)
        self.strip.reveal(len(tokens) - 1)
        if shown is not None and self.pinned is not None and len(shown.sides) > 1:
            self._show_side(self.pinned, shown, 0)  # which knows nothing of what is said

    def set_place(self, shown: ShownText) -> None:
        """Where in the model the values are."""
        layer = place_in_words(layer_title(shown.layer, shown.relevance))
        for strip in self.all():
            strip.set_place(layer if shown.through is None else shown.through.part.place)

    def set_stale(self, stale: bool, pinned: bool) -> None:
        """Mark the answer, and the pinned one, as one to an earlier question."""
        self.strip.set_stale(stale)
        if self.pinned is not None:
            self.pinned.set_stale(pinned)

    def set_current(self, token: int) -> None:
        """Put the cursor on a token; -1 takes it away."""
        for strip in self.all():
            if strip.current() != token:
                strip.set_current(token)

    def set_choosing(self, chooses: bool) -> None:
        """Whether a token of this text can be chosen to be explained."""
        for strip in self.all():
            strip.set_choosing(chooses)

    def reveal(self, token: int) -> None:
        """Scroll to a token, where it is not in sight."""
        for strip in self.all():
            strip.reveal(token)

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""
        for strip in self.all():
            strip.point_at(token)

    def wanted_height(self) -> int:
        """What all tokens take at this width."""
        return max(strip.wanted_height() for strip in self.all())

    def clear(self) -> None:
        """Show nothing."""
        for strip in self.all():
            strip.clear()
        if self.pinned is not None:
            self.pinned.hide()

    def _show_side(self, strip: TokenStrip, shown: ShownText, side: int) -> None:
        one = shown.sides[side]
        values, share_of = shown.unit_values_of(one), one.relevance.value
        signs, reach, units = shown.signs, shown.reach, shown.units
        strip.show_relevance(
            shown.tokens, values, shown.limit, shown.ramp, share_of, signs, reach, units, extremes=shown.extremes
        )

    def _made_pinned(self) -> TokenStrip:
        strip = self.pinned = TokenStrip()
        strip.setAccessibleName(f"{self._name}, pinned")
        self._follow(strip)
        self._row.insertWidget(0, strip, 1)
        for one, other in ((self.strip, strip), (strip, self.strip)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
            one.zoom_changed.connect(other.set_zoom)
        strip.set_zoom(self.strip.zoom())
        return strip

    def _follow(self, strip: TokenStrip) -> None:
        strip.position_clicked.connect(self.position_clicked)
        strip.span_chosen.connect(self.span_chosen)
        strip.current_changed.connect(self.current_changed)
        strip.token_hovered.connect(self.token_hovered)
        strip.unit_requested.connect(self.unit_requested)
        strip.values_requested.connect(self.values_requested)


def _of_same_units(shown: ShownText, units: Units) -> np.ndarray | None:
    """The extremes of `shown` for the units of a text that goes on; NaN for what began since."""
    known = shown.extremes
    if known is None:
        return None
    extremes = np.full((2, len(units)), np.nan)
    _, ours, theirs = np.intersect1d(units.starts, shown.units.starts, assume_unique=True, return_indices=True)
    extremes[:, ours] = known[:, theirs]
    return extremes
