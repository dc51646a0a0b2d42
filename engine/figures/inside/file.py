"""What was found inside blocks as a file: a figure, a table, or everything."""

from __future__ import annotations

from typing import assert_never

from engine.figures.fonts import FontChoice, asian_region, base_font, system_fonts
from engine.figures.inside.data import csv_file, json_file, npz_file, safetensors_file
from engine.figures.inside.pages import inside_page
from engine.figures.page import Page, on_ground
from engine.figures.pdf import pdf
from engine.figures.png import png
from engine.protocol.messages import ExportInside

_TITLE = "Inside a block"  # of a PDF


def inside_file(export: ExportInside) -> bytes:
    """The file's content."""
    match export.format:
        case "csv":
            return csv_file(export.found)
        case "json":
            return json_file(export.relevance, export.found)
        case "safetensors":
            return safetensors_file(export.relevance, export.found)
        case "npz":
            return npz_file(export.relevance, export.found)
        case "png":
            return png(_page(export))
        case "pdf":
            return pdf([_page(export)], _TITLE)
        case _:
            assert_never(export.format)


def _page(export: ExportInside) -> Page:
    fonts = FontChoice(base_font(), system_fonts(asian_region(export.relevance.prompt)))
    return on_ground(inside_page(export, fonts), export.look.ground)
