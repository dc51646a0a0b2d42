"""Chat templates, several prompts and padding: the tokens are the right ones, and the answers those of each alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import engine
from engine import targets
from engine.attribution.inputs.prompts import without_padding
from engine.models.opening import Model, load_model
from engine.protocol.failures import PromptError
from engine.protocol.inputs import Chat, Message
from tests.engine.attribution.families import IDS, tiny

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role not in ('user', 'assistant') %}"
    "{{ raise_exception('no role ' + m.role) }}{% endif %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
MESSAGES = [{"role": "user", "content": "In 1922 the British reached 8,320 m."}]


@pytest.fixture
def chatting() -> Model:
    model = load_model("bundled:llama")
    assert model.tokenizer is not None
    model.tokenizer.chat_template = TEMPLATE
    return model


def test_that_messages_become_the_templates_text_with_its_special_tokens_marked(chatting: Model) -> None:
    trace = engine.trace(chatting, messages=MESSAGES)
    bos, eos = chatting.tokenizer.bos_token, chatting.tokenizer.eos_token
    assert trace.prompt == f"{bos or ''}user: {MESSAGES[0]['content']}{eos}\nassistant:"
    assert "".join(token.text for token in trace.tokens) == trace.prompt
    assert all(trace.prompt[token.start : token.end] == token.text for token in trace.tokens)
    expected = chatting.tokenizer.encode(trace.prompt, add_special_tokens=False)
    assert [token.id for token in trace.tokens] == expected
    marked = [token.text for token in trace.tokens if token.special]
    assert marked == [text for text in (bos, eos) if text]


def test_that_an_answer_to_messages_can_be_generated_and_traced(chatting: Model) -> None:
    generation = engine.generate(chatting, messages=MESSAGES, max_new_tokens=3)
    trace = engine.trace(chatting, generation)
    assert trace.tokens[: generation.start] == engine.trace(chatting, messages=MESSAGES).tokens


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([{"role": "system", "content": "x"}], "no role system"),
        ([], "at least one"),
        ("hello", "at least one"),
        ([{"content": "x"}], "A message is"),
        (["hello"], "A message is"),
    ],
)
def test_that_messages_a_template_does_not_take_are_refused(chatting: Model, messages: object, says: str) -> None:
    with pytest.raises(PromptError, match=says):
        engine.trace(chatting, messages=messages)


@pytest.mark.parametrize(
    ("content", "end"),
    [
        ("It was", "assistant: It was"),
        ("It was ", "assistant: It was "),
        ("user: said\nit", "assistant: user: said\nit"),
        ("", "assistant:"),
        (" \n", "assistant:"),
    ],
)
def test_that_the_assistants_own_words_are_gone_on_with(chatting: Model, content: str, end: str) -> None:
    asked = "user: " + MESSAGES[0]["content"] + chatting.tokenizer.eos_token + "\n"
    trace = engine.trace(chatting, messages=[*MESSAGES, {"role": "assistant", "content": content}])
    assert trace.prompt == (chatting.tokenizer.bos_token or "") + asked + end
    chat = Chat((Message("user", MESSAGES[0]["content"]), Message("assistant", content)))
    assert engine.trace(chatting, chat).tokens == trace.tokens
    said = engine.generate(chatting, messages=[*MESSAGES, {"role": "assistant", "content": content}], max_new_tokens=2)
    assert said.text == trace.prompt + said.answer


def test_that_only_what_the_assistant_says_last_is_gone_on_with(chatting: Model) -> None:
    turns = [*MESSAGES, {"role": "assistant", "content": "It was"}, *MESSAGES]
    assert engine.trace(chatting, messages=turns).prompt.endswith("\nassistant:")
    chatting.tokenizer.chat_template = "{% for m in messages %}{{ m.content[0].text }};{% endfor %}"
    parts = [{"role": "model", "content": [{"type": "text", "text": "It was"}]}]
    assert engine.trace(chatting, messages=parts).prompt == "It was"
    assert parts == [{"role": "model", "content": [{"type": "text", "text": "It was"}]}]


@pytest.mark.parametrize("shown", ["m.role", "m.content[1:]", "m.content | upper"])
def test_that_words_a_template_changes_are_not_gone_on_with(chatting: Model, shown: str) -> None:
    chatting.tokenizer.chat_template = "{% for m in messages %}{{ " + shown + " }};{% endfor %}"
    with pytest.raises(
        PromptError, match=r"not take these messages: it does not show the last one's words as they are"
    ):
        engine.trace(chatting, messages=[{"role": "assistant", "content": "It was"}])


@pytest.mark.parametrize("template", ["{% for %}", "{{ messages[7].role }}", "{{ 1 / 0 }}"])
def test_that_a_broken_template_says_so(chatting: Model, template: str) -> None:
    chatting.tokenizer.chat_template = template
    with pytest.raises(PromptError, match="chat template"):
        engine.trace(chatting, messages=MESSAGES)


def test_that_a_model_without_a_template_says_so() -> None:
    with pytest.raises(PromptError, match="no chat template"):
        engine.trace(tiny("llama"), messages=MESSAGES)
    with pytest.raises(PromptError, match="not several"):
        engine.trace(tiny("llama"), input_ids=IDS, messages=MESSAGES)


def test_that_each_of_several_prompts_is_explained_as_alone_and_only_one_is_held() -> None:
    model = load_model("bundled:llama")
    prompts = ["In 1922 the British", "1 2 3", "In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"]
    with engine.trace(model, prompts, rules="cp-lrp") as traces:
        answers = traces.explain()
        assert len(traces) == len(answers) == 3
        for prompt, answer in zip(prompts, answers, strict=True):
            alone = engine.trace(model, prompt, rules="cp-lrp").explain()
            assert answer.prompt == prompt
            assert answer.target == alone.target
            assert np.array_equal(answer.layers, alone.layers)
        first = traces[0]
        assert traces[-1].prompt == prompts[2]
        with pytest.raises(ValueError, match="closed"):
            first.explain()


@pytest.mark.parametrize("side", ["left", "right"])
def test_that_padding_changes_nothing(side: str) -> None:
    model = tiny("llama")
    short, pad = IDS[:9], [0] * (len(IDS) - 9)
    ids = [IDS, pad + short if side == "left" else short + pad]
    mask = [[1] * len(IDS), [int(i >= len(pad)) if side == "left" else int(i < 9) for i in range(len(IDS))]]
    answers = engine.trace(model, input_ids=ids, attention_mask=mask).explain(targets.Top())
    for row, answer in zip((IDS, short), answers, strict=True):
        assert np.array_equal(answer.layers, engine.trace(model, input_ids=row).explain().layers)


def test_that_leaving_padding_out_is_what_the_model_does_with_it() -> None:
    model, pad = tiny("llama"), 5
    alone = engine.trace(model, input_ids=IDS)
    mask = torch.tensor([[0] * pad + [1] * len(IDS)])
    with torch.no_grad():
        padded = model(
            torch.tensor([[0] * pad + IDS]), attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0)
        ).logits[0, -1]
    np.testing.assert_allclose(alone.logits(), padded.numpy(), rtol=1e-5, atol=1e-5 * padded.abs().max().item())


@pytest.mark.parametrize(
    ("ids", "mask", "says"),
    [
        ([[1, 2, 3]], [[1, 0, 1]], "between others"),
        ([[1, 2, 3]], [[0, 0, 0]], "no token"),
        ([[1, 2, 3]], [[1, 1]], "both"),
        ([[1, 2], [3]], [[1, 1], [1]], r"\(batch, token\)"),
    ],
)
def test_that_a_mask_that_is_no_padding_is_refused(ids: object, mask: object, says: str) -> None:
    with pytest.raises(PromptError, match=says):
        without_padding(ids, mask)


def test_that_places_of_pictures_are_refused_where_there_is_no_picture() -> None:
    model = tiny("llama")
    model.config.image_token_id = IDS[3]
    with pytest.raises(PromptError, match="is the place of a picture, film or sound") as caught:
        engine.trace(model, input_ids=IDS)
    assert caught.value.kind == "model_unsupported"
    model.config.image_token_id = 95  # which is not among them
    assert engine.trace(model, input_ids=IDS).explain().ledger is not None
