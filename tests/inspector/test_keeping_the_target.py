"""Editing the prompt leaves the target where and what it was."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox

from engine.protocol.inputs import Chat, ForDecoder, Input, Message, Pair
from engine.protocol.messages import Explain, Failed
from engine.protocol.targets import Contrast, Token, Top
from engine.protocol.values import ModelSource
from inspector.window import Window
from tests.inspector.fake_worker import FakeWorker

CONTRAST = Contrast(103, 101)


def chat_with(chat: Chat, number: int, content: str) -> Chat:
    """The chat with another content of one of its messages."""
    messages = list(chat.messages)
    messages[number] = Message(messages[number].role, content)
    return Chat(tuple(messages))


@pytest.fixture
def about_contrast(window: Window, worker: FakeWorker) -> Window:
    """A window whose answer is to a contrast at the last token."""
    window.table.explained.emit(103)
    worker.answer()
    window.table.set_against.emit(101)
    worker.answer()
    assert window.study.question.target == CONTRAST
    window.folding.unfold()
    return window


def edit(window: Window, before: str, after: str) -> None:
    """Change one word of the prompt by keys."""
    field = window.editor.focusProxy()
    place = window.editor.text().index(before)
    cursor = field.textCursor()
    cursor.setPosition(place)
    cursor.setPosition(place + len(before), QTextCursor.MoveMode.KeepAnchor)
    field.setTextCursor(cursor)
    QTest.keyClicks(field, after)


def explain(window: Window, worker: FakeWorker) -> Explain:
    QTest.keyClick(window.editor.focusProxy(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    request = worker.open[-1]
    assert isinstance(request, Explain)
    worker.answer()
    return request


def keep_box(window: Window) -> QCheckBox:
    return window.table.keep


def test_that_token_and_contrast_stay_and_that_it_is_said_once(about_contrast: Window, worker: FakeWorker) -> None:
    edit(about_contrast, "1922", "1952")
    assert explain(about_contrast, worker).target == CONTRAST
    news = about_contrast.notices.news
    assert news.message() == f"The target stays the same after the edit: {label(about_contrast)} after “8,”."
    news.clear()
    about_contrast.commands["run.explain"].trigger()
    worker.answer()
    assert news.message() == ""


def label(window: Window) -> str:
    return window.study.shown.relevance.target.label


def test_that_the_notice_goes_with_the_question(about_contrast: Window, worker: FakeWorker) -> None:
    edit(about_contrast, "1922", "1952")
    explain(about_contrast, worker)
    assert about_contrast.notices.news.isVisible()
    about_contrast.relevance.text.position_clicked.emit(1)
    assert not about_contrast.notices.news.isVisible()


def test_that_a_place_before_the_edit_counts_from_the_start_and_one_behind_from_the_end(window, worker) -> None:
    window.relevance.text.position_clicked.emit(4)  # expedition
    worker.answer()
    window.folding.unfold()
    edit(window, "The 1922", "The old 1922")
    assert explain(window, worker).target == Top(4)
    edit(window, "In 1922", "In the old 1922")
    assert explain(window, worker).target == Top(4 - 14)
    assert window.study.shown.relevance.tokens[window.study.scene.choice.position].label == "expedition"


def test_that_the_largest_logit_stays_the_largest_without_a_word(window: Window, worker: FakeWorker) -> None:
    window.folding.unfold()
    edit(window, "1922", "1952")
    assert explain(window, worker).target == Top()
    assert not window.notices.news.isVisible()


def test_that_an_edit_taken_back_by_hand_is_answered_at_once(about_contrast: Window) -> None:
    edit(about_contrast, "1922", "1952")
    edit(about_contrast, "1952", "1922")
    assert about_contrast.study.is_answered


def test_that_the_lock_lets_go_and_is_remembered(about_contrast: Window, worker: FakeWorker, open_window) -> None:
    box = keep_box(about_contrast)
    assert box.isChecked()
    box.click()
    edit(about_contrast, "1922", "1952")
    assert explain(about_contrast, worker).target == Top()
    assert not about_contrast._profile.settings.keep_target
    again = open_window(about_contrast._profile)
    assert not keep_box(again).isChecked() and not again.study.keeps_target


def test_that_another_prompt_or_model_begins_with_the_largest_logit(about_contrast: Window, worker: FakeWorker) -> None:
    about_contrast.inquiry.use_prompt("another prompt")
    assert worker.open[-1].target == Top()
    worker.answer()
    about_contrast.table.explained.emit(103)
    worker.answer()
    about_contrast.inquiry.open_model(ModelSource("bundled:gpt2"))
    worker.answer()
    assert about_contrast.study.question.target == Top()


def test_that_a_target_refused_after_an_edit_gives_way_and_not_the_edit(about_contrast, worker) -> None:
    edit(about_contrast, "1922", "1952")
    about_contrast.commands["run.explain"].trigger()
    worker.say(Explain, Failed("target_unknown", "There is no position -9."))
    assert worker.open[-1].target == Top()
    worker.answer()
    assert "1952" in about_contrast.editor.text()
    assert about_contrast.study.is_answered
    said = "The target was not kept, for the prompt was edited there: There is no position -9."
    assert about_contrast.notices.news.message() == said


CHAT = Chat((Message("system", "Be brief."), Message("user", "Who keeps bees here?"), Message("assistant", "Ada")))

REPEATED = Chat((Message("user", "Ada"), Message("assistant", "Bob"), Message("user", "Ada")))


@pytest.mark.parametrize(
    ("name", "before", "after", "asked", "kept"),
    [
        ("some-chat", CHAT, chat_with(CHAT, 1, "Who keeps old bees here?"), Top(4), Top(4)),  # keeps, before the edit
        ("some-chat", CHAT, chat_with(CHAT, 1, "Who keeps old bees here?"), Top(6), Top(-2)),  # here?, behind it
        ("some-chat", CHAT, chat_with(CHAT, 0, "Be very brief."), Top(4), Top(-4)),
        ("some-chat", REPEATED, chat_with(REPEATED, 2, "Ada?"), Top(2), Top(2)),  # Bob, between two that say the same
        ("some-bert", Pair("Who?", "Ada keeps bees"), Pair("Who?", "Ada keeps old bees"), Top(1), Top(1)),
        ("some-bert", Pair("Who?", "Ada keeps bees"), Pair("But who?", "Ada keeps bees"), Top(1), Top(-2)),
        ("some-t5", ForDecoder("Who?", "Ada keeps bees"), ForDecoder("And who?", "Ada keeps bees"), Top(1), Top(1)),
        ("some-t5", ForDecoder("Who?", "Ada keeps bees"), ForDecoder("Who?", "Ada likes bees"), Top(1), Top(1)),
        ("some-t5", ForDecoder("Who?", "Ada keeps bees"), ForDecoder("Who?", "Ada likes bees"), Top(2), Top(-2)),
    ],
)
def test_that_of_a_chat_a_pair_and_a_decoder_the_target_stays_too(
    window: Window, worker: FakeWorker, name: str, before: Input, after: Input, asked: Top, kept: Top
) -> None:
    window.inquiry.open_model(ModelSource(f"somebody/{name}"))
    worker.answer()
    window.inquiry.write(before)
    window.explain()
    worker.answer()
    window.inquiry._ask_target(asked)
    worker.answer()
    window.inquiry.write(after)
    assert window.study.question.target == kept
    window.explain()
    worker.answer()
    assert window.notices.news.message().startswith("The target stays the same after the edit")


def test_that_a_chat_in_place_of_a_prompt_begins_with_the_largest_logit(about_contrast: Window, worker) -> None:
    about_contrast.inquiry.write(CHAT)
    assert about_contrast.study.question.target == Top()


def test_that_a_token_chosen_while_the_answer_before_is_on_its_way_stays(window: Window, worker: FakeWorker) -> None:
    window.table.explained.emit(103)
    window.folding.unfold()
    edit(window, "1922", "1952")
    assert window.study.question.target == Token(103)
