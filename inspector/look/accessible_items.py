"""What a widget paints, as children of its own for screen readers: a list of items with name, value and place.

PySide6 has no table interface to be subclassed, so a map of cells is a list too: each cell says its row in its name.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QWindow
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import isValid

_ATTRIBUTE = "_accessible_items"  # of a widget


class Items(Protocol):
    """What is painted on a widget, counted from 0."""

    def item_count(self) -> int: ...

    def current_item(self) -> int:
        """The item under the cursor, or -1."""

    def item_at(self, point: QPoint) -> int:
        """The item at a point of the widget, or -1."""

    def item_rect(self, item: int) -> QRect:
        """Where an item is on the widget."""

    def item_texts(self, item: int) -> tuple[str, str, str]:
        """Name, value and description."""


def offer_items(widget: QWidget, items: Items) -> None:
    """Offer `items` to screen readers as the first children of `widget`. They are made when they are asked for."""
    setattr(widget, _ATTRIBUTE, items)
    _install()
    if QAccessible.isActive():  # somebody may have been told of the widget while it was made, when it had no items
        known = QAccessible.queryAccessibleInterface(widget)
        if not isinstance(known, _List):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(known))


def tell_current(widget: QWidget) -> None:
    """Say that the keys go to the item under the cursor, where they go to the widget."""
    items: Items = getattr(widget, _ATTRIBUTE)
    if QAccessible.isActive() and widget.hasFocus() and items.current_item() >= 0:
        event = QAccessibleEvent(widget, QAccessible.Event.Focus)
        event.setChild(items.current_item())
        QAccessible.updateAccessibility(event)


@cache
def _install() -> None:
    QAccessible.installFactory(_interface_of)


def _interface_of(_: str, thing: QObject) -> QAccessibleInterface | None:
    items = getattr(thing, _ATTRIBUTE, None)
    return _List(thing, items) if items is not None and isinstance(thing, QWidget) else None


class _List(QAccessibleWidget):
    """A widget with its items, and behind them the widgets in it."""

    def __init__(self, widget: QWidget, items: Items) -> None:
        super().__init__(widget, QAccessible.Role.List)
        self._widget, self._items = widget, items
        made = self._made = dict[int, _Item]()  # kept: Qt knows them by their addresses
        widget.destroyed.connect(lambda: _forget(made))

    def childCount(self) -> int:
        return self._items.item_count() + super().childCount()

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        count = self._items.item_count()
        if index >= count:
            return super().child(index - count)
        if index not in self._made:
            self._made[index] = _Item(self._widget, self._items, index)
            QAccessible.registerAccessibleInterface(self._made[index])
        return self._made[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if isinstance(child, _Item):
            return child.index
        among_widgets = super().indexOfChild(child)
        return among_widgets if among_widgets < 0 else among_widgets + self._items.item_count()

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        item = self._items.item_at(self._widget.mapFromGlobal(QPoint(x, y)))
        return self.child(item) if item >= 0 else super().childAt(x, y)

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        current = self._items.current_item()
        return self.child(current) if self._widget.hasFocus() and current >= 0 else super().focusChild()


class _Item(QAccessibleInterface):
    """One item. It says what is at its place now: another answer changes what it says, and not which item it is."""

    def __init__(self, widget: QWidget, items: Items, index: int) -> None:
        super().__init__()
        self._widget, self._items, self.index = widget, items, index

    def isValid(self) -> bool:
        return isValid(self._widget) and self.index < self._items.item_count()

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._widget.window().windowHandle() if self.isValid() else None

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return QAccessible.queryAccessibleInterface(self._widget) if isValid(self._widget) else None

    def child(self, index: int) -> None:  # type: ignore[override]
        return None

    def childAt(self, x: int, y: int) -> None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        area = self._items.item_rect(self.index)
        return QRect(self._widget.mapToGlobal(area.topLeft()), area.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        if not self.isValid():
            state.invalid = True
            return state
        state.focusable = state.selectable = True
        state.selected = self.index == self._items.current_item()
        state.focused = state.selected and self._widget.hasFocus()
        state.offscreen = not self._widget.rect().intersects(self._items.item_rect(self.index))
        return state

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        name, value, description = self._items.item_texts(self.index)
        texts = {
            QAccessible.Text.Name: name,
            QAccessible.Text.Value: value,
            QAccessible.Text.Description: description,
        }
        return texts.get(kind, "")

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Items are read, not written."""


def _forget(made: dict[int, _Item]) -> None:
    """Take the items of a widget that is gone from Qt, which deletes them."""
    for item in made.values():
        QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(item))
    made.clear()
