"""The head that is looked at from query to key, by relevance or by attention weights, and where its relevance goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.protocol.values import Token
from inspector.look.labels import heading_label, quiet_label
from inspector.look.numbers import grouped, signed, written
from inspector.look.segments import Segments
from inspector.look.theme import Space
from inspector.look.visible_text import visible
from inspector.state.heads import ShownHead, head_in
from inspector.state.model_part import HeadPart
from inspector.state.scene import Scene
from inspector.views.inside.head_matrix import HeadMatrix, Matrix

_NO_HEAD = "Choose a head: what it took for each query, from each key, appears here."
_WAITING = "What this head took appears here."
_KINDS = {"relevance": "relevance", "weights": "attention"}
_TIPS = {
    "relevance": "What the head took, in logits (V)",
    "weights": "Its attention weights (V)",
}


class HeadMatrixPane(QWidget):
    """A title with the choice of what is in the cells, the matrix, and a line of sums."""

    token_clicked = Signal(int)  # to be looked at
    token_hovered = Signal(int)  # -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ShownHead | None = None
        self._drawn: tuple[ShownHead, str] | None = None
        self._title = heading_label("")
        self.kinds = Segments("Cells show", _KINDS, _TIPS)
        self.kinds.show_choice("relevance")
        self.kinds.chosen.connect(lambda _: self._draw())
        self.table = HeadMatrix()
        self.table.token_chosen.connect(self._on_token_chosen)
        self.table.token_hovered.connect(self._on_token_hovered)
        self.sums = quiet_label("")
        self._message = quiet_label(_NO_HEAD)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head = QHBoxLayout()
        head.addWidget(self._title)
        axes = quiet_label("query by row, key by column")
        axes.setWordWrap(False)
        head.addSpacing(Space.SMALL)
        head.addWidget(axes)
        head.addStretch(1)
        head.addWidget(self.kinds)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(Space.SMALL, 0, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(self.sums)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show the head that `scene` looks at; the one before as long as the next is not known."""
        shown = head_in(scene)
        if isinstance(shown, str):
            is_on_its_way = not shown and isinstance(scene.view.through, HeadPart)
            self._message.setText(shown or (_WAITING if is_on_its_way else _NO_HEAD))
            if self._shown is None or not is_on_its_way:
                self._shown = self._drawn = None
                self._pages.setCurrentIndex(0)
            else:
                self.table.set_stale(True)
            return
        self._shown = shown
        self._pages.setCurrentIndex(1)
        self._draw()
        self.table.set_stale(scene.stale)

    def message(self) -> str:
        """What stands in place of the matrix; empty where it is on show."""
        return self._message.text() if self._pages.currentIndex() == 0 else ""

    def turn(self) -> None:
        """From relevance to attention weights, and back."""
        if self._shown is not None:
            self.kinds.show_choice("weights" if self.kinds.choice() == "relevance" else "relevance")
            self._draw()

    def point_at(self, token: int) -> None:
        """Mark the row and the column of a token; -1: none."""
        if self._shown is not None:
            self.table.point_at(token // self._shown.head.pooled if token >= 0 else -1)

    def clear(self) -> None:
        self._shown = self._drawn = None
        self.table.clear()
        self._pages.setCurrentIndex(0)

    def _draw(self) -> None:
        shown, kind = self._shown, self.kinds.choice()
        if shown is None or self._drawn == (shown, kind):
            return
        self._drawn = shown, kind
        head, are_weights = shown.head, kind == "weights"
        self._title.setText(shown.part.name.capitalize())
        labels, places = _names(shown.tokens, head.pooled)
        asked = None if shown.asked is None else shown.asked // head.pooled
        values = head.pattern if are_weights else head.sources
        self.table.show_matrix(
            Matrix(head.sources, values, labels, places, asked, shown.ramp, are_weights, head.pooled > 1)
        )
        self.sums.setText(sums_in_words(shown))

    def _on_token_chosen(self, number: int) -> None:
        if self._shown is not None:
            self.token_clicked.emit(number * self._shown.head.pooled)

    def _on_token_hovered(self, number: int) -> None:
        if self._shown is not None:
            self.token_hovered.emit(number * self._shown.head.pooled if number >= 0 else -1)


def sums_in_words(shown: ShownHead) -> str:
    """How much of what the head took went by its values, by its queries and keys, and stayed in its softmax."""
    head = shown.head
    taken, kept = _sum(head.taken), _sum(head.kept)
    if head.pooled > 1:
        cells = f"each cell is the largest of {head.pooled} × {head.pooled} pairs of tokens"
        return f"Took {signed(taken)} · softmax keeps {written(kept)} · {cells}"
    ways = [("values", head.value), ("queries", head.query), ("keys", head.key)]
    told = [f"{name} {written(_sum(way))}" for name, way in ways if way is not None]
    told.append(f"softmax keeps {written(kept)}" if head.query is not None else "none by queries and keys")
    return f"Took {signed(taken)}: " + " · ".join(told)


def _sum(values: np.ndarray) -> float:
    return float(values.sum(dtype=np.float64))


def _names(tokens: Sequence[Token], pooled: int) -> tuple[list[str], list[str]]:
    """What each row and column of a matrix is called, and where it stands."""
    if pooled == 1:
        return [visible(token.label) for token in tokens], [grouped(at) for at in range(len(tokens))]
    groups = [range(start, min(start + pooled, len(tokens))) for start in range(0, len(tokens), pooled)]
    labels = [visible("".join(tokens[at].text for at in group).strip() or tokens[group[0]].label) for group in groups]
    return labels, [f"{grouped(group[0])}…" for group in groups]
