"""The input folded to a line: what it is, how long it is, its beginning and its end."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from inspector.look.labels import bold
from inspector.look.theme import Space, Tones, tones
from inspector.look.visible_text import visible

HEIGHT = 32
_COPY = 24  # pixels of a picture's small copy
_EDIT = "Edit"


class FoldedInput(QAbstractButton):
    """A line over the whole width of a window; a click is to unfold what it stands for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = self._count = self._text = self._key = ""
        self._copy = QImage()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_input(self, name: str, text: str, copy: QImage | None = None) -> None:
        """Show what the input is called, its text on one line, and the small copy of a picture."""
        self._name, self._text, self._copy = name, visible(" ".join(text.split())), copy or QImage()
        self._tell()

    def show_count(self, count: str) -> None:
        """Say how long it is, such as "453 tokens"; empty where that is not known."""
        self._count = count
        self._tell()

    def set_key(self, key: str) -> None:
        """The key that does what a click does."""
        self._key = key
        self._tell()

    def shown(self) -> str:
        """The text as far as there is room: its beginning and its end."""
        room = self._offer().left() - Space.MEDIUM - self._text_left()
        return self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, max(0, room))

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)
        self._paint_triangle(painter, t)
        self._write(painter, self._name_left(), self._name, t.text, bold(self.font()))
        painter.drawImage(
            QRect(self._copy_left(), (self.height() - _COPY) // 2, *self._copy_size().toTuple()), self._copy
        )
        self._write(painter, self._count_left(), self._counted(), t.quiet)
        self._write(painter, self._text_left(), self.shown(), t.quiet)
        self._paint_offer(painter, t)

    def _paint_triangle(self, painter: QPainter, t: Tones) -> None:
        """The sign of what can be unfolded."""
        left, middle = float(Space.LARGE), self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.quiet))
        corners = ((left, middle - 4), (left + 5, middle), (left, middle + 4))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _paint_offer(self, painter: QPainter, t: Tones) -> None:
        offer = self._offer()
        self._write(painter, offer.left(), _EDIT, t.accent)
        if self._key:
            key = offer.adjusted(_width(self.font(), _EDIT) + Space.SMALL, 6, 0, -6)
            painter.setPen(QPen(QColor(t.edge), 1))
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(key.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(QColor(t.quiet))
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, self._key)

    def _write(self, painter: QPainter, left: int, text: str, colour: str, font: QFont | None = None) -> None:
        painter.setFont(font or self.font())
        painter.setPen(QColor(colour))
        place = self.rect().adjusted(left, 0, 0, 0)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), text)

    # -- places: triangle, name, copy, count, text, and at the right what a click does ---------------------------------

    def _name_left(self) -> int:
        return Space.LARGE + Space.MEDIUM

    def _copy_left(self) -> int:
        return self._name_left() + _width(bold(self.font()), self._name) + Space.SMALL

    def _copy_size(self) -> QSize:
        return self._copy.size().scaled(3 * _COPY, _COPY, Qt.AspectRatioMode.KeepAspectRatio)

    def _count_left(self) -> int:
        return self._copy_left() + (0 if self._copy.isNull() else self._copy_size().width() + Space.SMALL)

    def _counted(self) -> str:
        return f"·  {self._count}  ·  " if self._count else "·  "

    def _text_left(self) -> int:
        return self._count_left() + _width(self.font(), self._counted())

    def _offer(self) -> QRect:
        key = Space.SMALL + _width(self.font(), self._key) + 2 * Space.SMALL if self._key else 0
        width = _width(self.font(), _EDIT) + key
        return QRect(self.width() - Space.LARGE - width, 0, width, self.height())

    def _tell(self) -> None:
        said = ", ".join(part for part in (self._name, self._count) if part)
        self.setAccessibleName(f"{_EDIT}: {said}" if said else _EDIT)
        self.setAccessibleDescription(self._text)
        self.setToolTip(f"Unfold to edit ({self._key})" if self._key else "Unfold to edit")
        self.update()


def _width(font: QFont, text: str) -> int:
    return QFontMetrics(font).horizontalAdvance(text)
