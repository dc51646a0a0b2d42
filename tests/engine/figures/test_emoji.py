"""Emoji of every kind of sequence are drawn, in whichever of its spellings each comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.figures.rendering import render
from engine.figures.typesetting import is_whole_pdf
from engine.protocol.messages import Export
from tests.engine.figures.made_relevance import relevance

TAGS = "\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
SPELLINGS = {  # of one picture each
    "keycap": ["1\ufe0f\u20e3", "1\u20e3"],
    "keycap of a sign": ["#\ufe0f\u20e3", "#\u20e3", "*\ufe0f\u20e3"],
    "flag": ["🇩🇪", "🇩", "🇩🇪🇫"],
    "joined": ["👁\ufe0f\u200d🗨\ufe0f", "👁\u200d🗨", "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "🏳\u200d🌈"],
    "skin": ["👍🏽", "👍\ufe0f🏽", "🏽", "👨🏽\u200d🚀", "a🏽"],
    "tags": [f"🏴{TAGS}", "🏴", f"😀{TAGS}", "🏴\U000e0067"],
    "style": ["❤\ufe0f", "❤", "❤\ufe0e", "😀\ufe0f", "😀", "😀\ufe0e"],
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_that_two_spellings_of_an_emoji_are_drawn_in_one_pdf(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no LaTeX
    for picture in ("tokens", "layers"):
        assert is_whole_pdf(render(Export(relevance(SPELLINGS[kind]), "pdf", picture)).data)


def test_that_an_emoji_is_in_the_pdf_once() -> None:
    once = render(Export(relevance(["🚀", "a"]), "pdf", "layers")).data
    again = render(Export(relevance(["🚀", "🚀"]), "pdf", "layers")).data
    assert b"/Subtype /Image" in once
    assert again.count(b"/Subtype /Image") == once.count(b"/Subtype /Image")
