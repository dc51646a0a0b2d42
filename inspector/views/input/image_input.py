"""The picture input: takes a picture dropped, pasted, opened or chosen from the examples, and shows it as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QImageWriter,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from inspector.look.icons import icon
from inspector.look.theme import Space
from inspector.look.wrapping_row import WrappingRow
from inspector.views.input.thumbnail import Thumbnail

PASTED_NAME = "pasted picture.png"


@dataclass(frozen=True)
class ImageExample:
    """A picture to try, and the model that goes with it."""

    title: str
    path: str
    model: str


class ImageInput(QWidget):
    """Emits what is dropped, pasted and chosen; reads no file, and changes its picture only for `show_image`."""

    open_requested = Signal()
    file_chosen = Signal(str)  # a local path
    image_pasted = Signal(bytes, str)  # a PNG file, and a name for it
    example_chosen = Signal(object)  # ImageExample
    picture_changed = Signal()  # it was read, or what is said of it is another

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnail = Thumbnail(self)
        self._thumbnail.changed.connect(self._on_thumbnail_changed)
        self._open = QPushButton("Open…", self)
        self._open.setIcon(icon("open"))
        self._open.clicked.connect(self.open_requested)
        self._paste = QPushButton("Paste", self)
        self._paste.clicked.connect(self._on_paste)
        self._examples = QToolButton(self)
        self._examples.setText("Examples")
        self._examples.setIcon(icon("examples"))
        self._examples.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._examples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._examples.setAutoRaise(True)
        self._examples.setMenu(QMenu(self._examples))
        self._examples.setEnabled(False)
        QGuiApplication.clipboard().dataChanged.connect(self._on_clipboard_changed)
        self._lay_out()
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Picture to explain")
        self.setAccessibleDescription(self._thumbnail.text())

    def show_image(self, data: bytes | None, name: str) -> None:
        """Show the picture in a file's bytes; its name alone where Qt cannot read it. None shows what to do."""
        self._thumbnail.show_file(data, name)

    def copy(self) -> QImage:
        """The small copy of the picture on show; null where there is none."""
        return self._thumbnail.copy()

    def name_and_size(self) -> tuple[str, str]:
        """What the picture is called, and how large it is in words, where that is known."""
        return self._thumbnail.name_and_size()

    def set_note(self, note: str) -> None:
        """What was done to the picture besides resizing and cropping it."""
        self._thumbnail.set_note(note)

    def set_examples(self, examples: Sequence[ImageExample]) -> None:
        """Fill the menu, in the order given."""
        menu = self._examples.menu()
        menu.clear()
        for example in examples:
            menu.addAction(example.title.replace("&", "&&"), partial(self.example_chosen.emit, example))
        self._examples.setEnabled(bool(examples))

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_clipboard_changed()

    # -- dropping and pasting -----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _holds_picture(event.mimeData()):
            event.acceptProposedAction()
            self._thumbnail.set_inviting(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._thumbnail.set_inviting(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._thumbnail.set_inviting(False)
        event.acceptProposedAction()
        self._take(event.mimeData())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._on_paste()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Pasting is meant for the picture while the keys go here, whatever the window does with it."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Paste)
        ):
            event.accept()
            return True
        return super().event(event)

    def _on_thumbnail_changed(self) -> None:
        self.setAccessibleDescription(self._thumbnail.text())
        self.picture_changed.emit()

    def _on_paste(self) -> None:
        data = QGuiApplication.clipboard().mimeData()
        if _holds_picture(data):
            self._take(data)

    def _on_clipboard_changed(self) -> None:
        if not self.isVisible():
            return  # another program is asked for what it copied: not for a button that nobody sees
        holds = _holds_picture(QGuiApplication.clipboard().mimeData())
        self._paste.setEnabled(holds)
        self._paste.setToolTip("" if holds else "Copy a picture or a file first.")

    def _take(self, data: QMimeData) -> None:
        """A file before pixels: programs that copy a file often add a picture of it, which is not the file's."""
        if path := _local_file(data):
            self.file_chosen.emit(path)
        elif data.hasImage():
            image = data.imageData()
            if isinstance(image, QImage) and not image.isNull():
                self.image_pasted.emit(_png(image), PASTED_NAME)

    def _lay_out(self) -> None:
        below = WrappingRow()
        for button in (self._open, self._paste, self._examples):
            button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            below.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.TIGHT)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._thumbnail, 1)
        column.addLayout(below)


def _holds_picture(data: QMimeData | None) -> bool:
    """An empty clipboard is None."""
    return data is not None and (data.hasImage() or bool(_local_file(data)))


def _local_file(data: QMimeData) -> str:
    return next((url.toLocalFile() for url in data.urls() if url.isLocalFile()), "")


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
