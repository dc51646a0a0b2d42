"""Opens models, prompts and pictures: by name, chosen among files, or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.protocol.failures import PromptError
from engine.protocol.prompt_files import read_prompt
from engine.protocol.values import ModelSource
from engine.writing import is_stream
from inspector.conversations.inquiry import Inquiry
from inspector.dialogs.browsing import browse_folder, browse_gguf, browse_text
from inspector.handlers.picture_handler import PictureHandler
from inspector.intake.drops import (
    Dropped,
    DroppedImage,
    DroppedModel,
    DroppedPixels,
    DroppedPrompt,
    DroppedPromptFile,
    Refused,
    dropped_files,
)
from inspector.intake.examples import Example
from inspector.keeping.settings import Profile
from inspector.state.trouble import Trouble


class OpeningHandler(QObject):
    """Opens the model, prompt or picture it is given, or says why it cannot."""

    troubled = Signal(object)  # Trouble

    def __init__(self, window: QWidget, inquiry: Inquiry, pictures: PictureHandler, profile: Profile) -> None:
        super().__init__(window)
        self._window, self._inquiry, self._pictures, self._profile = window, inquiry, pictures, profile

    def browse_prompt(self) -> None:
        browse_text(self._window, self.open_prompt)

    def browse_folder(self) -> None:
        browse_folder(self._window, self.open_model)

    def browse_gguf(self) -> None:
        browse_gguf(self._window, self.open_model)

    def open_model(self, name: str) -> None:
        """Open a model by its name, folder or file, as the preferences say."""
        settings = self._profile.settings
        self._inquiry.open_model(ModelSource(name, device=settings.device, dtype=settings.dtype))

    def open_prompt(self, path: str) -> None:
        """Explain the text in a file."""
        try:
            if is_stream(Path(path)):
                raise PromptError(
                    f"“{path}” is no file but a stream, whose end the window would wait for.", "prompt_empty"
                )
            text = read_prompt(path)
        except PromptError as error:
            self.troubled.emit(Trouble(str(error)))
        else:
            self._inquiry.use_prompt(text)

    def open_example(self, example: Example) -> None:
        self._inquiry.use_prompt(example.prompt)

    def open_file(self, path: str) -> None:
        """Open a file as what its name says it is."""
        self.take(dropped_files([path]))

    def open_files(self, paths: Sequence[str]) -> None:
        """Open the first of several files."""
        self.take(dropped_files(paths))

    def take(self, what: Dropped) -> None:
        """Open what was dropped."""
        match what:
            case DroppedPrompt(text):
                self._inquiry.use_prompt(text)
            case DroppedPromptFile(path):
                self.open_prompt(str(path))
            case DroppedModel(name):
                self.open_model(name)
            case DroppedImage() | DroppedPixels():
                self._pictures.take(what)
            case Refused(message):
                self.troubled.emit(Trouble(message))
