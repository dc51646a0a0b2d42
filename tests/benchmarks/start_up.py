"""How long a person waits: until the window is there, and until the first prompt is coloured.

    python tests/benchmarks/start_up.py [--rounds N] [--model NAME]

Two ratios, each within one run, rounds interleaved, medians:

- time from the command to the visible window, over that of a bare PySide6 + pyqtgraph window (wanted: <= 1.3);
- time from the command to the first coloured prompt, over the time to import torch and transformers and load the same
  model (wanted: <= 1.25).

Visible means painted: the first paint event of the window has returned to the event loop. The checkout is compiled
first, as pip compiles what it installs: a start must not be measured with Python's compiler in it.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

LIMIT = 300  # seconds for one start
ROOT = Path(__file__).parents[2]

_PAINTED = """
class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:  # of any widget: a window that is covered is not painted itself
            QApplication.instance().removeEventFilter(self)
            QTimer.singleShot(0, lambda: print("painted", flush=True))
        return False
painted = Painted()
"""

BARE = f"""
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication([])
{_PAINTED}
window = QMainWindow()
window.setCentralWidget(pyqtgraph.PlotWidget())
window.resize(1280, 800)
QApplication.instance().installEventFilter(painted)
window.show()
app.exec()
"""

OURS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from inspector import app as program
{_PAINTED}
def begin(window, options):
    QApplication.instance().installEventFilter(painted)
    window.inquiry.answered.connect(lambda answer: QTimer.singleShot(0, lambda: print("coloured", flush=True)))
    started(window, options)
started, program.begin = program.begin, begin
program.run(program.Options(model=sys.argv[1]))
"""

BY_HAND = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import torch, transformers
import engine
engine.load_model(sys.argv[1])
print("loaded", flush=True)
"""


def seconds_until(word: str, script: str, *arguments: str) -> float:
    """The time from the start of a process to the line `word`; the process is ended then."""
    start = time.perf_counter()
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        limit = threading.Timer(LIMIT, process.kill)
        limit.start()
        for line in process.stdout:
            if line.strip() == word:
                took = time.perf_counter() - start
                limit.cancel()
                process.kill()
                return took
    raise RuntimeError(f"the process ended before it said “{word}”")


def ratio(title: str, ours: list[float], theirs: list[float]) -> None:
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{title}: {mine:.2f} s over {other:.2f} s = {mine / other:.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--model", default="bundled:llama")
    chosen = options.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for room in ("engine", "inspector"):
        compileall.compile_dir(ROOT / room, quiet=2)
    bare: list[float] = []
    window: list[float] = []
    by_hand: list[float] = []
    coloured: list[float] = []
    with tempfile.TemporaryDirectory() as home:  # each start is a first start
        os.environ["XDG_CONFIG_HOME"] = home
        for _ in range(chosen.rounds):
            bare.append(seconds_until("painted", BARE))
            window.append(seconds_until("painted", OURS, chosen.model))
            by_hand.append(seconds_until("loaded", BY_HAND, chosen.model))
            coloured.append(seconds_until("coloured", OURS, chosen.model))
    ratio("visible window over a bare one", window, bare)
    ratio("first coloured prompt over import and load", coloured, by_hand)


if __name__ == "__main__":
    main()
