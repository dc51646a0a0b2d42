from __future__ import annotations

import pytest
from safetensors.torch import load_file, save_file

from engine.models.opening import load_model
from tests.engine.models.attempts import edit, failure


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 0.5, 0.999])
def test_that_cut_weights_name_the_file(folder, kept):
    file = folder / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    error = failure(folder)
    assert (error.kind, "model.safetensors" in str(error)) == ("model_damaged", True)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff", '{"a": ' * 5000])
def test_that_broken_settings_name_the_file(folder, name, content):
    (folder / name).write_text(content, encoding="latin-1")
    error = failure(folder)
    assert error.kind == "model_damaged"
    assert name in str(error)


@pytest.mark.parametrize("content", ["{}", '{"model": 1}', '{"version": "1.0", "model": {"type": "BPE"}}'])
def test_that_a_tokenizer_that_is_none_is_damaged(folder, content):
    (folder / "tokenizer.json").write_text(content)
    error = failure(folder)
    assert (error.kind, "tokenizer" in str(error)) == ("model_damaged", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 0},
        {"hidden_size": "many"},
        {"num_attention_heads": 0},
        {"vocab_size": 5},
        {"hidden_size": 32},
        {"num_hidden_layers": 3},
        {"rope_parameters": 7},
    ],
)
def test_that_settings_that_do_not_go_with_the_weights_are_an_error(folder, changes):
    edit(folder / "config.json", **changes)
    assert failure(folder).kind in ("model_damaged", "model_unsupported")


def test_that_missing_parts_are_named(folder):
    load_model(folder).module.save_pretrained(folder, max_shard_size="8KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    part = sorted(folder.glob("model-*.safetensors"))[1]
    part.unlink()
    error = failure(folder)
    assert (error.kind, part.name in str(error)) == ("model_damaged", True)


def test_that_weights_are_never_made_up(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    error = failure(folder)
    assert (error.kind, "lm_head.weight" in str(error)) == ("model_damaged", True)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\x00\x00\x00" + b"\xff" * 16, b"PK\x03\x04" * 40])
def test_that_a_file_that_is_no_gguf_is_damaged(tmp_path, content):
    file = tmp_path / "some.gguf"
    file.write_bytes(content)
    error = failure(file)
    assert (error.kind, "some.gguf" in str(error)) == ("model_damaged", True)
