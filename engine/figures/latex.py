"""The tokens as a LaTeX document that compiles by itself, whatever the tokens are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import bidirectional

import numpy as np
from fontTools.unicodedata import ot_tags_from_script, script

from engine.figures.boxes import boxes
from engine.figures.dressing import DECODER_HEADING, dressed, numbers_under, texts_in
from engine.figures.fonts import Coverage, Font, FontChoice, Run, asian_region, system_fonts
from engine.figures.page import GREYS
from engine.figures.visible import Mark, is_ignorable, visible
from engine.figures.wording import Words, words_for
from engine.protocol.looks import Ground, Look
from engine.protocol.messages import Export
from engine.reading.colours import GROUNDS, INKS, colours, rgb_of
from engine.shipped import shipped

_LEGEND_STEPS = 64
# The letters that the Latin fonts of every TeX have. What is not here is looked for among the fonts of the system.
_LATIN = Coverage(
    [
        *[(0x20, 0x7E), (0xA0, 0x148), (0x14A, 0x17E), (0x2013, 0x2014), (0x2018, 0x201A), (0x201C, 0x201E)],
        *[(0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2122, 0x2122)],
        (0x2212, 0x2212),
    ]
)
_TEX_FONT = Font("", Path(), 0, _LATIN.__contains__)


def to_tex(text: str) -> str:
    r"""The string as TeX that prints it and does nothing else: [A-Za-z0-9], and \char"HEX\relax{} for all the rest."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: rf'\char"{ord(found[0]):X}\relax{{}}', text)


@dataclass(frozen=True)
class Document:
    """A LaTeX document, and the emoji it shows as pictures where their files lie beside it."""

    text: str
    emoji: dict[str, Run]  # by the name of the file, without its ending
    needs_fonts: bool  # whether there is more than Latin in it
    undrawn: tuple[str, ...]  # what no font of this machine has, e.g. U+1F680


def document(export: Export, words: Words | None = None) -> Document:
    """The whole document; `words` stand under the tokens."""
    under = words or words_for(export)
    writer = _Writer(export.relevance.prompt)
    parts = {
        "GROUND": _ground(export.look.ground),
        "STRIP": "\n".join(line for part in texts_in(export.relevance) for line in _strip(export, part, writer)),
        "LEADING": "22" if export.look.values else "14",
        "LEGEND": _legend(export.look, under, writer),
        "CAPTION": "\\\\\n".join(rf"\shown{{{writer.text(line)}}}" for line in under.caption),
    }
    parts["FONTS"] = "\n".join(writer.definitions())
    template = shipped("latex", "tokens.tex").read_text(encoding="utf-8")
    text = re.sub("<([A-Z]+)>", lambda found: parts[found[1]], template)
    return Document(text, writer.emoji, bool(writer.fonts), tuple(writer.undrawn))


