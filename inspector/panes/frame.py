"""The window's parts and their places. Knows neither the worker nor the study."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QMainWindow, QToolBar, QVBoxLayout, QWidget

from inspector.intake.drops import accepts, dropped
from inspector.look.fitting import fitting
from inspector.look.tab_order import go_on
from inspector.look.theme import Space
from inspector.panes.columns import Stack
from inspector.panes.docks import UndoKeys, add_dock, line_bar
from inspector.panes.input_pane import InputPane
from inspector.panes.layers_pane import LayersPane
from inspector.panes.lower_panes import LowerPanes
from inspector.panes.notices import Notices
from inspector.panes.relevance_pane import RelevancePane
from inspector.panes.status_bar import StatusBar
from inspector.panes.target_pane import TargetPane
from inspector.views.input.image_input import ImageInput
from inspector.views.input.prompt_editor import PromptEditor
from inspector.views.log_pane import LogPane

SIZE = (1280, 800)
_LAYOUT = 2  # grows when docks come or go: an older arrangement is not restored
_SIDES = (280, 300)  # pixels for the docks at the left and the right
_LOG = 150  # pixels
_EDGES = Qt.DockWidgetArea


class Frame(QMainWindow):
    """Input on the left, relevance over layers in the middle, the target on the right, the log at the bottom."""

    dropped = Signal(object)  # Dropped
    closing = Signal()
    escaped = Signal()  # Esc was pressed, and nothing that has the keys had a use for it

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.editor = PromptEditor()
        self.image = ImageInput()
        self.input = InputPane(self.editor, self.image)
        self.relevance = RelevancePane()
        self.target = TargetPane()
        self.table = self.target.table
        self.log = LogPane()
        self.notices = Notices()
        self.status = StatusBar()
        self.below = LowerPanes()
        self.layers = self.below.pane(LayersPane)
        self.panes = Stack(self.relevance, self.below)
        self._centre = self._middle()
        self.setCentralWidget(self._centre)
        self.setStatusBar(self.status)
        self.input_dock = add_dock(self, "Input", self.input, _EDGES.LeftDockWidgetArea, head=self.input.title)
        self.target_dock = add_dock(self, "Target", self.target, _EDGES.RightDockWidgetArea, [self.table.keep])
        self.log_dock = add_dock(self, "Log", self.log, _EDGES.BottomDockWidgetArea, self.log.tools)
        self.log_dock.hide()
        self._sides = self._pressed = _SIDES
        self._line = line_bar("Folded input", self.input.line)
        self._line.hide()
        self._undo_keys = UndoKeys(self)
        if field := self.editor.focusProxy():
            field.installEventFilter(self._undo_keys)

    def settle(self) -> None:
        """Take the places of a first start; to be called when all toolbars are there.

        Where there is no screen, in front of a person, pictures of the window have one size.
        """
        wanted, is_seen = QSize(*SIZE), QGuiApplication.platformName() != "offscreen"
        self.addToolBarBreak()
        self.addToolBar(self._line)
        self.resize(fitting(wanted, self.screen().availableSize()) if is_seen else wanted)
        self._resize_docks()
        self._line.hide()
        self._first_layout = self.saveState(_LAYOUT)

    def toggle_log(self) -> None:
        self.log_dock.setVisible(self.log_dock.isHidden())

    def toggle_target(self) -> None:
        self.target_dock.setVisible(self.target_dock.isHidden())

    @property
    def is_input_folded(self) -> bool:
        """Whether a line stands for the input."""
        return self.input_dock.isHidden()

    def fold_input(self, folded: bool) -> None:
        """Let a line over the whole width stand for the input, or show it at its place again."""
        if folded == self.is_input_folded:
            return
        had_keys = self.has_keys_in_input()
        self._line.setVisible(folded)
        self.input_dock.setVisible(not folded)
        if folded and had_keys:
            self.take_keys()

    def take_keys(self) -> None:
        """Give the keys to what is relevant: the tokens or the picture."""
        (self.relevance.picture if self.relevance.picture.isVisible() else self.relevance.text).setFocus()

    def has_keys_in_input(self) -> bool:
        """Whether keys go to the input, or to the line that stands for it."""
        has_keys = self.focusWidget()
        return has_keys is not None and any(
            part.isAncestorOf(has_keys) for part in (self.input, self.input.title, self._line)
        )

    def reset_layout(self) -> None:
        """Put all panes back where they were at the first start; a folded input stays folded."""
        folded = self.is_input_folded
        self.restoreState(self._first_layout, _LAYOUT)
        self.fold_input(folded)
        self._sides = _SIDES
        self._resize_docks()
        self.panes.restore("")

    def places(self) -> tuple[str, str, str]:
        """Where window, docks and panes are, as text to be kept."""
        states = (self.saveGeometry(), self.saveState(_LAYOUT))
        geometry, layout = (bytes(state.toBase64().data()).decode() for state in states)
        return geometry, layout, self.panes.state()

    def restore_places(self, geometry: str, layout: str, panes: str) -> None:
        """Put everything where it was; what Qt does not understand of it is left out."""
        self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        if self.restoreState(QByteArray.fromBase64(layout.encode()), _LAYOUT):
            self.panes.restore(panes)  # of an older arrangement the handle says nothing

    def fit_panes(self) -> None:
        """Give the tokens the height they take, and the layers the rest."""
        self.panes.fit(self.relevance.wanted_height(), self.below.least_height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._sides = self._widths()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the docks back what a narrower window had taken from them."""
        super().resizeEvent(event)
        if self.isVisible() and event.size().width() > event.oldSize().width():
            self._resize_sides()

    def event(self, event: QEvent) -> bool:
        """Know the widths that a person gives the docks: the handles between them are the window's own."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = self._widths()
        done = super().event(event)
        if event.type() == QEvent.Type.MouseButtonRelease and self._widths() != self._pressed:
            self._sides = self._widths()
        return done

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes as the window is read, wherever the docks are and whenever a widget was made."""
        docks = (self.input_dock, self.target_dock, self.log_dock)
        return go_on(self, [*self.findChildren(QToolBar), *docks, self._centre, self.status], forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(dropped(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _resize_docks(self) -> None:
        self._resize_sides()
        self.resizeDocks([self.log_dock], [_LOG], Qt.Orientation.Vertical)

    def _resize_sides(self) -> None:
        areas = (_EDGES.LeftDockWidgetArea, _EDGES.RightDockWidgetArea)
        docks = (self.input_dock, self.target_dock)
        widths = {
            dock: width
            for dock, width in zip(docks, self._sides, strict=True)
            if self.dockWidgetArea(dock) in areas and not dock.isFloating() and not dock.isHidden()
        }
        self.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)

    def _widths(self) -> tuple[int, int]:
        """Of the docks at the sides; a folded one keeps the width it had."""
        folded = self._sides[0] if self.is_input_folded else self.input_dock.width()
        return folded, self.target_dock.width()

    def _middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(Space.TIGHT, Space.TIGHT, Space.TIGHT, Space.TIGHT)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.notices)
        column.addWidget(self.panes, 1)
        return middle
