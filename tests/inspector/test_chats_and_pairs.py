"""Chats, pairs of texts and a decoder's text are asked about from pages of their own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QToolButton, QWidget

from engine.protocol.inputs import Chat, ForDecoder, Message, Pair, Text
from engine.protocol.messages import Explain, ExplainEach, Generate, Tokenize
from engine.protocol.targets import Token, Top
from engine.protocol.values import Continuation, ModelSource
from inspector.panes.matrix_pane import MatrixPane
from inspector.views.input.token_count import TokenCount
from inspector.window import Window
from tests.inspector.answers import SAID
from tests.inspector.conftest import PROMPT
from tests.inspector.fake_worker import FakeWorker

CTRL = Qt.KeyboardModifier.ControlModifier
IDS = tuple(id for id, _ in SAID)
HELLO = Chat((Message("user", "Who keeps bees?"),))


def opened(window: Window, worker: FakeWorker, name: str) -> Window:
    window.inquiry.open_model(ModelSource(f"somebody/{name}"))
    worker.answer()
    window.folding.unfold()
    return window


@pytest.fixture
def chatting(window: Window, worker: FakeWorker) -> Window:
    opened(window, worker, "some-chat").input.pages.setCurrentWidget(window.input.chat)
    return window


def tabs_of(window: Window) -> list[str]:
    tabs = window.input.tabs
    return [tabs.tabText(i) for i in range(tabs.count()) if tabs.isTabVisible(i)]


def fields(page: QWidget) -> list[QPlainTextEdit]:
    return [field for field in page.findChildren(QPlainTextEdit) if field.isVisible()]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("some-llama", ["Prompt", "Image"]),
        ("some-chat", ["Prompt", "Chat", "Image"]),
        ("some-bert", ["Prompt", "Pair", "Image"]),
        ("some-t5", ["Prompt", "Decoder", "Image"]),
    ],
)
def test_that_a_model_is_offered_the_pages_of_what_it_takes(window: Window, worker: FakeWorker, name, pages) -> None:
    assert tabs_of(opened(window, worker, name)) == pages


def test_that_messages_are_asked_about_with_their_roles(chatting: Window, worker: FakeWorker) -> None:
    system, user = fields(chatting.input.chat)
    QTest.keyClicks(user, "Who keeps bees?")
    assert chatting.study.question.input == HELLO
    QTest.keyClicks(system, "Be brief.")
    asked = Chat((Message("system", "Be brief."), *HELLO.messages))
    QTest.keyClick(user, Qt.Key.Key_Return, CTRL)
    assert worker.open[-1] == Explain(chatting.study.question.source, asked)
    worker.answer()
    assert chatting.study.is_answered
    count = len(chatting.study.shown.relevance.tokens)
    assert chatting.input.line.accessibleName() == f"Edit: Chat, {count} tokens"


def test_that_messages_are_added_and_removed(chatting: Window) -> None:
    chat = chatting.input.chat
    QTest.keyClicks(fields(chat)[1], "Who keeps bees?")
    chat.findChild(QPushButton).click()
    assert fields(chat)[2].hasFocus()
    QTest.keyClicks(fields(chat)[2], "Ada")
    assert chatting.study.question.input == Chat((*HELLO.messages, Message("assistant", "Ada")))
    next(each for each in chat.findChildren(QToolButton) if each.accessibleName() == "Remove message 2").click()
    assert chatting.study.question.input == HELLO


def test_that_undo_brings_messages_back(chatting: Window) -> None:
    QTest.keyClicks(fields(chatting.input.chat)[1], "Who")
    chatting.inquiry.write(HELLO)
    chatting.study.end_step()
    chatting.inquiry.write(Chat((Message("user", "another"),)))
    assert chatting.commands["edit.undo"].text() == "Undo: other messages"
    chatting.commands["edit.undo"].trigger()
    assert chatting.input.chat.messages() == (("user", "Who keeps bees?"),)


def test_that_generate_says_the_assistants_message_and_explains_its_first_token(chatting, worker: FakeWorker) -> None:
    chatting.inquiry.write(HELLO)
    chatting.commands["run.generate"].trigger()
    assert worker.open[-1] == Generate(chatting.study.question.source, HELLO, 32)
    worker.answer()
    assert chatting.study.question.input == HELLO.answered(" eight thousand metres", IDS)
    assert chatting.study.question.target == Token(900, 3)  # "user: Who keeps bees?" has four tokens
    assert chatting.input.chat.messages()[-1] == ("assistant", " eight thousand metres")
    assert chatting.study.is_answered


def test_that_generate_says_an_answer_in_the_decoder_and_goes_on_there(window: Window, worker: FakeWorker) -> None:
    opened(window, worker, "some-t5")
    window.inquiry.use_prompt("Who keeps bees?")
    worker.answer()
    window.commands["run.generate"].trigger()
    worker.answer()
    question = window.study.question
    assert question.input == ForDecoder("Who keeps bees?", " eight thousand metres", None, Continuation(0, IDS))
    assert question.target == Token(900, 0) and window.study.is_answered
    assert window.input.pages.currentWidget() is window.input.decoder
    assert window.input.decoder.texts() == ("Who keeps bees?", " eight thousand metres")
    window.commands["run.generate"].trigger()
    assert worker.open[-1].input == question.input
    worker.answer()
    assert window.study.question.target == Token(900, 3)


def test_that_generating_goes_on_with_an_answer_that_has_begun() -> None:
    begun = HELLO.answered("Ada", (1,))
    assert begun == Chat((*HELLO.messages, Message("assistant", "Ada")), Continuation(0, (1,)))
    assert begun.answered(" does", (2,)).messages == (*HELLO.messages, Message("assistant", "Ada does"))
    assert begun.answered(" does", (2,)).continuation == Continuation(0, (1, 2))
    assert begun.answered(" does", (2,)).begun == (*HELLO.messages, Message("assistant", ""))


def test_that_what_a_person_began_is_not_the_assistants() -> None:
    begun = Chat((*HELLO.messages, Message("assistant", "Well, ")))
    assert begun.answered("Ada", (1,)).continuation == Continuation(6, (1,))
    assert begun.answered("Ada", (1,)).begun == begun.messages


@pytest.fixture
def answered(chatting: Window, worker: FakeWorker) -> Window:
    """A window whose chat the assistant has answered."""
    chatting.inquiry.write(HELLO)
    chatting.commands["run.generate"].trigger()
    worker.answer()
    chatting.folding.unfold()
    return chatting


def marked(field: QPlainTextEdit) -> list[str]:
    return [mark.cursor.selectedText() for mark in field.extraSelections()]


def test_that_what_the_assistant_said_is_marked_in_the_tokens_and_in_its_message(answered: Window) -> None:
    _, user, assistant = fields(answered.input.chat)
    assert [marked(user), marked(assistant)] == [[], [" eight thousand metres"]]
    assert [token.generated for token in answered.study.shown.relevance.tokens] == [False] * 5 + [True] * 3
    QTest.keyClicks(assistant, "!")
    assert marked(assistant) == []
    assert answered.study.question.input.continuation is None


def test_that_the_answer_of_a_chat_has_its_matrix(answered: Window, worker: FakeWorker) -> None:
    below = answered.below
    titles = [below.tabText(number) for number in range(below.count())]
    assert "Answer" in titles
    below.setCurrentIndex(titles.index("Answer"))
    assert worker.open[-1] == ExplainEach(answered.study.question.source, answered.study.question.input)
    worker.answer()
    assert below.pane(MatrixPane).view is not None
    answered.inquiry.write(HELLO)
    assert "Answer" not in [below.tabText(number) for number in range(below.count())]


def test_that_another_model_is_told_a_chat_as_if_all_of_it_was_typed(answered: Window, worker: FakeWorker) -> None:
    messages = answered.study.question.input.messages
    opened(answered, worker, "other-chat")
    assert answered.study.question.input == Chat(messages)


def test_that_the_tokens_of_a_chat_are_counted_while_it_is_typed(chatting: Window, worker: FakeWorker, qtbot) -> None:
    QTest.keyClicks(fields(chatting.input.chat)[1], "Who keeps bees?")
    qtbot.waitUntil(lambda: worker.open == [Tokenize(chatting.study.question.source, HELLO)])
    worker.answer()
    assert counts(chatting.input.chat) == ["4 / 64 tokens"]
    assert counts(chatting.editor) == [""]


@pytest.mark.parametrize(
    ("name", "page", "kind", "told"),
    [
        ("some-bert", "pair", Pair, ["4 / 64 tokens"]),
        ("some-t5", "decoder", ForDecoder, ["1 / 64 tokens", "5 / 64 tokens"]),
    ],
)
def test_that_two_texts_are_counted_together_or_each(window: Window, worker, qtbot, name, page, kind, told) -> None:
    editor = getattr(opened(window, worker, name).input, page)
    window.inquiry.write(kind("Who?", "Ada keeps bees indeed"))
    qtbot.waitUntil(lambda: any(isinstance(request, Tokenize) for request in worker.open))
    worker.answer()
    assert counts(editor) == told
    window.explain()
    worker.answer()
    assert counts(editor) == told


def counts(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(TokenCount)]


@pytest.mark.parametrize(("name", "page", "kind"), [("some-bert", "pair", Pair), ("some-t5", "decoder", ForDecoder)])
def test_that_two_texts_are_asked_about_together(window: Window, worker: FakeWorker, name, page, kind) -> None:
    editor = getattr(opened(window, worker, name).input, page)
    window.input.pages.setCurrentWidget(editor)
    first, second = fields(editor)
    QTest.keyClicks(first, "Who?")
    QTest.keyClicks(second, "Ada keeps bees.")
    QTest.keyClick(second, Qt.Key.Key_Return, CTRL)
    assert worker.open[-1].input == kind("Who?", "Ada keeps bees.")
    worker.answer()
    assert window.study.is_answered
    assert window.input.line.isVisible()


def test_that_one_of_two_texts_is_not_sent_alone(window: Window, worker: FakeWorker) -> None:
    editor = opened(window, worker, "some-bert").input.pair
    window.input.pages.setCurrentWidget(editor)
    QTest.keyClicks(fields(editor)[0], "Who?")
    window.commands["run.explain"].trigger()
    assert worker.open == []
    assert window.notices.failure.message() == "Of two texts neither may be empty: type both."


def test_that_the_page_in_front_is_what_explain_means(chatting: Window, worker: FakeWorker) -> None:
    chatting.inquiry.write(HELLO)
    chatting.explain()
    worker.answer()
    chatting.folding.unfold()
    chatting.input.pages.setCurrentWidget(chatting.editor)
    chatting.commands["run.explain"].trigger()
    worker.answer()
    assert chatting.study.question.input == Text(PROMPT)
    chatting.folding.unfold()
    chatting.input.pages.setCurrentWidget(chatting.input.chat)
    chatting.commands["run.explain"].trigger()
    worker.answer()
    assert chatting.study.question == Explain(chatting.study.question.source, HELLO, Top())


def test_that_a_chat_is_put_to_the_model_that_is_opened_next(chatting: Window, worker: FakeWorker) -> None:
    chatting.inquiry.write(HELLO)
    chatting.explain()
    worker.answer()
    opened(chatting, worker, "other-chat")
    assert chatting.study.question.input == HELLO and chatting.study.is_answered


def test_that_no_chat_is_kept_as_the_prompt_of_the_next_start(chatting: Window, worker: FakeWorker) -> None:
    chatting.inquiry.write(HELLO)
    chatting.explain()
    worker.answer()
    assert chatting._profile.settings.prompt == PROMPT


def test_that_a_prompt_with_the_words_of_a_pairs_first_text_is_another_question(window: Window, worker) -> None:
    opened(window, worker, "some-bert")
    window.inquiry.write(Pair("Who?", "Ada keeps bees."))
    window.inquiry.type("Who?")
    assert window.study.question.input == Text("Who?")


@pytest.mark.parametrize("name", ["some-chat", "some-bert", "some-t5"])
def test_that_every_page_that_is_offered_has_its_tab_in_sight(window: Window, worker: FakeWorker, qtbot, name) -> None:
    window.folding.unfold()
    QApplication.processEvents()
    tabs = opened(window, worker, name).input.tabs
    qtbot.waitUntil(lambda: tabs.width() == tabs.sizeHint().width())
    assert all(tabs.tabRect(i).right() < tabs.width() for i in range(tabs.count()) if tabs.isTabVisible(i))


def test_that_a_message_has_the_height_of_what_it_says(chatting: Window) -> None:
    _, user = fields(chatting.input.chat)
    low = user.height()
    chatting.inquiry.write(Chat((Message("user", "line\n" * 6),)))
    lines = user.height()
    chatting.inquiry.write(Chat((Message("user", "line\n" * 60),)))
    assert low < lines < user.height() < 3 * lines
