"""The matrix of a generated text: what each token of it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.protocol.messages import ExplainedEach
from inspector.panes.details import DetailPane
from inspector.panes.plot_modules import imported
from inspector.state.matrix import MatrixMap, matrix_of
from inspector.state.question import each_of
from inspector.state.scene import Scene, explained_token

if TYPE_CHECKING:
    from inspector.views.layers.answer_matrix import AnswerMatrix


class MatrixPane(DetailPane):
    """The matrix, once there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: AnswerMatrix | None = None  # from the first generated text on
        self._shown: MatrixMap | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_scene(self, scene: Scene) -> None:
        """Show the matrix of `scene`, with the cursor on the token that is explained."""
        view = self.view or self._made()
        request = each_of(scene.question)
        known = None if request is None else scene.find(request)
        if not isinstance(known, ExplainedEach):
            if self._shown is not None:
                view.set_stale(True)  # until the next one is there
            return
        shown = matrix_of(known, scene.view.look)
        found = shown.matrix
        if shown != self._shown:
            self._shown = shown
            labels = [token.label for token in found.tokens]
            view.show_matrix(found.rows, found.values, found.start, shown.limits, shown.ramp, labels)
        token = explained_token(scene.question, found.tokens, scene.position)
        view.set_token(-1 if token is None else token)
        view.set_stale(known.question.source != scene.source)

    def point_at(self, token: int) -> None:
        if self.view is not None:
            self.view.point_at(token)

    def clear(self) -> None:
        if self.view is not None and self._shown is not None:
            self._shown = None
            self.view.clear()

    def _made(self) -> AnswerMatrix:
        made = imported("inspector.views.layers.answer_matrix").AnswerMatrix()
        view = self.view = cast("AnswerMatrix", made)
        view.token_clicked.connect(self.position_clicked)
        self._column.addWidget(view)
        return view
