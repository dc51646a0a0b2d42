"""The dialog that chooses a model, and how to open it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.protocol.values import CachedModel, ModelSource, Quantization, library_of
from inspector.dialogs.browsing import browse_folder, browse_gguf, browse_weights
from inspector.dialogs.model_list import ModelList
from inspector.look.labels import plain_label, quiet_label
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.state.class_texts import class_line, read_class_texts

DTYPES = ("auto", "float32", "bfloat16", "float16")
QUANTIZATIONS: dict[str, Quantization | None] = {"none": None, "8 bit": "8bit", "4 bit": "4bit"}
_HINT = "A model from the hub is downloaded once. Code that comes with a model is not run unless allowed."
_WEIGHTS = {
    "torchvision": "the best published, or: random, IMAGENET1K_V1, a file",
    "timm": "needed: random, or a file with a state_dict",
}


class ModelChooser(QDialog):
    """A list of the machine's models, a field that takes any name, and options for opening."""

    chosen = Signal(object)  # ModelSource

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a model")
        self.resize(620, 560)
        self._list = ModelList()
        self._name = named("model_name", QLineEdit(clearButtonEnabled=True))
        self._name.setAccessibleName("Model")
        self._name.setPlaceholderText("owner/name on the hub, torchvision:…, or timm:…")
        self._revision = named("revision", QLineEdit())
        self._classes = named("classes", QLineEdit())
        self._classes.setPlaceholderText("for CLIP and SigLIP: a photo of a cat, a photo of a dog")
        self._weights = named("weights", QLineEdit())
        self._weights_line = QWidget()
        self._known: dict[str, ModelSource] = {}  # by name, how models were opened lately
        self._device = named("device", QComboBox())
        self._dtype = named("dtype", QComboBox())
        self._dtype.addItems(list(DTYPES))
        self._quantization = named("quantization", QComboBox())
        self._quantization.addItems(list(QUANTIZATIONS))
        for box, what in ((self._device, "Device"), (self._dtype, "Type"), (self._quantization, "Bits of the weights")):
            box.setAccessibleName(what)
        self._hint = quiet_label()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._open = self._buttons.button(QDialogButtonBox.StandardButton.Open)
        self._lay_out()
        self._list.named.connect(self._name.setText)
        self._list.opened.connect(self._on_opened)
        self._name.textEdited.connect(self._list.show_only)
        self._name.textChanged.connect(self._on_name_changed)
        self._classes.textChanged.connect(self._check)
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
        for field, text in self._kept(source).items():
            field.setText(text)
        if self._device.findText(source.device) < 0:
            self._device.addItem(source.device)
        self._device.setCurrentText(source.device)
        self._dtype.setCurrentText(source.dtype)
        words = {value: word for word, value in QUANTIZATIONS.items()}
        self._quantization.setCurrentText(words[source.quantization])
        self._name.setFocus()
        self._name.selectAll()

    def source(self) -> ModelSource:
        """The model as chosen so far. Raises ValueError where the classes cannot be read."""
        name = self._name.text().strip()
        source = ModelSource(
            name,
            device=self._device.currentText(),
            dtype=self._dtype.currentText(),
            quantization=QUANTIZATIONS[self._quantization.currentText()],
        )
        if library_of(name):
            return replace(source, weights=self._weights.text().strip() or None)
        classes = tuple(filter(None, read_class_texts(self._classes.text())))
        return replace(source, revision=self._revision.text().strip() or None, classes=classes)

    def accept(self) -> None:
        if self._open.isEnabled():
            super().accept()
            self.chosen.emit(self.source())

    def _lay_out(self) -> None:
        folder, gguf, file = QPushButton("Folder…"), QPushButton("GGUF file…"), QPushButton("File…")
        folder.clicked.connect(self._on_folder_clicked)
        gguf.clicked.connect(self._on_gguf_clicked)
        file.clicked.connect(self._on_file_clicked)
        for button in (folder, gguf, file):
            button.setAutoDefault(False)
        name = QHBoxLayout()
        name.addWidget(self._name, 1)
        name.addWidget(folder)
        name.addWidget(gguf)
        weights = QHBoxLayout(self._weights_line)
        weights.setContentsMargins(0, 0, 0, 0)
        weights.addWidget(self._weights, 1)
        weights.addWidget(file)
        how = QHBoxLayout()
        for title, box in (("Device", self._device), ("Type", self._dtype), ("Quantization", self._quantization)):
            how.addWidget(_label_of(box, title))
            how.addWidget(box)
            how.addSpacing(Space.MEDIUM)
        how.addStretch(1)
        self._form = form = QFormLayout()
        form.addRow(_label_of(self._name, "Model"), name)
        form.addRow("Revision", self._revision)
        form.addRow("Classes", self._classes)
        form.addRow(_label_of(self._weights, "Weights"), self._weights_line)
        form.addRow("", how)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addLayout(form)
        layout.addWidget(self._hint)
        layout.addWidget(self._buttons)

    def _kept(self, source: ModelSource) -> dict[QLineEdit, str]:
        """What belongs to one model and to no other, by field."""
        return {
            self._revision: source.revision or "",
            self._classes: class_line(source.classes),
            self._weights: source.weights or "",
        }

    def _show_lines_for(self, library: str | None) -> None:
        """Show the lines for an architecture of `library`, or for another model where that is None."""
        self._form.setRowVisible(self._weights_line, library is not None)
        self._form.setRowVisible(self._classes, library is None)
        self._revision.setEnabled(library is None)
        self._revision.setPlaceholderText("newest" if library is None else "only models on the hub have one")
        self._weights.setPlaceholderText(_WEIGHTS.get(library or "", ""))

    def _on_name_changed(self, text: str) -> None:
        name = text.strip()
        self._show_lines_for(library_of(name))
        for field, text in self._kept(self._known.get(name, ModelSource(name))).items():
            if not field.isModified():  # what was typed stays
                field.setText(text)
        self._check()

    def _check(self) -> None:
        """Open what can be opened; say why the classes cannot be read."""
        try:
            named, hint = bool(self.source().name), _HINT
        except ValueError as error:
            named, hint = False, str(error)
        self._open.setEnabled(named)
        self._hint.setText(hint)

    def _on_opened(self, name: str) -> None:
        self._name.setText(name)
        self.accept()

    def _on_folder_clicked(self) -> None:
        browse_folder(self, self._name.setText)

    def _on_gguf_clicked(self) -> None:
        browse_gguf(self, self._name.setText)

    def _on_file_clicked(self) -> None:
        browse_weights(self, self._on_weights_chosen)

    def _on_weights_chosen(self, path: str) -> None:
        self._weights.setText(path)
        self._weights.setModified(True)  # as if it had been typed


def _label_of(field: QWidget, title: str) -> QLabel:
    label = plain_label(title)
    label.setBuddy(field)
    return label
