"""What is below the tokens: the layers and, where the model has said something, the matrix of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.protocol.inputs import text_in
from inspector.panes.layers_pane import LayersPane
from inspector.state.question import each_of
from inspector.state.scene import MatrixMap, Scene, explained_token

if TYPE_CHECKING:
    from inspector.views.layers.answer_matrix import AnswerMatrix


class MatrixPane(QWidget):
    """The matrix, once there is one."""

    token_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: AnswerMatrix | None = None  # from the first generated text on
        self._shown: MatrixMap | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_scene(self, scene: Scene) -> None:
        """Show the matrix of `scene`, with the cursor on the token that is explained."""
        view = self.view or self._made()
        if scene.matrix is None:
            if self._shown is not None:
                view.set_stale(True)  # until the next one is there
            return
        if scene.matrix != self._shown:
            self._shown = scene.matrix
            found = scene.matrix.matrix
            labels = [token.label for token in found.tokens]
            view.show_matrix(
                found.rows, found.values, found.start, scene.matrix.limits, scene.matrix.colour_map, labels
            )
        token = explained_token(scene.question, scene.matrix.matrix.tokens, scene.position)
        view.set_token(-1 if token is None else token)
        view.set_stale(scene.stale and text_in(scene.question.input) != scene.matrix.matrix.prompt)

    def clear(self) -> None:
        if self.view is not None and self._shown is not None:
            self._shown = None
            self.view.clear()

    def _made(self) -> AnswerMatrix:
        view = self.view = cast("AnswerMatrix", import_module("inspector.views.layers.answer_matrix").AnswerMatrix())
        view.token_clicked.connect(self.token_clicked)
        self._column.addWidget(view)
        return view


class LowerPanes(QTabWidget):
    """The layers; beside them the matrix, while there is generated text. One alone needs no tab."""

    matrix_opened = Signal()

    def __init__(self, layers: LayersPane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lower_panes")
        self.setDocumentMode(True)
        self.setTabBarAutoHide(True)
        self.matrix = MatrixPane()
        self.matrix.hide()
        self.addTab(layers, "Layers")
        self.currentChanged.connect(self._on_current_changed)

    def is_matrix_open(self) -> bool:
        return self.currentWidget() is self.matrix

    def show_scene(self, scene: Scene) -> None:
        """Offer the matrix where `scene` has generated text, and take it away where not."""
        if each_of(scene.question) is None:
            if self.count() > 1:
                self.removeTab(1)
                self.matrix.clear()
            return
        if self.count() == 1:
            self.addTab(self.matrix, "Answer")
            self.setTabToolTip(1, "Relevance of every earlier token for each generated token")
        self.matrix.show_scene(scene)

    def _on_current_changed(self, index: int) -> None:
        if self.is_matrix_open():
            self.matrix_opened.emit()
