"""The ledger: where the target's value is, block by block, from the target down to the input."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspector.look.labels import quiet_label
from inspector.look.naming import named
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.state.ledger import ShownLedger
from inspector.state.scene import Scene
from inspector.views.ledger_table import LedgerRow, LedgerTable


class LedgerPane(DetailPane):
    """A row for each block, a row for the whole way, and what the rule set promises."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ShownLedger | None = None
        self.table = LedgerTable()
        self._promise = named("promise", quiet_label())
        filled(self, self._promise, self.table)

    def show_scene(self, scene: Scene) -> None:
        """Show the ledger of `scene`; what has not changed is not laid out again."""
        shown, before = scene.ledger, self._shown
        self._shown = shown
        if shown is None:
            self.table.clear()
        elif shown != before:
            self._promise.setText(shown.promise)
            stretches = (*shown.stretches, shown.total)
            rows = [
                LedgerRow(each.name, each.arrived, each.softmax, each.constants, each.rest, each.passed, each.kept)
                for each in stretches
            ]
            self.table.show_ledger(rows, shown.value, shown.closes)
        self.table.set_stale(scene.stale)

    def clear(self) -> None:
        self._shown = None
        self.table.clear()
