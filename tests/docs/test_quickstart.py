"""The quickstart's scripts run as they are written, on small models that stand in for those of the hub."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import vision_transformer
from torchvision.models.vision_transformer import VisionTransformer
from transformers.models.bert import modeling_bert
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.llama import modeling_llama

import engine
from engine.figures.typesetting import is_whole_pdf

_ROOT = Path(__file__).parents[2]
_MODELS = _ROOT / "resources" / "models"
_RECALL = "In 1922 the British reached 8,320 m. In 1952 the Swiss reached 8,595 m. Answer: the Swiss reached 8,"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Scripts write where they are started, and leave their patches in place."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for module in (modeling_llama, modeling_gpt2, modeling_bert, vision_transformer):
        engine.monkey_patch(module).undo()
    engine.monkey_patch_zennit().undo()


def run(script: str, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> dict[str, Any]:
    """What the script's names stand for at its end."""
    path = _ROOT / "docs" / "quickstart" / f"{script}.py"
    monkeypatch.setattr("sys.argv", [str(path), *map(str, arguments)])
    return runpy.run_path(str(path), run_name="__main__")


def explained(model: str, rules: str, target: engine.targets.Target) -> np.ndarray:
    """The same by the library's own calls."""
    with engine.trace(engine.load_model(model), _RECALL, rules=rules) as trace:
        return trace.explain(target).input


def test_that_llama_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prompt.txt").write_text(_RECALL)
    done = run("llama", monkeypatch, _MODELS / "llama", "prompt.txt")
    assert is_whole_pdf((tmp_path / "llama.pdf").read_bytes())
    ours = explained("bundled:llama", "attnlrp", engine.targets.Top())
    found = done["relevance"].detach().numpy()
    assert np.corrcoef(found, ours)[0, 1] > 0.99  # the script computes in bfloat16
    assert done["model"].training


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="needs bitsandbytes")
def test_that_llama_is_explained_in_4_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prompt.txt").write_text(_RECALL)
    done = run("llama", monkeypatch, _MODELS / "llama", "prompt.txt", "--4bit")
    ours = engine.trace(done["model"], input_ids=done["input_ids"]).explain().input
    assert np.corrcoef(done["relevance"].detach().numpy(), ours)[0, 1] > 0.99


@pytest.mark.parametrize(
    ("script", "rules", "target"),
    [
        ("gpt2_contrastive", "attnlrp", engine.targets.Contrast("5")),
        ("gpt2_cp_lrp", "cp-lrp", engine.targets.Token("5")),
    ],
)
def test_that_gpt2_is_explained(
    script: str, rules: str, target: engine.targets.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(script, monkeypatch, _MODELS / "gpt2")
    assert is_whole_pdf((tmp_path / f"{script}.pdf").read_bytes())
    ours = explained("bundled:gpt2", rules, target)
    np.testing.assert_allclose(done["relevance"].detach().numpy(), ours, rtol=0, atol=2e-5 * np.abs(ours).max())


def test_that_bert_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    done = run("bert", monkeypatch, _MODELS / "bert")
    assert is_whole_pdf((tmp_path / "bert.pdf").read_bytes())
    assert "unacceptable" in capsys.readouterr().out
    with engine.trace(engine.load_model("bundled:bert"), done["sentence"]) as trace:
        ours = trace.explain().input
    found = done["relevance"].detach().numpy()
    np.testing.assert_allclose(found, ours, rtol=0, atol=2e-5 * np.abs(ours).max())
    assert {done["tokens"][i].strip() for i in np.argsort(found)[-2:]} == {"they", "has"}


def test_that_a_vision_transformer_is_explained_by_a_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    small = VisionTransformer(224, 56, 2, 2, 16, 32)
    torch.nn.init.normal_(small.heads.head.weight)
    monkeypatch.setattr(vision_transformer, "vit_b_16", lambda weights: small)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (240, 240, 3), dtype=np.uint8)).save("noise.png")
    done = run("vit_gamma", monkeypatch, "noise.png")
    with Image.open(tmp_path / "vit_gamma.png") as picture:
        assert picture.size == (5 * 224, 3 * 224)
    assert len({shown.tobytes() for shown in done["maps"]}) == 15


def test_that_relevance_is_traced_through_the_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("latent_trace", monkeypatch, _MODELS / "llama")
    with engine.trace(engine.load_model("bundled:llama"), done["prompt"]) as trace:
        ours = trace.explain().layers[1:]
    found = np.stack([row.detach().numpy() for row in done["rows"]])
    assert np.corrcoef(found.ravel(), ours.ravel())[0, 1] > 0.99  # the script computes in bfloat16
    with Image.open(tmp_path / "latent_trace.png") as picture:
        assert picture.size == (24 * found.shape[1], 24 * found.shape[0])
