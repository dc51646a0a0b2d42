"""The client against a scripted worker: whatever that does, every run ends exactly once and the client goes on."""

from __future__ import annotations

import hashlib
import os
import random
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from engine.protocol.frames import SPARE
from engine.protocol.inputs import Picture, Text
from engine.protocol.messages import Cancelled, Explain, Failed, Progress, Tokenize, Tokenized
from engine.protocol.values import Image, ModelSource
from inspector.client import WorkerClient, WorkerState
from inspector.client.supply import MOST_FAILURES
from inspector.state.trouble import Remedy, trouble_with_opening
from tests.inspector.client.conftest import SCRIPT
from tests.inspector.client.witness import StartWorker, is_alive

pytestmark = pytest.mark.process

OFF, STARTING, READY, BUSY, CRASHED = WorkerState


def test_that_states_are_honest_from_start_to_close(start_worker: StartWorker) -> None:
    worker = start_worker()
    assert worker.client.state is STARTING
    assert worker.client.hello is None
    worker.wait_for(READY)
    assert worker.hellos == [worker.client.hello]
    assert worker.hellos[0].pid == worker.pids[0]
    worker.ending(worker.ask("answer"))
    worker.client.close()
    assert worker.states == [STARTING, READY, BUSY, READY, OFF]


def test_that_a_run_asked_before_the_start_is_answered_with_its_progress(start_worker: StartWorker) -> None:
    worker = start_worker("slowly")
    run = worker.ask("answer")
    assert worker.ending(run) == Tokenized(())
    assert worker.events == [(run, Progress("load", 0, 2)), (run, Progress("load", 2, 2)), (run, Tokenized(()))]


def test_that_runs_are_answered_in_the_order_asked(start_worker: StartWorker) -> None:
    worker = start_worker()
    runs = [worker.ask("answer") for _ in range(20)]
    worker.wait(lambda: worker.endings(runs[-1]))
    assert [run for run, event in worker.events if event == Tokenized(())] == runs
    assert worker.states.count(BUSY) == 1


def test_that_a_large_picture_arrives_whole_and_what_is_asked_after_it_too(start_worker: StartWorker) -> None:
    worker = start_worker()
    data = random.Random(0).randbytes(5 * 2**20)
    image = Image("cat.png", hashlib.sha256(data).hexdigest(), data)
    large = [worker.client.ask(Explain(ModelSource("bundled:vit"), Picture(image))) for _ in range(2)]
    worker.ending(worker.ask("answer"))
    assert [worker.ending(run) for run in large] == [Tokenized(())] * 2


