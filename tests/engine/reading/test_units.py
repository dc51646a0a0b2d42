"""Tokens merged to words, lines and sentences, in many scripts; nothing is lost of their sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.values import Token
from engine.reading.units import units_of


def tokens_of(*texts: str, generated_from: int | None = None) -> tuple[Token, ...]:
    """One token for each text; a text in <...> is a special token, an empty one a later piece of a character."""
    tokens, at = [], 0
    for index, text in enumerate(texts):
        special = text.startswith("<") and text.endswith(">")
        said = "" if special else text
        generated = generated_from is not None and index >= generated_from
        tokens.append(Token(index, said, at, at + len(said), text or "<0x9F>", special, generated))
        at += len(said)
    return tuple(tokens)


def merged(unit: str, *texts: str) -> list[str]:
    tokens = tokens_of(*texts)
    return ["|".join(tokens[place].label for place in found) for found in units_of(tokens, unit).ranges]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("Ten", "zing", " N", "org", "ay"), ["Ten|zing", " N|org|ay"]),
        ((" ", "8", ",", "3", "2", "0", " m"), [" |8|,|3|2|0", " m"]),
        (("reached", " ", "8", ","), ["reached", " |8", ","]),
        (("pi", " ", "3", ".", "1", "4", "."), ["pi", " |3|.|1|4", "."]),
        (("Everest", "'s", " (", "27", " ft", ")."), ["Everest|'s", " (", "27", " ft", ")."]),
        ((" don", "’", "t", "-", "know"), [" don|’|t", "-", "know"]),
        (("snake", "_case", "(", "x", "2", ")"), ["snake|_case", "(", "x|2", ")"]),
        (("<s>", "In", "to", "<mask>", "it"), ["<s>", "In|to", "<mask>", "it"]),
        (("a", " ", "\n", "b", "\n\n", " c"), ["a", " |\n", "b", "\n\n", " c"]),
        (("é", "e", "\u0301", "t", "é"), ["é|e|\u0301|t|é"]),
        (("при", "вет", " ми", "р"), ["при|вет", " ми|р"]),
        (("Καλ", "η", "μέρα"), ["Καλ|η|μέρα"]),
        (("न", "म", "स्", "ते", " दु", "निया", "।"), ["न|म|स्|ते", " दु|निया", "।"]),
        ((" שָׁ", "לוֹ", "ם", " ע", "ולם"), [" שָׁ|לוֹ|ם", " ע|ולם"]),
        (("الس", "لام", " عل", "يكم", "،", " ١", "٢", "٫", "٥"), ["الس|لام", " عل|يكم", "،", " ١|٢|٫|٥"]),
        (("한국", "어를", " 배", "우다"), ["한국|어를", " 배|우다"]),
        (("日本", "語", "を", "カ", "タカ", "ナー", "。"), ["日本", "語", "を", "カ|タカ|ナー", "。"]),
        (("我", "喜欢", "2", "0", "2", "2", "年"), ["我", "喜欢", "2|0|2|2", "年"]),
        (("สวัส", "ดี", "ครับ"), ["สวัส", "ดี", "ครับ"]),
        (("မြန်", "မာ"), ["မြန်", "မာ"]),
        (("山", "", "", "川"), ["山|<0x9F>|<0x9F>", "川"]),
        (("", "é", "", "x"), ["<0x9F>|é|<0x9F>|x"]),
        (("👩", "\u200d", "💻", "🇩", "🇪", " 👍", "🏽", "👍"), ["👩|\u200d|💻", "🇩|🇪", " 👍|🏽", "👍"]),
        (("in the", " end"), ["in the", " end"]),
    ],
)
def test_that_words_are_whole_in_any_script(texts: tuple[str, ...], words: list[str]):
    assert merged("word", *texts) == words


def test_that_what_the_model_said_is_no_part_of_a_word_of_the_prompt():
    said = units_of(tokens_of("8", ",", "3", "20", generated_from=2), "word")
    assert said.ranges == [range(1), range(1, 2), range(2, 4)]


def test_that_lines_end_at_every_kind_of_line_break():
    texts = ("a", " b\n", "c", "\r", "\n", "<x>", "d", "\n\n", "e", "\u2028", "f")
    assert merged("line", *texts) == ["a| b\n", "c|\r|\n", "<x>", "d|\n\n", "e|\u2028", "f"]


@pytest.mark.parametrize(
    ("texts", "sentences"),
    [
        (("He", " came", ".", " He", " saw", '!"', " Then"), ["He| came|.", ' He| saw|!"', " Then"]),
        (("It", " is", " 3", ".", "5", "?", " Yes"), ["It| is| 3|.|5|?", " Yes"]),
        (("See", " e", ".", "g", ".", " that", "."), ["See| e|.|g|.| that|."]),
        ((" J", ".", " Smith", " left", "."), [" J|.| Smith| left|."]),
        (("Title", "\n", "It", " is", "\n", "so", ".", " ", "\n", "End"), ["Title|\n", "It| is|\n|so|.| |\n", "End"]),
        (("one", "\n\n", "two"), ["one|\n\n", "two"]),
        (("次", "は", "！", "终", "。", "好"), ["次|は|！", "终|。", "好"]),
        (("यह", " है", "।", " वह", " भी"), ["यह| है|।", " वह| भी"]),
        (("هل", " هذا", "؟", " نعم"), ["هل| هذا|؟", " نعم"]),
    ],
)
def test_that_sentences_end_where_a_reader_ends_them(texts: tuple[str, ...], sentences: list[str]):
    assert merged("sentence", *texts) == sentences


PIECES = (" a", "b", "1", ",", ".", "\n", "<s>", "", " ", "山", "\u0301", "ア", "👍", "\u200d")
TEXTS = st.lists(st.sampled_from(PIECES))


@given(TEXTS, st.sampled_from(["token", "word", "line", "sentence"]), st.integers(0, 2**32 - 1))
def test_that_units_are_all_tokens_in_order_and_their_sums_the_same_bit_for_bit(texts, unit, seed):
    tokens = tokens_of(*texts)
    units = units_of(tokens, unit)
    assert [place for found in units.ranges for place in found] == list(range(len(tokens)))
    values = np.random.default_rng(seed).normal(size=(3, len(tokens))).astype(np.float32)
    sums = units.merged(values)
    assert sums.shape == (3, len(units))
    assert (sums.sum(axis=-1, dtype=np.float64) == values.sum(axis=-1, dtype=np.float64)).all()
    assert (units.spread(sums[0]) == sums[0][units.of_token]).all()


def test_that_a_sum_that_float32_could_not_hold_is_kept():
    values = np.array([2.0**24, 1.0, 1.0, -(2.0**24)], np.float32)
    units = units_of(tokens_of("a", "b", "c", "d"), "word")
    assert len(units) == 1 and units.merged(values).tolist() == [2.0]


def test_that_a_row_that_is_not_of_the_text_stays_so():
    assert math.isnan(units_of(tokens_of("a", "b"), "word").merged(np.full(2, np.nan, np.float32))[0])


def test_that_a_text_is_cut_once():
    tokens = tokens_of("a", "b")
    assert units_of(tokens, "word") is units_of(tokens, "word")
    assert units_of(tokens, "word") is not units_of(tokens_of("a", " b"), "word")
