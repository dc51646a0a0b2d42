"""A pane of a detail that has to be asked for: what was found, why there is none, or what is going to stand there."""

from __future__ import annotations

from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from engine.protocol.looks import Look
from engine.protocol.messages import Ending, Failed, Request
from inspector.look.labels import quiet_label
from inspector.look.naming import named
from inspector.look.theme import Space
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.state.scene import Scene
from inspector.state.sides import ShownPart

_LEAST = 264  # pixels


class AskedPane(DetailPane):
    """Shows the ending of its request, which stays, marked stale, until there is another one."""

    def __init__(self, content: QWidget, table: QWidget, waiting: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting = waiting
        self._content, self._table = content, table
        self._shown: tuple[Ending, Look] | None = None
        self._said = named("said", quiet_label(waiting))
        self._said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._said.setMargin(Space.HUGE)
        self._said.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a sentence in place of a table is read as one
        content.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # a window may be narrow
        self._pages = QStackedWidget()
        self._pages.addWidget(self._said)
        self._pages.addWidget(content)
        filled(self, self._pages)

    def show_scene(self, scene: Scene) -> None:
        """Show what is known of the answer of `scene`."""
        request, part = self.request_of(scene), scene.part
        found = None if request is None or scene.stale else scene.find(request)
        if isinstance(found, Failed):
            self._say(found.message)
        elif found is not None and part is not None:
            look = structs.replace(scene.view.look, layer=None)  # another layer looks the same
            if self._shown is None or self._shown[0] is not found or self._shown[1] != look:
                self._shown = found, look
                self._show(found, scene, part)
            self._pages.setCurrentWidget(self._content)
            self._set_stale(False)
        elif self._shown is not None:
            self._set_stale(True)
        else:
            self._say(self._waiting)

    def least_height(self) -> int:
        return _LEAST

    def take_keys(self) -> None:
        front = self._table if self._pages.currentWidget() is self._content else self._said
        front.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def clear(self) -> None:
        self._say(self._waiting)

    def request_of(self, scene: Scene) -> Request | None:
        """What is asked about the answer of `scene`; None where there is nothing to ask."""
        raise NotImplementedError

    def _show(self, found: Ending, scene: Scene, part: ShownPart) -> None:
        """Show what was found."""
        raise NotImplementedError

    def _set_stale(self, stale: bool) -> None:
        """Mark what is on show as that of an earlier question."""
        raise NotImplementedError

    def _say(self, sentence: str) -> None:
        self._shown = None
        self._said.setText(sentence)
        self._pages.setCurrentWidget(self._said)
