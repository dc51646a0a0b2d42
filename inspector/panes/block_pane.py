"""A block opened: what arrives behind it and what that is made of, and its neurons."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.protocol.inside import Block
from engine.protocol.messages import BlockOpened, Ending, OpenBlock
from engine.reading.numbers import fixed
from inspector.look.labels import quiet_label
from inspector.look.naming import named
from inspector.look.numbers import decimals_beside, grouped
from inspector.look.theme import Space
from inspector.panes.asked_pane import AskedPane
from inspector.panes.inside_parts import neuron_rows, said_of, strip_limit
from inspector.state.model_part import HeadPart, ModelPart, NeuronPart
from inspector.state.opened_block import Line, block_at, in_words, lines_of, neurons_held
from inspector.state.scene import Scene
from inspector.state.sides import ShownPart
from inspector.state.text import ShownText
from inspector.views.inside.account_table import AccountRow, AccountTable
from inspector.views.inside.neuron_table import NeuronTable

_WAITING = "What passes the block by and what it adds stands here as soon as nothing else is under way."
_SHARES = (46, 54)  # of the room, for the account and for the neurons


def opened(scene: Scene) -> OpenBlock | None:
    """What is asked about the block that the layer of `scene` enters."""
    block = None if scene.relevance is None else block_at(scene.view.look.layer, scene.relevance)
    return None if block is None else OpenBlock(scene.question, block)


class BlockPane(AskedPane):
    """The account beside the neurons; PgUp and PgDn go to the next blocks, Backspace to the layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.account = AccountTable()
        self.neurons = NeuronTable("Neurons of the block", has_blocks=False)
        self._words = named("in_words", quiet_label())
        left, column = QWidget(), QVBoxLayout()
        left.setLayout(column)
        column.setContentsMargins(0, 0, Space.SMALL, 0)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.account, 1)
        self._words.setContentsMargins(Space.SMALL, 0, 0, 0)
        column.addWidget(self._words)
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        for side, share in zip((left, self.neurons), _SHARES, strict=True):
            sides.addWidget(side)
            sides.setStretchFactor(sides.count() - 1, share)
        sides.setSizes([10 * share for share in _SHARES])
        super().__init__(sides, self.account, _WAITING, parent)
        self._scene: Scene | None = None
        self._lines: tuple[Line, ...] = ()
        self._block = 0  # that is on show
        self.account.row_chosen.connect(self._on_head_chosen)
        self.neurons.neuron_chosen.connect(lambda block, number: self.part_chosen.emit(NeuronPart(block, number)))
        for key, step in (("PgUp", 1), ("PgDown", -1)):
            shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._step, step))

    def title(self) -> str:
        request = None if self._scene is None else self.request_of(self._scene)
        return "" if request is None else f"Block {request.block}"

    def show_scene(self, scene: Scene) -> None:
        """Show the block that the layer of `scene` enters."""
        self._scene = scene
        super().show_scene(scene)
        part = scene.view.through
        self.account.choose(self._row_of(part))
        self.neurons.choose((part.block, part.index) if isinstance(part, NeuronPart) else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Backspace leads back to the layers, where it has nothing nearer to leave."""
        if event.key() == Qt.Key.Key_Backspace:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def request_of(self, scene: Scene) -> OpenBlock | None:
        return opened(scene)

    def _show(self, found: Ending, scene: Scene, part: ShownPart) -> None:
        assert isinstance(found, BlockOpened)
        block, number = found.block, found.question.block
        self._lines, self._block = lines_of(block), number
        heads = [abs(line.amount) for line in self._lines if line.kind in ("head", "expert")]
        digits = {"head": decimals_beside(max(heads, default=1.0)), "expert": decimals_beside(max(heads, default=1.0))}
        rows = [_row(line, number, digits.get(line.kind, 2), part) for line in self._lines]
        self.account.show_account(rows, f"behind block {number}", part.ramp, part.relevance.parts[0].places)
        self._words.setText(in_words(block))
        self.neurons.show_neurons(neuron_rows(block.neurons, part.relevance), said_of(_held(block), part), part.ramp)

    def _set_stale(self, stale: bool) -> None:
        self.account.set_stale(stale)
        self.neurons.set_stale(stale)

    def _row_of(self, part: ModelPart | None) -> int | None:
        if not isinstance(part, HeadPart) or part.block != self._block:
            return None
        heads = (row for row, line in enumerate(self._lines) if line.kind == "head" and line.number == part.head)
        return next(heads, None)

    def _on_head_chosen(self, row: int) -> None:
        number = self._lines[row].number
        if number is not None:
            self.part_chosen.emit(HeadPart(self._block, number))

    def _step(self, step: int) -> None:
        request = None if self._scene is None else self.request_of(self._scene)
        if request is not None and self._scene is not None and self._scene.relevance is not None:
            last = len(self._scene.relevance.layers) - 2
            self.layer_clicked.emit(min(max(request.block + step, 0), last))


def _row(line: Line, block: int, digits: int, part: ShownPart) -> AccountRow:
    return AccountRow(
        name=_name(line, block),
        amount=line.amount,
        values=line.values,
        limit=1.0 if line.values is None else strip_limit(line.values, part),
        share=line.share,
        digits=digits,
        is_whole=line.kind == "whole",
        is_heading=line.kind == "heading",
        can_be_chosen=line.kind == "head" and isinstance(part, ShownText),
    )


def _name(line: Line, block: int) -> str:
    match line.kind:
        case "whole":
            return f"arrives at layer {block + 1}"
        case "head":
            return f"{block}.{line.number}"
        case _:
            return line.name


def _held(block: Block) -> str:
    """What the neurons on show hold of what all of them do."""
    count, held = neurons_held(block)
    shown = sum(neuron.relevance for neuron in block.neurons)
    if not block.neurons:
        return "This block has no neurons that were found."
    if len(block.neurons) >= count:
        return f"All {grouped(count)} hold {fixed(held, 2)}"
    largest = f"{len(block.neurons)} largest of {grouped(count)} hold {fixed(shown, 2)}"
    return f"{largest}, the rest {fixed(held - shown, 2)} · sum {fixed(held, 2)}"
