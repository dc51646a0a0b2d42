"""Opens a window, answers its question, and prints what was imported from the first painted answer on."""

from __future__ import annotations

import sys

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.protocol.inputs import Text
from inspector.keeping.settings import Profile, SettingsFile
from inspector.look.theme import apply_theme
from inspector.state.question import BUNDLED_MODELS, Question
from inspector.state.study import Study
from inspector.window import Window
from tests.inspector.answers import answer_to
from tests.inspector.fake_worker import FakeWorker

app = QApplication(sys.argv[:1])
apply_theme(app, "light")
question = Question(BUNDLED_MODELS[0], Text("In 1922 the British expedition reached 8,320 m."))
window = Window(FakeWorker(), FakeWorker(), Study(question), Profile(SettingsFile(None)), lambda command: FakeWorker())
window.show()
while window.layers.text.map is None:
    QTest.qWait(10)
answer = answer_to(question)
before = set(sys.modules)
window.study.learn(question, answer)
window.grab()
print(sorted(set(sys.modules) - before))
