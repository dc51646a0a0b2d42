"""An answer as a file: a figure, a table, or everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from engine.figures.fonts import FontChoice, asian_region, base_font, system_fonts
from engine.figures.latex import Document, document
from engine.figures.layermap import layer_page
from engine.figures.page import Page
from engine.figures.pdf import TALLEST_PAGE, pdf
from engine.figures.png import emoji_png, png
from engine.figures.strip import token_pages
from engine.figures.tables import csv_file, json_file
from engine.figures.typesetting import ENGINES, engines_found, typeset
from engine.figures.wording import Words
from engine.protocol.colours import colour_table
from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, Exported

_TITLE = "Relevance"  # of a PDF made without LaTeX
_NO_LATEX = "No LaTeX was found, so the PDF was drawn without it: the text is set in another typeface."
_LATIN_ONLY = "pdfLaTeX shows letters outside Latin by their code points; with XeLaTeX they are drawn."
_NO_EMOJI = "Emoji are drawn in the PDF; the .tex alone shows them in black, or by their code points."


def render(export: Export, cancelled: Callable[[], bool] = lambda: False) -> Exported:
    """The file's content. Raises EngineError (figure_failed, disk_full) and Stopped."""
    check(export)
    match export.format:
        case "csv":
            return Exported(csv_file(export.relevance))
        case "json":
            return Exported(json_file(export.relevance))
        case "png":
            return Exported(png(_pages(export)[0]))
        case "tex":
            written = document(export)
            return Exported(written.text.encode(), _notes(_undrawn(written), _NO_EMOJI if written.emoji else ""))
        case "pdf":
            return Exported(pdf(_pages(export), _TITLE)) if export.picture == "layers" else token_pdf(export, cancelled)
        case _:
            assert_never(export.format)


def check(export: Export) -> None:
    """Raises EngineError (figure_failed) where there is nothing to draw, or no such colours or layer."""
    layers = len(export.relevance.layers)
    if export.layer is not None and not 0 <= export.layer < layers:
        raise EngineError(f"There is no layer {export.layer}: the last is {layers - 1}.", "figure_failed")
    if not export.relevance.tokens:
        raise EngineError("There is no token to draw.", "figure_failed")
    if export.picture == "layers" and export.format == "tex":
        raise EngineError("The layer map cannot be written as .tex; its PDF and PNG can be included.", "figure_failed")
    try:
        colour_table(export.colour_map)
    except ValueError as error:
        raise EngineError(f"There is no colour map {export.colour_map!r}.", "figure_failed") from error


def _fonts(export: Export) -> FontChoice:
    return FontChoice(base_font(), system_fonts(asian_region(export.relevance.prompt)))


def _pages(export: Export) -> list[Page]:
    match export.picture:
        case "layers":
            return [layer_page(export, _fonts(export))]
        case "tokens":
            return token_pages(export, _fonts(export))
        case _:
            assert_never(export.picture)


def token_pdf(
    export: Export, cancelled: Callable[[], bool] = lambda: False, words: Words | None = None, engine: str = ENGINES[0]
) -> Exported:
    """The tokens as PDF, by `engine`, else by another LaTeX, else without; `words` stand under them."""
    if not engines_found():
        return Exported(pdf(token_pages(export, _fonts(export), TALLEST_PAGE, words), _TITLE), _NO_LATEX)
    written = document(export, words)
    pictures = {f"{name}.png": emoji_png(run) for name, run in written.emoji.items()}
    made = typeset(written.text, pictures, cancelled, first=engine)
    if made.engine == "pdflatex" and written.needs_fonts:
        return Exported(made.pdf, _LATIN_ONLY)
    missing = f"No letter was found in any font for {', '.join(made.missing)}." if made.missing else ""
    return Exported(made.pdf, _notes(_undrawn(written), missing))


def _undrawn(written: Document) -> str:
    if not written.undrawn:
        return ""
    first = ", ".join(written.undrawn[:5]) + (", …" if len(written.undrawn) > 5 else "")
    return f"No font here has {first}; shown by code point."


def _notes(*notes: str) -> str:
    return " ".join(note for note in notes if note)
