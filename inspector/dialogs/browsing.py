"""File dialogs, opened without waiting: the choice arrives as a call."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.protocol.picture_files import IMAGE_SUFFIXES


def browse_folder(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Ask for a model's folder."""
    dialog = QFileDialog(parent, "Open model folder")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    _open(dialog, chosen)


def browse_gguf(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Ask for a model in one file."""
    _open(_existing(parent, "Open GGUF file", "GGUF models (*.gguf)"), chosen)


def browse_weights(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Ask for a file with the weights of a named architecture."""
    _open(_existing(parent, "Open weights", "Weights (*.safetensors *.pth *.pt *.bin);;All files (*)"), chosen)


def browse_text(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Ask for a file with a prompt."""
    _open(_existing(parent, "Open prompt", "Texts (*.txt *.md);;All files (*)"), chosen)


def browse_image(parent: QWidget, folder: str, chosen: Callable[[str], object]) -> None:
    """Ask for a file with a picture, starting in `folder`."""
    dialog = _existing(parent, "Open image", f"Images ({' '.join(f'*{suffix}' for suffix in IMAGE_SUFFIXES)})")
    if folder:
        dialog.setDirectory(folder)
    _open(dialog, chosen)


def browse_new_file(parent: QWidget, path: str, name_filter: str, chosen: Callable[[str], object]) -> None:
    """Ask where to save, starting from `path`."""
    dialog = QFileDialog(parent, "Export", filter=name_filter)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked once, when the export starts
    dialog.selectFile(path)
    _open(dialog, chosen)


def _existing(parent: QWidget, title: str, name_filter: str) -> QFileDialog:
    dialog = QFileDialog(parent, title, filter=name_filter)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return dialog


def _open(dialog: QFileDialog, chosen: Callable[[str], object]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(chosen)
    dialog.open()
