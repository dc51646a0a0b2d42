"""The model put to the test: what the engine promises, and the rule of each operation."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from engine.protocol.messages import Examine, Examined
from engine.protocol.reports import PLAIN_GRADIENT
from engine.protocol.rule_names import titled
from inspector.look.labels import quiet_label
from inspector.look.naming import named
from inspector.panes.columns import filled
from inspector.panes.details import DetailPane
from inspector.state.scene import Scene
from inspector.views.text_table import TextTable

_MARKS = {True: "holds", False: "does not hold", None: "not tried"}
_LINEAR = "own gradient"  # of most operations, which need no rule: they stand last
_WAITING = "The model is put to the test as soon as nothing else is under way."


def examined(scene: Scene) -> Examine:
    """What is asked about the model of `scene`."""
    return Examine(scene.question.source, scene.question.rules)


class CheckPane(DetailPane):
    """The self-test above, the coverage below; a row of a block's operation leads to that layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Examined | None = None
        self._verdict = named("verdict", quiet_label(_WAITING))
        self.checks = TextTable("Self-test", ("check", "", "figure", "what was found"))
        self.coverage = TextTable("Coverage", ("rule", "operation", "times", "module"))
        self.coverage.row_activated.connect(self._on_row_activated)
        self._modules: list[str] = []
        tables = QSplitter(Qt.Orientation.Horizontal)
        tables.addWidget(self.checks)
        tables.addWidget(self.coverage)
        tables.setChildrenCollapsible(False)
        tables.setStretchFactor(0, 3)
        tables.setStretchFactor(1, 2)
        filled(self, self._verdict, tables)

    def show_scene(self, scene: Scene) -> None:
        """Show what is known of the model of `scene` under its rule set."""
        found = scene.find(examined(scene))
        if not isinstance(found, Examined):
            self.clear()
        elif found is not self._shown:
            self._shown = found
            self._show(found)

    def clear(self) -> None:
        if self._shown is not None:
            self._shown, self._modules = None, []
            self._verdict.setText(_WAITING)
            for table in (self.checks, self.coverage):
                table.show_rows(())

    def _show(self, found: Examined) -> None:
        checks = found.self_test.checks
        rows = [
            (each.what, _MARKS[each.passed], "" if each.figure is None else f"{each.figure:.1e}", each.sentence)
            for each in checks
        ]
        self.checks.show_rows(rows, [place for place, each in enumerate(checks) if each.passed is False])
        covered = sorted(found.coverage, key=lambda row: (row.rule != PLAIN_GRADIENT, row.rule == _LINEAR, row))
        self._modules = [row.module for row in covered]
        self.coverage.show_rows(
            [(row.rule, row.operation, str(row.count), row.module or "the model itself") for row in covered],
            [place for place, row in enumerate(covered) if row.rule == PLAIN_GRADIENT],
        )
        bare = sum(row.rule == PLAIN_GRADIENT for row in covered)
        rules = titled(found.question.rules)
        without = f"{bare} operation{'s go' if bare != 1 else ' goes'}" if bare else "no operation goes"
        covers = f"under {rules} {without} without a rule"
        verdict = "All that is promised holds" if found.self_test.passed else "Not all that is promised holds"
        self._verdict.setText(f"{verdict}; {covers}. Tried on made-up input in {found.seconds:.1f} s.")

    def _on_row_activated(self, row: int) -> None:
        """Go to the layer that enters the row's block."""
        number = re.search(r"\.(\d+)(?:\.|$)", self._modules[row])
        if number is not None:
            self.layer_clicked.emit(int(number[1]))
