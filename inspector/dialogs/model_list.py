"""The list of models to choose from, in groups, with their sizes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.protocol.values import CachedModel, ModelSource
from inspector.state.amounts import bytes_in_words

_NAME = Qt.ItemDataRole.UserRole


class ModelList(QTreeWidget):
    """Bundled models, those opened lately, and those in this machine's hub cache."""

    named = Signal(str)  # a model was selected
    opened = Signal(str)  # double-clicked, or Enter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("models")
        self.setColumnCount(2)
        self.setHeaderLabels(["Model", "Size"])
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Models on this machine")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._models: Sequence[CachedModel] = ()
        self._recent: Sequence[ModelSource] = ()
        self._groups: dict[QTreeWidgetItem, list[QTreeWidgetItem]] = {}
        self.currentItemChanged.connect(self._on_current_item_changed)
        self.itemActivated.connect(self._on_item_activated)

    def show_models(self, models: Sequence[CachedModel], recent: Sequence[ModelSource]) -> None:
        """Show what is on the machine; what is selected stays selected."""
        self._models, self._recent = models, recent
        name = self._name_of(self.currentItem())
        self.clear()
        self._groups.clear()
        sizes = {model.name: bytes_in_words(model.bytes) for model in models}
        titles = {model.name: model.title for model in models}
        bundled = [model.name for model in models if model.kind == "bundled"]
        self._add("Bundled", bundled, titles, sizes)
        self._add("Recent", [source.name for source in recent if source.name not in bundled], titles, sizes)
        self._add("On this machine", [model.name for model in models if model.kind == "hub"], titles, sizes)
        self.expandAll()
        self.select(name)

    def show_only(self, part: str) -> None:
        """Hide what does not have `part` in its name."""
        for group, items in self._groups.items():
            fits = [part.casefold() in item.text(0).casefold() for item in items]
            for item, fit in zip(items, fits, strict=True):
                item.setHidden(not fit)
            group.setHidden(not any(fits))

    def select(self, name: str) -> None:
        """Select the model called `name`, if it is here."""
        for item in self._items():
            if self._name_of(item) == name:
                self.setCurrentItem(item)
                return

    def names(self) -> list[str]:
        """The names of all models shown, from top to bottom."""
        return [self._name_of(item) for item in self._items()]

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for items in self._groups.values() for item in items]

    def _add(self, title: str, names: Sequence[str], titles: dict[str, str], sizes: dict[str, str]) -> None:
        if not names:
            return
        group = QTreeWidgetItem(self, [title])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setFirstColumnSpanned(True)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        self._groups[group] = []
        for name in names:
            shown = titles.get(name, name)
            item = QTreeWidgetItem(group, [shown if shown == name else f"{shown}  ·  {name}", sizes.get(name, "")])
            self._groups[group].append(item)
            item.setData(0, _NAME, name)
            item.setToolTip(0, "")
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @staticmethod
    def _name_of(item: QTreeWidgetItem | None) -> str:
        return (item.data(0, _NAME) or "") if item is not None else ""

    def _on_current_item_changed(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        if name := self._name_of(item):
            self.named.emit(name)

    def _on_item_activated(self, item: QTreeWidgetItem, column: int) -> None:
        if name := self._name_of(item):
            self.opened.emit(name)
