"""A small copy of a picture file, as far as Qt can read it, with its name and size below."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageIOHandler, QImageReader, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.look.theme import Space, tones

_INVITATION = "Drop a picture here, paste one, open a file or choose an example."
_FORMATS = frozenset({b"bmp", b"gif", b"ico", b"jpeg", b"png", b"ppm", b"tiff", b"webp"})  # pixels: no drawings
_LARGEST = 512  # pixels of the copy
_MEMORY = 256  # MiB that reading may take: more is shown by its name


class Thumbnail(QWidget):
    """A small picture; while it is empty, a dashed outline and a hint what to do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._name = ""
        self._size = ""
        self._note = ""
        self._is_inviting = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_file(self, data: bytes | None, name: str) -> None:
        """Show the picture in `data`; None shows what to do."""
        self._note = ""
        if data is None:
            self._image, self._name, self._size = QImage(), "", ""
        else:
            self._name = name
            self._image, size = read_small(data)
            self._size = f"{size.width()} × {size.height()} pixels" if size.isValid() else ""
        self.update()

    def set_note(self, note: str) -> None:
        """A line below the others; empty, none."""
        self._note = note
        self.update()

    def set_inviting(self, inviting: bool) -> None:
        """Show that what is dragged may be let go here."""
        self._is_inviting = inviting
        self.update()

    def text(self) -> str:
        """What is said in words."""
        if not self._name:
            return _INVITATION
        return ". ".join(line for line in (self._name, self._size, self._note) if line)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 5 * self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tones(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_inviting or not self._name:
            painter.setPen(QPen(QColor(t.accent if self._is_inviting else t.quiet), 1, Qt.PenStyle.DashLine))
            painter.setBrush(self.palette().base())
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(QColor(t.quiet))
        if not self._name:
            inner = self.rect().adjusted(Space.LARGE, Space.SMALL, -Space.LARGE, -Space.SMALL)
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, _INVITATION)
        else:
            self._paint_picture(painter, self._paint_words(painter))

    def _paint_words(self, painter: QPainter) -> int:
        """Write the lines at the bottom; where they begin comes back."""
        metrics, t = painter.fontMetrics(), tones(self.palette())
        size = self._size if self._size or not self._image.isNull() else "no preview"
        words = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        wrapped = metrics.boundingRect(QRect(0, 0, self.width(), self.height()), int(words), self._note)
        note = wrapped.height() if self._note else 0
        top = self.height() - 2 * metrics.height() - note
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width())
        line = QRect(0, top, self.width(), metrics.height())
        painter.setPen(QColor(t.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, name)
        painter.setPen(QColor(t.quiet))
        painter.drawText(line.translated(0, metrics.height()), Qt.AlignmentFlag.AlignHCenter, size)
        painter.drawText(QRect(0, self.height() - note, self.width(), note), words, self._note)
        return top - Space.TIGHT

    def _paint_picture(self, painter: QPainter, below: int) -> None:
        """In the middle of what is left, never larger than the copy is."""
        if self._image.isNull() or below <= 0:
            return
        room = QSize(self.width(), below)
        size = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        if size.width() > self._image.width() and size.width() > _LARGEST:
            size = self._image.size()
        area = QRect((room.width() - size.width()) // 2, (room.height() - size.height()) // 2, *size.toTuple())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size.width() < self._image.width())
        painter.drawImage(area, self._image)


def read_small(data: bytes) -> tuple[QImage, QSize]:
    """A copy of at most 512 pixels a side, upright, and the picture's own size. Both null where Qt cannot read it."""
    QImageReader.setAllocationLimit(_MEMORY)
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    return _read_small(QImageReader(buffer))  # which must end before the buffer: a TIFF's reads it once more


def _read_small(reader: QImageReader) -> tuple[QImage, QSize]:
    reader.setDecideFormatFromContent(True)
    if bytes(reader.format().data()) not in _FORMATS:
        return QImage(), QSize()
    reader.setAutoTransform(True)
    size = reader.size()
    if max(size.width(), size.height()) > _LARGEST:
        small = size.scaled(_LARGEST, _LARGEST, Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    turned = reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90
    image = reader.read()
    if image.isNull():
        return QImage(), QSize()
    if not size.isValid():
        return image, image.size()
    return image, size.transposed() if turned else size
