"""A person at a screen of their own: sees pixels, presses keys, clicks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageGrab

from engine.reading.colours import colour_table

ROOT = Path(__file__).parents[2]
PATIENCE = 240  # seconds: the worker imports torch, on a machine that may be busy
NARROWEST, LINE = 6, 16  # pixels: at least as wide and high is the box of any token, at the window's first zoom
Box = tuple[int, int, int, int]  # left, top, right, bottom


class Screen:
    """An X server that nobody else looks at."""

    def __init__(self, width: int, height: int) -> None:
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.display = f":{answer.readline().strip()}"

    def close(self) -> None:
        self._server.terminate()
        self._server.wait()

    def look(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.display)


class Person:
    """Starts the program, and knows of it what the screen and its files show."""

    def __init__(self, screen: Screen, home: Path) -> None:
        self._screen = screen
        self._home = home
        self._program: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Path:
        return self._home / ".config" / "lxt-inspector" / "settings.json"

    def start(self, *arguments: str) -> None:
        environment = {
            **os.environ,
            "DISPLAY": self._screen.display,
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / ".config"),
            "QT_QPA_PLATFORM": "xcb",
            "OMP_NUM_THREADS": "1",
        }
        self._program = subprocess.Popen([sys.executable, str(ROOT / "main.py"), *arguments], env=environment)

    def end(self) -> int:
        """The program's exit code, once it has ended."""
        assert self._program is not None
        return self._program.wait(timeout=30)

    def kill(self) -> None:
        if self._program is not None and self._program.poll() is None:
            self._program.kill()
            self._program.wait()

    def press(self, *keys: str) -> None:
        self._do("key", "--delay", "60", *keys)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "15", text)

    def click(self, x: int, y: int) -> None:
        self._do("mousemove", str(x), str(y), "sleep", "0.2", "click", "1", "sleep", "0.2")

    def take_window(self) -> None:
        """Give the keyboard to the window: there is no window manager that would."""
        self.wait(lambda: bool(self._windows()), "a window")
        self._do("windowfocus", "--sync", self._windows()[-1])

    def title(self) -> str:
        return " ".join(self._say("getwindowname", window) for window in self._windows())

    def size(self) -> tuple[int, int]:
        """Width and height of the window, without what a desktop puts around it."""
        told = dict(line.split("=") for line in self._say("getwindowgeometry", "--shell", self._windows()[-1]).split())
        return int(told["WIDTH"]), int(told["HEIGHT"])

    def sees_most_relevant(self, box: Box) -> bool:
        """Whether a token on that part of the screen has the colour that only the largest relevance has.

        Its box is painted whole in an end of the colour table: what is stale, or an antialiased edge, is not.
        """
        pixels = np.asarray(self._screen.look().crop(box).convert("RGB"))
        for end in (colour_table()[0], colour_table()[-1]):
            boxes = np.lib.stride_tricks.sliding_window_view((pixels == end).all(axis=2), (LINE, NARROWEST))
            if boxes.mean(axis=(2, 3)).max() > 0.5:  # the rest is its letters
                return True
        return False

    def shows(self, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
        return self._screen.look().convert("RGB").getpixel(place) == colour

    def picture(self, box: Box) -> bytes:
        return self._screen.look().crop(box).tobytes()

    def wait(self, seen: object, what: str) -> None:
        """Wait until `seen()` is true."""
        assert callable(seen)
        give_up = time.monotonic() + PATIENCE
        while not seen():
            assert self._program is None or self._program.poll() is None, f"the program ended before {what}"
            if time.monotonic() > give_up:
                self._screen.look().save(self._home / "last-seen.png")
                raise AssertionError(f"{what} did not come; the screen is in {self._home / 'last-seen.png'}")
            time.sleep(0.2)

    def _windows(self) -> list[str]:
        return self._say("search", "--onlyvisible", "--name", "LXT Inspector").split()

    def _do(self, *command: str) -> None:
        subprocess.run(["xdotool", *command], env=self._environment(), check=True)

    def _say(self, *command: str) -> str:
        done = subprocess.run(["xdotool", *command], env=self._environment(), capture_output=True, text=True)
        return done.stdout.strip()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DISPLAY": self._screen.display}
