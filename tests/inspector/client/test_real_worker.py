"""The client with the worker that ships, and a bundled model."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication

import resources
from engine.protocol.frames import PROTOCOL
from engine.protocol.inputs import Text
from engine.protocol.messages import (
    Cancelled,
    Explain,
    Explained,
    Failed,
    Generate,
    Generated,
    Load,
    Loaded,
    Progress,
    Tokenize,
    Tokenized,
    Unload,
    Unloaded,
)
from engine.protocol.targets import Token, Top
from engine.protocol.values import ModelSource
from inspector.client import WorkerClient, WorkerState
from inspector.client.process import WORKER_ENVIRONMENT
from tests.inspector.client.slow_question import BLOCKS, PROMPT, is_in_forward_pass
from tests.inspector.client.witness import StartWorker, Witness, is_alive

pytestmark = pytest.mark.process

COMMAND = [sys.executable, "-m", "engine.worker"]
SOURCE = ModelSource("bundled:llama")
ROOT = Path(resources.__file__).parents[1]
COUNTED = "In 1922 the team"


@pytest.fixture(scope="module")
def worker(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """One for all tests that leave it alive: torch is imported once."""
    witness = Witness(WorkerClient(COMMAND, spare=False), tmp_path_factory.mktemp("worker") / "starts")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(ROOT))
        witness.client.start()
    witness.wait_for(WorkerState.READY)
    yield witness
    witness.client.close()
    assert not is_alive(witness.hellos[0].pid)


@pytest.mark.skipif(sys.platform != "linux", reason="reads another process's environment from /proc")
def test_that_the_worker_has_an_allocator_that_uses_room_again(worker: Witness) -> None:
    environment = Path(f"/proc/{worker.hellos[0].pid}/environ").read_bytes()
    for name, value in WORKER_ENVIRONMENT.items():
        assert f"{name}={value}".encode() in environment.replace(b"\0", b":")  # glibc cuts it up in place


def test_that_the_worker_answers_what_it_is_asked(worker: Witness) -> None:
    (hello,) = worker.hellos
    assert hello.protocol == PROTOCOL
    assert {"python", "torch", "transformers"} <= set(hello.versions)
    assert "cpu" in hello.devices

    loaded = worker.ending(worker.client.ask(Load(SOURCE)))
    assert isinstance(loaded, Loaded)
    assert loaded.model.source == SOURCE

    tokenized = worker.ending(worker.client.ask(Tokenize(SOURCE, Text("In 1922 the team"))))
    assert isinstance(tokenized, Tokenized)
    assert "".join(token.text for token in tokenized.tokens) == "In 1922 the team"

    run = worker.client.ask(Explain(SOURCE, Text("In 1922 the team"), target=Top()))
    explained = worker.ending(run)
    assert isinstance(explained, Explained)
    assert explained.relevance.layers.shape == (loaded.model.blocks + 1, len(tokenized.tokens))
    phases = [event.phase for number, event in worker.events if number == run and isinstance(event, Progress)]
    assert set(phases) == {"forward", "backward"}

    assert isinstance(worker.ending(worker.client.ask(Unload())), Unloaded)


def test_that_a_run_tells_what_the_model_says_as_it_says_it(worker: Witness) -> None:
    run = worker.client.ask(Generate(SOURCE, Text(COUNTED), max_new_tokens=6))
    generated = worker.ending(run)
    assert isinstance(generated, Generated)
    steps = [event for number, event in worker.events if number == run and isinstance(event, Progress)]
    said = [step.said for step in steps if step.phase == "generate"]
    assert len(said[0]) == 1 and [len(tokens) for tokens in said] == [s.done for s in steps if s.phase == "generate"]
    assert "".join(token.text for token in said[-1]) == generated.answer
    assert not any(step.said for step in steps if step.phase != "generate")


def test_that_a_failure_says_what_would_do(worker: Witness) -> None:
    failed = worker.ending(worker.client.ask(Explain(SOURCE, Text("In 1922"), target=Token("not one token at all"))))
    assert isinstance(failed, Failed)
    assert failed.kind == "target_unknown"
    assert "TargetError" in failed.traceback
    missing = worker.ending(worker.client.ask(Load(ModelSource("/no/such/folder"))))
    assert isinstance(missing, Failed)
    assert missing.kind == "model_not_found"


def test_that_stop_ends_an_explanation_between_blocks(worker: Witness, slow_question: Explain) -> None:
    run = worker.client.ask(slow_question)
    worker.wait(lambda: is_in_forward_pass(worker, run))
    worker.client.stop(run)
    assert worker.ending(run) == Cancelled()
    last = [event for number, event in worker.events if number == run and isinstance(event, Progress)][-1]
    assert last.phase == "forward"
    assert last.done < BLOCKS
    assert len(worker.hellos) == 1


def test_that_tokens_are_counted_while_an_explanation_runs(worker: Witness, slow_question: Explain) -> None:
    run = worker.client.ask(slow_question)
    worker.wait(lambda: is_in_forward_pass(worker, run))
    counts = [worker.ending(worker.client.ask(Tokenize(slow_question.source, Text(COUNTED)))) for _ in range(3)]
    assert not worker.endings(run)
    worker.client.stop(run)
    assert worker.ending(run) == Cancelled()
    assert worker.ending(worker.client.ask(Tokenize(slow_question.source, Text(COUNTED)))) == counts[0]
    assert isinstance(counts[0], Tokenized) and counts == [counts[0]] * 3


def test_that_tokens_of_a_model_not_open_wait_for_the_explanation(worker: Witness, slow_question: Explain) -> None:
    run = worker.client.ask(slow_question)
    worker.wait(lambda: is_in_forward_pass(worker, run))
    count = worker.client.ask(Tokenize(SOURCE, Text(COUNTED)))
    worker.client.stop(run)
    assert isinstance(worker.ending(count), Tokenized)
    endings = [number for number, event in worker.events if not isinstance(event, Progress)]
    assert endings[-2:] == [run, count]


def test_that_counting_changes_nothing_of_the_explanation(worker: Witness, slow_question: Explain) -> None:
    question = structs.replace(slow_question, input=Text(PROMPT * 10))
    alone = worker.ending(worker.client.ask(question))
    worker.client.ask(Unload())
    run = worker.client.ask(question)
    counts: list[int] = []

    def count(number: int, event: object) -> None:
        if number == run and isinstance(event, Progress):
            counts.append(worker.client.ask(Tokenize(question.source, Text(COUNTED))))

    worker.client.said.connect(count)
    beside = worker.ending(run)
    assert isinstance(alone, Explained) and isinstance(beside, Explained)
    assert np.array_equal(alone.relevance.layers, beside.relevance.layers)
    assert counts and all(isinstance(worker.ending(number), Tokenized) for number in counts)


def test_that_closing_in_a_computation_ends_the_worker_within_two_seconds(
    start_worker: StartWorker, slow_question: Explain
) -> None:
    worker = start_worker(command=COMMAND)
    run = worker.client.ask(slow_question)
    worker.wait(lambda: is_in_forward_pass(worker, run))
    started = time.monotonic()
    worker.client.close()
    assert time.monotonic() - started < 2  # a promise, not a benchmark
    assert not is_alive(worker.hellos[0].pid)
    assert worker.ending(run) == Cancelled()


def test_that_the_answer_after_a_kill_is_the_one_before_it(start_worker: StartWorker) -> None:
    worker = start_worker(command=COMMAND, spare=True)
    question = Explain(SOURCE, Text(PROMPT))
    before = worker.ending(worker.client.ask(question))
    worker.wait_for_spare()
    run = worker.client.ask(question)
    os.kill(worker.hellos[0].pid, signal.SIGKILL)
    failed = worker.ending(run)
    assert isinstance(failed, Failed)
    assert failed.kind == "worker_died"
    after = worker.ending(worker.client.ask(question))
    assert isinstance(before, Explained)
    assert isinstance(after, Explained)
    assert np.array_equal(before.relevance.layers, after.relevance.layers)
