"""Folders of adapters open on the model that they name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model

import engine
from engine.protocol.failures import ModelError
from engine.shipped import shipped
from tests.engine.attribution.families import IDS


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A folder of an adapter that has learned something, beside its base."""
    shutil.copytree(shipped("models", "llama"), tmp_path / "base")
    model = engine.load_model(tmp_path / "base").module
    wrapped = get_peft_model(model, LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    wrapped.peft_config["default"].base_model_name_or_path = str(tmp_path / "base")
    wrapped.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def _rename_base(adapter: Path, base: str | None) -> None:
    settings = adapter / "adapter_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"base_model_name_or_path": base}))


@pytest.mark.parametrize("named", ["by path", "beside it"])
def test_that_a_folder_of_an_adapter_opens_on_its_base(adapter: Path, named: str) -> None:
    if named == "beside it":
        _rename_base(adapter, "base")
    model, base = engine.load_model(adapter), engine.load_model(adapter.parent / "base")
    assert (model.info.title, model.info.architecture) == ("adapter", "LlamaForCausalLM")
    assert model.info.parameters > base.info.parameters
    one, other = (engine.trace(each, input_ids=IDS).explain() for each in (model, base))
    assert one.ledger is not None and one.ledger.closes
    assert not np.allclose(one.input, other.input)
    with torch.no_grad():
        merged = model.module(torch.tensor([IDS])).logits[0, -1]
    assert one.value == pytest.approx(float(merged.max()), rel=1e-4)


def test_that_a_base_that_is_nowhere_is_said(adapter: Path) -> None:
    _rename_base(adapter, "somebody/nothing")
    with pytest.raises(ModelError, match="“adapter” is an adapter of “somebody/nothing”, which does not open"):
        engine.load_model(adapter)


def test_that_an_adapter_without_a_base_is_said(adapter: Path) -> None:
    _rename_base(adapter, None)
    with pytest.raises(ModelError, match="names no base model") as caught:
        engine.load_model(adapter)
    assert caught.value.kind == "model_damaged"


def test_that_a_damaged_adapter_is_said(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError) as caught:
        engine.load_model(adapter)
    assert "adapter" in str(caught.value)