def test_that_a_worker_can_be_replaced_inside_a_large_picture(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.wait_for(READY)
    image = Image("cat.png", "of another", bytes(5 * 2**20))
    run = worker.client.ask(Explain(ModelSource("bundled:vit"), Picture(image)))
    os.kill(worker.pids[0], signal.SIGKILL)
    assert isinstance(worker.ending(run), Failed)
    assert worker.ending(worker.ask("answer")) == Tokenized(())


def test_that_the_state_is_free_when_the_last_ending_is_heard(start_worker: StartWorker) -> None:
    worker = start_worker()
    heard = []
    worker.client.said.connect(lambda run, event: heard.append(worker.client.state))
    worker.ending(worker.ask("end twice"))
    assert heard == [READY]


@pytest.mark.parametrize("text", ["end twice", "answer somebody else"])
def test_that_what_belongs_to_no_open_run_is_not_heard(start_worker: StartWorker, text: str) -> None:
    worker = start_worker()
    first = worker.ask(text)
    second = worker.ask("answer")
    assert worker.ending(second) == Tokenized(())
    assert worker.endings(first) == [Tokenized(())]
    assert {run for run, _ in worker.events} == {first, second}


def test_that_log_text_arrives_whole_even_when_a_character_is_cut(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.ending(worker.ask("log"))
    worker.wait(lambda: worker.log == "first line\nsecond: ä\n")


def test_that_a_request_without_bytes_fails_after_its_number_is_known(start_worker: StartWorker) -> None:
    worker = start_worker()
    run = worker.ask("half a pair \ud83d")
    assert worker.events == []
    ending = worker.ending(run)
    assert isinstance(ending, Failed)
    assert ending.kind == "protocol"
    assert worker.ending(worker.ask("answer")) == Tokenized(())


# -- stop --------------------------------------------------------------------------------------------------------------


def test_that_a_waiting_run_is_cancelled_at_once(start_worker: StartWorker) -> None:
    worker = start_worker("slowly")
    run = worker.ask("answer")
    worker.client.stop(run)
    assert worker.events == [(run, Cancelled())]
    worker.client.stop(run)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert worker.endings(run) == [Cancelled()]


def test_that_a_running_run_ends_when_the_worker_says_so(start_worker: StartWorker) -> None:
    worker = start_worker()
    run = worker.ask("wait")
    worker.wait_for(BUSY)
    worker.client.stop(run)
    assert worker.ending(run) == Cancelled()
    assert len(worker.pids) == 1


def test_that_a_worker_deaf_to_stop_is_replaced(start_worker: StartWorker) -> None:
    worker = start_worker("stubborn", patience=200)
    told: list[str] = []
    worker.client.replaced.connect(told.append)
    run = worker.ask("wait")
    worker.wait_for(BUSY)
    worker.client.stop(run)
    assert worker.ending(run) == Cancelled()
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert len(worker.pids) == 2
    worker.wait(lambda: not is_alive(worker.pids[0]))
    assert told == ["The worker did not stop within 0.2 s and was ended. Another takes its place."]
    assert told[0] in worker.log


def test_that_a_worker_whose_process_was_stopped_goes_on_to_hear_stop(start_worker: StartWorker) -> None:
    worker = start_worker()
    run = worker.ask("wait")
    worker.wait_for(BUSY)
    os.kill(worker.pids[0], signal.SIGSTOP)
    worker.client.stop(run)
    assert worker.ending(run) == Cancelled()
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert len(worker.pids) == 1


def test_that_a_spare_is_started_as_soon_as_stop_may_need_it(start_worker: StartWorker) -> None:
    worker = start_worker("stubborn", spare=True, patience=3_600_000)
    run = worker.ask("wait")  # there was no time for one before
    worker.wait_for(BUSY)
    assert len(worker.pids) == 1
    worker.client.stop(run)
    worker.wait_for_spare()
    assert worker.client.state is BUSY and not worker.endings(run)


def test_that_what_was_beside_a_run_ended_by_force_ends_with_it(start_worker: StartWorker) -> None:
    worker = start_worker("stubborn", patience=200)
    long = worker.ask_at_length("wait")
    worker.wait_for(BUSY)
    light = worker.ask("wait")  # which may be what hangs, and would let the next worker hang too
    worker.client.stop(long)
    assert [worker.ending(long), worker.ending(light)] == [Cancelled()] * 2
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert len(worker.pids) == 2


def test_that_stopping_what_has_ended_does_nothing(start_worker: StartWorker) -> None:
    worker = start_worker(patience=100)
    run = worker.ask("answer")
    worker.ending(run)
    worker.client.stop(run)
    worker.client.stop(12345)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert len(worker.pids) == 1


# -- what is light -----------------------------------------------------------------------------------------------------


def test_that_what_is_light_goes_beside_what_is_not_and_before_what_waits(start_worker: StartWorker) -> None:
    worker = start_worker()
    long, waiting, light, another = (
        worker.ask_at_length("wait"),
        worker.ask_at_length("answer"),
        worker.ask("answer"),
        worker.ask("answer"),
    )
    assert worker.ending(another) == Tokenized(())
    assert worker.endings(light) == [Tokenized(())]
    assert not worker.endings(long) and not worker.endings(waiting)
    worker.client.stop(long)
    worker.ending(waiting)
    assert [run for run, event in worker.events if not isinstance(event, Progress)] == [light, another, long, waiting]
    assert worker.states.count(BUSY) == 1


def test_that_what_is_light_takes_over_from_what_it_was_beside(start_worker: StartWorker) -> None:
    worker = start_worker()
    long, light, waiting = worker.ask_at_length("wait"), worker.ask("wait"), worker.ask_at_length("answer")
    worker.wait_for(BUSY)
    worker.client.stop(long)
    assert worker.ending(long) == Cancelled()
    worker.wait_a_moment(200)
    assert worker.client.state is BUSY and not worker.endings(waiting)
    worker.client.stop(light)
    assert worker.ending(waiting) == Tokenized(())
    assert worker.endings(light) == [Cancelled()]


def test_that_stopping_what_is_light_ends_it_at_once_and_nothing_else(start_worker: StartWorker) -> None:
    worker = start_worker("stubborn", patience=100)
    long, light = worker.ask_at_length("wait"), worker.ask("wait")
    worker.wait_for(BUSY)
    worker.client.stop(light)
    assert worker.events == [(light, Cancelled())]
    assert worker.ending(worker.ask("answer")) == Tokenized(())  # there is room beside again
    worker.wait_a_moment(500)  # longer than a worker is given that does not stop
    assert not worker.endings(long)
    assert len(worker.pids) == 1


def test_that_what_is_light_goes_to_the_next_worker_before_what_waits(start_worker: StartWorker) -> None:
    worker = start_worker()
    long, waiting = worker.ask_at_length("wait"), worker.ask_at_length("answer")
    worker.wait_for(BUSY)
    light = worker.ask("die")
    lost = worker.ending(long)
    assert isinstance(lost, Failed) and lost.kind == "worker_died"
    worker.wait(lambda: worker.endings(waiting))
    ending = worker.ending(light)  # of which the next one died as well
    assert isinstance(ending, Failed) and ending.kind == "worker_died"
    assert [run for run, event in worker.events if not isinstance(event, Progress)] == [long, light, waiting]
    assert len(worker.pids) == 3


def test_that_closing_cancels_what_is_beside_once(start_worker: StartWorker) -> None:
    worker = start_worker()
    runs = [worker.ask_at_length("wait"), worker.ask("wait"), worker.ask("answer"), worker.ask_at_length("answer")]
    worker.wait_for(BUSY)
    worker.client.close()
    assert worker.events == [(run, Cancelled()) for run in runs]


# -- death -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("die", "worker_died", "The worker was killed."),
        ("exit", "worker_died", "exit code 1. Its last words: these are my last words"),
        ("die inside a frame", "worker_died", "The worker was killed."),
        ("print", "protocol", "Loading checkpoint shards"),
        ("boast", "protocol", "more than the limit"),
        ("mumble", "protocol", "is not a message of this protocol"),
        ("greet again", "protocol", "said Hello where that has no place"),
    ],
)
def test_that_a_run_with_a_lost_worker_fails_and_the_next_is_answered(
    start_worker: StartWorker, text: str, kind: str, sentence: str
) -> None:
    worker = start_worker()
    lost, waiting = worker.ask(text), worker.ask("answer")
    ending = worker.ending(lost)
    assert isinstance(ending, Failed)
    assert ending.kind == kind
    assert sentence in ending.message
    assert worker.ending(waiting) == Tokenized(())
    assert worker.states == [STARTING, BUSY, CRASHED, STARTING, BUSY, READY]
    assert len(worker.pids) == len(worker.hellos) == 2
    worker.wait(lambda: not is_alive(worker.pids[0]))


