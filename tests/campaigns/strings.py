"""Sends hostile strings through everything that shows or writes a string, and counts what comes out wrong.

python -m tests.campaigns.strings --count 1000000
python -m tests.campaigns.strings --sinks pdf --seeds 17 18      # what these do, in full
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

from PySide6.QtWidgets import QApplication

from engine.figures.fonts import FontChoice, asian_region, base_font, system_fonts
from engine.figures.latex import to_tex
from engine.figures.pdf import TALLEST_PAGE, pdf
from engine.figures.rendering import render
from engine.figures.strip import token_pages
from engine.figures.typesetting import is_whole_pdf
from engine.models.labels import label
from engine.protocol.failures import EngineError
from engine.protocol.looks import Ramp
from engine.protocol.messages import Export
from engine.protocol.visible_text import visible_lines
from engine.reading.cells import text_of_cell
from engine.reading.units import units_of
from inspector.views.tokens.token_facts import TokenFacts
from inspector.views.tokens.token_strip import TokenStrip
from tests.engine.figures.hostile import FRAGMENTS
from tests.engine.figures.made_relevance import relevance

TOGETHER = 50  # strings in one figure
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
_TEX = re.compile(r'(?:[A-Za-z0-9]|\\char"[0-9A-F]+\\relax\{\})*')
_ENDS = (0, 0x20, 0x7F, 0x250, 0x3000, 0x10000, 0x20000)
_PLANES = (*pairwise(_ENDS), (0, 0x110000))


def hostile(seed: int) -> str:
    """The string of a seed: fragments that break programs, and characters of every plane."""
    chance = random.Random(seed)
    pieces = []
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        if chance.random() < 0.6:
            pieces.append(chance.choice(FRAGMENTS))
        else:
            pieces.append("".join(chr(chance.randrange(*chance.choice(_PLANES))) for _ in range(chance.randint(1, 6))))
    return "".join(pieces)


def _tex(texts: Sequence[str]) -> None:
    for text in texts:
        assert _TEX.fullmatch(to_tex(text))
    written = render(Export(relevance(texts), "tex")).data.decode("utf-8")
    assert not ACTS.search(written)


def _pdf(texts: Sequence[str]) -> None:
    export = Export(relevance(texts), "pdf")
    fonts = FontChoice(base_font(), system_fonts(asian_region(export.relevance.prompt)))
    assert is_whole_pdf(pdf(token_pages(export, fonts, TALLEST_PAGE), "strings"))


def _layers(texts: Sequence[str]) -> None:
    assert is_whole_pdf(render(Export(relevance(texts, title=texts[0]), "pdf", "layers")).data)


def _png(texts: Sequence[str]) -> None:
    try:
        assert render(Export(relevance(texts), "png")).data.startswith(b"\x89PNG")
    except EngineError as error:
        assert "pixels tall" in str(error)


def _csv(texts: Sequence[str]) -> None:
    data = render(Export(relevance(texts), "csv")).data.decode("utf-8")
    cells = [row[2] for row in list(csv.reader(StringIO(data, newline="")))[1:]]
    assert [text_of_cell(one) for one in cells] == [_without_surrogates(text) for text in texts]
    assert not any(one.lstrip("\"'").startswith(tuple("=+-@\t\r")) and not one.startswith("'") for one in cells)


def _copied(texts: Sequence[str]) -> None:
    made = relevance(texts)
    rows = TokenFacts(made.tokens, units_of(made.tokens, "token"), made.input).tsv().split("\n")
    assert len(rows) == len(texts) + 2
    assert not any(one.startswith(tuple("=+-@")) for row in rows[1:-1] for one in row.split("\t")[2:4])


def _json(texts: Sequence[str]) -> None:
    tokens = json.loads(render(Export(relevance(texts), "json")).data.decode("utf-8"))["tokens"]
    assert [_paired(token["text"]) for token in tokens] == [_paired(text) for text in texts]


def _terminal(texts: Sequence[str]) -> None:
    for text in texts:
        assert not ACTS.search(visible_lines(text)) and visible_lines(text).count("\n") == text.count("\n")
        assert not ACTS.search(label(text)) and "\n" not in label(text)
        message = str(EngineError(f"“{text}” is no model."))
        assert not ACTS.search(message) and "\n" not in message


def _tokens(texts: Sequence[str]) -> None:
    application, made = QApplication.instance() or QApplication([]), relevance(texts)
    strip = TokenStrip()
    strip.resize(600, 400)
    strip.show_relevance(made.tokens, made.input, 1.0, Ramp())
    assert not strip.image().isNull()
    strip.deleteLater()
    application.processEvents()


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


Sink = Callable[[Sequence[str]], None]
SINKS: dict[str, Sink] = {
    "tex": _tex,
    "pdf": _pdf,
    "layer map": _layers,
    "png": _png,
    "csv": _csv,
    "copied table": _copied,
    "json": _json,
    "terminal": _terminal,
    "token view": _tokens,
}


@dataclass(frozen=True)
class Fault:
    """A string that a sink cannot take."""

    sink: str
    seed: int
    what: str


def faults(sinks: Iterable[str], seeds: Sequence[int]) -> Iterator[Fault]:
    """What goes wrong, string by string; where nothing does in a whole figure, none of its strings is looked at."""
    for first in range(0, len(seeds), TOGETHER):
        some = seeds[first : first + TOGETHER]
        texts = [hostile(seed) for seed in some]
        for sink in sinks:
            if _fault(SINKS[sink], texts):
                alone = [Fault(sink, seed, what) for seed in some if (what := _fault(SINKS[sink], [hostile(seed)]))]
                yield from alone or [
                    Fault(sink, some[0], f"with the others of its figure: {_fault(SINKS[sink], texts)}")
                ]


def _fault(sink: Sink, texts: Sequence[str]) -> str:
    try:
        sink(texts)
    except Exception:
        return traceback.format_exc()
    return ""


def table(sinks: Iterable[str], count: int, found: Iterable[Fault]) -> str:
    """One row a sink: how many strings it was given, how many it cannot take, and their seeds."""
    found = list(found)
    lines = ["| sink | strings | failed | seeds |", "|---|---|---|---|"]
    for sink in sinks:
        seeds = [str(one.seed) for one in found if one.sink == sink]
        lines.append(f"| {sink} | {count:,} | {len(seeds)} | {' '.join(seeds[:20])} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20_000, help="how many strings")
    options.add_argument("--first", type=int, default=0, help="the first seed, so that others are tried")
    options.add_argument("--sinks", nargs="+", choices=SINKS, default=list(SINKS))
    options.add_argument("--seeds", nargs="+", type=int, help="these, and say what each did")
    given = options.parse_args()
    seeds = given.seeds or range(given.first, given.first + given.count)
    found = list(faults(given.sinks, seeds))
    if given.seeds:
        for one in found:
            print(f"{one.sink} {one.seed} {hostile(one.seed)!a}", one.what, sep="\n")
    print(table(given.sinks, len(seeds), found))
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
