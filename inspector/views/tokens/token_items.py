"""The tokens of a view as items for screen readers, or the words and lines that they are merged to."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect

from inspector.views.tokens.token_view import TokenView


class TokenItems:
    """An item for each unit that has a value."""

    def __init__(self, view: TokenView) -> None:
        self._view = view

    def item_count(self) -> int:
        facts = self._view.facts
        return 0 if facts is None else len(facts.units)

    def current_item(self) -> int:
        return self._unit_of(self._view.current())

    def item_at(self, point: QPoint) -> int:
        viewport = self._view.viewport()
        at = viewport.mapFrom(self._view, point)
        return self._unit_of(self._view.token_at(at)) if viewport.rect().contains(at) else -1

    def item_rect(self, item: int) -> QRect:
        assert self._view.facts is not None
        area = QRect()
        for token in self._view.facts.units.range_of(item):
            for rect in self._view.token_rects(token):
                area = area.united(rect)
        return QRect(self._view.viewport().mapTo(self._view, area.topLeft()), area.size())

    def item_texts(self, item: int) -> tuple[str, str, str]:
        facts = self._view.facts
        assert facts is not None
        token = facts.units.range_of(item)[0]
        (_, value), *rest = facts.rows(token)
        return facts.title(token), value, ", ".join(f"{name} {said}" for name, said in rest)

    def _unit_of(self, token: int) -> int:
        facts = self._view.facts
        return -1 if facts is None or token < 0 else int(facts.units.of_token[token])