def test_that_garbage_is_told_in_full_to_the_log(start_worker: StartWorker) -> None:
    worker = start_worker()
    ending = worker.ending(worker.ask("print bytes"))
    assert isinstance(ending, Failed)
    assert "there is no text" in ending.message
    assert repr(b"\x00\x9f" * 100) in worker.log


def test_that_an_answer_given_before_death_counts(start_worker: StartWorker) -> None:
    worker = start_worker()
    run = worker.ask("answer and die")
    assert worker.ending(run) == Tokenized(())
    worker.wait(lambda: len(worker.hellos) == 2)
    assert worker.endings(run) == [Tokenized(())]


@pytest.mark.parametrize("moment", [STARTING, READY, BUSY])
def test_that_kill_9_in_any_state_is_survived(start_worker: StartWorker, moment: WorkerState) -> None:
    worker = start_worker("slowly")
    worker.wait(lambda: worker.pids)
    worker.wait_for(STARTING if moment is STARTING else READY)
    run = worker.ask("wait") if moment is BUSY else 0
    worker.wait_for(moment)
    os.kill(worker.pids[0], signal.SIGKILL)
    worker.wait(lambda: CRASHED in worker.states)
    worker.wait_for(READY)
    if run:
        assert isinstance(worker.ending(run), Failed)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert len(worker.pids) == 2


def test_that_a_run_asked_on_hearing_of_the_loss_is_answered(start_worker: StartWorker) -> None:
    worker = start_worker()
    again: list[int] = []
    worker.client.said.connect(
        lambda run, event: again.append(worker.ask("answer")) if isinstance(event, Failed) else None
    )
    worker.ending(worker.ask("die"))
    assert worker.ending(again[0]) == Tokenized(())


