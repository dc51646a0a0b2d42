from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.utils import logging

from engine.models.blocks import find_blocks
from engine.models.listing import list_models
from engine.models.machine.quantization import keep_gradients
from engine.models.opening import load_model
from engine.models.storage import room
from engine.models.storage.gguf_header import GgufHeader
from engine.models.storage.sources import bundled_models
from engine.models.text.tokens import tokenize
from engine.protocol.failures import DoesNotFit, ModelError, Stopped
from engine.protocol.values import ModelSource
from tests.engine.models.attempts import edit, failure
from tests.engine.models.made_tokenizers import make

REPOSITORY = Path(__file__).parents[3]


def test_that_a_folder_opens_as_what_it_is(folder):
    model = load_model(folder)
    assert not model.module.training
    assert (model.info.title, model.info.architecture) == ("tiny", "LlamaForCausalLM")
    assert (model.info.blocks, model.info.max_tokens, model.info.vocabulary) == (2, 128, len(make("llama3")))
    assert model.info.parameters == sum(p.numel() for p in model.module.parameters())
    assert model.info.weight_bytes == sum(t.nbytes for t in (*model.module.parameters(), *model.module.buffers()))
    assert (model.info.device, model.info.dtype, model.info.revision) == ("cpu", "float32", None)
    assert "".join(token.text for token in tokenize(model, "the top 😀")) == "the top 😀"


@pytest.mark.parametrize("nothing", [None, 7, ["bundled:llama"]])
def test_that_what_is_no_model_is_told_what_would_be_one(nothing):
    with pytest.raises(ModelError, match=f"a name, a path.*not {type(nothing).__name__}"):
        load_model(nothing)


