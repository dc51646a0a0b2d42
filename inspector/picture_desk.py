"""Takes in pictures: files, what is on the clipboard, what other programs let go of."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.browsing import browse_image
from inspector.drops import DroppedImage, DroppedPixels, Refused, pasted_image
from inspector.pictures import PictureError, picture_of_bytes, read_picture
from inspector.settings import Profile
from inspector.state.trouble import Remedy, Trouble


class PictureDesk(QObject):
    """Explains every picture it gets, or says why it is none."""

    troubled = Signal(object)  # Trouble

    def __init__(self, window: QWidget, inquiry: Inquiry, profile: Profile) -> None:
        super().__init__(window)
        self._window, self._inquiry, self._profile = window, inquiry, profile

    def browse(self) -> None:
        browse_image(self._window, self._profile.settings.image_folder, self.open)

    def open(self, path: str) -> None:
        """Explain the picture in a file."""
        try:
            image = read_picture(Path(path))
        except PictureError as error:
            self._refuse(str(error))
        else:
            self._profile.keep(structs.replace(self._profile.settings, image_folder=str(Path(path).parent)))
            self._inquiry.use_image(image)

    def take_bytes(self, data: bytes, name: str) -> None:
        """Explain the picture in the bytes of a file."""
        try:
            self._inquiry.use_image(picture_of_bytes(data, name))
        except PictureError as error:
            self._refuse(str(error))

    def take(self, what: DroppedImage | DroppedPixels | Refused) -> None:
        """Explain a picture that was dropped or pasted."""
        match what:
            case DroppedImage(path):
                self.open(str(path))
            case DroppedPixels(data):
                self.take_bytes(data, "pasted picture")
            case Refused(message):
                self._refuse(message)

    def paste(self) -> None:
        self.take(pasted_image(QApplication.clipboard().mimeData()))

    def _refuse(self, message: str) -> None:
        self.troubled.emit(Trouble(message, Remedy.OPEN_IMAGE))
