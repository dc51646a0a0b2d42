"""An answer as a file: a figure, a table, or everything."""

from __future__ import annotations

from typing import assert_never

from engine.figures.arrays import npz_file, safetensors_file
from engine.figures.fonts import FontChoice, asian_region, base_font, system_fonts
from engine.figures.grid import grid_page, grid_sharpness
from engine.figures.heatmap import heatmap_page, heatmap_sharpness
from engine.figures.inside.file import inside_file
from engine.figures.latex import Document, document
from engine.figures.layermap import layer_page
from engine.figures.page import Page, on_ground
from engine.figures.pdf import TALLEST_PAGE, pdf
from engine.figures.png import emoji_png, exact_png, png
from engine.figures.strip import token_pages
from engine.figures.tables import csv_file, json_file
from engine.figures.typesetting import ENGINES, UnusableEngine, engines_found, typeset
from engine.figures.wording import Words
from engine.protocol.failures import EngineError
from engine.protocol.messages import Export, Exported, ExportGrid, ExportInside
from engine.reading.colours import colour_table
from engine.watch import UNWATCHED, Watch

_TITLE = "Relevance"  # of a PDF made without LaTeX
_WITHOUT_LATEX = "so the PDF was drawn without it: the text is set in another typeface."
_NO_LATEX = f"No LaTeX was found, {_WITHOUT_LATEX}"
_LATIN_ONLY = "pdfLaTeX shows letters outside Latin by their code points; with XeLaTeX they are drawn."
_NO_EMOJI = "Emoji are drawn in the PDF; the .tex alone shows them in black, or by their code points."


def render(export: Export | ExportGrid | ExportInside, watch: Watch = UNWATCHED) -> Exported:
    """The file's content. Raises EngineError (figure_failed, disk_full) and Stopped."""
    if isinstance(export, ExportGrid):
        return Exported(_grid(export))
    if isinstance(export, ExportInside):
        _check_display(export)
        return Exported(inside_file(export))
    check(export)
    match export.format:
        case "safetensors":
            return Exported(safetensors_file(export.relevance))
        case "npz":
            return Exported(npz_file(export.relevance))
        case "csv":
            return Exported(csv_file(export.relevance))
        case "json":
            return Exported(json_file(export.relevance))
        case "png" if export.picture in ("heatmap", "overlay"):
            return Exported(exact_png(_pages(export)[0], heatmap_sharpness(export)))
        case "png":
            return Exported(png(_pages(export)[0]))
        case "tex":
            written = document(export)
            return Exported(written.text.encode(), _notes(_undrawn(written), _NO_EMOJI if written.emoji else ""))
        case "pdf":
            return token_pdf(export, watch) if export.picture == "tokens" else Exported(pdf(_pages(export), _TITLE))
        case _:
            assert_never(export.format)


def check(export: Export) -> None:
    """Raises EngineError (figure_failed) where there is nothing to draw, or no such colours or layer."""
    layers = len(export.relevance.layers)
    if export.look.layer is not None and not 0 <= export.look.layer < layers:
        raise EngineError(f"There is no layer {export.look.layer}: the last is {layers - 1}.", "figure_failed")
    if export.format in ("pdf", "tex", "png"):
        _check_picture(export)
    _check_display(export)


def _check_picture(export: Export) -> None:
    relevance, picture = export.relevance, export.picture
    drawings = relevance.parts[0].drawings
    if picture not in drawings:
        what = f"The answer is about a {relevance.medium}, which has no {picture} to draw"
        raise EngineError(f"{what}: take {' or '.join(drawings)}.", "figure_failed")
    if not relevance.input.size:
        raise EngineError("There is no token to draw.", "figure_failed")
    if picture != "tokens" and export.format == "tex":
        what = "The layer map" if picture == "layers" else "A heatmap"
        raise EngineError(f"{what} cannot be written as .tex; its PDF and PNG can be included.", "figure_failed")


