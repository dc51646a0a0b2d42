"""What the session keeps between requests, and what it lets go of and when."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from torch import nn

from engine.models.opening import Model, load_model
from engine.protocol.failures import DoesNotFit, ModelError, Stopped
from engine.protocol.inputs import Chat, Input, Message, Picture, Text
from engine.protocol.messages import (
    Ending,
    Examine,
    Examined,
    Explain,
    ExplainEach,
    Explained,
    ExplainedEach,
    Generate,
    Generated,
    Load,
    Loaded,
    Progress,
    Request,
    Unload,
    Unloaded,
)
from engine.protocol.relevance import Relevance, TextPart
from engine.protocol.targets import Target, Token, Top
from engine.protocol.values import Image, ModelInfo, ModelSource, Prediction, ResolvedTarget
from engine.protocol.values import Token as PromptToken
from engine.session import KEPT_TRACES, PREDICTIONS, Session
from engine.watch import AskCancelled, ReportProgress, TokensSoFar, Watch

A, B = ModelSource("a"), ModelSource("b")


def info(source: ModelSource) -> ModelInfo:
    return ModelInfo(source, source.name, "X", None, 1, 2, 3, 4, "cpu", "float32", 5)


@dataclass
class FakeTrace:
    """Answers with its own rules, and knows whether it was closed."""

    prompt: str
    rules: str
    model: Model
    fails: list[BaseException]
    is_closed: bool = False

    def explain(
        self, target: Target, *, rules: str, progress: ReportProgress | None, cancelled: AskCancelled | None
    ) -> Relevance:
        assert not self.is_closed
        if self.fails:
            raise self.fails.pop()
        Watch(progress, cancelled).step("backward", 2, 2)
        resolved = ResolvedTarget(target, "“3”", 7, ((7, 1, 1.0),))
        zeros = np.zeros((3, 1), np.float32)
        part = TextPart(self.prompt, (), zeros[0], zeros)
        return Relevance(self.model.info, (part,), resolved, rules, 1.0, {})

    def predictions(self, *, k: int, position: int) -> tuple[Prediction, ...]:
        assert (k, position) == (PREDICTIONS, 7)
        return (Prediction(1, "3", "3", 1.0, 0.5),)

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Engine:
    """Models and traces without torch's work; the lists of errors are raised one by one."""

    opened: list[ModelSource] = field(default_factory=list)
    modules: list[weakref.ref[nn.Module]] = field(default_factory=list)
    alive_when_opening: list[int] = field(default_factory=list)
    traces: list[FakeTrace] = field(default_factory=list)
    cannot_open: list[BaseException] = field(default_factory=list)
    cannot_trace: list[BaseException] = field(default_factory=list)
    cannot_explain: list[BaseException] = field(default_factory=list)

    def open_model(
        self, source: ModelSource, *, progress: ReportProgress | None, cancelled: AskCancelled | None
    ) -> Model:
        gc.collect()
        self.alive_when_opening.append(sum(module() is not None for module in self.modules))
        self.opened.append(source)
        Watch(progress, cancelled).step("load", 1, 1)
        if self.cannot_open:
            raise self.cannot_open.pop()
        module = nn.Module()
        self.modules.append(weakref.ref(module))
        return Model(module, None, info(source))

    def record(self, model: Model, input: Input, *, rules: str, checkpointing: bool, **_: Any) -> FakeTrace:
        if self.cannot_trace:
            raise self.cannot_trace.pop()
        self.traces.append(FakeTrace(input.text, rules, model, self.cannot_explain))
        return self.traces[-1]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def ask(engine: Engine) -> Callable[[Request], Ending]:
    session = Session(engine.open_model, engine.record)
    return lambda request: session.answer(request, Watch())


Ask = Callable[[Request], Ending]


def heard_by(steps: list[Progress]) -> Watch:
    return Watch(lambda *step: steps.append(Progress(*step)))


def test_that_a_model_is_opened_once_for_many_requests(engine: Engine, ask: Ask) -> None:
    loaded = ask(Load(A))
    assert isinstance(loaded, Loaded)
    assert loaded.model == info(A)
    assert loaded.memory.total > loaded.memory.used > 0
    ask(Load(A))
    ask(Explain(A, Text("prompt")))
    assert engine.opened == [A]


def test_that_explaining_opens_the_model_it_needs(engine: Engine, ask: Ask) -> None:
    explained = ask(Explain(B, Text("prompt")))
    assert isinstance(explained, Explained)
    assert explained.question == Explain(B, Text("prompt"))
    assert explained.relevance.model.source == B
    assert explained.predictions[0].text == "3"
    assert engine.opened == [B]


