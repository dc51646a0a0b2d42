"""Finds a font for every letter: one that is always there, and this machine's for everything else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import uharfbuzz as hb
from fontTools.ttLib import TTCollection, TTFont, TTLibError

from engine.figures.visible import Mark, is_emoji, is_ignorable, region_of
from engine.shipped import shipped

_FIELDS = ("file", "index", "family[0]", "weight", "slant", "width", "color", "fontformat", "charset")
_REGULAR, _UPRIGHT, _NORMAL_WIDTH = "80", "0", "100"
_FAMILY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .-]*")
_PLAINEST = ("Noto Sans ", "DejaVu Sans", "Noto ")  # families to take first, where several have the letter
_FLAG_OF_NOWHERE = "\U0001f3f4\U000e007a\U000e007a\U000e007f"  # no country is ZZ
_OTHER_STYLES = re.compile("bold|italic|oblique|light|thin|condensed", re.I)  # in the name of a file
_FANCY = re.compile(r"Mono|Serif|Condensed|Rashi|Kufi|Nastaliq|Looped|Unjoined|Display|Math|Music|Latin Modern|LM ")


class Coverage:
    """A set of code points, kept as ranges."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        pairs = sorted(ranges)
        self._first = [first for first, _ in pairs]
        self._last = [last for _, last in pairs]

    def __contains__(self, point: int) -> bool:
        place = bisect_right(self._first, point) - 1
        return place >= 0 and point <= self._last[place]


@dataclass(frozen=True, eq=False)
class Font:
    """One upright face. `covers` is asked, not listed: reading every font of a machine takes seconds."""

    family: str
    path: Path
    index: int
    covers: Callable[[int], bool]
    colour: bool = False

    def has(self, cluster: str) -> bool:
        """Whether the font can draw the cluster."""
        if region_of(cluster):
            return self.colour and _has_flag(self, cluster)
        return all(is_ignorable(character) or self.covers(ord(character)) for character in cluster)


@dataclass(frozen=True)
class Run:
    """Text in one font."""

    text: str
    font: Font


@dataclass(frozen=True, eq=False)
class FontChoice:
    """A base font and where to look when it lacks a letter, best first."""

    base: Font
    others: tuple[Font, ...]

    def runs(self, units: Iterable[str | Mark]) -> tuple[Run | Mark, ...]:
        """Clusters and marks in as few fonts as they need; characters no font has become marks."""
        done: list[Run | Mark] = []
        for unit in units:
            if isinstance(unit, Mark):
                done.append(unit)
                continue
            last = done[-1] if done else None
            font = self._font(unit, last.font if isinstance(last, Run) else None)
            if font is None and (region := region_of(unit)):
                done.append(Run(f"[flag {region}]", self.base))
            elif font is None:
                done.extend(Mark("undrawn", ord(character)) for character in unit)
            elif isinstance(last, Run) and last.font is font:
                done[-1] = Run(last.text + unit, font)
            else:
                done.append(Run(unit, font))
        return tuple(done)

    def _font(self, cluster: str, current: Font | None) -> Font | None:
        if cluster == " " and current is not None and not current.colour:  # words of one script stay together
            return current
        if not is_emoji(cluster):
            if self.base.has(cluster):
                return self.base
            if current is not None and not current.colour and current.has(cluster):
                return current
        return _first_with(self, cluster)


@lru_cache(maxsize=4096)
def _first_with(choice: FontChoice, cluster: str) -> Font | None:
    emoji = is_emoji(cluster)
    fonts = sorted((*choice.others, choice.base), key=lambda font: font.colour != emoji)
    return next((font for font in fonts if font.has(cluster)), None)


@lru_cache(maxsize=256)
def _has_flag(font: Font, flag: str) -> bool:
    """Whether the font has the flag of that region, and not only a black one, or one of nowhere."""
    try:
        shaped = hb.Font(hb.Face(hb.Blob.from_file_path(str(font.path)), font.index))
    except (OSError, hb.HarfBuzzError):
        return False
    whole, *others = (_glyphs(shaped, text) for text in (flag, flag[0], _FLAG_OF_NOWHERE))
    return len(whole) == 1 and whole not in others and whole != [0]


def _glyphs(font: hb.Font, text: str) -> list[int]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    return [glyph.codepoint for glyph in buffer.glyph_infos]


