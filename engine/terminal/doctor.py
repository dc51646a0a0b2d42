"""Finds what this machine has and lacks. Imports neither torch nor Qt: one of them may be broken."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from engine.figures.fonts import FontChoice, Run, asian_region, base_font, system_fonts
from engine.figures.typesetting import ENGINES, engines_found
from engine.figures.visible import visible
from engine.protocol.visible_text import visible as visible_text
from engine.shipped import shipped
from engine.terminal.display import obstacle

_ESSENTIAL = ("torch", "transformers", "numpy", "Pillow", "msgspec", "cmap", "safetensors", "PySide6-Essentials")
_FURTHER = ("torchvision", "zennit", "pyqtgraph", "platformdirs", "typer", "fpdf2", "uharfbuzz", "fonttools", "gguf")
_OPTIONAL = ("bitsandbytes", "accelerate")
_SCRIPTS = {
    "Chinese": "中文",
    "Japanese": "かな",
    "Korean": "한국어",
    "Arabic": "سلام",
    "Hebrew": "שלום",
    "Devanagari": "हिन्दी",
    "Thai": "ไทย",
    "emoji": "🚀",
}
_PATIENCE = 180  # seconds for a library to import
_GIGABYTE = 1e9

# Run in processes of their own: a broken library may end the process that imports it.
_ASK_TORCH = """
import json, torch, transformers
devices = [f"cuda:{i} {torch.cuda.get_device_name(i)}, {torch.cuda.mem_get_info(i)[1] / 1e9:.0f} GB"
           for i in range(torch.cuda.device_count())]
devices += ["mps"] if torch.backends.mps.is_available() else []
print(json.dumps([*devices, f"cpu, {torch.get_num_threads()} threads"]))
"""
_ASK_QT = """
import json
from PySide6.QtWidgets import QApplication
app = QApplication([])
print(json.dumps([app.platformName(), *(f"{s.size().width()}x{s.size().height()}" for s in app.screens())]))
"""

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """One fact about this machine. A `note` is no obstacle; `broken` must be mended."""

    what: str
    state: State
    found: str


def examine() -> list[Finding]:
    """All findings; the slow ones side by side."""
    with ThreadPoolExecutor() as pool:
        torch, qt = pool.submit(_torch), pool.submit(_qt)
        findings = [*_versions(), *_pyside_trap(), _latex(), *_fonts(), _cache(), _memory(), _room(), _bundled()]
        return [*findings, torch.result(), qt.result()]


def is_sound(findings: list[Finding]) -> bool:
    """Whether nothing essential is broken."""
    return all(finding.state != "broken" for finding in findings)


def in_words(findings: list[Finding]) -> str:
    """A line each, the broken ones marked."""
    signs: dict[State, str] = {"ok": " ", "note": "!", "broken": "✗"}
    width = max(len(finding.what) for finding in findings)
    lines = [f"{signs[finding.state]} {finding.what:<{width}}  {visible_text(finding.found)}" for finding in findings]
    broken = sum(finding.state == "broken" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    verdict = f"{broken} broken (✗), {notes} to know (!)" if broken or notes else "All is well."
    return "\n".join([*lines, "", verdict])


def in_json(findings: list[Finding]) -> str:
    """The findings for a script."""
    content: dict[str, Any] = {"sound": is_sound(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(content, indent=1)


def _versions() -> Iterator[Finding]:
    yield Finding("lxt-inspector", "ok", _version("lxt-inspector") or "run from a checkout, not installed")
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for package in (*_ESSENTIAL, *_FURTHER):
        version = _version(package)
        yield Finding(package, "ok" if version else "broken", version or "not installed: install lxt-inspector again")
    for package in _OPTIONAL:
        yield Finding(package, "ok", _version(package) or "not installed; only 4-bit and 8-bit weights need it")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _pyside_trap() -> Iterator[Finding]:
    """PySide6 6.12.0 drops references to None on Python < 3.12: after some thousand signals the program aborts."""
    if _version("PySide6-Essentials") == "6.12.0" and sys.version_info < (3, 12):
        advice = "PySide6 6.12.0 aborts on Python before 3.12: pip install 'PySide6-Essentials!=6.12.0'"
        yield Finding("PySide6 and Python", "broken", advice)


def _torch() -> Finding:
    answer, error = _ask(_ASK_TORCH)
    return Finding("devices", "ok", "; ".join(answer)) if answer else Finding("devices", "broken", f"torch: {error}")


def _qt() -> Finding:
    found = obstacle()
    if found is not None and found.is_broken:
        return Finding("display", "broken", str(found))
    answer, error = _ask(_ASK_QT if found is None else "import PySide6.QtWidgets; print('[\"ok\"]')")
    if found is not None and answer:
        return Finding("display", "note", str(found))
    return Finding("display", "ok", ", ".join(answer)) if answer else Finding("display", "broken", f"Qt: {error}")


def _ask(program: str) -> tuple[list[str], str]:
    """What the program prints, or the last line of its complaint."""
    command = [sys.executable, "-c", program]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error)
    if done.returncode == 0:
        answer: list[str] = json.loads(done.stdout.splitlines()[-1])
        return answer, ""
    complaint = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"ended with code {done.returncode}"]
    return [], complaint[-1]


def _latex() -> Finding:
    found = engines_found()
    if not found:
        return Finding("LaTeX", "note", f"none of {', '.join(ENGINES)}: PDFs are drawn without it")
    return Finding("LaTeX", "ok", ", ".join(found))


def _fonts() -> Iterator[Finding]:
    for script, sample in _SCRIPTS.items():
        fonts = FontChoice(base_font(), system_fonts(asian_region(sample)))
        runs = fonts.runs(visible(sample))
        names = sorted({run.font.family for run in runs if isinstance(run, Run)})
        whole = all(isinstance(run, Run) for run in runs)
        lacking = "no font: shown by code point in figures"
        yield Finding(f"font for {script}", "ok" if whole else "note", ", ".join(names) if whole else lacking)


def _cache() -> Finding:
    """The hub's cache, found as huggingface_hub finds it."""
    home = Path(os.environ.get("HF_HOME", Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"))
    folder = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    if not folder.is_dir():
        return Finding("model cache", "ok", f"{folder}, empty")
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    used = sum(path.stat().st_size for path in paths)
    free = shutil.disk_usage(folder).free
    return Finding("model cache", "ok", f"{folder}, {used / _GIGABYTE:.1f} GB, {free / _GIGABYTE:.0f} GB free")


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding("memory", "ok", "not known on this system")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Finding("memory", "ok" if total > 4 * _GIGABYTE else "note", f"{total / _GIGABYTE:.1f} GB")


def _room() -> Finding:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    return Finding("temporary files", "ok" if free > 1e8 else "note", f"{folder}, {free / _GIGABYTE:.1f} GB free")


def _bundled() -> Finding:
    """The models that ship with the program."""
    root = shipped("models")
    names = sorted(path.parent.name for path in root.glob("*/*.safetensors"))
    if not names:
        return Finding("bundled models", "broken", f"none in {root}: install lxt-inspector again")
    return Finding("bundled models", "ok", ", ".join(names))
