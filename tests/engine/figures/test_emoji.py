"""Emoji of every kind of sequence are drawn, in whichever of its spellings each comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.figures.fonts import FontChoice, base_font, system_fonts
from engine.figures.rendering import render
from engine.figures.typesetting import is_whole_pdf
from engine.figures.visible import Mark, is_emoji, region_of, visible
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


@pytest.mark.parametrize("region", ["gbwls", "gbsct", "ustx"])
def test_that_a_flag_of_a_region_is_one_sign(region: str) -> None:
    flag = "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    assert visible(f"a{flag}b") == ("a", flag, "b")
    assert region_of(flag) == region and is_emoji(flag)
    (drawn,) = FontChoice(base_font(), system_fonts()).runs(visible(flag))
    assert drawn.text == (flag if drawn.font.colour else f"[flag {region}]")
    (written,) = FontChoice(base_font(), ()).runs(visible(flag))
    assert written.text == f"[flag {region}]"


def test_that_a_flag_of_nowhere_and_one_that_does_not_end_are_no_picture() -> None:
    nowhere = "\U0001f3f4\U000e007a\U000e007a\U000e007a\U000e007a\U000e007f"
    (run,) = FontChoice(base_font(), system_fonts()).runs(visible(nowhere))
    assert run.text == "[flag zzzz]"
    assert visible("\U0001f3f4\U000e0067") == ("\U0001f3f4", Mark("code", 0xE0067))
