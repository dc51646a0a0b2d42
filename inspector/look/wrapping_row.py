"""A row of widgets that goes on below when there is no room for all of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QComboBox, QLayout, QLayoutItem, QSizePolicy

from inspector.look.theme import Space

_SHORTEST = 84  # points of a box to choose from


class WrappingRow(QLayout):
    """A layout as narrow as its widest item. An item that can grow fills its line as long as it keeps its minimum."""

    def __init__(self, spacing: int = Space.SMALL) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        return sum(self._line_height(line, width) for line in lines) + self.spacing() * max(len(lines) - 1, 0)

    def sizeHint(self) -> QSize:
        shown = self._shown()
        width = sum(item.sizeHint().width() for item in shown) + self.spacing() * max(len(shown) - 1, 0)
        return QSize(width, self._line_height(shown, width))

    def minimumSize(self) -> QSize:
        shown = self._shown()
        height = max((item.minimumSize().height() for item in shown), default=0)
        return QSize(max((item.minimumSize().width() for item in shown), default=0), height)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            height = self._line_height(line, rect.width())
            self._place(line, QRect(rect.left(), top, rect.width(), height))
            top += height + self.spacing()

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if item.spacerItem() or not item.isEmpty()]  # Qt's own are empty

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._shown():
            needed = _width(item) + self.spacing()
            if not lines or needed > left:
                lines.append([])
                left = width + self.spacing()
            lines[-1].append(item)
            left -= needed
        return lines

    def _place(self, line: list[QLayoutItem], room: QRect) -> None:
        """Items from the left, each in the middle of the line's height."""
        left = room.left()
        for item, width in zip(line, self._widths(line, room.width()), strict=True):
            height = _height(item, width)
            item.setGeometry(QRect(QPoint(left, room.top() + (room.height() - height) // 2), QSize(width, height)))
            left += width + self.spacing()

    def _widths(self, line: list[QLayoutItem], room: int) -> list[int]:
        """Of each item; those that can grow share what is left."""
        widths = [min(_width(item), room) for item in line]
        spare = room - sum(widths) - self.spacing() * (len(line) - 1)
        growing = [index for index, item in enumerate(line) if _grows(item)]
        for done, index in enumerate(sorted(growing, key=lambda each: line[each].maximumSize().width())):
            share = min(spare // (len(growing) - done), line[index].maximumSize().width() - widths[index])
            widths[index] += share
            spare -= share
        return widths

    def _line_height(self, line: list[QLayoutItem], room: int) -> int:
        return max((_height(*each) for each in zip(line, self._widths(line, room), strict=True)), default=0)


def let_shrink(box: QComboBox) -> None:
    """As wide as its longest item, and in a row without room no wider than it takes to tell that there is a choice."""
    box.setMaximumWidth(box.sizeHint().width())
    box.setMinimumWidth(min(_SHORTEST, box.maximumWidth()))
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


def _grows(item: QLayoutItem) -> bool:
    return bool(item.expandingDirections() & Qt.Orientation.Horizontal)


def _width(item: QLayoutItem) -> int:
    return item.minimumSize().width() if _grows(item) else item.sizeHint().width()


def _height(item: QLayoutItem, width: int) -> int:
    """What it takes at that width: it may wrap as well."""
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