def test_that_closing_on_hearing_of_the_loss_leaves_it_closed(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.client.said.connect(lambda run, event: worker.client.close())
    lost, waiting = worker.ask("die"), worker.ask("answer")
    assert isinstance(worker.ending(lost), Failed)
    assert worker.ending(waiting) == Cancelled()
    assert worker.client.state is OFF
    assert len(worker.pids) == 1


# -- what cannot be started --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "sentence", "starts"),
    [
        ("with an exit", "No module named 'torch'", MOST_FAILURES),
        ("with a banner", "Welcome to the cluster!", 1),
        ("with an answer", "said Said where that has no place", 1),
        ("in another protocol", "install the same version", 1),
        ("silently", "said nothing for 3 s of its start", 1),
        ("with a boast", "more than the limit of 1,048,576", 1),
    ],
)
def test_that_a_worker_which_cannot_start_is_given_up_with_a_reason(
    start_worker: StartWorker, how: str, sentence: str, starts: int
) -> None:
    limits = {"start_limit": 3_000} if how == "silently" else {}  # ms; what greets is given the client's own limit
    worker = start_worker(how, **limits)
    runs = [worker.ask("answer"), worker.ask("answer")]
    for run in runs:
        ending = worker.ending(run)
        assert isinstance(ending, Failed)
        assert sentence in ending.message
    assert worker.client.state is CRASHED
    assert sentence in worker.client.trouble
    assert len(worker.pids) == starts


def test_that_a_worker_that_is_heard_of_is_waited_for_beyond_the_limit(start_worker: StartWorker, tmp_path) -> None:
    queue = "for i in 1 2 3 4 5 6 7 8; do echo queued >&2; sleep 0.5; done; exec "
    command = ["sh", "-c", f"{queue} {shlex.join([sys.executable, str(SCRIPT), 'well', str(tmp_path / 'starts')])}"]
    worker = start_worker(command=command, start_limit=3_000)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert worker.log.count("queued") == 8


def test_that_another_limit_holds_for_a_worker_on_its_way(start_worker: StartWorker) -> None:
    worker = start_worker("silently")
    worker.client.set_start_limit(1)
    worker.wait(lambda: worker.client.trouble)
    assert "said nothing for 1 s of its start" in worker.client.trouble