def test_that_the_old_model_is_gone_before_another_is_opened(engine: Engine, ask: Ask) -> None:
    ask(Explain(A, Text("prompt")))
    engine.traces[0].model = None  # type: ignore[assignment]  # the record of the test itself
    ask(Load(B))
    assert engine.alive_when_opening == [0, 0]
    assert engine.traces[0].is_closed


def test_that_the_same_model_opened_otherwise_is_another(engine: Engine, ask: Ask) -> None:
    ask(Load(A))
    ask(Load(ModelSource("a", dtype="bfloat16")))
    assert len(engine.opened) == 2


def test_that_a_model_which_cannot_be_opened_is_tried_again(engine: Engine, ask: Ask) -> None:
    ask(Load(A))
    engine.cannot_open = [ModelError("damaged")]
    with pytest.raises(ModelError):
        ask(Load(B))
    ask(Load(B))
    ask(Load(A))
    assert engine.opened == [A, B, B, A]


def test_that_unloading_lets_go_of_everything(engine: Engine, ask: Ask) -> None:
    assert isinstance(ask(Unload()), Unloaded)
    ask(Explain(A, Text("prompt")))
    assert isinstance(ask(Unload()), Unloaded)
    assert engine.traces[0].is_closed
    engine.traces.clear()
    gc.collect()
    assert engine.modules[0]() is None


def test_that_another_target_needs_no_other_trace(engine: Engine, ask: Ask) -> None:
    ask(Explain(A, Text("prompt"), target=Top()))
    answer = ask(Explain(A, Text("prompt"), target=Token("5")))
    assert isinstance(answer, Explained)
    assert answer.relevance.target.asked == Token("5")
    assert len(engine.traces) == 1


def test_that_going_to_and_fro_between_two_rule_sets_needs_two_traces(engine: Engine, ask: Ask) -> None:
    for rules in ("attnlrp", "cp-lrp", "attnlrp", "cp-lrp"):
        answer = ask(Explain(A, Text("prompt"), rules=rules))
        assert isinstance(answer, Explained)
        assert answer.relevance.rules == rules
    assert [trace.rules for trace in engine.traces] == ["attnlrp", "cp-lrp"]


def test_that_the_trace_used_longest_ago_makes_room(engine: Engine, ask: Ask) -> None:
    for prompt in ("first", "second", "first", "third"):
        ask(Explain(A, Text(prompt)))
    assert KEPT_TRACES == 2
    assert [trace.prompt for trace in engine.traces if trace.is_closed] == ["second"]


def test_that_kept_traces_make_room_where_memory_is_short(engine: Engine, ask: Ask) -> None:
    ask(Explain(A, Text("first")))
    engine.cannot_trace = [DoesNotFit("too long")]
    assert isinstance(ask(Explain(A, Text("second"))), Explained)
    assert engine.traces[0].is_closed


def test_that_what_does_not_fit_into_free_memory_is_said(engine: Engine, ask: Ask) -> None:
    engine.cannot_trace = [DoesNotFit("too long")]
    with pytest.raises(DoesNotFit):
        ask(Explain(A, Text("first")))


@pytest.mark.parametrize("error", [Stopped(), MemoryError()])
def test_that_a_trace_in_which_something_went_wrong_is_not_used_again(
    engine: Engine, ask: Ask, error: BaseException
) -> None:
    engine.cannot_explain = [error]
    with pytest.raises(type(error)):
        ask(Explain(A, Text("prompt")))
    assert engine.traces[0].is_closed
    assert isinstance(ask(Explain(A, Text("prompt"))), Explained)
    assert len(engine.traces) == 2


def test_that_progress_comes_with_its_phase(engine: Engine) -> None:
    heard: list[Progress] = []
    Session(engine.open_model, engine.record).answer(Explain(A, Text("prompt")), heard_by(heard))  # type: ignore[arg-type]
    assert heard == [Progress("load", 1, 1), Progress("backward", 2, 2)]


def test_that_a_run_stopped_before_it_began_does_nothing(engine: Engine) -> None:
    with pytest.raises(Stopped):
        Session(engine.open_model, engine.record).answer(Load(A), Watch(cancelled=lambda: True))  # type: ignore[arg-type]
    assert engine.opened == []


