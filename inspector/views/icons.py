"""Icons drawn in the colour of the text around them, whatever the theme."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer


@cache
def icon(name: str) -> QIcon:
    """The icon `resources/icons/<name>.svg`; it follows the theme by itself."""
    return QIcon(_TintedSvg(_source(name)))


@cache
def _source(name: str) -> str:
    return (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


class _TintedSvg(QIconEngine):
    """Puts the palette's colour where the drawing says `currentColor`, each time it is painted."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        groups = QPalette.ColorGroup
        group = groups.Disabled if mode == QIcon.Mode.Disabled else groups.Active
        colour = QGuiApplication.palette().color(group, QPalette.ColorRole.ButtonText)
        drawing = self._source.replace("currentColor", colour.name())
        QSvgRenderer(QByteArray(drawing.encode())).render(painter, rect.toRectF())

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = self.pixmap(size, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedSvg(self._source)