@lru_cache
def base_font() -> Font:
    """DejaVu Sans, which comes with the program: Latin, Greek, Cyrillic and many signs."""
    path = shipped("fonts", "DejaVuSans.ttf")
    return Font("DejaVu Sans", path, 0, _coverage_of_file(path, 0).__contains__)


@lru_cache
def system_fonts(asian: str = "SC") -> tuple[Font, ...]:
    """The upright fonts of this machine, best first; `asian` is the region whose Han letters to draw: SC, JP or KR."""
    found = _from_fontconfig() if shutil.which("fc-list") else _from_folders()
    return tuple(sorted(found, key=lambda font: _oddness(font.family, asian)))


def asian_region(text: str) -> str:
    """The region whose shapes of Han letters the text asks for."""
    if re.search("[\u3040-\u30ff]", text):
        return "JP"
    return "KR" if re.search("[\uac00-\ud7af]", text) else "SC"


def _oddness(family: str, asian: str) -> tuple[int, bool, bool, int, str]:
    fancy = len(_FANCY.findall(family))
    plain = next((place for place, start in enumerate(_PLAINEST) if family.startswith(start)), len(_PLAINEST))
    return fancy, "CJK" in family and not family.endswith(asian), "Last" in family, plain, family


def _from_fontconfig() -> list[Font]:
    form = "\t".join(f"%{{{field}}}" for field in _FIELDS) + "\n"
    try:
        answer = subprocess.run(
            ["fc-list", "--format", form], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return _from_folders()
    rows = [line.split("\t") for line in answer.stdout.decode("utf-8", "replace").splitlines()]
    return [font for row in rows if len(row) == len(_FIELDS) and (font := _from_row(row)) is not None]


def _from_row(row: Sequence[str]) -> Font | None:
    path, index, family, weight, slant, width, colour, kind, charset = row
    if (weight, slant, width) != (_REGULAR, _UPRIGHT, _NORMAL_WIDTH) or kind not in ("TrueType", "CFF"):
        return None
    if not _FAMILY_NAME.fullmatch(family) or not index.isdigit() or int(index) > 0xFFFF:  # above: named instances
        return None
    if colour == "True" and not _has_colour_glyphs(Path(path), int(index)):
        return None
    covered = lru_cache(maxsize=1)(lambda: Coverage(_parsed(charset)))
    return Font(family, Path(path), int(index), lambda point: point in covered(), colour == "True")


def _parsed(charset: str) -> Iterable[tuple[int, int]]:
    """fontconfig's way to write a set: `20-7e a0 2026`."""
    for piece in charset.split():
        first, _, last = piece.partition("-")
        yield int(first, 16), int(last or first, 16)


def _from_folders() -> list[Font]:
    """Without fontconfig: the files in the usual folders, opened only when a letter is looked for."""
    paths = sorted(path for folder in _font_folders() if folder.is_dir() for path in folder.rglob("*"))
    fonts = [path for path in paths if path.suffix.lower() in (".ttf", ".otf", ".ttc")]
    return [_from_file(path) for path in fonts if not _OTHER_STYLES.search(path.stem)]


def _from_file(path: Path) -> Font:
    covered = lru_cache(maxsize=1)(lambda: _coverage_of_file(path, 0))
    family = re.sub("-?Regular", "", path.stem)
    return Font(family, path, 0, lambda point: point in covered(), "emoji" in path.stem.lower())


def _font_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft" / "Windows" / "Fonts"
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts", local]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local" / "share" / "fonts"]


def _opened(path: Path, index: int) -> TTFont:
    with path.open("rb") as file:
        several = file.read(4) == b"ttcf"
    return TTCollection(path, lazy=True).fonts[index] if several else TTFont(path, lazy=True)


def _coverage_of_file(path: Path, index: int) -> Coverage:
    """What the font's own table says; nothing where the file cannot be read."""
    try:
        points = sorted(_opened(path, index).getBestCmap() or ())
    except (OSError, TTLibError, IndexError, AssertionError):
        return Coverage(())
    return Coverage((point, point) for point in points)


def _has_colour_glyphs(path: Path, index: int) -> bool:
    """Whether the pictures are in a form that can be drawn here: bitmaps, or flat coloured outlines."""
    try:
        font = _opened(path, index)
        return "CBDT" in font or "sbix" in font or ("COLR" in font and font["COLR"].version == 0)
    except (OSError, TTLibError, IndexError):
        return False
