"""The tokens of a text in colour, and below them those of a decoder."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.protocol.inputs import words_of
from inspector.look.labels import quiet_label
from inspector.look.theme import Space
from inspector.panes.part_strips import PartStrips
from inspector.state.question import Question, ask_the_same
from inspector.state.saying import Said, words_in
from inspector.state.scene import Scene, explained_token
from inspector.state.text import ShownText
from inspector.views.side_titles import SideTitles
from inspector.views.tokens.token_strip import TokenStrip

_SHARE_OF_DECODER = 0.4  # of the room, where both texts want more than there is
_LEAST = 30  # points: a row of tokens


class TextPane(QWidget):
    """What was asked about, and what a decoder has said so far, on one scale."""

    position_clicked = Signal(int)  # among the tokens behind which the model says its answer
    span_chosen = Signal(object)  # range of these tokens
    current_changed = Signal(int)
    token_hovered = Signal(int)  # -1: none
    let_go = Signal()  # of the pinned answer
    unit_requested = Signal()  # the next one
    values_requested = Signal()  # under the tokens, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = PartStrips("Relevance of each token")
        self.decoder = PartStrips("Relevance of each token of the decoder")
        self.strip = self.source.strip
        self._parts: tuple[ShownText, ...] = ()
        self._said: Said | None = None
        self._answered: Question | None = None  # by what is on show
        self._titles = SideTitles()
        self._titles.let_go.connect(self.let_go)
        self._heading = quiet_label("Said so far by the decoder")
        self._heading.setWordWrap(False)  # which would ask for the height of two lines
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        for part, stretch in ((self._titles, 0), (self.source, 1), (self._heading, 0), (self.decoder, 0)):
            column.addWidget(part, stretch)
        for hidden in (self._titles, self._heading, self.decoder):
            hidden.hide()
        self.setFocusProxy(self.source)
        self.source.current_changed.connect(self._on_current_changed)
        self.source.token_hovered.connect(self.token_hovered)
        for strips in (self.source, self.decoder):
            strips.position_clicked.connect(self._on_position_clicked)
            strips.span_chosen.connect(self.span_chosen)
            strips.unit_requested.connect(self.unit_requested)
            strips.values_requested.connect(self.values_requested)
        for one, other in ((self.source, self.decoder), (self.decoder, self.source)):
            one.strip.zoom_changed.connect(other.strip.set_zoom)

    @property
    def pinned(self) -> TokenStrip | None:
        """The strip of the pinned answer, from the first one on."""
        return self.source.pinned

    def show_scene(self, scene: Scene) -> None:
        """Show the texts of `scene`; what has not changed is not painted again."""
        parts = tuple(part for part in (scene.text, scene.decoder) if part is not None)
        is_new = (parts, scene.said) != (self._parts, self._said)
        self._parts, self._said = parts, scene.said
        said_in_decoder = scene.said is not None and scene.said.in_decoder
        self._show_decoder(scene.decoder is not None or said_in_decoder)
        if scene.said is not None:
            if is_new:
                self._show_said(scene, scene.said)
            return
        if scene.text is None:
            if is_new:
                self._clear()
            return
        if is_new:
            self._show_texts(scene)
        answered, self._answered = self._answered, scene.text.answer.question
        for strips, shown, position in zip(self._strips(), parts, scene.positions, strict=False):
            strips.strip.set_target_position(position)
            strips.set_place(shown)
            strips.set_stale(scene.stale, scene.is_pinned_stale)
            strips.set_choosing(scene.text.sides[-1].whole.answered_part == shown.sides[-1].part)
        self.source.set_current(-1 if scene.view.token is None else scene.view.token)
        if answered is None or not ask_the_same(answered, self._answered):
            for strips, shown in zip(self._strips(), parts, strict=False):
                if shown.strongest is not None:
                    strips.reveal(shown.strongest)  # other rules leave the place where somebody reads

    def reveal(self, token: int) -> None:
        """Scroll to a token of what was asked about, where it is not in sight."""
        self.source.reveal(token)

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""
        self.source.point_at(token)

    def wanted_height(self) -> int:
        """What all tokens take at this width, with the titles over them."""
        decoder = 0 if self.decoder.isHidden() else self.decoder.wanted_height() - self.decoder.height()
        return self.height() - self.source.height() + self.source.wanted_height() + decoder

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no answer."""
        self.strip.set_empty_text(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height()

    def _show_texts(self, scene: Scene) -> None:
        for strips, shown in zip(self._strips(), self._parts, strict=False):
            strips.show_text(shown)
        shown = self._parts[0]
        *others, last = shown.sides
        self._titles.setVisible(bool(others))
        if others:
            titles = [f"Pinned: {others[0].title}", last.title]
            self._titles.show_titles(titles, 0, [side.rules for side in shown.sides])
        self._share_height()

    def _show_said(self, scene: Scene, said: Said) -> None:
        """Show what the model says at the end of the text, or of the decoder's."""
        look, is_known = scene.view.look, said.explained > 0
        strips, shown = (self.decoder, scene.decoder) if said.in_decoder else (self.source, scene.text)
        if said.in_decoder and is_known and scene.text is not None:
            self.source.show_text(scene.text)
        elif said.in_decoder:
            self.source.show_said(None, words_in(words_of(scene.question.input)), 0, look)
        strips.show_said(shown if is_known else None, said.tokens, said.explained, look)
        place = explained_token(scene.question, said.tokens, scene.position) if is_known else None
        strips.strip.set_target_position(place)
        self._share_height()

    def _clear(self) -> None:
        self._answered = None
        self._titles.hide()
        for strips in (self.source, self.decoder):
            strips.clear()

    def _show_decoder(self, is_there: bool) -> None:
        for widget in (self._heading, self.decoder):
            widget.setVisible(is_there)

    def _share_height(self) -> None:
        """Give the decoder the height it wants, as long as what was asked about has most of the room."""
        if self.decoder.isHidden():
            return
        others = [part for part in (self._titles, self._heading) if not part.isHidden()]
        room = self.height() - sum(part.sizeHint().height() for part in others) - (1 + len(others)) * Space.SMALL
        most = max(round(_SHARE_OF_DECODER * room), room - self.source.wanted_height())
        self.decoder.setFixedHeight(max(_LEAST, min(self.decoder.wanted_height(), most)))

    def _strips(self) -> tuple[PartStrips, ...]:
        return (self.source, self.decoder)

    def _on_position_clicked(self, position: int) -> None:
        if self._is_explained(position):
            self.position_clicked.emit(position)

    def _on_current_changed(self, position: int) -> None:
        if self._is_explained(position):
            self.current_changed.emit(position)

    def _is_explained(self, position: int) -> bool:
        """Whether an answer knows the token: one that is still being said can be walked to, and that is all."""
        return self._said is None or position < self._said.explained
