"""The heads of a grid as items for screen readers."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPoint, QRect

from inspector.views.inside.head_facts import HeadFacts, Place


class Grid(Protocol):
    """The grid, as far as its items need it."""

    @property
    def facts(self) -> HeadFacts | None: ...
    def current(self) -> Place | None: ...
    def cell_at(self, point: QPoint) -> Place | None: ...
    def cell_rect(self, place: Place) -> QRect: ...


class HeadItems:
    """An item for each cell, row by row from the first block."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def item_count(self) -> int:
        facts = self._grid.facts
        return 0 if facts is None else facts.blocks * facts.heads

    def current_item(self) -> int:
        return self._item(self._grid.current())

    def item_at(self, point: QPoint) -> int:
        return self._item(self._grid.cell_at(point))

    def item_rect(self, item: int) -> QRect:
        return self._grid.cell_rect(self._place(item))

    def item_texts(self, item: int) -> tuple[str, str, str]:
        facts, place = self._grid.facts, self._place(item)
        assert facts is not None
        if not facts.has(*place):
            return facts.title(*place), "there is none", ""
        return facts.title(*place), facts.value(*place), facts.place(*place)

    def _item(self, place: Place | None) -> int:
        facts = self._grid.facts
        return -1 if facts is None or place is None else place[0] * facts.heads + place[1]

    def _place(self, item: int) -> Place:
        facts = self._grid.facts
        assert facts is not None
        return divmod(item, facts.heads)
