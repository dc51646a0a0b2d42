"""The program on a desktop: its icon, its entry in the menu, and a window that fits the screen."""

from __future__ import annotations

import configparser
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtSvg import QSvgRenderer

from engine.shipped import shipped
from inspector.look.fitting import FRAME, fitting
from inspector.look.icons import application_icon
from tests.inspector.person import ROOT, Person, Screen

NAME = "lxt-inspector"


@pytest.mark.parametrize(
    ("screen", "size"),
    [((1920, 1080), (1280, 800)), ((1280, 773), (1264, 717)), ((1024, 740), (1008, 684)), ((1400, 700), (1280, 644))],
)
def test_that_a_first_window_leaves_room_for_its_frame(screen, size):
    assert fitting(QSize(1280, 800), QSize(*screen)) == QSize(*size)


@pytest.mark.process
@pytest.mark.display
@pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed")
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed")
@pytest.mark.parametrize("screen", [(1280, 800), (1024, 740)], ids=str, indirect=True)
def test_that_the_first_window_fits_a_small_screen_with_its_frame(screen, tmp_path: Path):
    size, there = screen
    person = Person(there, tmp_path)
    try:
        person.start()
        person.take_window()
        width, height = person.size()
    finally:
        person.kill()
    assert width <= size[0] and height <= size[1] - FRAME.height()


@pytest.fixture
def screen(request) -> Iterator[tuple[tuple[int, int], Screen]]:
    screen = Screen(*request.param)
    yield request.param, screen
    screen.close()


def test_that_the_icon_is_drawn_at_every_size_of_a_desktop(qapp):
    icon = application_icon()
    for size in (16, 32, 256):
        image = icon.pixmap(size, size).toImage()
        colours = {image.pixelColor(x, y).rgba() for x in range(0, size, 2) for y in range(0, size, 2)}
        assert image.width() == size and len(colours) > 5


def test_that_the_entry_of_the_menu_starts_the_program_by_its_icon(qapp):
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # keys of desktop entries have capitals
    entry.read(shipped("desktop", f"{NAME}.desktop"), encoding="utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert entry["Desktop Entry"]["Exec"] in scripts
    assert entry["Desktop Entry"]["Icon"] == NAME
    assert QSvgRenderer(str(shipped("desktop", f"{NAME}.svg"))).isValid()


def test_that_the_wheel_puts_entry_and_icon_where_desktops_look():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    places = build["targets"]["wheel"]["shared-data"]
    assert places == {
        f"resources/desktop/{NAME}.desktop": f"share/applications/{NAME}.desktop",
        f"resources/desktop/{NAME}.svg": f"share/icons/hicolor/scalable/apps/{NAME}.svg",
    }
    assert all((ROOT / file).is_file() for file in places)
