"""A model that came with a chat template takes chats: explained and answered, in the library's session and commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.models.opening import load_model
from engine.protocol.failures import PromptError
from engine.protocol.inputs import Chat, ForDecoder, Input, Message, Pair, Text, is_empty, words_of
from engine.protocol.messages import Explain, ExplainEach, Explained, Generate, Generated, Tokenize
from engine.protocol.prompt_files import read_chat
from engine.protocol.targets import Token
from engine.protocol.values import ModelSource
from engine.session import Session
from engine.shipped import shipped
from engine.watch import Watch
from inspector.cli import cli

TEMPLATE = (
    "{% for m in messages %}<|begin_of_text|>{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|begin_of_text|>assistant: {% endif %}"
)
ASKED = Chat((Message("system", "Be brief."), Message("user", "In 1922 reached 8,")))


@pytest.fixture(scope="module")
def chatting(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    """A bundled model with a chat template beside its weights."""
    folder = tmp_path_factory.mktemp("model") / "chat"
    shutil.copytree(shipped("models", "llama"), folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": TEMPLATE}))
    return ModelSource(str(folder), device="cpu")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chat.json"
    path.write_text(json.dumps([{"role": "user", "content": "In 1922 reached 8,"}]))
    return path


def test_that_a_model_says_whether_it_takes_chats_and_pairs(chatting: ModelSource) -> None:
    infos = [load_model(source, device="cpu").info for source in (chatting.name, "bundled:llama", "bundled:bert")]
    assert [(info.takes_chats, info.takes_pairs) for info in infos] == [(True, False), (False, False), (False, True)]


def test_that_a_chat_is_answered_and_its_first_token_explained(chatting: ModelSource) -> None:
    session = Session()
    said = session.answer(Generate(chatting, ASKED, 3), Watch())
    assert isinstance(said, Generated) and isinstance(said.input, Chat)
    assert said.input.messages == (*ASKED.messages, Message("assistant", said.answer))
    assert said.first is not None
    answer = session.answer(Explain(chatting, said.input, Token(said.first, said.position - 1)), Watch())
    assert isinstance(answer, Explained)
    assert answer.relevance.tokens[said.position].id == said.first
    assert answer.predictions[0].id == said.first  # the likeliest, which is what generating says
    assert sum(token.special for token in answer.relevance.tokens) == 3
    assert [token.generated for token in answer.relevance.tokens[said.position - 1 :]] == [False, True, True, True]


def test_that_what_the_assistant_says_is_explained_as_it_was_said_however_often_it_went_on(chatting) -> None:
    session = Session()
    once = session.answer(Generate(chatting, ASKED, 2), Watch())
    twice = session.answer(Generate(chatting, once.input, 2), Watch())
    at_once = session.answer(Generate(chatting, ASKED, 4), Watch())
    assert twice.input == at_once.input
    assert twice.position == once.position + 2
    each = session.answer(ExplainEach(chatting, at_once.input), Watch()).matrix
    answer = session.answer(Explain(chatting, at_once.input, Token(at_once.first, at_once.position - 1)), Watch())
    assert tuple(token.id for token in each.tokens[each.start :]) == at_once.input.continuation.ids
    np.testing.assert_allclose(each.rows[0], answer.relevance.input, atol=1e-5)


def test_that_the_tokens_of_a_chat_and_of_a_pair_are_those_that_are_explained(chatting: ModelSource) -> None:
    session = Session()
    said = session.answer(Generate(chatting, ASKED, 2), Watch()).input
    for source, input in (
        (chatting, ASKED),
        (chatting, said),
        (ModelSource("bundled:bert"), Pair("the dog", "the cat")),
    ):
        counted = session.answer(Tokenize(source, input), Watch())
        assert counted.tokens == session.answer(Explain(source, input), Watch()).relevance.tokens


def test_that_generating_goes_on_where_the_assistant_has_begun(chatting: ModelSource) -> None:
    session = Session()
    once = session.answer(Generate(chatting, ASKED, 1), Watch())
    assert isinstance(once, Generated)
    more = session.answer(Generate(chatting, once.input, 1), Watch())
    assert isinstance(more, Generated) and isinstance(more.input, Chat)
    assert len(more.input.messages) == 3
    assert more.answer.startswith(once.answer)


@pytest.mark.parametrize("command", ["explain", "generate"])
def test_that_both_commands_take_a_chat_and_what_a_system_says(chatting: ModelSource, file: Path, command: str) -> None:
    of_file = CliRunner().invoke(cli, [command, chatting.name, "--chat", str(file), "--system", "Be brief."])
    of_prompt = CliRunner().invoke(
        cli, [command, chatting.name, "--prompt", "In 1922 reached 8,", "--system", "Be brief."]
    )
    plain = CliRunner().invoke(cli, [command, chatting.name, "--prompt", "In 1922 reached 8,"])
    assert [done.exit_code for done in (of_file, of_prompt, plain)] == [0, 0, 0]
    told = [[line for line in done.stdout.splitlines() if "Time" not in line] for done in (of_file, of_prompt, plain)]
    assert told[0] == told[1]
    if command == "explain":
        assert told[0] != told[2]


def test_that_the_matrix_of_what_a_chat_is_answered_is_saved(chatting: ModelSource, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "matrix.json"
    arguments = ["generate", chatting.name, "--chat", str(file), "--max-new-tokens", "2", "--out", str(out)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    saved = json.loads(out.read_text())
    assert [token["generated"] for token in saved["tokens"]][-3:] == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["explain", "--chat", "c", "--prompt", "p"], "Give one of"),
        (["generate", "--chat", "c", "--prompt", "p"], "Give one of"),
        (["explain", "--system", "s", "--image", "i.png"], "--system goes before"),
        (["explain", "--chat", "c", "--context", "d"], "do not go with it"),
    ],
)
def test_that_what_does_not_go_with_a_chat_is_named(arguments: list[str], why: str) -> None:
    command, *others = arguments
    done = CliRunner().invoke(cli, [command, "bundled:llama", *others])
    assert done.exit_code == 2
    assert why in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize("content", ["{}", '[{"role": "user"}]', "not json", '[{"role": 1, "content": "x"}]'])
def test_that_a_file_that_is_no_chat_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "chat.json"
    path.write_text(content)
    with pytest.raises(PromptError, match=r"chat\.json” is no chat"):
        read_chat(str(path))


@pytest.mark.parametrize(
    ("input", "empty", "words"),
    [
        (Text(""), True, ""),
        (Text("a"), False, "a"),
        (Pair("a", ""), True, "a\n"),
        (Pair("a", "b"), False, "a\nb"),
        (ForDecoder("a", ""), False, "a\n"),
        (ForDecoder("", "b"), True, "\nb"),
        (Chat(()), True, ""),
        (Chat((Message("user", " "),)), True, "user:  "),
        (ASKED, False, "system: Be brief.\nuser: In 1922 reached 8,"),
    ],
)
def test_that_an_input_says_whether_it_is_empty_and_what_was_typed(input: Input, empty: bool, words: str) -> None:
    assert (is_empty(input), words_of(input)) == (empty, words)
