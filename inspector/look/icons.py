"""Icons drawn in the colour of the text around them, whatever the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from engine.shipped import shipped

_SIZES = (16, 24, 32, 48, 64, 128, 256)


@cache
def icon(name: str) -> QIcon:
    """The icon `resources/icons/<name>.svg`; it follows the theme by itself."""
    return QIcon(_TintedSvg(_source(name)))


@cache
def application_icon() -> QIcon:
    """The program's own icon, in its own colours, drawn at the sizes that desktops show."""
    renderer = QSvgRenderer(str(shipped("desktop", "lxt-inspector.svg")))
    whole = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        whole.addPixmap(pixmap)
    return whole


def tinted(name: str, colour: QColor, size: int, scale: float) -> QPixmap:
    """The same drawing in a colour of its own; `size` in points, `scale` in pixels per point."""
    pixmap = QPixmap(QSize(size, size) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _draw(painter, pixmap.rect(), _source(name), colour)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _source(name: str) -> str:
    return shipped("icons", f"{name}.svg").read_text(encoding="utf-8")


def _draw(painter: QPainter, rect: QRect, source: str, colour: QColor) -> None:
    """Draw with `colour` where the source says `currentColor`."""
    QSvgRenderer(QByteArray(source.replace("currentColor", colour.name()).encode())).render(painter, rect.toRectF())


class _TintedSvg(QIconEngine):
    """Asks the palette for the colour each time it is painted."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self._drawn: dict[tuple[int, int, int], QPixmap] = {}  # by width, height and colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _draw(painter, rect, self._source, self._colour(mode))

    def _colour(self, mode: QIcon.Mode) -> QColor:
        groups = QPalette.ColorGroup
        group = groups.Disabled if mode == QIcon.Mode.Disabled else groups.Active
        return QGuiApplication.palette().color(group, QPalette.ColorRole.ButtonText)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        wanted = (size.width(), size.height(), self._colour(mode).rgba())
        if wanted not in self._drawn:
            pixmap = self._drawn[wanted] = QPixmap(size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self.paint(painter, pixmap.rect(), mode, state)
            painter.end()
        return QPixmap(self._drawn[wanted])

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = self.pixmap(size * scale, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedSvg(self._source)
