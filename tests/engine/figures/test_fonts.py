"""Every letter gets a font that has it, or is known to have none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from engine.figures.fonts import Coverage, Font, FontChoice, Run, asian_region, base_font, system_fonts
from engine.figures.visible import Mark, visible
from tests.engine.figures.hostile import hostile_text

LATIN = Font("Latin", Path(), 0, lambda point: point < 0x250)
GREEK = Font("Greek", Path(), 0, lambda point: point == 0x20 or 0x370 <= point < 0x400)
PICTURES = Font("Pictures", Path(), 0, lambda point: point == 0x31 or point == 0x20E3 or point > 0x1F000, colour=True)
CHOICE = FontChoice(LATIN, (GREEK, PICTURES))


def test_that_a_letter_the_base_font_lacks_comes_from_another() -> None:
    assert CHOICE.runs(visible("aβγc")) == (Run("a", LATIN), Run("βγ", GREEK), Run("c", LATIN))


def test_that_words_of_one_script_are_one_run() -> None:
    assert CHOICE.runs(visible("βγ δ")) == (Run("βγ δ", GREEK),)


def test_that_an_emoji_is_drawn_in_colour_and_a_digit_is_not() -> None:
    assert CHOICE.runs(visible("1🚀1\ufe0f\u20e3")) == (Run("1", LATIN), Run("🚀1\ufe0f\u20e3", PICTURES))


def test_that_a_letter_no_font_has_is_a_mark() -> None:
    assert CHOICE.runs(visible("a中")) == (Run("a", LATIN), Mark("undrawn", 0x4E2D))


@given(hostile_text)
def test_that_every_run_is_in_a_font_that_can_draw_it(text: str) -> None:
    fonts = FontChoice(base_font(), system_fonts())
    for run in (unit for unit in fonts.runs(visible(text)) if isinstance(unit, Run)):
        clusters = [cluster for cluster in visible(run.text) if cluster != " "]
        assert all(isinstance(cluster, str) and run.font.has(cluster) for cluster in clusters)


def test_that_the_base_font_comes_with_the_program() -> None:
    font = base_font()
    assert font.path.is_file()
    assert font.has("é") and font.has("Ж") and font.has("↵") and font.has("⇥") and font.has("…")
    assert (font.path.parent / "LICENSE-DejaVu.txt").is_file()


def test_that_the_ends_of_a_range_are_in_it() -> None:
    coverage = Coverage([(5, 7), (1, 1)])
    assert [point for point in range(10) if point in coverage] == [1, 5, 6, 7]
    assert 3 not in Coverage([])


@pytest.mark.parametrize(("text", "region"), [("漢字かな", "JP"), ("한국", "KR"), ("汉字", "SC"), ("", "SC")])
def test_that_han_letters_take_the_shapes_of_the_text_around(text: str, region: str) -> None:
    assert asian_region(text) == region


def test_that_fonts_are_found_without_fontconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".local" / "share" / "fonts"
    folder.mkdir(parents=True)
    (folder / "Mine.ttf").write_bytes(base_font().path.read_bytes())
    (folder / "Mine-Bold.ttf").write_bytes(b"")
    (folder / "Damaged.ttf").write_bytes(b"not a font")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("engine.figures.fonts._font_folders", lambda: [folder])
    found = {font.family: font for font in system_fonts.__wrapped__()}
    assert set(found) == {"Mine", "Damaged"}
    assert found["Mine"].has("Ж")
    assert not found["Damaged"].has("a")
