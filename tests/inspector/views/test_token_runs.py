from inspector.views.tokens.token_runs import NEWLINE_MARK, RunKind, runs_of
from tests.inspector.views.prompt_tokens import tokens_of


def test_that_every_token_has_a_run_in_reading_order():
    runs = runs_of(tokens_of("<s>", "a", "", "\n\n", "\t", " ", "\u200b", "\u200d"))
    assert list(dict.fromkeys(runs.tokens.tolist())) == list(range(8))
    assert all(runs.texts)


def test_that_a_newline_ends_its_row_and_leaves_a_mark():
    runs = runs_of(tokens_of("a\n\nb"))
    assert runs.texts == ["a", NEWLINE_MARK, NEWLINE_MARK, "b"]
    assert runs.ends_row.tolist() == [False, True, True, False]


def test_that_a_windows_newline_is_one():
    assert runs_of(tokens_of("a\r\nb")).ends_row.sum() == 1


def test_that_spaces_in_a_row_are_marked_and_counted():
    runs = runs_of(tokens_of("    x", " y", " "))
    assert runs.texts == ["····", "x", "y", "·"]
    assert runs.kinds.tolist() == [RunKind.MARK, RunKind.TEXT, RunKind.TEXT, RunKind.MARK]
    assert runs.after_space.tolist() == [False, False, True, False]


def test_that_special_tokens_and_pieces_show_their_labels():
    runs = runs_of(tokens_of("<|end|>", "🏔", ""))
    assert runs.texts == ["<|end|>", "🏔", "<0x9F>"]
    assert runs.kinds.tolist() == [RunKind.SPECIAL, RunKind.TEXT, RunKind.PIECE]


def test_that_rows_break_before_words_and_not_inside_them():
    runs = runs_of(tokens_of("Mount", " Ever", "est", ",", " 8", "日", "本", "。", "<s>"))
    assert runs.may_start_row.tolist() == [True, True, False, False, True, True, True, False, True]


def test_that_arabic_letters_join_across_a_border_of_tokens_but_not_after_an_alef():
    joiner = "\u200d"
    assert runs_of(tokens_of("الرئ", "يس")).texts == ["الرئ" + joiner, joiner + "يس"]
    assert runs_of(tokens_of("ا", "لر")).texts == ["ا", "لر"]


def test_that_only_paragraphs_with_such_letters_run_right_to_left():
    runs = runs_of(tokens_of("left", "\n", "שלום", " world", "\n", "left"))
    assert runs.bases.tolist() == [0, 0, 1, 1, 1, 0]
    assert runs.levels.tolist() == [0, 0, 1, 2, 1, 0]