def test_that_warming_up_leaves_nothing_held(engine: Engine) -> None:
    session = Session(engine.open_model, engine.record)  # type: ignore[arg-type]
    session.warm_up(Watch())
    assert engine.opened == [ModelSource("bundled:llama")]
    assert engine.traces[0].is_closed
    session.answer(Load(A), Watch())
    assert engine.opened[-1] == A


def test_that_a_session_generates_and_explains_what_was_generated() -> None:
    session = Session()
    source = ModelSource("bundled:llama")
    heard: list[Progress] = []
    prompt = "In 1922 the British reached 8,320 m. Answer: "
    said = session.answer(Generate(source, Text(prompt), max_new_tokens=4), heard_by(heard))
    assert isinstance(said, Generated)
    assert {step.phase for step in heard} >= {"generate"}
    assert said.input.text.startswith(prompt)
    assert len(said.input.continuation.ids) == 4
    first = said.input.continuation
    each = session.answer(ExplainEach(source, Text(said.input.text, first)), heard_by(heard))
    assert isinstance(each, ExplainedEach)
    assert each.matrix.rows.shape == (4, len(each.matrix.tokens))
    place = each.matrix.start
    asked = Explain(source, Text(said.input.text, first), target=Token(first.ids[0], place - 1))
    answer = session.answer(asked, heard_by(heard))
    assert isinstance(answer, Explained)
    assert answer.relevance.tokens == each.matrix.tokens
    assert answer.relevance.value == pytest.approx(float(each.matrix.values[0]))
    more = session.answer(Generate(source, Text(said.input.text, first), max_new_tokens=2), heard_by(heard))
    assert isinstance(more, Generated)
    assert more.input.continuation.ids[:4] == first.ids
    assert more.input.continuation.start == first.start
    assert (said.position, more.position) == (place, place + 4)


@pytest.mark.parametrize("asked", [Text("In 1922 the British reached 8,"), Chat((Message("user", "1 2 3"),))])
def test_that_each_token_is_heard_as_it_is_said(asked: Text | Chat) -> None:
    model = load_model("bundled:llama")
    model.tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"  # type: ignore[union-attr]
    heard: list[tuple[int, tuple[PromptToken, ...]]] = []
    so_far: list[TokensSoFar] = []
    watch = Watch(lambda phase, done, total: heard.append((done, so_far[-1]())), hear=so_far.append)
    session = Session(lambda source, **_: model)
    said = session.answer(Generate(ModelSource("bundled:llama"), asked, max_new_tokens=4), watch)
    assert isinstance(said, Generated)
    heard = heard[-4:]  # behind those of the check of precision
    assert [done for done, _ in heard] == [1, 2, 3, 4] == [len(tokens) for _, tokens in heard]
    assert all(token.generated for token in heard[-1][1])
    assert "".join(token.text for token in heard[-1][1]) == said.answer
    assert said.first == heard[0][1][0].id


def test_that_gammas_share_a_forward_pass_and_pictures_do_not(engine: Engine) -> None:
    session = Session(engine.open_model, engine.record)  # type: ignore[arg-type]
    for digest in ("a", "b"):
        for rules in ("gamma(conv=1, linear=0)", "gamma(conv=0.25, linear=0.05)"):
            asked = Explain(A, Picture(Image("cat.png", digest, b"bytes")), rules=rules)
            answer = session.answer(asked, Watch())
            assert isinstance(answer, Explained) and answer.relevance.rules == rules
    assert len(engine.traces) == 2


def test_that_an_answer_leaves_the_pictures_bytes_out(engine: Engine) -> None:
    session = Session(engine.open_model, engine.record)  # type: ignore[arg-type]
    asked = Explain(A, Picture(Image("cat.png", "a", b"bytes")))
    answer = session.answer(asked, Watch())
    assert isinstance(answer, Explained) and isinstance(answer.question.input, Picture)
    assert (answer.question, answer.question.input.image.data) == (asked, b"")


def test_that_a_model_is_put_to_the_test_and_that_can_be_stopped() -> None:
    session, heard, source = Session(), [], ModelSource("bundled:llama")
    found = session.answer(Examine(source, "cp-lrp"), heard_by(heard))
    assert isinstance(found, Examined)
    assert found.self_test.passed and len(found.self_test.checks) == 14
    assert "constant pattern" in {row.rule for row in found.coverage}
    steps = [said for said in heard if said.phase == "check"]
    assert [said.done for said in steps] == list(range(1, 14)) and steps[-1].total == 14
    with pytest.raises(Stopped):
        session.answer(Examine(source), Watch(None, lambda: True))
