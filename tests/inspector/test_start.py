"""What the program does at its start beside opening the window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.leftovers import prefix
from inspector.keeping.settings import Settings, SettingsFile, known_folders, settings_path

START = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from inspector import app as program
def quit_when_gone():
    if not any(Path(name).exists() for name in sys.argv[1:]):
        QApplication.quit()
def begin(window, options):
    window.timer = QTimer(window, interval=10)
    window.timer.timeout.connect(quit_when_gone)
    window.timer.start()
program.begin = begin
program.run(program.Options())
"""


def test_that_known_folders_are_those_of_settings_exports_and_pictures(tmp_path: Path):
    folder = settings_path().parent
    assert known_folders(Settings()) == {folder}
    settings = Settings(export_folder=str(tmp_path / "a"), image_folder=str(tmp_path / "b"))
    assert known_folders(settings) == {folder, tmp_path / "a", tmp_path / "b"}


@pytest.mark.process
def test_that_what_killed_programs_left_in_known_folders_goes_at_the_start(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = f".{prefix('file').replace(f'-{os.getpid()}-', f'-{gone.pid}-')}x"
    folders = [tmp_path / "lxt-inspector", tmp_path / "exports", tmp_path / "pictures"]
    SettingsFile(folders[0] / "settings.json").write(
        Settings(export_folder=str(folders[1]), image_folder=str(folders[2]), worker_command="sleep 100")
    )
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / left).write_bytes(b"half")
        (folder / f".{prefix('file')}of-one-that-runs").write_bytes(b"half")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    names = [str(folder / left) for folder in folders]
    subprocess.run([sys.executable, "-c", START, *names], env=environment, check=True, timeout=60)
    assert [len(list(folder.glob(".lxt-file-*"))) for folder in folders] == [1, 1, 1]
