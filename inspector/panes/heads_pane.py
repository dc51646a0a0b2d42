"""The heads: all of them in a grid and the strongest in a list, and one from query to key."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from inspector.look.labels import plain_label, quiet_label
from inspector.look.naming import named
from inspector.look.segments import Segments
from inspector.look.theme import Space
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.panes.head_matrix_pane import HeadMatrixPane
from inspector.state.heads import ShownHeads, head_in, heads_in
from inspector.state.model_part import HeadPart
from inspector.state.scene import Scene
from inspector.state.through import asked_query, way_in
from inspector.views.inside.head_facts import HeadFacts
from inspector.views.inside.head_grid import HeadGrid
from inspector.views.inside.head_list import HeadList

WAITING = "The heads of every block appear here."
_ROW, _AROUND, _TALLEST = 8, 96, 420  # pixels of a block at least, of what is around them, and of all
_BAR, _WIDEST = 14, 360  # pixels of a scroll bar, and of the grid beside others
_MATRIX = 280  # pixels, from which on one head can be read from query to key
_NUMBER = re.compile(r"\s*(\d+)\s*[.,:]\s*(\d+)\s*")
_WAYS = {"asked": "taken", "all": "taken at all queries", "gave": "given"}
_WAY_TIPS = {
    "asked": "Where the head took what it gave the asked token",
    "all": "Where the head took what it gave, summed over all tokens that it gave something",
    "gave": "What the head gave each token",
}


class HeadsPane(DetailPane):
    """Grid, list and matrix of the same heads; a head chosen in one is chosen in all."""

    way_chosen = Signal(str)  # what tokens show of a head

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ShownHeads | None = None
        self.grid = HeadGrid()
        self.list = HeadList()
        self.matrix = HeadMatrixPane()
        self._message = quiet_label(WAITING)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.number = named("find_head", QLineEdit())
        self.number.setPlaceholderText("12.3")
        self.number.setAccessibleName("Go to a head")
        self.number.setToolTip("Go to a head by its block's number and its own; / in the heads, or a digit, comes here")
        self.number.setMaximumWidth(80)
        self.number.installEventFilter(self)
        self.ways = Segments("Tokens show", _WAYS, _WAY_TIPS)
        self._ways = QWidget()
        self._pages = QStackedWidget()
        self._lay_out()
        for view in (self.grid, self.list):
            view.chosen.connect(self._on_chosen)
            view.hovered.connect(self.token_hovered)
        self.matrix.token_hovered.connect(self.token_hovered)
        self.matrix.token_clicked.connect(self.token_clicked)
        self.number.textEdited.connect(self._on_number_typed)
        self.ways.chosen.connect(self.way_chosen)

    def least_height(self) -> int:
        return 0 if self._shown is None else min(_ROW * len(self._shown.heads.relevance) + _AROUND, _TALLEST)

    def minimumSizeHint(self) -> QSize:
        """A narrow or low window shows what there is room for."""
        return QSize(160, 80)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def show_scene(self, scene: Scene) -> None:
        """Show the heads of `scene`, and the one that is looked at."""
        shown = heads_in(scene)
        if isinstance(shown, str):
            self._shown = None
            self._message.setText(shown or WAITING)
            self._pages.setCurrentIndex(0)
            return
        if shown != self._shown:
            self._shown = shown
            facts = HeadFacts(shown.heads.relevance, shown.heads.tokens, shown.tokens)
            self.grid.show_heads(facts, shown.limit, shown.ramp)
            self._area.setMinimumWidth(min(self.grid.minimumWidth() + _BAR, _WIDEST))
            self._make_room()
            self.list.show_heads(facts, shown.limit, shown.ramp, shown.target)
        self._pages.setCurrentIndex(1)
        part = scene.view.through
        place = (part.block, part.head) if isinstance(part, HeadPart) else None
        for view in (self.grid, self.list):
            view.set_current(place)
            view.set_stale(scene.stale)
        self._reveal()
        self.matrix.show_scene(scene)
        self._show_ways(scene)

    def message(self) -> str:
        """What stands in place of the heads; empty where they are on show."""
        return self._message.text() if self._pages.currentIndex() == 0 else ""

    def point_at(self, token: int) -> None:
        self.matrix.point_at(token)

    def clear(self) -> None:
        self._shown = None
        self.grid.clear()
        self.list.clear()
        self.matrix.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the views leave: V turns to the attention weights, / and digits go to a head."""
        text = event.text()
        if event.key() == Qt.Key.Key_V and not event.modifiers():
            self.matrix.turn()
        elif self._shown is not None and (text == "/" or text.isdigit()):
            self.number.setFocus()
            self.number.setText(text.strip("/"))
            self._on_number_typed(self.number.text())
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Esc give the keys back to the grid."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        leaves = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        if watched is self.number and is_key and isinstance(event, QKeyEvent) and event.key() in leaves:
            self.number.clear()
            self.grid.setFocus()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        label = plain_label("head")
        label.setBuddy(self.number)
        row.addWidget(label)
        row.addWidget(self.number)
        row.addStretch(1)
        ways = QHBoxLayout(self._ways)
        ways.setContentsMargins(0, 0, 0, 0)
        ways.setSpacing(Space.SMALL)
        said = quiet_label("tokens show what was")
        said.setWordWrap(False)
        ways.addWidget(said)
        ways.addWidget(self.ways)
        row.addWidget(self._ways)
        self._area = QScrollArea()
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self.grid)
        parts = QSplitter(Qt.Orientation.Horizontal)
        for part in (self._area, self.list, self.matrix):
            parts.addWidget(part)
        parts.setChildrenCollapsible(False)
        parts.splitterMoved.connect(self._on_moved)
        self._parts, self._is_moved = parts, False
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addLayout(row)
        column.addWidget(parts, 1)
        self._pages.addWidget(self._message)
        self._pages.addWidget(content)
        filled(self, self._pages)

    def _show_ways(self, scene: Scene) -> None:
        """Offer what tokens can show of the head that is looked at."""
        text = scene.text
        through = None if text is None else text.through
        self._ways.setVisible(through is not None and isinstance(through.part, HeadPart))
        if text is None or through is None:
            return
        asked, head = asked_query(text.answer), head_in(scene)
        has_no_matrix = bool(head) if isinstance(head, str) else head.head.pooled > 1
        self.ways.offer("asked", asked is not None and not has_no_matrix)
        self.ways.offer("all", not has_no_matrix)
        if asked is not None:
            self.ways.write("asked", f"taken at “{text.tokens[asked].label.strip()}”")
        self.ways.show_choice("gave" if has_no_matrix else way_in(scene.view.way, text.answer))

    def _make_room(self) -> None:
        """Leave out the list, then the matrix, where there is no room to read them; a person may share the room."""
        room = self.width() - 4 * Space.SMALL - self._area.minimumWidth()
        self.matrix.setVisible(room >= _MATRIX)
        least, wanted = self.list.minimumSizeHint().width(), self.list.sizeHint().width()
        self.list.setVisible(room >= _MATRIX + least)
        if not self._is_moved:
            of_list = min(max(room - self.matrix.sizeHint().width(), least), wanted)
            self._parts.setSizes([self._area.minimumWidth(), of_list, max(room - of_list, _MATRIX)])

    def _on_moved(self) -> None:
        self._is_moved = True

    def _reveal(self) -> None:
        place = self.grid.current()
        if place is not None and self.grid.facts is not None and self.grid.facts.has(*place):
            cell = self.grid.cell_rect(place)
            self._area.ensureVisible(cell.center().x(), cell.center().y(), cell.width(), 2 * cell.height())

    def _on_number_typed(self, text: str) -> None:
        found, facts = _NUMBER.fullmatch(text), self.grid.facts
        if found is not None and facts is not None:
            place = int(found[1]), int(found[2])
            if facts.has(*place):
                self._on_chosen(*place)
                self.number.setToolTip("")
            else:
                self.number.setToolTip(f"Blocks are 0 to {facts.blocks - 1}, heads 0 to {facts.heads - 1}")

    def _on_chosen(self, block: int, head: int) -> None:
        self.part_chosen.emit(HeadPart(block, head))
