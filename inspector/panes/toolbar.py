"""Model, rules, Explain and Stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from engine.protocol.values import ModelInfo, ModelSource
from inspector.actions.actions import Actions
from inspector.look.icons import icon
from inspector.look.labels import plain_label
from inspector.look.naming import named
from inspector.state.question import BUNDLED_MODELS

RULES = ("attnlrp", "cp-lrp", "input-x-gradient", "gradient", "gamma")


class ToolBar(QToolBar):
    """The actions people use all the time, and which model is open."""

    model_picked = Signal(object)  # ModelSource

    def __init__(
        self, actions: Actions, recent: Callable[[], Sequence[ModelSource]], parent: QWidget | None = None
    ) -> None:
        super().__init__("Tools", parent)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self._actions = actions
        self._recent = recent
        self._model = self._model_button()
        self.addWidget(self._model)
        self.addSeparator()
        self.addWidget(plain_label(" Rules "))
        for rules in RULES:
            self.addAction(actions[f"rules.{rules}"])
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        for command, name in (("run.generate", "generate"), ("run.explain", "run"), ("run.stop", "stop")):
            action = actions[command]
            action.setIcon(icon(name))
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def show_model(self, text: str) -> None:
        """Write which model is open, or on its way."""
        self._model.setText(text.replace("&", "&&"))

    def _model_button(self) -> QToolButton:
        button = named("model_button", QToolButton())
        button.setIcon(icon("model"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip("Open another model")
        button.setText("No model")
        menu = QMenu(button)
        menu.aboutToShow.connect(self._fill_menu)
        button.setMenu(menu)
        return button

    def _fill_menu(self) -> None:
        menu = self._model.menu()
        menu.clear()
        bundled = [source.name for source in BUNDLED_MODELS]
        self._add_models("Bundled", BUNDLED_MODELS)
        self._add_models("Recent", [source for source in self._recent() if source.name not in bundled])
        menu.addSeparator()
        for command in ("model.choose", "model.open_folder", "model.open_gguf"):
            menu.addAction(self._actions[command])
        menu.addSeparator()
        menu.addAction(self._actions["model.unload"])

    def _add_models(self, title: str, sources: Sequence[ModelSource]) -> None:
        if sources:
            self._model.menu().addSection(title)
        for source in sources:
            self._model.menu().addAction(title_of(source).replace("&", "&&"), partial(self.model_picked.emit, source))


def title_of(source: ModelSource) -> str:
    """A model by its name and whatever is special in how it is opened."""
    how = (source.revision, source.device, source.dtype, source.quantization)
    return " · ".join([source.name, *(word for word in how if word and word != "auto")])


def brief_title_of(source: ModelSource) -> str:
    """As `title_of`, with no more of a path than its end: the button stands before everything else."""
    path = Path(source.name)
    return title_of(replace(source, name=path.name) if path.is_absolute() else source)


def title_of_open(model: ModelInfo) -> str:
    """A model that is open: its name, type and device."""
    return f"{model.title} · {model.dtype} · {model.device}"
