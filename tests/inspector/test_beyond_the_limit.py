"""Beside the refusal of a prompt that is too long stands what would help; nothing is cut without a word."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from engine.protocol.inputs import Chat, ForDecoder, Input, Message, Pair, Text
from engine.protocol.messages import Explain, Failed, Generate
from engine.protocol.targets import Token, Top
from engine.protocol.values import ModelSource
from inspector.state.trouble import SHORTENING, Remedy
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker

LIMIT = 64  # of the models of `answers`
WORDS = [f"🏔{number}" for number in range(70)]
TOO_LONG = " ".join(WORDS)
REFUSAL = Failed("prompt_too_long", "The prompt has 70 tokens; Llama takes 64. Shorten it.")


@pytest.fixture
def refused(window: Window, worker: FakeWorker) -> Window:
    window.inquiry.use_prompt(TOO_LONG)
    worker.say(Explain, REFUSAL)
    return window


def press(window: Window, remedy: Remedy) -> None:
    buttons = window.notices.failure.findChildren(QPushButton)
    next(button for button in buttons if button.text() == remedy.value and button.isVisible()).click()


def test_that_the_refusal_offers_all_three_remedies_and_cuts_nothing(refused: Window) -> None:
    shown = [b.text() for b in refused.notices.failure.findChildren(QPushButton) if b.isVisible()]
    assert shown == [remedy.value for remedy in SHORTENING]
    assert refused.editor.text() == TOO_LONG
    assert refused.editor.isVisible()


@pytest.mark.parametrize(
    ("remedy", "left", "side"),
    [(Remedy.KEEP_END, WORDS[6:], "beginning"), (Remedy.KEEP_BEGINNING, WORDS[:64], "end")],
)
def test_that_a_side_is_kept_and_the_other_said_to_be_gone(refused, worker: FakeWorker, remedy, left, side) -> None:
    press(refused, remedy)
    worker.answer()
    assert refused.study.is_answered
    assert refused.editor.text().strip() == " ".join(left)
    said = f"The prompt's {side} was left out, 6 tokens beyond the limit; Undo brings it back."
    assert refused.notices.news.message() == said
    refused.commands["edit.undo"].trigger()
    assert refused.editor.text() == TOO_LONG


def test_that_choosing_selects_what_lies_beyond_in_the_editor(refused: Window, worker: FakeWorker) -> None:
    refused.folding.fold()
    press(refused, Remedy.CHOOSE_PART)
    worker.answer()
    cursor = refused.editor.focusProxy().textCursor()
    assert cursor.selectedText() == " " + " ".join(WORDS[LIMIT:])
    assert refused.editor.focusProxy().hasFocus()
    assert refused.editor.text() == TOO_LONG


def test_that_the_target_stays_where_its_place_is_the_last(window: Window, worker: FakeWorker) -> None:
    window.table.explained.emit(103)
    worker.answer()
    window.inquiry.type(TOO_LONG)
    window.explain()
    worker.say(Explain, REFUSAL)
    press(window, Remedy.KEEP_END)
    worker.answer()
    assert window.study.question.target == Token(103)


def test_that_what_is_written_on_meanwhile_is_not_cut(refused: Window, worker: FakeWorker) -> None:
    press(refused, Remedy.KEEP_END)
    refused.inquiry.type("a short one")
    worker.answer()
    assert refused.study.question.input == Text("a short one")


def test_that_generating_offers_the_same(window: Window, worker: FakeWorker) -> None:
    window.inquiry.use_prompt(TOO_LONG)
    worker.answer()
    window.commands["run.generate"].trigger()
    worker.say(Generate, REFUSAL)
    assert window.notices._remedies == SHORTENING


LONG_CHAT = Chat(
    (Message("system", "Be brief."), Message("user", TOO_LONG), Message("assistant", "Ah."), Message("user", "Who?"))
)


def refuse(window: Window, worker: FakeWorker, name: str, input: Input) -> list[str]:
    """What is offered beside the refusal."""
    window.inquiry.open_model(ModelSource(f"somebody/{name}"))
    worker.answer()
    window.inquiry.write(input)
    window.explain()
    worker.say(Explain, REFUSAL)
    return [b.text() for b in window.notices.failure.findChildren(QPushButton) if b.isVisible()]


def test_that_a_chat_loses_its_oldest_messages_and_is_explained(window: Window, worker: FakeWorker) -> None:
    offered = refuse(window, worker, "some-chat", LONG_CHAT)
    assert offered == ["Drop the oldest messages", "Keep the end"]
    press(window, Remedy.DROP_OLDEST)
    worker.answer()
    assert window.study.is_answered
    assert window.input.chat.messages() == (("system", "Be brief."), ("user", "Who?"))
    assert window.notices.news.message().startswith("The 2 oldest messages were left out, ")
    window.commands["edit.undo"].trigger()
    assert window.study.question.input == LONG_CHAT


def test_that_a_chat_of_one_question_keeps_the_end_of_it(window: Window, worker: FakeWorker) -> None:
    asked = Chat((Message("user", TOO_LONG),))
    assert refuse(window, worker, "some-chat", asked) == ["Keep the end"]
    press(window, Remedy.KEEP_END)
    worker.answer()
    (message,) = window.study.question.input.messages
    assert message.content.split() == WORDS[7:]  # a token is "user:"
    assert "The chat's beginning was left out" in window.notices.news.message()


def test_that_the_longer_of_two_texts_is_shortened(window: Window, worker: FakeWorker) -> None:
    offered = refuse(window, worker, "some-bert", Pair("Who?", TOO_LONG))
    assert offered == ["Shorten the longer text", "Choose what to keep"]
    press(window, Remedy.SHORTEN_LONGER)
    worker.answer()
    left = window.study.question.input
    assert left.text == "Who?" and TOO_LONG.startswith(left.context) and left.context != TOO_LONG
    assert "The end of the longer text was left out" in window.notices.news.message()


@pytest.mark.parametrize(
    ("name", "input", "which"),
    [("some-bert", Pair("Who?", TOO_LONG), 1), ("some-t5", ForDecoder(TOO_LONG, "Ada"), 0)],
)
def test_that_choosing_selects_what_lies_beyond_in_the_text_that_is_too_long(
    window, worker, name, input, which
) -> None:
    refuse(window, worker, name, input)
    press(window, Remedy.CHOOSE_PART)
    worker.answer()
    page = window.input.pages.currentWidget()
    field = page.findChildren(QPlainTextEdit)[which]
    assert field.hasFocus() and TOO_LONG.endswith(field.textCursor().selectedText())
    assert len(field.textCursor().selectedText().split()) in (6, 7)


def test_that_the_source_of_a_decoder_keeps_its_end(window: Window, worker: FakeWorker) -> None:
    offered = refuse(window, worker, "some-t5", ForDecoder(TOO_LONG, "Ada"))
    assert offered == [remedy.value for remedy in SHORTENING]
    press(window, Remedy.KEEP_END)
    worker.answer()
    assert window.study.question.input == ForDecoder(" " + " ".join(WORDS[6:]), "Ada")
    assert "The beginning of the source was left out, 6 tokens beyond" in window.notices.news.message()


def test_that_other_refusals_offer_no_cut(window: Window, worker: FakeWorker) -> None:
    window.commands["run.explain"].trigger()
    worker.say(Explain, Failed("prompt_empty", "No token comes of this prompt."))
    assert window.notices._remedies == ()
    assert window.study.question.target == Top()
