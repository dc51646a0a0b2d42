"""Texts for a model to choose from, in one line: between commas, in quotes where they have commas of their own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO


def read_class_texts(line: str) -> tuple[str, ...]:
    """The texts in a line such as `"a cat, asleep",a dog`, empty ones too. Raises ValueError for a quote astray."""
    try:
        rows = list(csv.reader([" ".join(line.splitlines())], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError('A text that begins with a quote ends with one, as in "a cat, asleep",a dog.') from error
    return tuple(text.strip() for row in rows for text in row)


def class_line(texts: Sequence[str]) -> str:
    """The line that is read as `texts`."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return line.getvalue()
