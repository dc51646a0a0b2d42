"""How long a figure takes alone, and during an explanation, which has a worker of its own.

`python -W ignore -m tests.benchmarks.export_while_explaining [MODEL] [--formats png pdf]`. Without MODEL SmolLM2, where
it is installed. A figure that the model's worker drew would wait for the end of the explanation, which is told too.
"""

from __future__ import annotations

import argparse
import time

from PySide6.QtCore import QCoreApplication
from PySide6.QtTest import QTest

from engine.protocol.inputs import Text
from engine.protocol.messages import Ending, Explain, Explained, Export, Exported, Progress, Request, Unload
from engine.protocol.values import ModelSource
from inspector.app import new_figures_worker, new_worker
from inspector.client.client import WorkerClient
from tests.real_weights import EVEREST, smollm2

PROMPT = "In 1922 the British reached 8,320 m. The British reached 8,"


class Asking:
    """Requests of one client, and when each ended."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        self.ended: dict[int, tuple[float, Ending]] = {}
        self.begun: set[int] = set()
        client.said.connect(self._on_said)
        client.start()

    def ask(self, request: Request) -> int:
        return self.client.ask(request)

    def wait(self, run: int) -> Ending:
        while run not in self.ended:
            QTest.qWait(5)
        return self.ended[run][1]

    def _on_said(self, run: int, event: object) -> None:
        if isinstance(event, Progress):
            if event.phase == "forward":
                self.begun.add(run)
        else:
            self.ended[run] = time.monotonic(), event  # type: ignore[assignment]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", nargs="?")
    options.add_argument("--formats", nargs="+", default=["png", "pdf"])
    asked = options.parse_args()
    QCoreApplication([])
    path = smollm2()
    name = asked.model or (str(path) if path else "bundled:llama")
    question = Explain(ModelSource(name), Text(EVEREST if name.endswith(".gguf") else PROMPT))
    model, figures = Asking(new_worker("", spare=False)), Asking(new_figures_worker())
    answer = model.wait(model.ask(question))
    assert isinstance(answer, Explained), answer
    print(f"{answer.relevance.model.title}, {len(answer.relevance.tokens)} tokens, explained in {answer.seconds:.2f} s")
    for wanted in asked.formats:
        export = Export(answer.relevance, wanted)
        figures.wait(figures.ask(export))  # the first has fonts to find
        alone = seconds(figures, export)
        model.wait(model.ask(Unload()))
        run = model.ask(question)
        while run not in model.begun:
            QTest.qWait(5)
        start = time.monotonic()
        during = seconds(figures, export)
        was_running = run not in model.ended
        model.wait(run)
        rest = model.ended[run][0] - start
        still = "while the explanation ran" if was_running else "and the explanation had ended by then"
        print(f"{wanted}: alone {alone:.2f} s, during {during:.2f} s {still}, which took {rest:.2f} s more")
    for each in (model, figures):
        each.client.close()


def seconds(figures: Asking, export: Export) -> float:
    """How long the figure took."""
    start = time.monotonic()
    made = figures.wait(figures.ask(export))
    assert isinstance(made, Exported), made
    return time.monotonic() - start


if __name__ == "__main__":
    main()
