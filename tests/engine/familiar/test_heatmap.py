"""`pdf_heatmap` and `clean_tokens`: LXT's signatures, whatever the tokens, and no success without a PDF."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import engine
from engine.figures import typesetting
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.failures import EngineError

_WORDS = ["50%", " & more", "_{x}\\", "^^5cinput", " $#~", "\n", ""]
_VALUES = [-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0]


def no_latex(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    found = shutil.which
    monkeypatch.setattr(typesetting.shutil, "which", lambda name: found(name) if name in there else None)


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, lambda v: torch.tensor(v, dtype=torch.bfloat16)])
def test_that_tensors_arrays_and_lists_are_taken(kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_latex(monkeypatch)
    with pytest.warns(UserWarning, match="No LaTeX was found"):
        engine.pdf_heatmap(_WORDS, kind(_VALUES), path=tmp_path / "deep" / "figure.pdf")
    assert is_whole_pdf((tmp_path / "deep" / "figure.pdf").read_bytes())
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["figure.pdf"]


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("xelatex") is None or shutil.which("pdflatex") is None, reason="needs LaTeX")
@pytest.mark.parametrize("backend", ["xelatex", "pdflatex"])
def test_that_the_backend_asked_for_typesets(backend: str, tmp_path: Path) -> None:
    engine.pdf_heatmap(_WORDS, _VALUES, path=str(tmp_path / "figure"), delete_aux_files=False, backend=backend)
    made = (tmp_path / "figure.pdf").read_bytes()
    assert is_whole_pdf(made)
    assert (b"pdfTeX" in made) == (backend == "pdflatex")
    assert (tmp_path / "figure.tex").read_text().startswith("% The relevance of every token")


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdfLaTeX")
def test_that_another_latex_is_taken_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_latex(monkeypatch, "pdflatex")
    with pytest.warns(UserWarning, match="xelatex was not found; pdflatex was taken"):
        engine.pdf_heatmap(_WORDS, _VALUES, path=tmp_path / "figure.pdf")
    assert is_whole_pdf((tmp_path / "figure.pdf").read_bytes())


@pytest.mark.parametrize(
    ("words", "values", "options", "said"),
    [
        (_WORDS, _VALUES[:-1], {}, "There are 7 words, and relevances of shape (6,)"),
        (["a", "b"], [[0.0, 1.0]], {}, "relevances of shape (1, 2)"),
        (["a", "b"], [-3.0, 1.0], {}, "go from -3 to 1 and must be from -1 to 1"),
        (["a", "b"], [float("nan"), 1.0], {}, "NaN"),
        ([], [], {}, "no token to draw"),
        (["a"], [1.0], {"cmap": "no such map"}, "no colour map"),
        (["a"], [1.0], {"backend": "word"}, "no backend 'word'"),
    ],
)
def test_that_what_cannot_be_drawn_is_said(
    words: list[str], values: list[float], options: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match=re.escape(said)):
        engine.pdf_heatmap(words, values, path=tmp_path / "figure.pdf", **options)
    assert not list(tmp_path.iterdir())


def test_that_a_path_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_latex(monkeypatch)
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="could not be written"):
        engine.pdf_heatmap(["a"], [1.0], path=tmp_path / "file" / "figure.pdf")


@pytest.mark.parametrize(
    ("tokens", "texts"),
    [
        (
            ["<s>", "▁50", "%", "▁a", "_", "b", "&", "<0xC3>", "<0xA9>", "<0x0A>"],
            ["<s>", " 50", "%", " a", "_", "b", "&", "", "é", "\n"],
        ),
        (
            ["The", "Ġcaf", "Ã", "©", "Ġcosts", "Ċ", "5", "%", "<|end of text|>"],
            ["The", " caf", "", "é", " costs", "\n", "5", "%", "<|end of text|>"],
        ),
        (["ĠThe", "Ã"], [" The", "\ufffd"]),
        (["[CLS]", "un", "##believ", "##able", ",", "#"], ["[CLS]", " un", "believ", "able", " ,", " #"]),
        (["[CLS]", "the", "cat", "[SEP]"], ["[CLS]", " the", " cat", " [SEP]"]),
        (["a", "b_c"], ["a", "b_c"]),
        ([], []),
    ],
)
def test_that_tokens_become_the_text_they_stand_for(tokens: list[str], texts: list[str]) -> None:
    assert engine.clean_tokens(tokens) == texts
