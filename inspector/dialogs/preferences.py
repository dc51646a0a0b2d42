"""The preferences dialog. Changes take effect at once."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from msgspec import structs
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.protocol.looks import COLOUR_MAPS
from engine.protocol.values import TEMPERATURES
from inspector.dialogs.model_chooser import DTYPES
from inspector.keeping.settings import LARGEST_SEED, LONGEST_START, MOST_NEW_TOKENS, Settings
from inspector.look.labels import plain_label, quiet_label
from inspector.look.naming import named
from inspector.look.theme import Space, Theme

THEMES: dict[str, Theme] = {"As the desktop": "system", "Light": "light", "Dark": "dark"}
SETTINGS = {  # what each field is called, by its name
    "theme": "Theme",
    "colour_map": "Relevance colours",
    "default_device": "Device",
    "default_dtype": "Type",
    "max_new_tokens": "Generate at most",
    "temperature": "Temperature",
    "seed": "Seed",
    "stop_at_line": "Stop at a line break",
    "worker_command": "Worker command",
    "start_limit": "Silent for at most",
}
COLOUR_MAP_TITLES = {
    "relevance": "Relevance: blue against, red for",
    "CET_D1A": "CET-D1A: blue and red (Kovesi)",
    "bwr": "bwr: blue and red (as LXT)",
    "colorbrewer:RdBu_r": "RdBu (ColorBrewer)",
    "colorbrewer:PuOr_r": "PuOr: purple and orange (ColorBrewer)",
    "vik": "vik (Crameri)",
    "CET_D9": "CET-D9: pale blue and red (Kovesi)",
}


class Preferences(QDialog):
    """Theme, colours, where models run, and which worker runs them."""

    changed = Signal(object)  # Settings
    worker_changed = Signal(str)  # the command, empty for our own

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(520)
        self._settings = Settings()
        self._theme = named("theme", QComboBox())
        for title, theme in THEMES.items():
            self._theme.addItem(title, theme)
        self._colours = named("colour_map", QComboBox())
        for name in COLOUR_MAPS:
            self._colours.addItem(COLOUR_MAP_TITLES.get(name, name), name)
        self._device = named("default_device", QComboBox())
        self._dtype = named("default_dtype", QComboBox())
        self._dtype.addItems(list(DTYPES))
        self._new_tokens = named("max_new_tokens", QSpinBox())
        self._new_tokens.setRange(1, MOST_NEW_TOKENS)
        self._temperature = named("temperature", QDoubleSpinBox())
        self._temperature.setRange(0, TEMPERATURES[1])
        self._temperature.setSingleStep(0.1)
        self._seed = named("seed", QSpinBox())
        self._seed.setRange(0, LARGEST_SEED)
        self._stop_at_line = named("stop_at_line", QCheckBox())
        self._start_limit = named("start_limit", QSpinBox())
        self._start_limit.setRange(1, LONGEST_START)
        self._start_limit.setSuffix(" s")
        self._worker = named("worker_command", QLineEdit(clearButtonEnabled=True))
        self._worker.setPlaceholderText("this computer")
        self._worker_problem = plain_label()
        self._lay_out()
        for box in (self._theme, self._colours, self._device, self._dtype):
            box.activated.connect(self._on_chosen)
        for number in (self._new_tokens, self._temperature, self._seed, self._start_limit):
            number.valueChanged.connect(self._on_chosen)
        self._stop_at_line.clicked.connect(self._on_chosen)
        self._worker.editingFinished.connect(self._on_worker_entered)

    def show_settings(self, settings: Settings, devices: Sequence[str]) -> None:
        """Show what is set; `devices` are those the worker has."""
        self._settings = settings
        self._theme.setCurrentIndex(self._theme.findData(settings.theme))
        self._colours.setCurrentIndex(self._colours.findData(settings.colour_map))
        self._device.clear()
        self._device.addItems(list(dict.fromkeys(("auto", settings.device, *devices))))
        self._device.setCurrentText(settings.device)
        self._dtype.setCurrentText(settings.dtype)
        self._stop_at_line.setChecked(settings.stop_at_line)
        with QSignalBlocker(self._temperature):
            self._temperature.setValue(settings.temperature)
        numbers = (
            (self._new_tokens, settings.max_new_tokens),
            (self._seed, settings.seed),
            (self._start_limit, settings.start_limit),
        )
        for box, number in numbers:
            with QSignalBlocker(box):
                box.setValue(number)
        self._worker.setText(settings.worker_command)
        self._worker_problem.hide()

    def turn_to(self, setting: str) -> None:
        """Let the field of a setting of `SETTINGS` have the keys; of another nothing happens."""
        field = self.findChild(QWidget, setting) if setting else None
        if field is not None:
            field.setFocus()

    def choose_colour_map(self, name: str) -> None:
        """Take other colours, as by hand."""
        self._colours.setCurrentIndex(self._colours.findData(name))
        self._on_chosen(self._colours.currentIndex())

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(Space.SMALL)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        height = self._theme.sizeHint().height()
        for number in (self._new_tokens, self._temperature, self._seed, self._start_limit):
            number.setMinimumHeight(height)
        for field in (self._theme, self._colours, self._device):
            _add_row(form, field)
        _add_row(form, self._dtype, quiet_label("Device and type are what the next model is opened with."))
        said = "Tokens that the model says at once. Generating again goes on from there."
        _add_row(form, self._new_tokens, quiet_label(said))
        _add_row(form, self._temperature)
        drawn = (
            "At temperature 0 the model says its likeliest token each time. Above it tokens are drawn at random, "
            "the same ones for the same seed."
        )
        _add_row(form, self._seed, quiet_label(drawn))
        _add_row(form, self._stop_at_line)
        where = (
            "Empty runs models on this computer. For a GPU server: ssh gpu lxt-inspector worker. "
            "Names of folders and files are then the server's."
        )
        _add_row(form, self._worker, self._worker_problem, quiet_label(where))
        ended = "A worker that says nothing while it starts is ended after that time."
        _add_row(form, self._start_limit, quiet_label(ended))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(buttons)

    def _on_chosen(self, value: float) -> None:
        self._settings = structs.replace(
            self._settings,
            theme=self._theme.currentData(),
            colour_map=self._colours.currentData(),
            device=self._device.currentText(),
            dtype=self._dtype.currentText(),
            max_new_tokens=self._new_tokens.value(),
            temperature=round(self._temperature.value(), 2),
            seed=self._seed.value(),
            stop_at_line=self._stop_at_line.isChecked(),
            start_limit=self._start_limit.value(),
        )
        self.changed.emit(self._settings)

    def _on_worker_entered(self) -> None:
        command = self._worker.text().strip()
        try:
            shlex.split(command)
        except ValueError:
            self._worker_problem.setText("A quotation mark is missing in this command.")
            self._worker_problem.show()
            return
        self._worker_problem.hide()
        if command != self._settings.worker_command:
            self._settings = structs.replace(self._settings, worker_command=command)
            self.worker_changed.emit(command)


def _add_row(form: QFormLayout, field: QWidget, *notes: QWidget) -> None:
    """A field with its name before it, and what is to be known of it right below."""
    name = plain_label(SETTINGS[field.objectName()])
    name.setBuddy(field)
    name.setFixedHeight(max(field.sizeHint().height(), field.minimumHeight()))
    column = QVBoxLayout()
    column.setSpacing(Space.TIGHT)
    for part in (field, *notes):
        column.addWidget(part)
    form.addRow(name, column)
