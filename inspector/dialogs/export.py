"""The export dialog: what of an answer to save, in which format, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.protocol.failures import EngineError
from engine.protocol.looks import Drawing
from engine.protocol.messages import FigureFormat
from engine.writing import check_place
from inspector.dialogs.browsing import browse_new_file
from inspector.look.labels import heading_label, plain_label, quiet_label
from inspector.look.naming import named
from inspector.look.theme import Space


@dataclass(frozen=True)
class Product:
    """One way to save an answer."""

    title: str
    help: str
    format: FigureFormat
    picture: Drawing | Literal["pair"]  # the pinned answer beside the other
    stem: str

    @property
    def suffix(self) -> str:
        return f".{self.format}"


PRODUCTS = (
    Product("Tokens as PDF", "for a paper; typeset with LaTeX where there is one", "pdf", "tokens", "tokens"),
    Product("Tokens as LaTeX", "a .tex file that compiles by itself", "tex", "tokens", "tokens"),
    Product("Tokens as picture", "PNG", "png", "tokens", "tokens"),
    Product("Layer map as picture", "PNG with axes and colour bar", "png", "layers", "layers"),
    Product(
        "Numbers as table",
        "CSV: tokens by layers; an apostrophe keeps texts such as =1 from being formulas",
        "csv",
        "tokens",
        "relevance",
    ),
    Product("Everything as JSON", "tokens, all layers, target, rules, versions", "json", "tokens", "relevance"),
)

PICTURE_PRODUCTS = (
    Product("Heatmap as picture", "PNG of the relevance alone", "png", "heatmap", "heatmap"),
    Product("Overlay as picture", "PNG of the relevance over the picture", "png", "overlay", "overlay"),
    Product("Heatmap as PDF", "for a paper", "pdf", "heatmap", "heatmap"),
    Product("Overlay as PDF", "for a paper", "pdf", "overlay", "overlay"),
    Product("Numbers as table", "CSV: relevance of each patch", "csv", "heatmap", "relevance"),
    Product("Everything as JSON", "pixels, all layers, target, rules, versions", "json", "heatmap", "relevance"),
    Product("Arrays for Python", "npz: pixels, channels and layers", "npz", "heatmap", "relevance"),
    Product("Arrays as safetensors", "pixels, channels and layers", "safetensors", "heatmap", "relevance"),
)
PAIR_PRODUCTS = (
    Product("Both as picture", "PNG of the pinned answer beside the other, on one scale", "png", "pair", "both"),
    Product("Both as PDF", "for a paper", "pdf", "pair", "both"),
)
OVERLAY = 1  # its place among them


def products_for(drawings: Sequence[Drawing], pinned: bool) -> tuple[Product, ...]:
    """What an answer can be saved as that has these drawings: the pair first, where one is pinned."""
    products = tuple(each for each in (*PRODUCTS, *PICTURE_PRODUCTS) if each.picture in drawings)
    return (*PAIR_PRODUCTS, *products) if pinned and "heatmap" in drawings else products


class ExportDialog(QDialog):
    """A choice of products, and a path that follows the choice."""

    exported = Signal(object, object)  # Product, Path

    def __init__(self, parent: QWidget | None = None, products: Sequence[Product] = PRODUCTS) -> None:
        super().__init__(parent)
        self._products = products
        self.setWindowTitle("Export")
        self.setMinimumWidth(520)
        self._overwrites: Path | None = None
        self._group = QButtonGroup(self)
        self._path = named("export_path", QLineEdit())
        self._path.setAccessibleName("File to write")
        self._warning = plain_label()
        self._shows = quiet_label()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._group.idToggled.connect(self._on_product_toggled)
        self._path.textChanged.connect(self._on_path_changed)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def show_choice(self, folder: Path, shows: str) -> None:
        """Start in `folder`; `shows` says which layer and scale the figure will have."""
        self._shows.setText(shows)
        product = self.product()
        self._path.setText(str(folder / f"{product.stem}{product.suffix}"))
        self._path.setFocus()

    def product(self) -> Product:
        return self._products[self._group.checkedId()]

    def choose(self, index: int) -> None:
        """Take one of the products, as by hand."""
        self._group.button(index).setChecked(True)

    def path(self) -> Path:
        return Path(self._path.text().strip()).expanduser()

    def accept(self) -> None:
        """Save, but ask before a file is replaced: the second press says yes."""
        path = self.path()
        try:
            check_place(path)
        except EngineError as error:
            self._warn(str(error))
            return
        if not path.name or path.is_dir():
            self._warn("Type the name of a file.")
        elif path.exists() and self._overwrites != path:
            self._overwrites = path
            self._warn(f"{path.name} exists. Press Replace to write over it.")
            self._buttons.button(QDialogButtonBox.StandardButton.Save).setText("Replace")
        else:
            super().accept()
            self.exported.emit(self.product(), path)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(heading_label("What"))
        products = QGridLayout()
        products.setColumnStretch(1, 1)
        products.setHorizontalSpacing(Space.LARGE)
        for index, product in enumerate(self._products):
            button = named(f"product_{index}", QRadioButton(product.title))
            self._group.addButton(button, index)
            products.addWidget(button, index, 0)
            products.addWidget(quiet_label(product.help), index, 1)
        layout.addLayout(products)
        self._group.button(0).setChecked(True)
        layout.addWidget(self._shows)
        layout.addSpacing(Space.SMALL)
        layout.addWidget(heading_label("Where"))
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._on_browse_clicked)
        where = QHBoxLayout()
        where.addWidget(self._path, 1)
        where.addWidget(browse)
        layout.addLayout(where)
        layout.addWidget(self._warning)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self._warning.hide()

    def _follow_suffix(self, suffix: str) -> None:
        """Take the product that a typed suffix asks for."""
        fitting = [index for index, product in enumerate(self._products) if product.suffix == suffix]
        if fitting and self._group.checkedId() not in fitting:
            self._group.blockSignals(True)  # the path is as it should be
            self._group.button(fitting[0]).setChecked(True)
            self._group.blockSignals(False)

    def _warn(self, text: str) -> None:
        self._warning.setText(text)
        self._path.setAccessibleDescription(text)
        self._warning.show()

    def _on_product_toggled(self, index: int, checked: bool) -> None:
        if checked and self.path().name:
            path, product = self.path(), self._products[index]
            ours = path.stem in {p.stem for p in self._products}
            self._path.setText(str(path.with_name(f"{product.stem if ours else path.stem}{product.suffix}")))

    def _on_path_changed(self, text: str) -> None:
        self._follow_suffix(Path(text.strip()).suffix.lower())
        self._overwrites = None
        self._warning.hide()
        self._path.setAccessibleDescription("")
        self._buttons.button(QDialogButtonBox.StandardButton.Save).setText("Save")

    def _on_browse_clicked(self) -> None:
        product = self.product()
        browse_new_file(self, self._path.text(), f"{product.title} (*{product.suffix})", self._path.setText)
