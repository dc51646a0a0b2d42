"""The tokens of a text in colour: of one answer, of two beside each other, or of their difference."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.reading.units import units_of
from inspector.look.theme import Space
from inspector.state.heading import place_in_words
from inspector.state.legends import layer_title
from inspector.state.question import Question, ask_the_same
from inspector.state.saying import Said
from inspector.state.scene import Scene, explained_in, explained_token
from inspector.state.text import ShownText
from inspector.views.side_titles import SideTitles
from inspector.views.tokens.token_strip import TokenStrip


class TextPane(QWidget):
    """A strip for each side: the cursor and the place scrolled to are the same in all of them."""

    position_clicked = Signal(int)
    span_chosen = Signal(object)  # range of tokens
    current_changed = Signal(int)
    token_hovered = Signal(int)  # -1: none
    let_go = Signal()  # of the pinned answer
    unit_requested = Signal()  # the next one
    values_requested = Signal()  # under the tokens, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = TokenStrip()  # of the answer to the question
        self.pinned: TokenStrip | None = None  # from the first pinned answer on
        self._shown: ShownText | None = None
        self._said: Said | None = None
        self._answered: Question | None = None  # by what is on show
        self._titles = SideTitles()
        self._titles.let_go.connect(self.let_go)
        self._titles.hide()
        self._row = QHBoxLayout()
        self._row.setSpacing(Space.SMALL)
        self._follow(self.strip)
        self._row.addWidget(self.strip, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._titles)
        column.addLayout(self._row, 1)
        self.setFocusProxy(self.strip)

    def show_scene(self, scene: Scene) -> None:
        """Show the text of `scene`; what has not changed is not painted again."""
        shown = scene.text
        is_new = (shown, scene.said) != (self._shown, self._said)
        self._shown, self._said = shown, scene.said
        if scene.said is not None:
            if is_new:
                self._show_said(scene, scene.said)
            return
        if shown is None:
            if is_new:
                self._clear()
            return
        if is_new:
            self._show_text(shown)
        answered, self._answered = self._answered, shown.answer.question
        self.strip.set_target_position(explained_token(scene.question, shown.tokens, scene.position))
        for strip in self._strips():
            strip.set_place(_place_of(shown))
        self.strip.set_stale(scene.stale)
        if self.pinned is not None:
            self.pinned.set_stale(scene.is_pinned_stale)
        current = -1 if scene.view.token is None else scene.view.token
        for strip in self._strips():
            if strip.current() != current:
                strip.set_current(current)
        if shown.strongest is not None and (answered is None or not ask_the_same(answered, self._answered)):
            self.reveal(shown.strongest)  # other rules leave the place where somebody reads

    def reveal(self, token: int) -> None:
        """Scroll to a token, where it is not in sight."""
        for strip in self._strips():
            strip.reveal(token)

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""
        for strip in self._strips():
            strip.point_at(token)

    def wanted_height(self) -> int:
        """What all tokens take at this width, with the titles over them."""
        return self.height() - self.strip.height() + max(strip.wanted_height() for strip in self._strips())

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.strip.set_empty_text(text)

    def _show_text(self, shown: ShownText) -> None:
        *others, last = shown.sides
        self._show(self.strip, shown, len(shown.sides) - 1)
        if others:
            pinned = self.pinned or self._made_pinned()
            self._show(pinned, shown, 0)
            pinned.set_target_position(explained_in(others[0].answer))
        self._titles.setVisible(bool(others))
        if others:
            titles = [f"Pinned: {others[0].title}", last.title]
            self._titles.show_titles(titles, 0, [side.rules for side in shown.sides])
        if self.pinned is not None:
            self.pinned.setVisible(bool(others))

    def _show_said(self, scene: Scene, said: Said) -> None:
        """Show what the model says behind the tokens that are explained, and what it says last in sight."""
        shown, tokens = scene.text if said.explained else None, said.tokens
        values, limit, ramp, share_of = np.full(len(tokens), np.nan), 1.0, scene.view.look.ramp, None
        place, reach, extremes = None, 0, None
        if shown is not None:
            values[: said.explained] = shown.values
            limit, ramp, share_of = shown.limit, shown.ramp, shown.relevance.value
            place, reach = explained_token(scene.question, tokens, scene.position), min(shown.reach, said.explained)
            extremes = shown.extremes
        units, signs = units_of(tokens, scene.view.look.unit), scene.view.look.signs
        merged = units.merged(values)
        if extremes is not None:  # nothing is known of what was said since
            said_since = ((0, 0), (0, len(units) - extremes.shape[1]))
            extremes = np.pad(extremes, said_since, constant_values=np.nan)
        self.strip.show_relevance(tokens, merged, limit, ramp, share_of, signs, reach, units, said.explained, extremes)
        self.strip.set_target_position(place)
        self.strip.reveal(len(tokens) - 1)  # a pinned answer knows nothing of it

    def _clear(self) -> None:
        self._answered = None
        self._titles.hide()
        for strip in self._strips():
            strip.clear()
        if self.pinned is not None:
            self.pinned.hide()

    def _strips(self) -> list[TokenStrip]:
        return [strip for strip in (self.pinned, self.strip) if strip is not None]

    def _show(self, strip: TokenStrip, shown: ShownText, side: int) -> None:
        one = shown.sides[side]
        values, share_of = shown.unit_values_of(one), one.relevance.value
        signs, reach, units = shown.signs, shown.reach, shown.units
        strip.show_relevance(
            shown.tokens, values, shown.limit, shown.ramp, share_of, signs, reach, units, extremes=shown.extremes
        )

    def _made_pinned(self) -> TokenStrip:
        strip = self.pinned = TokenStrip()
        strip.setAccessibleName("Relevance of each token, pinned")
        self._follow(strip)
        self._row.insertWidget(0, strip, 1)
        for one, other in ((self.strip, strip), (strip, self.strip)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
            one.zoom_changed.connect(other.set_zoom)
        strip.set_zoom(self.strip.zoom())
        return strip

    def _follow(self, strip: TokenStrip) -> None:
        strip.position_clicked.connect(self._on_position_clicked)
        strip.span_chosen.connect(self.span_chosen)
        strip.current_changed.connect(self._on_current_changed)
        strip.token_hovered.connect(self.token_hovered)
        strip.unit_requested.connect(self.unit_requested)
        strip.values_requested.connect(self.values_requested)

    def _on_position_clicked(self, position: int) -> None:
        if self._is_explained(position):
            self.position_clicked.emit(position)

    def _on_current_changed(self, position: int) -> None:
        if self._is_explained(position):
            self.current_changed.emit(position)

    def _is_explained(self, position: int) -> bool:
        """Whether an answer knows the token: one that is still being said can be walked to, and that is all."""
        return self._said is None or position < self._said.explained


def _place_of(shown: ShownText) -> str:
    """Where in the model the relevance on show is, as part of a sentence."""
    if shown.through is not None:
        return shown.through.part.place
    return place_in_words(layer_title(shown.layer, shown.relevance))