class _Writer:
    """Writes text, and remembers the fonts, letters and emoji it took."""

    def __init__(self, prompt: str) -> None:
        others = system_fonts(asian_region(prompt))
        self.choice = FontChoice(_TEX_FONT, others)
        self._flat = FontChoice(_TEX_FONT, tuple(font for font in others if not font.colour))
        self.fonts: dict[
            tuple[Font, str], str
        ] = {}  # with the script each is for: the names they go by in the document
        self.emoji: dict[str, Run] = {}
        self.undrawn: dict[str, None] = {}
        self._letters: set[str] = set()

    def text(self, text: str) -> str:
        """The string, with a font for every letter."""
        return self.units(self.choice.runs(visible(text)))

    def units(self, units: tuple[Run | Mark, ...]) -> str:
        """Runs and marks, each as TeX."""
        self.undrawn.update((unit.code, None) for unit in units if isinstance(unit, Mark) and unit.kind == "undrawn")
        return "".join(map(self._unit, units))

    def _unit(self, unit: Run | Mark) -> str:
        if isinstance(unit, Run):
            return self._run(unit)
        return rf"\{unit.kind}mark{{}}" if unit.kind in ("newline", "tab") else rf"\codepoint{{{unit.point:04X}}}"

    def _run(self, run: Run) -> str:
        if run.font.colour:
            return "".join(self._picture(Run(str(cluster), run.font)) for cluster in visible(run.text))
        text = "".join(letter for letter in run.text if run.font.covers(ord(letter)) or not is_ignorable(letter))
        if run.font is self.choice.base:
            self._letters.update(letter for letter in text if not letter.isascii())
            return to_tex(text)
        place = len(self.fonts)
        name = self.fonts.setdefault((run.font, _script(text)), f"script{chr(65 + place // 26)}{chr(65 + place % 26)}")
        inner = to_tex(text)
        if any(bidirectional(letter) in ("R", "AL") for letter in text):
            inner = rf"\righttoleft{{{inner}}}"
        return rf"{{\{name}{{}}{inner}}}"

    def _picture(self, run: Run) -> str:
        name = "emoji-" + "-".join(f"{ord(letter):X}" for letter in run.text)
        self.emoji[name] = run
        return rf"\emoji{{{name}}}{{{''.join(map(self._unit, self._flat.runs([run.text])))}}}"

    def definitions(self) -> Iterator[str]:
        """What the document must say before the text that was written."""
        for (font, tag), name in self.fonts.items():
            feature = f"RawFeature={{script={tag}}}" if tag else ""
            yield rf"\systemfont\{name}{{{font.family}}}{{{feature}}}"
        for letter in sorted(self._letters):
            yield rf"\latinletter{{{ord(letter)}}}{{{letter}}}"


def _script(text: str) -> str:
    """The OpenType tag of the first letter's script; empty where all letters belong to every script."""
    scripts = (script(letter) for letter in text)
    first = next((name for name in scripts if name not in ("Zyyy", "Zinh", "Zzzz")), None)
    return ot_tags_from_script(first)[-1] if first else ""


def _strip(export: Export, part: int, writer: _Writer) -> Iterator[str]:
    """One line of TeX for every box, under a heading over a decoder's."""
    looks = dressed(export, part)
    units, grounds, texts, against, _ = looks
    every = list(boxes(export.relevance.parts[part].tokens, writer.choice))
    numbers = list(numbers_under(every, looks))
    started, finished = {number.first: number.text for number in numbers}, {number.last for number in numbers}
    grey = _html(np.array(GREYS[export.look.ground]))
    if part > 0:
        yield rf"\partheading{{{writer.text(DECODER_HEADING)}}}%"
    yield r"\startpromptline%"
    last = None  # the unit of the box before, in this line
    for place, box in enumerate(every):
        ground = _html(grounds[box.token])
        ink, kind = _html(texts[box.token]), "against" if against[box.token] else "token"
        before = rf"\gap{{{ground}}}{{{box.gap}}}" if box.gap else r"\wordbreak" if box.after_word else r"\piecebreak"
        unit = int(units.of_token[box.token])
        if unit == last and len(units) < units.tokens:
            before = rf"\joint{{{ground}}}{before}"
        last = None if box.ends_line else unit
        if place in started:
            before += rf"\startnumber{{{grey}}}{{{writer.text(started[place])}}}"
        after = rf"\finishnumber{{{ground}}}" if place in finished else ""
        after += r"\finishpromptline\startpromptline" if box.ends_line else ""
        yield rf"{before}\{kind}{{{ground}}}{{{ink}}}{{{writer.units(box.units)}}}{after}%"
    yield r"\finishpromptline"


def _ground(ground: Ground) -> str:
    """What the paper is, where it is not white."""
    if ground == "light":
        return ""
    paper, ink = (_html(rgb_of(named[ground])) for named in (GROUNDS, INKS))
    return rf"\pagecolor[HTML]{{{paper}}}\color[HTML]{{{ink}}}"


def _legend(look: Look, words: Words, writer: _Writer) -> str:
    steps = colours(np.linspace(-1, 1, _LEGEND_STEPS), 1, look.ramp, look.ground)
    bar = "".join(rf"\step{{{_html(step)}}}" for step in steps)
    texts = (*words.ends, words.scale)
    return rf"\legend{{{bar}}}" + "".join(f"{{{writer.text(text)}}}" for text in texts)


def _html(colour: np.ndarray) -> str:
    red, green, blue = colour
    return f"{red:02X}{green:02X}{blue:02X}"
