"""The matrix of a generated text as a file: a picture, a table, or everything."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Literal

import msgspec
import numpy as np

from engine.figures.fonts import FontChoice, asian_region, base_font, system_fonts
from engine.figures.page import Cells, Item, Page, line_of_text
from engine.figures.png import png
from engine.figures.wording import RULE_NAMES
from engine.protocol.looks import Look
from engine.protocol.values import Matrix
from engine.reading.cells import cell
from engine.reading.colours import colours
from engine.reading.limits import row_limits

MatrixFormat = Literal["png", "csv", "json"]

_LEFT, _TOP, _MARGIN = 110.0, 34.0, 20.0
_WIDTH, _ROW, _SIZE = 620.0, 13.0, 10.0
_LONGEST = 14  # characters of a label
_TICKS = 12
_LOOK = Look()


def matrix_file(matrix: Matrix, format: MatrixFormat) -> bytes:
    """The file's content. In the picture the colours of each row end at its own largest relevance, but for that of the
    first token and of the one before.
    """
    match format:
        case "csv":
            return _csv(matrix)
        case "json":
            return _json(matrix)
        case "png":
            fonts = FontChoice(base_font(), system_fonts(asian_region(matrix.prompt)))
            return png(matrix_page(matrix, fonts))


def matrix_page(matrix: Matrix, fonts: FontChoice) -> Page:
    """Generated tokens from above, the tokens before them from the left."""
    rows = np.nan_to_num(matrix.rows)
    height, count = _ROW * len(rows), rows.shape[1]
    cells = colours(rows, row_limits(matrix, _LOOK)[:, None], _LOOK.ramp)
    title = f"Relevance for each generated token, {RULE_NAMES.get(matrix.rules, matrix.rules)}"
    items: list[Item] = [Cells(_LEFT, _TOP, _WIDTH, height, cells), *line_of_text(title, _LEFT, _TOP - 14, 11, fonts)]
    for row in range(len(rows)):
        label = matrix.tokens[matrix.start + row].label.strip()[:_LONGEST] or "·"
        items += line_of_text(label, _LEFT - 6, _TOP + row * _ROW + 10, _SIZE, fonts, anchor=1)
    for position in range(0, count, max(1, -(-count // _TICKS))):
        middle = _LEFT + (position + 0.5) * _WIDTH / count
        items += line_of_text(str(position), middle, _TOP + height + 14, _SIZE, fonts, anchor=0.5)
    items += line_of_text("token", _LEFT + _WIDTH / 2, _TOP + height + 30, _SIZE, fonts, anchor=0.5)
    return Page(_LEFT + _WIDTH + _MARGIN, _TOP + height + 42, tuple(items))


def _csv(matrix: Matrix) -> bytes:
    """One row a generated token, one column a token; texts as in the table of tokens."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["position", "id", "text", "logit", *range(len(matrix.tokens))])
    for row, (values, logit) in enumerate(zip(matrix.rows, matrix.values, strict=True)):
        position = matrix.start + row
        token = matrix.tokens[position]
        writer.writerow([position, token.id, cell(token.text), str(logit), *map(str, values)])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _json(matrix: Matrix) -> bytes:
    """The whole matrix; a value that is not a number is null."""
    content = {"format": "lxt-inspector/matrix", "version": 1, **msgspec.to_builtins(matrix, enc_hook=_plain)}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "backslashreplace")


def _plain(array: np.ndarray) -> object:
    rows = array.astype(object)
    rows[~np.isfinite(array)] = None
    return rows.tolist()
