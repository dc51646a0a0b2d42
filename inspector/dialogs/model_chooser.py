"""Which model to open, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.protocol.values import CachedModel, ModelSource, Quantization
from inspector.dialogs.browsing import browse_folder, browse_gguf
from inspector.dialogs.labels import plain_label, quiet_label
from inspector.dialogs.model_list import ModelList
from inspector.naming import named
from inspector.theme import Space

DTYPES = ("auto", "float32", "bfloat16", "float16")
QUANTIZATIONS: dict[str, Quantization | None] = {"none": None, "8 bit": "8bit", "4 bit": "4bit"}


class ModelChooser(QDialog):
    """A list of what is on the machine, a field that takes any name, and how to open it."""

    chosen = Signal(object)  # ModelSource

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a model")
        self.resize(620, 560)
        self._list = ModelList()
        self._name = named("model_name", QLineEdit(clearButtonEnabled=True))
        self._name.setPlaceholderText("organisation/name on the Hugging Face hub, a folder, or a .gguf file")
        self._revision = named("revision", QLineEdit())
        self._revision.setPlaceholderText("newest")
        self._classes = named("classes", QLineEdit())
        self._classes.setPlaceholderText("for CLIP and SigLIP: a photo of a cat, a photo of a dog")
        self._known: dict[str, ModelSource] = {}  # by name, how models were opened lately
        self._device = named("device", QComboBox())
        self._dtype = named("dtype", QComboBox())
        self._dtype.addItems(list(DTYPES))
        self._quantization = named("quantization", QComboBox())
        self._quantization.addItems(list(QUANTIZATIONS))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._list.named.connect(self._name.setText)
        self._list.opened.connect(self._on_opened)
        self._name.textEdited.connect(self._list.show_only)
        self._name.textChanged.connect(self._on_name_changed)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._on_name_changed("")

    def show_models(self, models: Sequence[CachedModel], recent: Sequence[ModelSource]) -> None:
        """Show what is on the machine; what was typed stays."""
        self._known.update((source.name, source) for source in recent)
        with QSignalBlocker(self._list):
            self._list.show_models(models, recent)

    def models(self) -> list[str]:
        """The names of the models listed."""
        return self._list.names()

    def show_devices(self, devices: Sequence[str]) -> None:
        """Offer the devices the worker has."""
        device = self._device.currentText()
        self._device.clear()
        self._device.addItems(list(dict.fromkeys(("auto", *devices))))
        self._device.setCurrentText(device or "auto")

    def show_source(self, source: ModelSource) -> None:
        """Start from a model and how it was opened."""
        self._known[source.name] = source
        self._list.show_only("")
        self._list.select(source.name)
        self._name.setText(source.name)
        self._show_kept(source)
        if self._device.findText(source.device) < 0:
            self._device.addItem(source.device)
        self._device.setCurrentText(source.device)
        self._dtype.setCurrentText(source.dtype)
        words = {value: word for word, value in QUANTIZATIONS.items()}
        self._quantization.setCurrentText(words[source.quantization])
        self._name.setFocus()
        self._name.selectAll()

    def source(self) -> ModelSource:
        """The model as chosen so far."""
        return ModelSource(
            self._name.text().strip(),
            self._revision.text().strip() or None,
            self._device.currentText(),
            self._dtype.currentText(),
            QUANTIZATIONS[self._quantization.currentText()],
            classes=tuple(text.strip() for text in self._classes.text().split(",") if text.strip()),
        )

    def accept(self) -> None:
        if self._name.text().strip():
            super().accept()
            self.chosen.emit(self.source())

    def _lay_out(self) -> None:
        folder, gguf = QPushButton("Folder…"), QPushButton("GGUF file…")
        folder.clicked.connect(self._on_folder_clicked)
        gguf.clicked.connect(self._on_gguf_clicked)
        for button in (folder, gguf):
            button.setAutoDefault(False)
        name = QHBoxLayout()
        name.addWidget(self._name, 1)
        name.addWidget(folder)
        name.addWidget(gguf)
        how = QHBoxLayout()
        for title, box in (("Device", self._device), ("Type", self._dtype), ("Quantization", self._quantization)):
            how.addWidget(plain_label(title))
            how.addWidget(box)
            how.addSpacing(Space.MEDIUM)
        how.addStretch(1)
        form = QFormLayout()
        form.addRow("Model", name)
        form.addRow("Revision", self._revision)
        form.addRow("Classes", self._classes)
        form.addRow("", how)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addLayout(form)
        layout.addWidget(
            quiet_label(
                "A model from the hub is downloaded once. Code that comes with a model is not run unless allowed."
            )
        )
        layout.addWidget(self._buttons)

    def _show_kept(self, source: ModelSource) -> None:
        """Show what belongs to one model and to no other."""
        self._revision.setText(source.revision or "")
        self._classes.setText(", ".join(source.classes))

    def _on_name_changed(self, text: str) -> None:
        name = text.strip()
        self._buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(bool(name))
        if not self._revision.isModified() and not self._classes.isModified():  # what was typed stays
            self._show_kept(self._known.get(name, ModelSource(name)))

    def _on_opened(self, name: str) -> None:
        self._name.setText(name)
        self.accept()

    def _on_folder_clicked(self) -> None:
        browse_folder(self, self._name.setText)

    def _on_gguf_clicked(self) -> None:
        browse_gguf(self, self._name.setText)