class _Misinformed(nn.Module):
    """Has two blocks, and settings that speak of another number."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_hidden_layers=7)
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))


def test_that_blocks_are_counted_in_the_model_itself():
    assert load_model(_Misinformed()).info.blocks == 2


@pytest.mark.parametrize("name", bundled_models())
def test_that_a_bundled_model_opens(name):
    info = load_model(name).info
    assert info.title == f"{name.removeprefix('bundled:')} (bundled)"
    assert info.blocks == len(find_blocks(load_model(name).module))
    assert name in [model.name for model in list_models()]


def test_that_a_source_says_by_itself_how_to_open_it(folder):
    source = ModelSource(str(folder), device="cpu", dtype="float64")
    model = load_model(source, dtype="float16")
    assert model.info.source == source
    assert model.info.dtype == "float64"


def test_that_half_precision_is_widened_on_the_cpu_without_loss(folder):
    half = load_model(folder).module.to(torch.bfloat16)
    half.save_pretrained(folder)
    opened = load_model(folder, device="cpu")
    assert opened.info.dtype == "float32"
    for name, weight in half.state_dict().items():
        assert torch.equal(opened.module.state_dict()[name], weight.float())
    assert load_model(folder, device="cpu", dtype="bfloat16").info.dtype == "bfloat16"


@pytest.mark.parametrize("asked", ["flash_attention_2", "flex_attention", "eager", None])
def test_that_attention_is_sdpa_whatever_the_settings_ask_for(folder, asked):
    edit(folder / "config.json", attn_implementation=asked, _attn_implementation=asked)
    assert load_model(folder).module.config._attn_implementation == "sdpa"


def test_that_a_module_in_memory_stays_where_it_is(folder):
    module = load_model(folder).module.train().to(torch.float64)
    weights = [weight.data_ptr() for weight in module.parameters()]
    model = load_model(module, tokenizer=make("llama3"))
    assert model.module is module
    assert module.training
    assert [weight.data_ptr() for weight in module.parameters()] == weights
    assert (model.info.source.name, model.info.dtype) == ("LlamaForCausalLM", "float64")


def test_that_a_module_of_any_kind_opens():
    module = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7))
    info = load_model(module).info
    assert (info.vocabulary, info.max_tokens, info.parameters) == (7, None, 7 * 4 + 4 * 7 + 7)


def test_that_a_tokenizer_given_goes_before_the_folders_own(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    tokenizer = make("llama3")
    assert load_model(folder, tokenizer=tokenizer).tokenizer is tokenizer
    assert "no tokenizer" in str(failure(folder))


def test_that_weights_in_parts_open(folder):
    whole = load_model(folder).module.state_dict()
    load_model(folder).module.save_pretrained(folder, max_shard_size="8KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    parts = load_model(folder).module.state_dict()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_that_pickles_of_weights_open_and_others_do_not(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert load_model(folder).info.blocks == 2

    torch.save({**weights, "trap": _Trap(folder / "sprung")}, folder / "pytorch_model.bin")
    error = failure(folder)
    assert error.kind == "model_damaged"
    assert "safetensors" in str(error)
    assert not (folder / "sprung").exists()


class _Trap:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def test_that_the_trap_springs_where_pickles_are_opened(tmp_path):
    pickle.loads(pickle.dumps(_Trap(tmp_path / "sprung")))
    assert (tmp_path / "sprung").exists()


def test_that_loading_reports_every_weight(folder):
    steps = []
    load_model(folder, progress=lambda *step: steps.append(step))
    weights = len(load_file(folder / "model.safetensors"))
    assert ("load", 0, weights) in steps
    assert steps[-1] == ("load", weights, weights)


def test_that_loading_stops_where_it_is_asked_to(folder):
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 8

    with pytest.raises(Stopped):
        load_model(folder, cancelled=cancelled)
    assert asked == 9


@pytest.mark.parametrize("stopped", [False, True])
def test_that_opening_leaves_nothing_behind(folder, stopped):
    def state() -> tuple:
        init = [getattr(nn.init, name) for name in ("normal_", "uniform_", "zeros_", "kaiming_uniform_")]
        hook = logging.set_tqdm_hook(None)
        logging.set_tqdm_hook(hook)
        return torch.get_default_dtype(), logging.get_verbosity(), hook, torch.is_grad_enabled(), init

    before = state()
    asked = iter(range(10**6))
    if stopped:
        with pytest.raises(Stopped):
            load_model(folder, dtype="float16", cancelled=lambda: next(asked) > 8)
    else:
        load_model(folder, dtype="float16")
    assert state() == before


def test_that_opening_prints_nothing_on_standard_output(folder, capfd):
    edit(folder / "config.json", unknown_setting=True)
    save_file(load_file(folder / "model.safetensors") | {"extra": torch.zeros(2)}, folder / "model.safetensors")
    load_model(folder)
    assert capfd.readouterr().out == ""


def test_that_weights_that_do_not_fit_are_refused_with_numbers(folder, monkeypatch):
    monkeypatch.setattr(room, "free_bytes", lambda device: 1000)
    with pytest.raises(DoesNotFit, match=r"0\.0 GB in float32.*bfloat16") as refusal:
        load_model(folder)
    assert refusal.value.kind == "out_of_memory"


@pytest.mark.parametrize(("name", "advice"), [("model.gguf", "bfloat16"), ("pytorch_model.bin", "4 bits")])
def test_that_only_what_can_be_quantized_is_advised_to_be(tmp_path, monkeypatch, name, advice):
    monkeypatch.setattr(room, "free_bytes", lambda device: 0)
    monkeypatch.setattr(room, "read_header", lambda path: GgufHeader(1000, 1))
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(DoesNotFit, match=f"Open it in {advice}"):
        room.require_room([tmp_path / name], torch.float32, None, torch.device("cuda"))


def test_that_the_forecast_is_what_the_weights_take(folder):
    files = [folder / "model.safetensors"]
    for dtype in (torch.float32, torch.float16):
        module = load_model(folder, dtype=str(dtype).removeprefix("torch.")).module
        assert room.forecast(files, dtype) == sum(weight.nbytes for weight in module.parameters())


def test_that_a_device_that_is_not_there_is_refused_before_anything_is_read():
    assert failure("owner/model", device="cuda:77").kind == "device_unavailable"


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed (the extra “quantized”)")
@pytest.mark.parametrize("quantization", ["4bit", "8bit"])
def test_that_a_quantized_model_is_smaller_and_keeps_its_gradients(folder, quantization):
    whole, model = load_model(folder), load_model(folder, quantization=quantization)
    assert model.info.weight_bytes < whole.info.weight_bytes
    assert model.info.parameters == whole.info.parameters
    ids = torch.arange(4)[None]
    with torch.no_grad():
        model.module(ids)
    norms = []
    for module in (whole.module, model.module):
        embeddings = module.get_input_embeddings()(ids).detach().requires_grad_()
        module(inputs_embeds=embeddings).logits[0, -1, 0].backward()
        norms.append(float(embeddings.grad.norm()))
    assert norms[1] == pytest.approx(norms[0], rel=0.3)


class _Losing(nn.Linear):
    """A 4-bit layer that has no gradients once it has run without them."""

    def __init__(self) -> None:
        super().__init__(4, 4)
        self.weight.quant_state = None
        self.repacked = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.repacked |= not torch.is_grad_enabled()
        return super().forward(x) + 0 * x if not self.repacked else super().forward(x.detach()) + 0 * x


def test_that_a_quantized_layer_that_loses_gradients_is_refused():
    with pytest.raises(ModelError, match=r"loses gradients of _Losing on cpu.*without quantization"):
        keep_gradients(nn.Sequential(_Losing()), torch.float32)


def test_that_quantization_without_its_package_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr("engine.models.machine.quantization.find_spec", lambda name: None)
    error = failure(folder, quantization="4bit")
    assert "pip install lxt-inspector[quantized]" in str(error)


@pytest.mark.process
def test_that_a_worker_finds_what_opening_imports_already_there():
    code = (
        "import sys; from engine.models.opening import load_model; before = set(sys.modules);"
        "from transformers import LlamaConfig, LlamaForCausalLM; import transformers.modeling_utils;"
        "print(len({m for m in set(sys.modules) - before if m.startswith(('transformers.', 'torch.'))}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5
