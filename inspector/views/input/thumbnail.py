"""A small copy of a picture file, as far as Qt can read it, with its name and size below."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QBuffer, QIODevice, QRect, QRunnable, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QColor, QImage, QImageIOHandler, QImageReader, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.look.theme import Space, tones

_INVITATION = "Drop a picture here, paste one, open a file or choose an example."
_FORMATS = frozenset({b"bmp", b"gif", b"ico", b"jpeg", b"png", b"ppm", b"tiff", b"webp"})  # pixels: no drawings
_LARGEST = 512  # pixels of the copy
_AT_ONCE = 256 * 1024  # bytes
_MEMORY = 256  # MiB that reading may take: more is shown by its name


class Thumbnail(QWidget):
    """A small picture; while it is empty, a dashed outline and a hint what to do."""

    changed = Signal()  # what is said in words
    _was_read = Signal(int, QImage, QSize)  # number, the copy, the picture's own size

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = 0  # of the picture that was shown last
        self._is_reading = False
        self._was_read.connect(self._on_read)
        self._image = QImage()
        self._name = ""
        self._size = ""
        self._note = ""
        self._is_inviting = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_file(self, data: bytes | None, name: str) -> None:
        """Show the picture in `data`, which is read beside the window; None shows what to do."""
        self._number += 1
        self._image, self._name, self._size, self._note = QImage(), name if data is not None else "", "", ""
        self._is_reading = data is not None
        if data is not None:
            QThreadPool.globalInstance().start(_Reading(self._number, data, self))
        self._tell()

    def set_note(self, note: str) -> None:
        """A line below the others; empty, none."""
        if note != self._note:
            self._note = note
            self._tell()

    def set_inviting(self, inviting: bool) -> None:
        """Show that what is dragged may be let go here."""
        self._is_inviting = inviting
        self.update()

    def copy(self) -> QImage:
        """The small copy; null until it is read, and of what Qt cannot read."""
        return self._image

    def name_and_size(self) -> tuple[str, str]:
        """What the picture is called, and how large it is in words; each empty where it is not known."""
        return self._name, self._size

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

    def _on_read(self, number: int, image: QImage, size: QSize) -> None:
        if number == self._number:
            self._is_reading = False
            self._image = image
            self._size = f"{size.width()} × {size.height()} pixels" if size.isValid() else ""
            self._tell()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    def _paint_words(self, painter: QPainter) -> int:
        """Write the lines at the bottom; where they begin comes back."""
        metrics, t = painter.fontMetrics(), tones(self.palette())
        size = self._size if self._size or self._is_reading or not self._image.isNull() else "no preview"
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


class _Reading(QRunnable):
    def __init__(self, number: int, data: bytes, thumbnail: Thumbnail) -> None:
        super().__init__()
        self._number, self._data, self._thumbnail = number, data, thumbnail

    def run(self) -> None:
        image, size = read_small(self._data)
        with suppress(RuntimeError):  # the window is gone
            self._thumbnail._was_read.emit(self._number, image, size)


def read_small(data: bytes) -> tuple[QImage, QSize]:
    """A copy of at most 512 pixels a side, upright, and the picture's own size. Both null where Qt cannot read it."""
    QImageReader.setAllocationLimit(_MEMORY)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.ReadWrite)
    whole = memoryview(data)
    for start in range(0, len(data), _AT_ONCE):  # no other thread runs while Qt copies a piece
        buffer.write(bytes(whole[start : start + _AT_ONCE]))
    buffer.seek(0)
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
