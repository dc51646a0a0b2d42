"""Tokens coloured by numbers that a script has computed, as a PDF."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from engine.figures.latex import document
from engine.figures.rendering import check, token_pdf
from engine.figures.typesetting import ENGINES, engines_found
from engine.figures.wording import Words
from engine.protocol.failures import EngineError
from engine.protocol.looks import Look
from engine.protocol.messages import Export
from engine.protocol.relevance import Relevance, TextPart
from engine.protocol.targets import Top
from engine.protocol.values import ModelInfo, ModelSource, ResolvedTarget, Token
from engine.writing import write_file

_WORDS = Words(("−1", "0", "1"), "of the normalised relevance", ())
_ROUNDING = 1e-6
_NO_MODEL = ModelInfo(ModelSource(""), "", "", None, 0, 0, 0, None, "", "", 0)


def pdf_heatmap(
    words: Sequence[str],
    relevances: Any,
    cmap: str = "bwr",
    path: str | PathLike[str] = "heatmap.pdf",
    delete_aux_files: bool = True,
    backend: str = "xelatex",
) -> None:
    """Writes the words, coloured by their relevance between -1 and 1, as a PDF to `path`; or raises EngineError.

    `relevances` is a tensor, an array or a list. Words are printed as they are, whatever characters they have. Where
    `backend` is not installed another LaTeX is taken, or none, and a warning says so. Without `delete_aux_files` the
    LaTeX is left beside the PDF.
    """
    if backend not in ENGINES:
        raise EngineError(f"There is no backend {backend!r}: there are {', '.join(ENGINES)}.", "figure_failed")
    export = _export(words, _values(relevances, len(words)), cmap)
    check(export)
    made = token_pdf(export, words=_WORDS, engine=backend)
    target = Path(path).with_suffix(".pdf")
    write_file(target, made.data)
    if not delete_aux_files:
        write_file(target.with_suffix(".tex"), document(export, _WORDS).text.encode())
    instead = f"{backend} was not found; {engines_found()[0]} was taken." if _is_another(backend) else ""
    if instead or made.note:
        warnings.warn(" ".join(note for note in (instead, made.note) if note), stacklevel=2)


def _is_another(backend: str) -> bool:
    return bool(engines_found()) and backend not in engines_found()


def _values(relevances: Any, count: int) -> np.ndarray:
    """The relevances as float32 (token,). Raises EngineError where they are not one number a word, from -1 to 1."""
    if hasattr(relevances, "detach"):  # a tensor, on whatever device, of whatever precision
        relevances = relevances.detach().float().cpu()
    values = np.asarray(relevances, dtype=np.float32)
    if values.shape != (count,):
        raise EngineError(f"There are {count} words, and relevances of shape {values.shape}.", "figure_failed")
    if not np.isfinite(values).all():
        raise EngineError("The relevances are not all numbers: there is NaN or infinity in them.", "figure_failed")
    if count and np.abs(values).max() > 1 + _ROUNDING:
        raise EngineError(
            f"The relevances go from {values.min():.3g} to {values.max():.3g} and must be from -1 to 1: "
            "divide them by relevances.abs().max().",
            "figure_failed",
        )
    return values


def _export(words: Sequence[str], values: np.ndarray, cmap: str) -> Export:
    """The request for a picture whose colours span -1 to 1. What it says of a model is not shown."""
    tokens = tuple(Token(i, word, 0, 0, word or "∅") for i, word in enumerate(words))
    nothing = ResolvedTarget(Top(), "", 0, ())
    part = TextPart("".join(words), tokens, values, values[None])
    relevance = Relevance(_NO_MODEL, (part,), nothing, "", 1.0, {})
    return Export(
        relevance, "pdf", look=Look(scale="target", colour_map=cmap, contrast=1.0, without=False, signs=False)
    )
