"""The session: answers requests. It keeps a cache between them, so that a fresh one answers each of them too."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import assert_never

import torch
from msgspec import structs

from engine.attribution.generating import go_on
from engine.attribution.inputs.made_up import made_up
from engine.attribution.inputs.prompts import prompt_of
from engine.attribution.matrix import matrix
from engine.attribution.trace import Trace
from engine.attribution.tracing import trace
from engine.attribution.trust.coverage import coverage
from engine.attribution.trust.precision import agreement_with_float32
from engine.attribution.trust.self_test import self_test
from engine.looking_inside import Asked, Found, look_inside
from engine.models.listing import list_models
from engine.models.machine.device import available_devices
from engine.models.machine.memory import memory_of
from engine.models.opening import Model, load_model
from engine.models.text.tokens import tokenize, tokenize_target
from engine.protocol.failures import DoesNotFit, ProtocolError
from engine.protocol.frames import PROTOCOL, Hello
from engine.protocol.inputs import Chat, ForDecoder, Input, Text, without_data
from engine.protocol.messages import (
    Ending,
    Examine,
    Examined,
    Explain,
    ExplainEach,
    Explained,
    ExplainedEach,
    Export,
    ExportGrid,
    FindNeurons,
    Generate,
    Generated,
    Listed,
    ListModels,
    Load,
    Loaded,
    LookAtHead,
    LookAtHeads,
    OpenBlock,
    Rate,
    Rated,
    ReadLayers,
    Request,
    Tokenize,
    Tokenized,
    Unload,
    Unloaded,
)
from engine.protocol.values import ModelSource, Token
from engine.rules.table import rule_set
from engine.watch import Watch

PREDICTIONS = 100  # or every class, so that one can be found by its name
KEPT_TRACES = 2  # enough to go to and fro between two rule sets

_PACKAGES = ("lxt-inspector", "torch", "transformers", "numpy")
_WARM_UP = Explain(ModelSource("bundled:llama"), Text("1 2 3"))


def greeting() -> Hello:
    """What the worker says of itself."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # ourselves, in a checkout
            continue
    return Hello(PROTOCOL, versions, available_devices(), os.getpid())


def leave_a_core() -> None:
    """Where only the CPU computes, compute with one core fewer than there are: the window needs it."""
    if available_devices() == ("cpu",):
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
        torch.set_num_threads(max(1, min(torch.get_num_threads(), cores - 1)))


