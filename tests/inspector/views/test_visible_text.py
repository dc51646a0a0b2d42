import pytest

from inspector.look.visible_text import LONGEST, visible


@pytest.mark.parametrize("text", ["plain", " the", "Größe", "日本語", "سلام", "👩‍🚀", "می‌خواهم", "<b>x</b>", "❤️"])
def test_that_readable_text_is_left_alone(text):
    assert visible(text) == text


def test_that_the_flag_of_wales_keeps_its_letters():
    wales = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
    assert visible(wales) == wales


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[31m", "␛[31m"),
        ("\x7f", "␡"),
        ("a\u202eb", "a⟨202E⟩b"),
        ("\u2066", "⟨2066⟩"),
        ("\ud800", "⟨D800⟩"),
        ("\u200b", "⟨200B⟩"),
        ("\u200d", "⟨200D⟩"),
        ("\ufeff", "⟨FEFF⟩"),
        ("hi\U000e0041", "hi⟨E0041⟩"),
        ("\u00a0x\u2028", " x⟨2028⟩"),
        ("\ue000", "⟨E000⟩"),
    ],
)
def test_that_what_cannot_be_seen_is_shown(text, shown):
    assert visible(text) == shown


def test_that_the_middle_is_left_out_of_what_nobody_reads():
    assert visible("a" * LONGEST) == "a" * LONGEST
    assert visible("a" * 99_000 + "b" * 1000) == "a" * 500 + " … 99 000 more … " + "b" * 500