def _check_display(export: Export | ExportGrid | ExportInside) -> None:
    try:
        colour_table(export.look.colour_map)
    except ValueError as error:
        raise EngineError(f"There is no colour map {export.look.colour_map!r}.", "figure_failed") from error
    if not 1 <= export.look.zoom <= 4:
        raise EngineError(f"Zoom is a number from 1 to 4, not {export.look.zoom}.", "figure_failed")
    if not 0 < export.look.clip <= 100:
        raise EngineError(f"Clip is a percentile above 0, up to 100, not {export.look.clip:g}.", "figure_failed")
    if not 0 < export.look.contrast <= 1:
        message = f"Contrast is an exponent above 0, up to 1, which is linear, not {export.look.contrast:g}."
        raise EngineError(message, "figure_failed")
    if not 0 <= export.look.opacity <= 1:
        raise EngineError(f"Opacity is a number from 0 to 1, not {export.look.opacity:g}.", "figure_failed")


def _grid(export: ExportGrid) -> bytes:
    room = len(export.rows) * len(export.columns)
    if not 0 < len(export.cells) <= room:
        raise EngineError(f"There are {len(export.cells)} pictures for a grid of {room} cells.", "figure_failed")
    if export.titles and len(export.titles) != len(export.cells):
        many = f"{len(export.titles)} titles for {len(export.cells)} pictures"
        raise EngineError(f"There are {many}: give one for each, or none.", "figure_failed")
    if not all("heatmap" in cell.parts[0].drawings for cell in export.cells):
        raise EngineError("A grid is made of answers about pictures; one here is about a text.", "figure_failed")
    _check_display(export)
    page = grid_page(export, FontChoice(base_font(), system_fonts()))
    if not export.transparent:
        page = on_ground(page, export.look.ground)
    return (
        exact_png(page, grid_sharpness(export), export.transparent) if export.format == "png" else pdf([page], _TITLE)
    )


def _fonts(export: Export) -> FontChoice:
    return FontChoice(base_font(), system_fonts(asian_region(export.relevance.prompt)))


def _pages(export: Export) -> list[Page]:
    match export.picture:
        case "layers":
            pages = [layer_page(export, _fonts(export))]
        case "tokens":
            pages = token_pages(export, _fonts(export))
        case "heatmap" | "overlay":
            pages = [heatmap_page(export, _fonts(export))]
        case _:
            assert_never(export.picture)
    return [on_ground(page, export.look.ground) for page in pages]


def token_pdf(
    export: Export, watch: Watch = UNWATCHED, words: Words | None = None, engine: str = ENGINES[0]
) -> Exported:
    """The tokens as PDF, by `engine`, else by another LaTeX, else without; `words` stand under them."""
    if not engines_found():
        return Exported(_without_latex(export, words), _NO_LATEX)
    written = document(export, words)
    pictures = {f"{name}.png": emoji_png(run) for name, run in written.emoji.items()}
    try:
        made = typeset(written.text, pictures, watch, first=engine)
    except UnusableEngine as failure:
        note = f"LaTeX does not work here ({str(failure).rstrip('.')}), {_WITHOUT_LATEX}"
        return Exported(_without_latex(export, words), note)
    instead = f"{made.instead.rstrip('.')}; {made.engine} was taken instead." if made.instead else ""
    if made.engine == "pdflatex" and written.needs_fonts:
        return Exported(made.pdf, _notes(instead, _LATIN_ONLY))
    missing = f"No letter was found in any font for {', '.join(made.missing)}." if made.missing else ""
    return Exported(made.pdf, _notes(instead, _undrawn(written), missing))


def _without_latex(export: Export, words: Words | None) -> bytes:
    pages = token_pages(export, _fonts(export), TALLEST_PAGE, words)
    return pdf([on_ground(page, export.look.ground) for page in pages], _TITLE)


def _undrawn(written: Document) -> str:
    if not written.undrawn:
        return ""
    first = ", ".join(written.undrawn[:5]) + (", …" if len(written.undrawn) > 5 else "")
    return f"No font here has {first}; shown by code point."


def _notes(*notes: str) -> str:
    return " ".join(note for note in notes if note)
