"""What Qt would abort for is said before it is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.terminal.display import PACKAGES, command_for, missing, obstacle, qt_folder, ways_to_a_screen
from engine.terminal.doctor import Finding, _qt

ROOT = Path(__file__).parents[3]
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt of Linux")
C_LIBRARIES = re.compile(r"ld-linux.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so\.\d+|lib(Qt6|icu|pyside6|shiboken6).*")


def qt_that_needs(folder: Path, *libraries: str) -> Path:
    """A folder with a plugin that names `libraries` as a file of the linker does."""
    plugin = folder / "plugins" / "platforms" / "libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.write_bytes(b"\x7fELF\0" + b"\0".join(name.encode() for name in libraries) + b"\0")
    return folder


def test_that_a_library_is_missing_if_qt_needs_it_and_the_system_has_it_not(tmp_path: Path):
    qt = qt_that_needs(tmp_path, "libxcb-cursor.so.0", "libxcb-icccm.so.4")
    assert missing("xcb", qt, lambda name: name != "libxcb-cursor.so.0") == ["libxcb-cursor.so.0"]
    assert missing("xcb", qt, lambda name: name != "libxcb-image.so.0") == []
    assert missing("wayland", qt, lambda name: name != "libxcb-cursor.so.0") == []
    assert missing("xcb", None, lambda name: False) == []


def test_that_the_command_names_each_package_once():
    libraries = ("libxcb-cursor.so.0", "libxcb-shm.so.0", "libxcb-sync.so.1")
    assert command_for(libraries, ("dnf",)) == "sudo dnf install xcb-util-cursor libxcb"
    assert command_for(libraries[:1], ("apt", "pacman")) == (
        "sudo apt install libxcb-cursor0, or sudo pacman -S xcb-util-cursor"
    )


@pytest.mark.parametrize(
    ("environment", "ways"),
    [
        ({}, ()),
        ({"DISPLAY": ":0"}, ("xcb",)),
        ({"DISPLAY": ""}, ()),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, ("wayland", "xcb")),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, ("xcb",)),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, ()),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, ("none",)),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, ("none",)),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "wayland;xcb"}, ("xcb",)),
    ],
)
def test_that_a_way_to_the_screen_is_one_that_qt_would_try(environment, ways):
    assert ways_to_a_screen(environment) == ways


@ON_LINUX
def test_that_every_library_our_qt_needs_has_its_packages():
    folder = qt_folder()
    assert folder is not None
    names = ("platforms/libqxcb.so", "platforms/libqwayland*.so")
    files = [path for name in names for path in (folder / "plugins").glob(name)]
    files += [folder / "lib" / f"libQt6{part}.so.6" for part in ("Core", "Gui", "Widgets", "Svg", "DBus", "XcbQpa")]
    needed: set[str] = set()
    for path in files:
        needed |= {name.decode() for name in re.findall(rb"(?<=\0)(lib[\w+.-]+\.so\.\d+)(?=\0)", path.read_bytes())}
    assert {name for name in needed if not C_LIBRARIES.fullmatch(name)} - {path.name for path in files} <= set(PACKAGES)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    bare = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.run(command, env={**bare, **environment}, capture_output=True, text=True, timeout=120)


@ON_LINUX
@pytest.mark.process
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "there is no display, for neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":4711"}, "the display :4711 does not answer"),
    ],
)
def test_that_a_window_without_a_display_is_one_line_and_exit_code_1(environment, said):
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    done = run(**environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"The window cannot open: {said}.")
    assert len(done.stderr.splitlines()) == 1 and "--screenshot" in done.stderr


@ON_LINUX
@pytest.mark.process
def test_that_a_screenshot_is_taken_where_the_display_does_not_answer(tmp_path: Path):
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    done = run("--screenshot", str(tmp_path / "a.png"), "--image", str(tmp_path / "no.png"), DISPLAY=":4711")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no file" in done.stderr  # so far it got


@ON_LINUX
@pytest.mark.process
def test_that_a_compositor_that_is_not_there_is_no_display():
    done = run(WAYLAND_DISPLAY="nobody")  # whether its libraries are here or not
    assert done.returncode == 1
    assert done.stderr.startswith("The window cannot open: ") and len(done.stderr.splitlines()) == 1


@ON_LINUX
def test_that_the_doctor_says_the_same(monkeypatch):
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    assert _qt() == Finding("display", "broken", str(obstacle()))
