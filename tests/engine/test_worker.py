"""The worker as a process: the stream stays whole, runs end once, and no worker outlives its window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.protocol.frames import FROM_WORKER_LIMIT, Ask, FrameReader, Hello, Said, Stop, frame, from_worker
from engine.protocol.inputs import Text
from engine.protocol.messages import Cancelled, Ending, Event, Failed, Progress, Tokenize, Tokenized
from engine.protocol.values import ModelSource
from engine.worker import imported

pytestmark = pytest.mark.process

ROOT = Path(engine.__file__).parents[1]
COMMAND = [sys.executable, str(Path(__file__).with_name("fake_session.py"))]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

# Starts a worker, hears from its run, says its process id, and waits to be killed.
PARENT = """
import subprocess, sys
worker = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
worker.stdin.write(bytes.fromhex(sys.stdin.readline()))
worker.stdin.flush()
heard = b""
while b"Said" not in heard:
    heard += worker.stdout.read1()
print(worker.pid, flush=True)
sys.stdin.read()
"""


class Window:
    """What the inspector does, with blocking reads."""

    def __init__(self, tmp_path: Path) -> None:
        self._log = tmp_path / "log"
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log.open("wb"), env=ENVIRONMENT
        )
        self._messages = self._read()
        hello = next(self._messages)
        assert isinstance(hello, Hello)
        self.hello = hello

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def send(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, run: int, text: str) -> None:
        self.send(frame(asking(run, text)))

    def hear(self) -> tuple[int, Event]:
        said = next(self._messages)
        assert isinstance(said, Said)
        return said.run, said.event

    def ending(self) -> tuple[int, Event]:
        """The next ending of any run."""
        while isinstance((said := self.hear())[1], Progress):
            pass
        return said

    def events(self, run: int) -> list[Event]:
        """All events up to the run's ending."""
        events: list[Event] = []
        while not events or isinstance(events[-1], Progress):
            number, event = self.hear()
            assert number == run
            events.append(event)
        return events

    def answer(self, run: int, text: str) -> Ending:
        self.ask(run, text)
        ending = self.events(run)[-1]
        assert not isinstance(ending, Progress)
        return ending

    def ends(self) -> int:
        """The exit code of a worker that is to end by itself."""
        assert self.process.stdout
        self.process.stdout.read()
        return self.process.wait(timeout=30)

    def _read(self) -> Iterator[Any]:
        reader = FrameReader(FROM_WORKER_LIMIT)
        assert self.process.stdout
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            for payload in reader.feed(data):
                yield from_worker(payload)
        reader.finish()


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    opened = Window(tmp_path)
    yield opened
    opened.process.kill()
    opened.process.wait()
    for stream in (opened.process.stdin, opened.process.stdout):
        assert stream
        stream.close()


def asking(run: int, text: str) -> Ask:
    return Ask(run, Tokenize(ModelSource("m"), Text(text)))


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


# -- the stream --------------------------------------------------------------------------------------------------------


def test_that_nothing_a_library_writes_gets_between_the_frames(window: Window) -> None:
    assert isinstance(window.answer(1, "make noise"), Tokenized)
    assert isinstance(window.answer(2, "go on"), Tokenized)
    assert window.process.stdin
    window.process.stdin.close()
    window.ends()
    log = window.log()
    for said in ("while starting", "a print", "a write", "another", "descriptor", "from C, with 42", "a child", "75%"):
        assert said in log


def test_that_a_library_which_reads_stdin_finds_nothing(window: Window) -> None:
    ending = window.answer(1, "ask the user")
    assert isinstance(ending, Failed)
    assert "EOFError" in ending.message
    assert isinstance(window.answer(2, "go on"), Tokenized)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1\r\n", "where a frame should begin"),
        (b"LXTI\xff\xff\xff\xff", "more than the limit"),
        (b"LXTI\x02\x00\x00\x00??", "is not a message of this protocol"),
    ],
)
def test_that_a_window_which_cannot_be_understood_is_told_so(window: Window, data: bytes, why: str) -> None:
    window.send(data)
    assert window.ends() == 2
    assert why.lower() in window.log().lower()


def test_that_a_stream_cut_inside_a_frame_is_an_error(window: Window) -> None:
    window.send(frame(asking(1, "go on"))[:-1])
    assert window.process.stdin
    window.process.stdin.close()
    assert window.ends() == 2
    assert "ended inside a frame" in window.log()


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("cannot", "model_unsupported", "This model is not for you."),
        ("panic", "internal", "called `Option::unwrap()` on a `None` value"),
        ("exit", "internal", "SystemExit: 3"),
        ("memory", "out_of_memory", "There is not enough memory for this."),
        ("allocator", "out_of_memory", "There is not enough memory for this."),
        ("disk", "disk_full", "The disk is full (/cache/model.safetensors): make room and try again."),
        ("bad name", "internal", "/folder/\\udcff"),
        ("say the unsayable", "protocol", "cannot be sent"),
    ],
)
def test_that_the_worker_survives_what_a_run_raises(window: Window, text: str, kind: str, sentence: str) -> None:
    ending = window.answer(1, text)
    assert isinstance(ending, Failed)
    assert ending.kind == kind
    assert sentence in ending.message
    assert "fake_session.py" in ending.traceback or "frames.py" in ending.traceback
    assert isinstance(window.answer(2, "go on"), Tokenized)


