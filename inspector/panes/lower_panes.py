"""The lower panes: a tab for each detail that applies."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from inspector.panes.block_pane import BlockPane, opened
from inspector.panes.check_pane import CheckPane, examined
from inspector.panes.decoder_map_pane import DecoderMapPane
from inspector.panes.details import Detail, DetailPane
from inspector.panes.heads_pane import HeadsPane
from inspector.panes.layer_map_pane import lens_beside
from inspector.panes.layers_pane import LayersPane
from inspector.panes.ledger_pane import LedgerPane
from inspector.panes.lens_pane import LensPane, layers_read
from inspector.panes.matrix_pane import MatrixPane
from inspector.panes.neurons_pane import NeuronsPane, looked_for
from inspector.state.heads import request_for_heads
from inspector.state.question import each_of
from inspector.state.scene import Scene

Pane = TypeVar("Pane", bound=DetailPane)

DETAILS = (
    Detail("Layers", "", "Reading the layers…", lambda scene: True, lens_beside, LayersPane),
    Detail(
        "Decoder",
        "Relevance of what the decoder has said, at each of its layers",
        "",
        lambda scene: scene.decoder is not None,
        lambda scene: None,
        DecoderMapPane,
    ),
    Detail(
        "Block",
        "What passes a block by and what it adds (Enter on the layers; PgUp, PgDn: the next block)",
        "Opening the block…",
        lambda scene: opened(scene) is not None,
        opened,
        BlockPane,
    ),
    Detail(
        "Heads",
        "What each attention head of every block holds, and where it took that from",
        "Looking at the heads…",
        lambda scene: scene.text is not None,
        request_for_heads,
        HeadsPane,
    ),
    Detail(
        "Neurons",
        "The neurons of all blocks with most relevance",
        "Finding neurons…",
        lambda scene: opened(scene) is not None,
        looked_for,
        NeuronsPane,
    ),
    Detail(
        "Lens",
        "What the model would predict if a layer were its last",
        "Reading the layers…",
        lambda scene: opened(scene) is not None,
        layers_read,
        LensPane,
    ),
    Detail(
        "Answer",
        "Relevance of every earlier token for each generated token",
        "Explaining each token…",
        lambda scene: each_of(scene.question) is not None,
        lambda scene: each_of(scene.question),
        MatrixPane,
    ),
    Detail(
        "Ledger",
        "What the softmax and constants of each block keep of the target's value",
        "",
        lambda scene: scene.ledger is not None,
        lambda scene: None,
        LedgerPane,
    ),
    Detail(
        "Check",
        "Whether the rules do on this model what they promise, and which rule each operation has",
        "Checking the model…",
        lambda scene: scene.relevance is not None,
        examined,
        CheckPane,
    ),
)


class LowerPanes(QTabWidget):
    """A tab for each detail that applies; one alone needs none. What the one in front lacks is asked for."""

    layer_clicked = Signal(object)  # int | None
    token_clicked = Signal(int)  # to be looked at
    position_clicked = Signal(int)  # to be explained
    token_hovered = Signal(int)  # -1: none
    part_chosen = Signal(object)  # ModelPart | None: to be looked at in place of a layer
    wanted = Signal(object, str)  # a request that is not answered yet, and what a person reads meanwhile

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lower_panes")
        self.setDocumentMode(True)
        self.setFocusPolicy(
            Qt.FocusPolicy.NoFocus
        )  # the bar is a stop of its own, and where it is hidden there is none
        self._scene: Scene | None = None
        self._panes = {detail: self._made(detail) for detail in DETAILS}
        self.addTab(self._panes[DETAILS[0]], DETAILS[0].title)
        self.currentChanged.connect(self._on_current_changed)

    def pane(self, kind: type[Pane]) -> Pane:
        """The pane of that kind, whether its detail applies now or not."""
        return next(pane for pane in self._panes.values() if isinstance(pane, kind))

    def show_scene(self, scene: Scene) -> None:
        """Offer the details that apply to `scene`, and take the others away."""
        self._scene = scene
        for detail, pane in self._panes.items():
            place = self.indexOf(pane)
            if detail.applies(scene):
                if place < 0:
                    self.insertTab(self._place_of(detail), pane, detail.title)
                    self.setTabToolTip(self.indexOf(pane), detail.tip)
                pane.show_scene(scene)
                self.setTabText(self.indexOf(pane), pane.title() or detail.title)
            elif place >= 0:
                self.removeTab(place)
                pane.clear()
        self._ask()

    def point_at(self, token: int) -> None:
        """Mark a token that is under the pointer elsewhere; -1: none."""
        for pane in self._panes.values():
            pane.point_at(token)

    def least_height(self) -> int:
        """What the pane in front needs to be read, with the tabs over it."""
        front = self.currentWidget()
        if not isinstance(front, DetailPane):
            return 0
        return front.least_height() + (0 if self.tabBar().isHidden() else self.tabBar().height())

    def _turn_to(self, kind: type[DetailPane]) -> None:
        pane = self.pane(kind)
        if self.indexOf(pane) >= 0:
            self.setCurrentWidget(pane)
            pane.take_keys()

    def _place_of(self, detail: Detail) -> int:
        before = DETAILS[: DETAILS.index(detail)]
        return sum(self.indexOf(self._panes[each]) >= 0 for each in before)

    def _made(self, detail: Detail) -> DetailPane:
        pane = detail.pane()
        pane.layer_clicked.connect(self.layer_clicked)
        pane.token_clicked.connect(self.token_clicked)
        pane.position_clicked.connect(self.position_clicked)
        pane.token_hovered.connect(self.token_hovered)
        pane.part_chosen.connect(self.part_chosen)
        pane.block_opened.connect(lambda: self._turn_to(BlockPane))
        pane.closed.connect(lambda: self._turn_to(LayersPane))
        pane.setParent(self)
        pane.hide()
        return pane

    def _on_current_changed(self, index: int) -> None:
        self._ask()

    def _ask(self) -> None:
        if self._scene is None:
            return
        for detail, pane in self._panes.items():
            request = detail.request_of(self._scene) if pane is self.currentWidget() else None
            if request is not None and self._scene.find(request) is None:
                self.wanted.emit(request, detail.doing)
