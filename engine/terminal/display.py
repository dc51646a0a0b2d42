"""The display: whether a window can open here, and what would help where it cannot. Qt itself would abort."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Way = Literal["xcb", "wayland", "none"]  # how Qt reaches a screen
Loads = Callable[[str], bool]

# Of each library the packages that have it: Debian's and Ubuntu's, Fedora's, Arch's.
_ALWAYS = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype", "freetype2"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libz.so.1": ("zlib1g", "zlib", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd", "zstd"),
}
_XCB = {
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb", "libx11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb", "libxcb"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb", "libxcb"),
    "libxcb.so.1": ("libxcb1", "libxcb", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
}
_WAYLAND = {
    "libwayland-client.so.0": ("libwayland-client0", "libwayland-client", "wayland"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor", "wayland"),
}
PACKAGES = {**_ALWAYS, **_XCB, **_WAYLAND}
_OF: dict[Way, Mapping[str, tuple[str, str, str]]] = {"xcb": _XCB, "wayland": _WAYLAND, "none": {}}
_FILES: dict[Way, tuple[str, ...]] = {  # below Qt's folder
    "xcb": ("plugins/platforms/libqxcb.so", "lib/libQt6XcbQpa.so.6"),
    "wayland": ("plugins/platforms/libqwayland*.so", "lib/libQt6WaylandClient.so.6"),
    "none": tuple(f"lib/libQt6{part}.so.6" for part in ("Core", "DBus", "Gui", "OpenGL", "Svg", "Widgets")),
}
_INSTALLS = {"apt": "sudo apt install", "dnf": "sudo dnf install", "pacman": "sudo pacman -S"}
_WITHOUT = (
    "Without a window there are the commands explain, grid, generate, coverage, self-test, models and doctor, and "
    "--screenshot."
)


@dataclass(frozen=True)
class Obstacle:
    """What keeps a window from opening. Where there is no display, nothing is broken."""

    what: str
    remedy: str
    is_broken: bool

    def __str__(self) -> str:
        return f"The window cannot open: {self.what}. {self.remedy}"


def obstacle() -> Obstacle | None:
    """What keeps a window from opening here; None where nothing does."""
    if not sys.platform.startswith("linux"):
        return None
    ways = ways_to_a_screen(os.environ)
    lacking = [missing(way, qt_folder()) for way in ways or ("none",)]
    if all(lacking):
        return _without_libraries(lacking[0])
    if not ways:
        what = "there is no display, for neither DISPLAY nor WAYLAND_DISPLAY is set"
        return Obstacle(what, _WITHOUT, is_broken=False)
    usable = [way for way, libraries in zip(ways, lacking, strict=True) if not libraries]
    if not any(_answers(way) for way in usable):
        names = " and ".join(_name_of(way) for way in usable)
        return Obstacle(f"the display {names} does not answer", f"Is it running, and yours? {_WITHOUT}", is_broken=True)
    return None


def ways_to_a_screen(environment: Mapping[str, str]) -> tuple[Way, ...]:
    """The ways that Qt would try, the first one first; none where there is no display."""
    asked = environment.get("QT_QPA_PLATFORM", "").split(";")
    if not all(name.startswith(("xcb", "wayland")) for name in asked if name):
        return ("none",)  # offscreen, vnc and their like take no display
    ways: tuple[tuple[Way, str], ...] = (("wayland", "WAYLAND_DISPLAY"), ("xcb", "DISPLAY"))
    return tuple(
        way for way, name in ways if environment.get(name) and any(each.startswith(way) or not each for each in asked)
    )


def missing(way: Way, folder: Path | None, loads: Loads | None = None) -> list[str]:
    """The libraries that Qt in `folder` needs on the way to a screen and that the system does not load."""
    loads = loads or _loads
    absent = [library for library in {**_ALWAYS, **_OF[way]} if not loads(library)]
    if not absent or folder is None:
        return []  # Qt of a distribution came with all that it needs
    wanting = [path.read_bytes() for name in {*_FILES["none"], *_FILES[way]} for path in folder.glob(name)]
    return [library for library in absent if any(b"\0%s\0" % library.encode() in content for content in wanting)]


def command_for(libraries: Iterable[str], managers: Iterable[str]) -> str:
    """The command, of each of the package `managers`, that installs `libraries`."""
    places = list(_INSTALLS)
    commands = []
    for manager in managers:
        packages = dict.fromkeys(PACKAGES[library][places.index(manager)] for library in libraries)
        commands.append(f"{_INSTALLS[manager]} {' '.join(packages)}")
    return ", or ".join(commands)


def qt_folder() -> Path | None:
    """Qt's own folder in PySide6, where that brought one."""
    found = find_spec("PySide6")
    folders = [Path(place, "Qt") for place in (found.submodule_search_locations or ())] if found else []
    return next((folder for folder in folders if folder.is_dir()), None)


def do_without_screen() -> Obstacle | None:
    """Have Qt paint where nobody looks from now on; what keeps it from that, None where nothing does."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return obstacle()


def _without_libraries(libraries: list[str]) -> Obstacle:
    managers = [manager for manager in _INSTALLS if shutil.which(manager)] or list(_INSTALLS)
    verb = "is" if len(libraries) == 1 else "are"
    what = f"{', '.join(libraries)} {verb} missing, which Qt needs"
    return Obstacle(what, f"Install with: {command_for(libraries, managers)}", is_broken=True)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers(way: Way) -> bool:
    """Whether there is somebody at the other end."""
    if way == "none":
        return True
    if way == "wayland":
        return Path(os.environ.get("XDG_RUNTIME_DIR", ""), os.environ["WAYLAND_DISPLAY"]).is_socket()
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def _name_of(way: Way) -> str:
    return os.environ["WAYLAND_DISPLAY" if way == "wayland" else "DISPLAY"]
