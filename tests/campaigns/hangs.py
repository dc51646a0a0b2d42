"""Lets hang whatever can, presses Stop, asks again, and measures the seconds until that is answered.

python -m tests.campaigns.hangs --rounds 5
python -m tests.campaigns.hangs --kinds "forward in C" "LaTeX loops"

Stop makes the program usable within 5 s, its patience with the worker included: that is wanted of every kind, and where
it took longer the table says how often. Where a hang is refused by itself, Stop finds nothing to do.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from engine.protocol.inputs import Chat, Message, Text
from engine.protocol.values import ModelSource
from inspector.state.question import Question
from tests.campaigns import hanging
from tests.campaigns.watched_client import Outcome, kill, pause, wait
from tests.campaigns.watched_window import LONGEST, PROMPT, SOURCE, WatchedWindow, children

WANTED = 5.0  # seconds from Stop to the next answer
A_MOMENT = 0.5  # seconds in which what is refused at once is


class Desk(WatchedWindow):
    """The window, and what hangs in it. Each way to hang returns once it does."""

    def __init__(self, folder: Path, server: hanging.SilentServer) -> None:
        super().__init__()
        self._folder, self._server = folder, server
        self._figure = folder / "figure.csv"
        self._asked = 0

    def tried(self, kind: str, round: int) -> Outcome:
        """Let it hang, stop, ask again; what was wrong, and how long that took."""
        self._ask_next()
        if not wait(lambda: self.is_ready, LONGEST):
            return Outcome(kind, round, ("no answer and spare before it",))
        wrong = [] if KINDS[kind](self) else ["it does not hang"]
        self.inquiry.stop()
        stopped = time.perf_counter()
        if kind in OF_FIGURES:
            if not self.exports_again(self._figure):
                wrong.append("the next figure is not written")
        else:
            self._ask_next()
            if not wait(lambda: self.study.is_answered, LONGEST):
                wrong.append("the next question is not answered")
        seconds = time.perf_counter() - stopped
        if not wait(lambda: self.is_at_rest, LONGEST):
            wrong.append("it does not come to rest")
        wrong += [each for each in self.client.complaints() + self.figures.complaints() if "endings" in each]
        return Outcome(kind, round, tuple(wrong), seconds)

    # -- ways to hang --------------------------------------------------------------------------------------------------

    def hang_forward(self, way: str) -> bool:
        return self._hang_in("forward", way, self._ask)

    def hang_without_spare(self) -> bool:
        def ask() -> None:
            self._ask()
            assert self.client.hello is not None
            own = [self.client.hello.pid, *([self.figures.hello.pid] if self.figures.hello else [])]
            kill(*(pid for pid in children() if pid not in own))

        return self._hang_in("forward", "C", ask)

    def hang_tokenizer(self) -> bool:
        return self._hang_in("tokenizer", "Python", self._ask)

    def hang_tokenizer_typing(self) -> bool:
        return self._hang_in("tokenizer", "Python", lambda: self.inquiry.type(self._prompt()))

    def hang_tokenizer_beside(self) -> bool:
        def type_beside() -> None:
            self.inquiry.type(self._prompt())

        return self._hang_in("tokenizer", "Python", type_beside, before=lambda: self.inquiry.generate(300))

    def hang_loading(self) -> bool:
        folder = self._new_folder()
        source = hanging.model(folder, "import", "Python")
        (folder / "armed").touch()
        self.inquiry.open_model(source)
        return wait((folder / "reached").exists, LONGEST)

    def hang_chat(self) -> bool:
        source = hanging.chat_model(self._new_folder())
        self._open(source)
        self.study.ask(Question(source, Chat((Message("user", "The team"),))))
        self.inquiry.explain()
        pause(A_MOMENT)
        return True

    def open_streams(self, name: str) -> bool:
        self.inquiry.open_model(hanging.model_of_streams(self._new_folder(), name))
        pause(A_MOMENT)
        return True

    def open_prompt(self) -> bool:
        self.window.openings.open_prompt(str(self._new_pipe("prompt.txt")))
        return True

    def open_picture(self) -> bool:
        self.window.pictures.open(str(self._new_pipe("picture.png")))
        pause(A_MOMENT)
        return True

    def export_into_pipe(self) -> bool:
        self.export(self._new_pipe("figure.csv"))
        pause(A_MOMENT)
        return True

    def download(self) -> bool:
        before = len(self._server.connections)
        self.inquiry.open_model(ModelSource("somebody/some-model"))
        return wait(lambda: len(self._server.connections) > before, LONGEST)

    def download_weights(self) -> bool:
        before = len(self._server.connections)
        self.inquiry.open_model(ModelSource("squeezenet1_1"))
        return wait(lambda: len(self._server.connections) > before, LONGEST)

    def typeset(self, how: str) -> bool:
        programs = self._folder / "latex"
        (programs / "reached").unlink(missing_ok=True)
        (programs / "how").write_text(how)
        self.export(self._folder / "figure.pdf", "pdf")
        reached = wait((programs / "reached").exists, LONGEST)
        (programs / "how").write_text("")
        return reached

    def stop_process(self, who: str) -> bool:
        client = self.figures if who == "figures" else self.client
        if who == "figures":
            self.exports_again(self._figure)  # it is started
        assert client.hello is not None
        own = {each.hello.pid for each in (self.client, self.figures) if each.hello is not None}
        spares = [pid for pid in children() if pid not in own]
        for pid in [*([] if who == "spare" else [client.hello.pid]), *(spares if who in ("spare", "both") else [])]:
            os.kill(pid, signal.SIGSTOP)
        if who == "figures":
            self.export(self._figure)
        elif who == "spare":
            return self._hang_in("forward", "C", self._ask)
        else:
            self._ask()
        return True

    # -- means ---------------------------------------------------------------------------------------------------------

    def _hang_in(self, place: str, way: str, ask: Callable[[], None], before: Callable[[], None] | None = None) -> bool:
        """Open a model that hangs, have it answer, and then have it hang; whether it does."""
        folder = self._new_folder()
        self._open(hanging.model(folder, place, way))
        if not wait(lambda: self.is_ready, LONGEST):
            return False
        if before is not None:
            before()
            pause(A_MOMENT)
        (folder / "armed").touch()
        ask()
        return wait((folder / "reached").exists, LONGEST)

    def _open(self, source: ModelSource) -> None:
        self.inquiry.open_model(source)
        wait(lambda: self.is_at_rest and self.study.question.source == source, LONGEST)

    def _ask(self) -> None:
        self.inquiry.use_prompt(self._prompt())

    def _ask_next(self) -> None:
        """Ask the bundled model something new."""
        self.study.ask(Question(SOURCE, Text(self._prompt())))
        self.inquiry.open_model(SOURCE)

    def _prompt(self) -> str:
        self._asked += 1
        return PROMPT.format(self._asked)

    def _new_folder(self) -> Path:
        self._asked += 1
        return self._folder / f"model{self._asked}"

    def _new_pipe(self, name: str) -> Path:
        folder = self._new_folder()
        folder.mkdir()
        os.mkfifo(folder / name)
        return folder / name


KINDS: dict[str, Callable[[Desk], bool]] = {
    "forward in Python": lambda desk: desk.hang_forward("Python"),
    "forward in C": lambda desk: desk.hang_forward("C"),
    "forward in C, and no spare is there": Desk.hang_without_spare,
    "tokenizer": Desk.hang_tokenizer,
    "tokenizer, while a person types": Desk.hang_tokenizer_typing,
    "tokenizer, beside a longer run": Desk.hang_tokenizer_beside,
    "the model's own code, while it is opened": Desk.hang_loading,
    "chat template": Desk.hang_chat,
    "config.json is a pipe": lambda desk: desk.open_streams("config.json"),
    "tokenizer.json is a pipe": lambda desk: desk.open_streams("tokenizer.json"),
    "the weights are a socket": lambda desk: desk.open_streams("model.safetensors"),
    "a prompt file is a pipe": Desk.open_prompt,
    "a picture is a pipe": Desk.open_picture,
    "a figure goes into a pipe": Desk.export_into_pipe,
    "the hub never answers": Desk.download,
    "a server of weights never answers": Desk.download_weights,
    "LaTeX waits": lambda desk: desk.typeset("waits"),
    "LaTeX loops": lambda desk: desk.typeset("loops"),
    "the worker is stopped by a signal": lambda desk: desk.stop_process("worker"),
    "worker and spare are stopped by a signal": lambda desk: desk.stop_process("both"),
    "forward in C, and the spare is stopped by a signal": lambda desk: desk.stop_process("spare"),
    "the figures' worker is stopped by a signal": lambda desk: desk.stop_process("figures"),
}
OF_FIGURES = ("a figure goes into a pipe", "LaTeX waits", "LaTeX loops", "the figures' worker is stopped by a signal")


def outcomes(kinds: Iterable[str], rounds: int = 1) -> Iterator[Outcome]:
    """What is wrong after each kind of hang, with the seconds to the next answer, and in the end after closing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = hanging.SilentServer()
        hanging.latex(folder / "latex")
        found = {
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), server.address),
            **dict.fromkeys(("no_proxy", "NO_PROXY", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"), ""),
            "HF_HOME": str(folder / "hub"),
            "TORCH_HOME": str(folder / "torch"),
            "PATH": f"{folder / 'latex'}:{os.environ['PATH']}",
        }
        with hanging.environment(**found):
            desk = Desk(folder, server)
            try:
                for round in range(rounds):
                    for kind in kinds:
                        yield desk.tried(kind, round)
            finally:
                left = desk.close()
                server.close()
        yield Outcome("closing", 0, (f"{left} processes are left",) if left else ())


def table(found: Iterable[Outcome]) -> str:
    """One row a kind: how many, what was wrong in which round, and the seconds from Stop to the next answer."""
    found = list(found)
    lines = [
        f"| what hangs | tried | failed | how | p50 s | worst s | over {WANTED:g} s |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(one.how for one in found):
        own = [one for one in found if one.how == kind]
        said = "; ".join(f"{one.seed}: {', '.join(one.wrong)}" for one in own if one.wrong)
        seconds = [one.seconds for one in own if one.seconds]
        times = " | ".join(f"{each:.2f}" for each in np.percentile(seconds, [50, 100])) if seconds else " | "
        late = sum(each > WANTED for each in seconds)
        lines.append(f"| {kind} | {len(own)} | {sum(bool(one.wrong) for one in own)} | {said} | {times} | {late} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    app = QApplication([])
    found = []
    for one in outcomes(given.kinds, given.rounds):
        found.append(one)
        print(f"{one.how}, {one.seed}: {', '.join(one.wrong) or f'{one.seconds:.2f} s'}", flush=True)
    found.sort(key=lambda one: one.how)
    print(table(found))
    app.quit()
    raise SystemExit(any(one.wrong for one in found))


if __name__ == "__main__":
    main()