def test_that_a_running_run_stops_between_blocks(window: Window) -> None:
    window.ask(1, "block by block")
    assert window.hear() == (1, Progress("forward", 0, 1_000_000))
    window.send(frame(Stop(1)))
    assert window.events(1)[-1] == Cancelled()
    assert isinstance(window.answer(2, "go on"), Tokenized)


def test_that_a_waiting_run_is_cancelled_while_another_runs(window: Window) -> None:
    window.ask(1, "block by block")
    window.ask(2, "go on")
    window.ask(3, "go on")
    window.send(frame(Stop(2)))
    events = [window.hear()]
    while events[-1][0] == 1:
        events.append(window.hear())
    assert events[-1] == (2, Cancelled())
    window.send(frame(Stop(1)))
    assert window.events(1)[-1] == Cancelled()
    assert isinstance(window.events(3)[-1], Tokenized)


def test_that_what_is_light_is_answered_while_another_runs(window: Window) -> None:
    window.ask(1, "block by block")
    window.ask(2, "go on")
    window.ask(3, "light, and cannot")
    window.ask(4, "light")
    endings = [window.ending() for _ in range(2)]
    assert [run for run, _ in endings] == [3, 4]
    assert isinstance(endings[0][1], Failed) and "This model is not for you." in endings[0][1].message
    assert isinstance(endings[1][1], Tokenized)
    window.send(frame(Stop(1)))
    assert window.ending() == (1, Cancelled())
    run, ending = window.ending()
    assert run == 2 and isinstance(ending, Tokenized)


def test_that_what_is_light_ends_once_whether_stopped_or_answered(window: Window) -> None:
    window.ask(1, "block by block")
    lights = range(2, 102)
    window.send(b"".join(frame(asking(run, "light")) + frame(Stop(run)) for run in lights))
    window.send(frame(Stop(1)))
    window.ask(200, "go on")
    endings = []
    while 200 not in endings:
        endings.append(window.ending()[0])
    assert sorted(endings) == [1, *lights, 200]


def test_that_stopping_what_does_not_run_changes_nothing(window: Window) -> None:
    window.send(frame(Stop(1)) + frame(Stop(99)))
    assert isinstance(window.answer(1, "go on"), Tokenized)
    window.send(frame(Stop(1)))
    assert isinstance(window.answer(2, "go on"), Tokenized)


def test_that_progress_is_thinned_but_begins_and_ends(window: Window) -> None:
    window.ask(1, "many reports")
    *reports, ending = window.events(1)
    assert isinstance(ending, Tokenized)
    assert len(reports) < 1_000
    for phase, total in (("load", 0), ("forward", 10_000)):
        done = [r.done for r in reports if isinstance(r, Progress) and r.phase == phase and r.total == total]
        assert (done[0], done[-1]) == (0, 10_000)
        assert done == sorted(done)


def test_that_a_failed_warm_up_is_survived(window: Window) -> None:
    while "warming up" not in window.log():
        time.sleep(0.05)
    assert isinstance(window.answer(1, "go on"), Tokenized)


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "block by block", "compute without looking up"])
def test_that_the_end_of_stdin_ends_the_worker_whatever_it_does(window: Window, text: str) -> None:
    if text:
        window.ask(1, text)
        window.hear()
    assert window.process.stdin
    window.process.stdin.close()
    started = time.monotonic()
    assert window.ends() == 0
    assert time.monotonic() - started < 2  # a promise, not a benchmark


def test_that_a_worker_nobody_hears_ends(window: Window) -> None:
    window.ask(1, "block by block")
    window.hear()
    assert window.process.stdout
    window.process.stdout.close()
    assert window.process.wait(timeout=30) == 1


def test_that_ctrl_c_is_the_windows_business(window: Window) -> None:
    window.process.send_signal(signal.SIGINT)
    assert isinstance(window.answer(1, "go on"), Tokenized)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="no priorities here")
def test_that_what_is_asked_goes_no_later_than_other_work(window: Window) -> None:
    assert os.getpriority(os.PRIO_PROCESS, window.hello.pid) == os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("text", ["go on", "compute without looking up", "hold the interpreter's lock"])
def test_that_a_worker_whose_parent_was_killed_ends(text: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    assert parent.stdin
    assert parent.stdout
    parent.stdin.write(frame(asking(1, text)).hex().encode() + b"\n")
    parent.stdin.flush()
    worker = int(parent.stdout.readline())
    assert is_alive(worker)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 30
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere niceness is a process's")
@pytest.mark.parametrize(("is_spare", "behind"), [(False, 0), (True, 10)])
def test_that_only_a_spare_is_imported_behind_all_other_work(tmp_path, monkeypatch, is_spare, behind):
    (tmp_path / f"imported_{is_spare}.py").write_text("import os\nniceness = os.nice(0)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = os.nice(0)
    found = imported(f"imported_{is_spare}", is_spare)
    assert found.niceness == min(before + behind, 19)
    assert os.nice(0) == before  # of the thread that answers
