"""Every view looks as in its kept picture, light and dark.

After a change that was meant, `pytest tests/inspector/views/test_looks.py --update-pictures` keeps the new ones: look
at them before you commit them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFont, QFontDatabase, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.shipped import shipped
from inspector import views
from inspector.look.theme import apply_theme
from tests.inspector.views.comparison import unlike
from tests.inspector.views.view_samples import SAMPLES, dressed_for_a_picture

PICTURES = Path(__file__).with_name("pictures")
THEMES = ("light", "dark")
KEPT = sorted(PICTURES.glob("*.png"))
FAMILY = "Pictures"  # a name that no font of the system has, nor a bold face of its own
QT = "Qt"  # under which name the version that drew a picture is kept in it
# of views, and what they are made from
PARTS = {
    "HeatmapTable",
    "LayerPlots",
    "PlotView",
    "RangeBar",
    "RowsTable",
    "TextField",
    "Thumbnail",
    "TickBar",
    "TokenView",
}
LIMIT = 950_000  # bytes of all pictures together

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="letters are drawn otherwise by other systems")


@pytest.fixture(scope="module")
def font(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> QFont:
    """The font that comes with the program, the same on every machine, drawn without hints and in grey."""
    file = TTFont(shipped("fonts", "DejaVuSans.ttf"))
    for record in file["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = FAMILY
    path = tmp_path_factory.mktemp("font") / "pictures.ttf"
    file.save(path)
    assert QFontDatabase.addApplicationFont(str(path)) >= 0
    font = QFont(FAMILY)
    font.setPixelSize(13)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.NoSubpixelAntialias)
    return font


@pytest.fixture(scope="module")
def in_that_font(qapp: QApplication, font: QFont) -> Iterator[None]:
    before = qapp.font()
    qapp.setFont(font)
    yield
    qapp.setFont(before)


def looks(view: QWidget, width: int, height: int) -> np.ndarray:
    """The view as it is painted, uint8 (height, width, 3), without a focus or a screen."""
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.resize(width, height)
    view.show()
    QApplication.sendPostedEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", SAMPLES)
def test_that_a_view_looks_as_in_its_picture(
    in_that_font: None,
    font: QFont,
    qapp: QApplication,
    qtbot: QtBot,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    name: str,
    theme: str,
):
    apply_theme(qapp, theme)
    sample = SAMPLES[name]
    view = dressed_for_a_picture(sample.make(), font)
    qtbot.addWidget(view)
    seen = looks(view, sample.width, sample.height)
    path = PICTURES / f"{name}-{theme}.png"
    if pytestconfig.getoption("update_pictures"):
        PICTURES.mkdir(exist_ok=True)
        made_with = PngInfo()
        made_with.add_text(QT, qVersion())
        Image.fromarray(seen).save(path, optimize=True, pnginfo=made_with)
    with Image.open(path) as kept:
        if sample.has_controls and minor(kept.text[QT]) != minor(qVersion()):
            pytest.skip(f"Qt {qVersion()} may draw sliders and boxes otherwise than {kept.text[QT]}")
    Image.fromarray(seen).save(tmp_path / path.name)
    difference = unlike(seen, pixels(path))
    assert not difference, f"{difference}. It looks as in {tmp_path / path.name}, and is kept in {path}"


def minor(version: str) -> list[str]:
    return version.split(".")[:2]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_that_every_view_has_a_sample(qapp: QApplication):
    modules = [import_module(each.name) for each in walk_packages(views.__path__, f"{views.__name__}.")]
    found = {
        name
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, QWidget) and kind.__module__ == module.__name__
    }
    shown = {type(sample.make()).__name__ for sample in SAMPLES.values()}
    assert {name for name in found if not name.startswith("_")} - PARTS == shown


def test_that_the_pictures_are_those_of_the_views_and_small():
    assert {path.stem for path in KEPT} == {f"{name}-{theme}" for name in SAMPLES for theme in THEMES}
    assert sum(path.stat().st_size for path in KEPT) < LIMIT


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_that_another_place_or_colour_would_be_seen(path: Path):
    kept = pixels(path)
    assert not unlike(kept, kept)
    assert unlike(np.roll(kept, 3, axis=1), kept)
    assert unlike(np.roll(kept, 3, axis=0), kept)
    assert unlike(np.where(kept < 128, kept + 16, kept - 16), kept)
