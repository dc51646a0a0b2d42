"""Takes in pictures from files, the clipboard and other programs, and sets how they are looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from engine.protocol.failures import ImageError
from engine.protocol.picture_files import image_of
from engine.protocol.values import Image, ModelSource
from inspector.actions.actions import Actions
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.browsing import browse_image
from inspector.intake.drops import DroppedImage, DroppedPixels, Refused, pasted_image
from inspector.intake.reading import PictureReader
from inspector.keeping.settings import Profile
from inspector.panes.picture_pane import PicturePane
from inspector.state.picture import NO_ORIGINAL
from inspector.state.scene import Scene
from inspector.state.trouble import Remedy, Trouble
from inspector.views.input.image_input import ImageExample, ImageInput


class PictureHandler(QObject):
    """Explains every picture it gets, or says why it is none."""

    troubled = Signal(object)  # Trouble

    def __init__(self, window: QWidget, inquiry: Inquiry, profile: Profile) -> None:
        super().__init__(window)
        self._window, self._inquiry, self._profile = window, inquiry, profile
        self._is_example = False  # what is being read: its folder is no place to look for another picture
        self._reader = PictureReader(self)
        self._reader.was_read.connect(self._on_read)
        self._reader.was_refused.connect(self._on_refused)

    def follow(self, image: ImageInput, part: PicturePane) -> None:
        """Do what is asked for where pictures are given and looked at."""
        image.open_requested.connect(self.browse)
        image.example_chosen.connect(self.open_example)
        image.image_pasted.connect(self.take_bytes)
        part.opacity_chosen.connect(self._on_opacity_chosen)
        part.clip_chosen.connect(self._on_clip_chosen)
        part.patches_chosen.connect(self._on_patches_chosen)
        part.original_chosen.connect(self._on_original_chosen)

    def show_scene(self, scene: Scene, commands: Actions) -> None:
        """Say which commands there is a picture for, and which are on."""
        seen = None if scene.relevance is None else scene.relevance.seen
        is_known = seen is not None and seen.whole is not None
        commands.enable("view.original", is_known, NO_ORIGINAL if seen else "There is no picture yet")
        commands["view.original"].setChecked(scene.part is not None and scene.part.is_on_original)

    def browse(self) -> None:
        browse_image(self._window, self._profile.settings.image_folder, self.open)

    def open(self, path: str) -> None:
        """Explain the picture in a file."""
        self._read(Path(path), is_example=False)

    def open_example(self, example: ImageExample) -> None:
        """Explain an example, by the model that goes with it."""
        model = self._inquiry.holding.opening or self._inquiry.study.question.source
        if example.model and model.name != example.model:
            self._inquiry.open_model(ModelSource(example.model))
        self._read(Path(example.path), is_example=True)

    def take_bytes(self, data: bytes, name: str) -> None:
        """Explain the picture in the bytes of a file, and none that was asked for before."""
        self._reader.forget()
        self._inquiry.expect_picture(False)
        try:
            self._inquiry.use_image(image_of(data, name))
        except ImageError as error:
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

    def _on_opacity_chosen(self, opacity: float) -> None:
        self._inquiry.study.look(self._inquiry.study.view.looking(opacity=opacity))

    def _on_clip_chosen(self, clip: float) -> None:
        self._inquiry.study.look(self._inquiry.study.view.looking(clip=clip))

    def _on_patches_chosen(self, patches: bool) -> None:
        self._inquiry.study.look(replace(self._inquiry.study.view, patches=patches))

    def _on_original_chosen(self, original: bool) -> None:
        self._inquiry.study.look(self._inquiry.study.view.looking(original=original))

    def _read(self, path: Path, is_example: bool) -> None:
        self._is_example = is_example
        self._inquiry.expect_picture(True)
        self._reader.read(path)

    def _on_refused(self, message: str) -> None:
        self._inquiry.expect_picture(False)
        self._refuse(message)

    def _on_read(self, path: Path, image: Image) -> None:
        if not self._is_example:
            self._profile.keep(structs.replace(self._profile.settings, image_folder=str(path.parent)))
        self._inquiry.use_image(image)

    def _refuse(self, message: str) -> None:
        self.troubled.emit(Trouble(message, Remedy.OPEN_IMAGE))