class Session:
    """Answers requests one at a time, and keeps the model and the last traces for the next one."""

    def __init__(self, open_model: Callable[..., Model] = load_model, record: Callable[..., Trace] = trace) -> None:
        self._open_model = open_model
        self._new_trace = record
        self._model: Model | None = None
        self._source: ModelSource | None = None
        self._agreement: float | None = None
        self._traces: OrderedDict[tuple[Input, str, bool], Trace] = OrderedDict()

    def answer(self, request: Request, watch: Watch) -> Ending:
        """The request's answer. Raises EngineError where there is none, Stopped soon after `watch` is asked to."""
        watch.check()
        match request:
            case Load(source):
                model = self._hold(source, watch)
                return Loaded(model.info, memory_of(model.info.device), self._agreement)
            case Unload():
                device = self._model.info.device if self._model else "cpu"
                self._release()
                return Unloaded(memory_of(device))
            case Tokenize(source, text):
                return Tokenized(tuple(tokenize(self._hold(source, watch), text)))
            case Explain():
                return self._explain(request, watch)
            case Rate():
                return self._rate(request, watch)
            case Generate():
                return self._generate(request, watch)
            case ExplainEach():
                return self._explain_each(request, watch)
            case Examine():
                return self._examine(request, watch)
            case LookAtHeads() | LookAtHead() | OpenBlock() | FindNeurons() | ReadLayers():
                return self._look_inside(request, watch)
            case ListModels():
                return Listed(list_models())
            case Export() | ExportGrid():
                raise ProtocolError(
                    "This worker holds a model and draws no figures: the window has another for them. "
                    "Install the same version of lxt-inspector on both sides."
                )
            case _:
                assert_never(request)

    def is_light(self, request: Request) -> bool:
        """Whether the answer is there in a moment and changes nothing: the tokens of a text, of the model held."""
        return isinstance(request, Tokenize) and self._model is not None and request.source == self._source

    def warm_up(self, watch: Watch) -> None:
        """Do everything once on a small model, so that the first real run finds all modules loaded and threads made."""
        try:
            self._explain(_WARM_UP, watch)
        finally:
            self._release()

    def _explain(self, question: Explain, watch: Watch) -> Explained:
        model = self._hold(question.source, watch)
        started = time.perf_counter()
        recorded = self._record(model, question, watch)
        try:
            relevance = recorded.explain(question.target, rules=question.rules, **watch.keywords)
            predictions = recorded.predictions(
                k=max(PREDICTIONS, len(model.info.labels)), position=relevance.target.position
            )
        except BaseException:
            self._forget_traces()  # half used, or too big to go on with
            raise
        seconds = time.perf_counter() - started
        return Explained(_without_data(question), relevance, predictions, seconds, memory_of(model.info.device))

    def _rate(self, asked: Rate, watch: Watch) -> Rated:
        question = asked.question
        model = self._hold(question.source, watch)
        recorded = self._record(model, question, watch)
        relevance = recorded.explain(question.target, rules=question.rules, cancelled=watch.cancelled)
        curves = recorded.rate(relevance, asked.steps, **watch.keywords)
        return Rated(_without_data(question), *curves)

    def _generate(self, asked: Generate, watch: Watch) -> Generated:
        model = self._hold(asked.source, watch)
        memory = memory_of(model.info.device)
        if isinstance(asked.input, Chat):
            messages = [structs.asdict(message) for message in asked.input.messages]
            said = go_on(model, prompt_of(model, messages=messages), asked.max_new_tokens, asked.manner, watch)
            chat = asked.input.answered(said.answer) if said.answer else asked.input
            return Generated(asked, chat, said.start, said.ended, memory, _id_at(said.tokens, said.start))
        if isinstance(asked.input, ForDecoder):
            return self._generate_in_decoder(model, asked, asked.input, watch)
        before = asked.input.continuation
        if before is None and model.info.predicts == "sequence to sequence":
            return self._generate_in_decoder(model, asked, ForDecoder(asked.input.text, ""), watch)
        given = prompt_of(model, asked.input.text, continuation=before)
        said = go_on(model, given, asked.max_new_tokens, asked.manner, watch)
        position = said.start + (len(before.ids) if before else 0)
        whole = Text(said.text, said.continuation)
        return Generated(asked, whole, position, said.ended, memory, _id_at(said.tokens, position))

    @staticmethod
    def _generate_in_decoder(model: Model, asked: Generate, input: ForDecoder, watch: Watch) -> Generated:
        memory, text = memory_of(model.info.device), input.decoder_text
        given = prompt_of(model, input.text, context=input.context)
        said = go_on(model, given, asked.max_new_tokens, asked.manner, watch, text or None)
        whole = structs.replace(input, decoder_text=text + said.answer) if said.answer else asked.input
        begun = tokenize_target(model, text) if text else ()
        position = 1 + len(begun)  # behind the token that the decoder starts from
        return Generated(asked, whole, position, said.ended, memory, _id_at(said.tokens, said.start))

    def _explain_each(self, asked: ExplainEach, watch: Watch) -> ExplainedEach:
        model = self._hold(asked.source, watch)
        started = time.perf_counter()
        recorded = self._record(model, asked, watch)
        try:
            found = matrix(recorded, **watch.keywords)
        except BaseException:
            self._forget_traces()
            raise
        return ExplainedEach(asked, found, time.perf_counter() - started, memory_of(model.info.device))

    def _examine(self, asked: Examine, watch: Watch) -> Examined:
        model = self._hold(asked.source, watch)
        started = time.perf_counter()
        tested = self_test(model, **watch.keywords)
        rows = coverage(model, **made_up(model), rules=asked.rules)
        return Examined(asked, tested, rows, time.perf_counter() - started, memory_of(model.info.device))

    def _look_inside(self, asked: Asked, watch: Watch) -> Found:
        question = asked.question
        model = self._hold(question.source, watch)
        recorded = self._record(model, question, watch)
        try:
            return look_inside(recorded, structs.replace(asked, question=_without_data(question)), watch)
        except BaseException:
            self._forget_traces()
            raise

    def _record(self, model: Model, question: Explain | ExplainEach, watch: Watch) -> Trace:
        """The trace for the question: the kept one, or a new one, for which the kept ones make room if they must."""
        key = (question.input, rule_set(question.rules).forward_name, question.checkpointing)
        if key in self._traces:
            self._traces.move_to_end(key)
            return self._traces[key]

        def record() -> Trace:
            return self._new_trace(
                model,
                question.input,
                rules=question.rules,
                checkpointing=question.checkpointing,
                **watch.keywords,
            )

        while len(self._traces) >= KEPT_TRACES:
            self._traces.popitem(last=False)[1].close()
        try:
            self._traces[key] = record()
        except (DoesNotFit, MemoryError, torch.OutOfMemoryError):
            if not self._traces:
                raise
            self._forget_traces()
            self._traces[key] = record()
        return self._traces[key]

    def _hold(self, source: ModelSource, watch: Watch) -> Model:
        """The model of `source`. One that is held instead is let go first: both may not fit."""
        if self._model is None or source != self._source:
            self._release()
            self._model = self._open_model(source, **watch.keywords)
            self._source = source
            self._agreement = agreement_with_float32(self._model, watch)
        return self._model

    def _release(self) -> None:
        self._forget_traces()
        if self._model is not None:
            self._model = self._source = None
            _return_memory()

    def _forget_traces(self) -> None:
        for kept in self._traces.values():
            kept.close()
        self._traces.clear()


def _id_at(tokens: Sequence[Token], position: int) -> int | None:
    return tokens[position].id if position < len(tokens) else None


def _without_data(question: Explain) -> Explain:
    """The question as an answer carries it: the picture's bytes are with the one who asked."""
    return structs.replace(question, input=without_data(question.input))


def _return_memory() -> None:
    """Give back to the system what nobody refers to any more: Python and C's allocator would keep it for later."""
    gc.collect()  # a graph and its hooks refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
        if trim is not None:
            trim(0)
