"""What cannot be explained, in the library, the command and the window alike: a sentence, and what would do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from PySide6.QtWidgets import QLabel
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import engine
from engine.protocol.failures import EngineError, FailureKind
from engine.protocol.inputs import Text
from engine.protocol.targets import Class, Token, Top
from engine.protocol.values import ModelSource
from engine.terminal.typed_target import read_target
from inspector.cli import cli
from inspector.keeping.settings import Profile, SettingsFile
from inspector.state.question import Question
from inspector.state.study import Study
from inspector.window import Window
from tests.engine.models.fake_hub import FakeHub
from tests.inspector.fake_worker import FakeWorker
from tests.inspector.honest_worker import HonestWorker

BUNDLED = Path(__file__).parents[2] / "resources" / "models" / "llama"
PROMPT = "In 1922 the British reached 8,320 m."
AUTO = {"AutoConfig": "Config", "AutoModelForCausalLM": "ForCausalLM"}
HUB_ID = "owner/own-code"
OWN_CODE = """
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput

class {name}Config(LlamaConfig):
    model_type = "{name}"

class {name}ForCausalLM(LlamaForCausalLM):
    config_class = {name}Config
    def forward(self, input_ids):
        return {returned}
"""
RETURNED = {
    "Cut": "CausalLMOutput(logits=super().forward(input_ids).logits.detach())",
    "Mute": "BaseModelOutput(last_hidden_state=self.model(input_ids).last_hidden_state)",
}


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, folder))


def with_own_code(name: str) -> Callable[[Path], ModelSource]:
    def make(folder: Path) -> ModelSource:
        copied(folder)
        (folder / f"modeling_{name}.py").write_text(OWN_CODE.format(name=name, returned=RETURNED[name]))
        classes = {kind: f"modeling_{name}.{name}{own}" for kind, own in AUTO.items()}
        settings = json.loads((folder / "config.json").read_text())
        settings |= {"model_type": name, "architectures": [f"{name}ForCausalLM"], "auto_map": classes}
        (folder / "config.json").write_text(json.dumps(settings))
        return ModelSource(str(folder), trust_remote_code=True)

    return make


def without_tokenizer(folder: Path) -> ModelSource:
    for file in copied(folder).glob("tokenizer*"):
        file.unlink()
    return ModelSource(str(folder))


def with_nan(folder: Path) -> ModelSource:
    path = copied(folder) / "model.safetensors"
    weights = load_file(path)
    weights["model.layers.1.mlp.down_proj.weight"][0, 0] = torch.nan
    save_file(weights, path, metadata={"format": "pt"})
    return ModelSource(str(folder))


def from_the_hub(folder: Path) -> ModelSource:
    return ModelSource(HUB_ID)


def bundled(name: str) -> Callable[[Path], ModelSource]:
    return lambda folder: ModelSource(f"bundled:{name}")


@dataclass(frozen=True)
class Case:
    """What is asked, and what the answer has to name: what was found, and what would do."""

    source: Callable[[Path], ModelSource]
    kind: FailureKind
    found: str
    would_do: str
    prompt: str = PROMPT
    target: str = "top"


CASES = {
    "no differentiable path": Case(with_own_code("Cut"), "model_unsupported", "no path leads", "open another model"),
    "empty prompt": Case(bundled("llama"), "prompt_empty", "The prompt is empty", "type", prompt=""),
    "prompt over the limit": Case(
        bundled("llama"), "prompt_too_long", "takes 512", "Shorten it", prompt="1 2 3 4 5 6 7 8 " * 200
    ),
    "no token": Case(bundled("llama"), "target_unknown", "“surely not” is", "Choose one of them", target="surely not"),
    "no such id": Case(bundled("llama"), "target_unknown", "no token 99999", "go from 0 to", target="id:99999"),
    "no such class": Case(
        bundled("bert"),
        "target_unknown",
        "no class “unaceptable”",
        "Nearest are “unacceptable”",
        target="class:unaceptable",
    ),
    "no tokenizer": Case(without_tokenizer, "model_damaged", "has no tokenizer", "Copy it there"),
    "NaN weights": Case(with_nan, "model_damaged", "layers.1.mlp.down_proj.weight are not numbers", "download"),
    "no logits": Case(with_own_code("Mute"), "model_unsupported", "returned no logits", "open it with a head"),
    "remote code on the hub": Case(from_the_hub, "needs_remote_code", "code of its own", "trust remote code"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """Each, with a hub on this machine."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with_own_code("Cut")(tmp_path / "published")
    files = {path.name: path.read_bytes() for path in (tmp_path / "published").iterdir()}
    with FakeHub({HUB_ID: files}).serving() as hub:
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield CASES[request.param]


def check(case: Case, sentence: str) -> None:
    assert case.found in sentence
    assert case.would_do in sentence
    assert "\n" not in sentence


def test_that_the_library_raises_a_typed_error(case: Case, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        model = engine.load_model(case.source(tmp_path / "model"))
        engine.trace(model, case.prompt).explain(read_target(case.target))
    assert raised.value.kind == case.kind
    check(case, str(raised.value))


def test_that_the_command_says_so_in_a_line(case: Case, tmp_path: Path) -> None:
    source = case.source(tmp_path / "model")
    arguments = ["explain", source.name, "--prompt", case.prompt, "--target", case.target]
    done = CliRunner().invoke(cli, [*arguments, *(["--trust-remote-code"] if source.trust_remote_code else [])])
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    check(case, done.stderr.strip())


def test_that_the_window_says_so_in_place(case: Case, tmp_path: Path, qtbot, qapp) -> None:
    worker = HonestWorker()
    source = case.source(tmp_path / "model")
    study, profile = Study(Question(source, Text(case.prompt))), Profile(SettingsFile(None))
    window = Window(worker, FakeWorker(), study, profile, lambda command: None)
    window.show()
    qtbot.waitUntil(lambda: window.layers.text.map is not None)
    worker.start()
    window.inquiry.open_model(source)
    worker.greet()
    worker.answer()
    match read_target(case.target):
        case Top():
            window.commands["run.explain"].trigger()
        case Token(int(id)):  # which nobody can click: the study of another model may name it
            window.inquiry.choose_prediction(id)
        case Token(name) | Class(name):
            window.table.text_target_entered.emit(name)
    worker.answer()
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible() and case.found in label.text()]
    window.close()
    window.deleteLater()
    assert len(shown) == 1
    check(case, shown[0])
