"""Model, rules, Explain and Stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from engine.protocol.values import ModelInfo, ModelSource
from inspector.actions.actions import Actions
from inspector.look.icons import icon
from inspector.look.labels import plain_label
from inspector.look.naming import named
from inspector.state.question import BUNDLED_MODELS

RULES = ("attnlrp", "cp-lrp", "gamma")
MORE_RULES = ("input-x-gradient", "gradient")
_SHORT = 16  # letters of a model's name, where there is no room for more


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
        self._title = "No model"
        self._model = self._model_button()
        self._rules = plain_label(" Rules ")
        self._more = self._more_button()
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(self._model)
        self._beside = [self.addSeparator(), self.addWidget(self._rules)]
        self._segments = [self._add(f"rules.{rules}", "segment") for rules in RULES]
        self.addWidget(self._more)
        self.addWidget(spacer)
        self._generate = self._add("run.generate", "generate", "generate")
        self._add("run.explain", "explain")
        self._add("run.stop", "stop", "stop")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Explain and Stop stay in sight: what can be said shorter gives way to them."""
        super().resizeEvent(event)
        self._fit()

    def show_model(self, text: str) -> None:
        """Write which model is open, or on its way."""
        self._title = text
        self._fit()

    def _fit(self) -> None:
        """Say everything, and shorten piece by piece as long as there is no room for all."""
        both = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for is_short in (0, 1, 2, 3):
            title = self._title.partition(" · ")[0] if is_short else self._title
            if is_short > 1 and len(title) > _SHORT:
                title = title[: _SHORT - 1] + "…"
            self._model.setText(title.replace("&", "&&"))
            for action in self._beside:
                action.setVisible(not is_short)
            self._generate.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly if is_short > 1 else both)
            for button in self._segments[1:]:
                button.setVisible(is_short < 3)
            if self.sizeHint().width() <= self.width():
                return

    def _add(self, command: str, name: str, picture: str = "") -> QToolButton:
        """A button for a command, by a name that the style knows."""
        action = self._actions[command]
        if picture:
            action.setIcon(icon(picture))
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return named(name, button)

    def _more_button(self) -> QToolButton:
        """The rule sets that are rarely asked for, under the name of the one in force where it is of them."""
        button = named("more_rules", QToolButton())
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        actions = [self._actions[f"rules.{rules}"] for rules in (*RULES, *MORE_RULES)]
        menu.addActions(actions)
        button.setMenu(menu)
        button.setToolTip("Other rule sets")

        def name() -> None:
            chosen = next((each.text() for each in actions[len(RULES) :] if each.isChecked()), "More")
            button.setText(chosen)
            button.setProperty("chosen", chosen != "More")
            button.style().polish(button)

        for action in actions:
            action.toggled.connect(lambda _: name())
        name()
        return button

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
