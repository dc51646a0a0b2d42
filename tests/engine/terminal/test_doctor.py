"""The doctor finds what is broken, and is not broken by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.terminal import doctor
from engine.terminal.doctor import Finding, in_json, in_words, is_sound

ROOT = Path(__file__).parents[3]


def test_that_broken_is_not_sound_and_a_note_is() -> None:
    assert is_sound([Finding("a", "ok", ""), Finding("b", "note", "")])
    assert not is_sound([Finding("a", "ok", ""), Finding("b", "broken", "")])


def test_that_the_words_mark_what_is_broken() -> None:
    words = in_words([Finding("torch", "broken", "no"), Finding("LaTeX", "note", "none"), Finding("numpy", "ok", "2")])
    assert words.splitlines() == ["✗ torch  no", "! LaTeX  none", "  numpy  2", "", "1 broken (✗), 1 to know (!)"]
    assert in_words([Finding("numpy", "ok", "2")]).endswith("All is well.")


def test_that_scripts_get_json() -> None:
    content = json.loads(in_json([Finding("torch", "broken", "no")]))
    assert content == {"sound": False, "findings": [{"what": "torch", "state": "broken", "found": "no"}]}


@pytest.mark.parametrize(
    ("pyside", "python", "trapped"),
    [("6.12.0", (3, 11), True), ("6.12.0", (3, 12), False), ("6.11.3", (3, 11), False), ("", (3, 11), False)],
)
def test_that_the_pyside_trap_is_seen(
    monkeypatch: pytest.MonkeyPatch, pyside: str, python: tuple[int, int], trapped: bool
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: pyside)
    monkeypatch.setattr(sys, "version_info", python)
    assert [finding.state for finding in doctor._pyside_trap()] == ["broken"] * trapped


def test_that_a_missing_package_is_broken_and_an_optional_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: "")
    states = {finding.what: finding.state for finding in doctor._versions()}
    assert states["torch"] == states["fpdf2"] == "broken"
    assert states["bitsandbytes"] == states["lxt-inspector"] == "ok"


def test_that_without_latex_there_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor._latex().state == "note"


def test_that_the_caches_size_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (tmp_path / "weights").write_bytes(b"x" * 300_000_000)
    assert "0.3 GB" in doctor._cache().found
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    assert doctor._cache().found.endswith("empty")


@pytest.mark.process
def test_that_a_library_that_ends_the_process_is_reported() -> None:
    assert doctor._ask("import os; os._exit(7)") == ([], "ended with code 7")
    assert doctor._ask("raise ImportError('no such library')") == ([], "ImportError: no such library")
    assert doctor._ask("print('noise'); print('[\"cpu\"]')") == (["cpu"], "")


@pytest.mark.process
def test_that_the_doctor_works_where_torch_and_qt_do_not(tmp_path: Path) -> None:
    for library in ("torch", "PySide6"):
        (tmp_path / library).mkdir()
        (tmp_path / library / "__init__.py").write_text(f"raise ImportError('{library} is damaged')")
    done = subprocess.run(
        [sys.executable, "-m", "inspector.cli", "doctor", "--json"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, capture_output=True, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings["devices"]["state"] == findings["display"]["state"] == "broken"
    assert "torch is damaged" in findings["devices"]["found"]
    assert "PySide6 is damaged" in findings["display"]["found"]
