"""The document compiles by itself, whatever the tokens are."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.figures.fonts import FontChoice, base_font
from engine.figures.latex import document, to_tex
from engine.figures.pdf import pdf
from engine.figures.rendering import render
from engine.figures.strip import token_pages
from engine.figures.typesetting import ENGINES, engines_found, is_whole_pdf, typeset
from engine.protocol.looks import Look, Unit
from engine.protocol.messages import Export
from engine.reading.numbers import number_under
from engine.reading.units import units_of
from engine.watch import Watch
from tests.engine.figures.hostile import FRAGMENTS, examples, hostile_text
from tests.engine.figures.made_relevance import relevance

pytestmark = [
    pytest.mark.latex,
    pytest.mark.skipif(not engines_found(), reason="none of xelatex, lualatex, pdflatex is on the PATH"),
]

READABLE = ["In", " 1922", " the", "\n", "  café", " – 8", ",", "3", " #$%&_^~\\{}"]


@pytest.fixture(scope="module")
def prompts() -> list[list[str]]:
    return examples(st.lists(hostile_text, min_size=1, max_size=6), 300)


def test_that_there_are_a_few_hundred_hostile_prompts(prompts: list[list[str]]) -> None:
    assert len(prompts) >= 250


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_that_hostile_prompts_compile(prompts: list[list[str]], first: int) -> None:
    texts = [token for prompt in prompts[first : first + 100] for token in (*prompt, "\n")]
    assert is_whole_pdf(render(Export(relevance(texts), "pdf")).data)


@pytest.mark.parametrize("engine", ENGINES)
def test_that_the_tex_compiles_by_itself(engine: str, tmp_path: Path) -> None:
    if engine not in engines_found():
        pytest.skip(f"{engine} is not on the PATH")
    data = render(Export(relevance([*READABLE, *FRAGMENTS]), "tex")).data
    (tmp_path / "figure.tex").write_bytes(data)
    done = subprocess.run(
        [engine, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert is_whole_pdf((tmp_path / "figure.pdf").read_bytes())
    assert b"Missing character" not in (tmp_path / "figure.log").read_bytes()


@pytest.mark.parametrize(
    "command", ["^^5cinput ", "\\input ", "\\InputIfFileExists", "^^5copenin1=", "\\endinput\\input "]
)
def test_that_a_token_reads_no_file(command: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap.tex"
    trap.write_text("\\errmessage{read}")
    texts = [f"{command}{trap} ", f"{command}{{{trap}}}", "x"]
    assert is_whole_pdf(render(Export(relevance(texts, title=texts[0]), "pdf")).data)


def test_that_a_document_with_an_error_says_so() -> None:
    written = document(Export(relevance(READABLE), "pdf")).text.replace("\\begin{document}", "\\begin{document}\\oops")
    with pytest.raises(Exception, match=r"Undefined control sequence.*\\oops"):
        typeset(written, {}, Watch())


def test_that_a_letter_without_a_font_is_named() -> None:
    assert "U+E000" in render(Export(relevance(["a", "\ue000"]), "pdf")).note


def test_that_a_plain_prompt_needs_no_note() -> None:
    assert render(Export(relevance(READABLE), "pdf")).note == ""


def test_that_the_tokens_of_a_word_are_joined_and_those_of_two_words_are_not():
    export = Export(relevance(["up", " 8", ",", "3", "20", " m"]), "tex")
    joined = document(replace(export, look=replace(export.look, unit="word"))).text
    strip = joined[joined.index(r"\begin{document}") :]
    assert strip.count(r"\joint{") == 3
    assert r"\joint{" not in (text := document(export).text)[text.index(r"\begin{document}") :]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("unit", ["token", "word", "line"])
def test_that_values_are_under_tokens_in_every_latex(engine: str, unit: Unit) -> None:
    if engine not in engines_found():
        pytest.skip(f"{engine} is not on the PATH")
    answer = relevance([*READABLE, *FRAGMENTS])
    text = document(Export(answer, "tex", look=Look(unit=unit, values=True))).text
    values = units_of(answer.tokens, unit).merged(answer.input)
    seen = [number_under(value) for value in values.tolist() if number_under(value)]
    strip = text[text.index(r"\begin{document}") :]
    assert strip.count(r"\startnumber{") == strip.count(r"\finishnumber{") == len(seen) > 3
    assert all(to_tex(number) in strip for number in seen)
    made = typeset(text, {}, Watch(), first=engine)
    assert made.engine == engine and is_whole_pdf(made.pdf)


def test_that_hostile_prompts_compile_with_values(prompts: list[list[str]]) -> None:
    texts = [token for prompt in prompts[:100] for token in (*prompt, "\n")]
    assert is_whole_pdf(render(Export(relevance(texts), "pdf", look=Look(values=True, unit="word"))).data)


@pytest.mark.skipif(which("pdftotext") is None, reason="pdftotext is not on the PATH")
@pytest.mark.parametrize("with_latex", [True, False])
def test_that_numbers_and_words_do_not_overlap_on_paper(tmp_path: Path, with_latex: bool) -> None:
    answer = relevance([".", ",", " a", " bc", "d", " longer"] * 40)
    answer = answer.with_part(input=np.linspace(-99, 99, 240).astype(np.float32))
    export = Export(answer, "pdf", look=Look(values=True))
    data = render(export).data if with_latex else pdf(token_pages(export, FontChoice(base_font(), ())), "Relevance")
    (tmp_path / "figure.pdf").write_bytes(data)
    subprocess.run(["pdftotext", "-bbox", "figure.pdf"], cwd=tmp_path, check=True, timeout=60)
    places = re.findall(
        r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="[\d.]+">(−?\d+\.\d\d)<',
        (tmp_path / "figure.html").read_text(),
    )
    numbers = sorted((float(top), float(left), float(right)) for left, top, right, _ in places)
    assert len(numbers) == 240
    assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(numbers))