def test_that_only_a_spare_is_told_that_nobody_waits_for_it(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait(lambda: worker.client.has_spare)
    first, spare = (Path(f"/proc/{pid}/environ").read_bytes() for pid in worker.pids)
    assert SPARE.encode() not in first and SPARE.encode() in spare


def test_that_a_missing_command_is_named(start_worker: StartWorker) -> None:
    worker = start_worker(command=["no-such-program", "worker"])
    ending = worker.ending(worker.ask("answer"))
    assert isinstance(ending, Failed)
    assert "“no-such-program worker” cannot be started" in ending.message
    assert trouble_with_opening(ending).remedy is Remedy.PREFERENCES
    assert worker.client.state is CRASHED


def test_that_asking_revives_a_given_up_worker(start_worker: StartWorker) -> None:
    worker = start_worker("with an exit")
    worker.wait(lambda: worker.client.trouble)
    assert len(worker.pids) == MOST_FAILURES
    assert f"No module named 'torch'. {MOST_FAILURES} workers in a row" in worker.client.trouble
    worker.ending(worker.ask("answer"))
    assert len(worker.pids) == 2 * MOST_FAILURES


def test_that_a_worker_which_dies_of_every_request_is_given_up(start_worker: StartWorker) -> None:
    worker = start_worker()
    for _ in range(MOST_FAILURES):
        worker.ending(worker.ask("die"))
    assert worker.client.state is CRASHED
    assert f"{MOST_FAILURES} workers in a row" in worker.client.trouble


def test_that_an_answer_ends_a_row_of_failures(start_worker: StartWorker) -> None:
    worker = start_worker()
    for _ in range(MOST_FAILURES + 1):
        worker.ending(worker.ask("die"))
        worker.ending(worker.ask("answer"))
    assert worker.client.trouble == ""


# -- the spare ---------------------------------------------------------------------------------------------------------


def test_that_a_spare_takes_over_at_once(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    first, spare = worker.pids
    os.kill(first, signal.SIGKILL)
    worker.wait(lambda: len(worker.hellos) == 2)
    assert worker.hellos[1].pid == spare
    assert worker.states == [STARTING, READY, CRASHED, STARTING, READY]
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    worker.wait_for_spare()
    assert len(worker.pids) == 3


def test_that_a_stop_by_force_has_ended_the_run_before_the_spare_greets(start_worker: StartWorker) -> None:
    worker = start_worker("stubborn", spare=True, patience=200)
    worker.wait_for_spare()
    run = worker.ask("wait")
    worker.wait_for(BUSY)
    ended_at_greeting = []
    worker.client.greeted.connect(lambda hello: ended_at_greeting.append(bool(worker.endings(run))))
    worker.client.stop(run)
    worker.wait(lambda: ended_at_greeting)
    assert ended_at_greeting == [True]


def test_that_a_spare_still_starting_is_waited_for(start_worker: StartWorker) -> None:
    worker = start_worker("slowly", spare=True)
    worker.wait(lambda: len(worker.pids) == 2)
    os.kill(worker.pids[0], signal.SIGKILL)
    worker.wait(lambda: CRASHED in worker.states)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert worker.hellos[-1].pid == worker.pids[1]


def test_that_a_spare_whose_process_was_stopped_goes_on_when_it_takes_over(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    first, spare = worker.pids
    os.kill(spare, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    worker.wait(lambda: len(worker.hellos) == 2)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert worker.hellos[-1].pid == spare


def test_that_what_was_sent_to_a_spare_lost_with_its_worker_is_answered_by_the_next(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    first, spare = worker.pids
    os.kill(first, signal.SIGKILL)
    worker.wait(lambda: len(worker.hellos) == 2)
    os.kill(spare, signal.SIGSTOP)  # as dead as one that is killed, and as yet nobody knows
    run, light, waits = worker.ask_at_length("answer"), worker.ask("answer"), worker.ask_at_length("answer")
    os.kill(spare, signal.SIGKILL)
    assert [worker.ending(each) for each in (run, light, waits)] == [Tokenized(())] * 3
    assert worker.hellos[-1].pid == worker.pids[2]


def test_that_a_run_that_kills_the_spare_too_is_tried_once_more_and_then_fails(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    os.kill(worker.pids[0], signal.SIGKILL)
    worker.wait(lambda: len(worker.hellos) == 2)
    assert isinstance(worker.ending(worker.ask("die")), Failed)
    assert len(worker.pids) == 3  # the first, the spare, and another
    assert worker.ending(worker.ask("answer")) == Tokenized(())


def test_that_a_spare_that_has_answered_is_a_worker_like_any_other(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    os.kill(worker.pids[0], signal.SIGKILL)
    worker.wait(lambda: len(worker.hellos) == 2)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    run = worker.ask_at_length("wait")
    os.kill(worker.pids[1], signal.SIGKILL)
    assert isinstance(worker.ending(run), Failed)


def test_that_a_lost_spare_is_replaced_and_nobody_notices(start_worker: StartWorker) -> None:
    worker = start_worker(spare=True)
    worker.wait_for_spare()
    os.kill(worker.pids[1], signal.SIGKILL)
    worker.wait(lambda: len(worker.pids) == 3)
    worker.wait_for_spare()
    assert worker.states == [STARTING, READY]
    assert worker.ending(worker.ask("answer")) == Tokenized(())


def test_that_a_spare_that_starts_makes_up_for_those_that_did_not(start_worker: StartWorker) -> None:
    worker = start_worker("every other time", spare=True)
    for failures in range(1, MOST_FAILURES + 1):
        worker.wait_for_spare()
        assert len(worker.pids) == 2 * failures + 1
        os.kill(worker.pids[-1], signal.SIGKILL)
        worker.wait(lambda: not worker.client.has_spare)
    worker.wait_for_spare()


def test_that_there_is_no_spare_where_memory_is_short(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    monkeypatch.setattr("inspector.client.supply.available_bytes", lambda: asked.append(None) or 1024**3)
    worker = start_worker(spare=True)
    worker.wait(lambda: asked)
    assert worker.ending(worker.ask("answer")) == Tokenized(())
    assert not worker.client.has_spare
    assert len(worker.pids) == 1


# -- close -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["well", "stubborn", "silently"])
def test_that_closing_ends_all_processes_within_two_seconds(start_worker: StartWorker, how: str) -> None:
    worker = start_worker(how, spare=how != "silently")
    run = worker.ask("wait")
    if how == "silently":
        worker.wait(lambda: worker.pids)
    else:
        worker.wait_for(BUSY)
    started = time.monotonic()
    worker.client.close()
    assert time.monotonic() - started < 2  # a promise, not a benchmark
    assert not [pid for pid in worker.pids if is_alive(pid)]
    assert worker.endings(run) == [Cancelled()]
    assert worker.client.state is OFF


def test_that_a_closed_client_can_be_started_again(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.wait_for(READY)
    worker.client.close()
    run = worker.ask("answer")
    worker.client.start()
    assert worker.ending(run) == Tokenized(())
    assert len(worker.pids) == 2


def test_that_a_client_never_started_closes_quietly(qtbot: object) -> None:
    client = WorkerClient(["no-such-program"])
    said: list[tuple[int, object]] = []
    client.said.connect(lambda run, event: said.append((run, event)))
    run = client.ask(Tokenize(ModelSource("m"), Text("text")))
    client.close()
    assert said == [(run, Cancelled())]
