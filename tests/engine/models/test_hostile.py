"""Files that were made to do harm, or are as wrong as if they had been: each ends in one sentence before it does."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from engine.attribution.generating import generate
from engine.models.opening import load_model
from engine.models.storage.building import building
from engine.models.storage.state_dicts import tensors_in
from engine.models.text.tokens import tokenize
from engine.protocol.failures import ModelError
from tests.campaigns import originals
from tests.engine.models.attempts import edit, failure


def write_header(file: Path, header: object) -> None:
    """Another table of contents for a safetensors file."""
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content[end:])


def header_of(file: Path) -> dict[str, dict[str, object]]:
    content = file.read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("num_hidden_layers", 10**9),
        ("num_hidden_layers", 10**30),
        ("num_attention_heads", 2**31 - 1),
        ("num_labels", 10**10),
        ("max_position_embeddings", 10**12),
        ("architectures", True),
        ("architectures", [{"a": {}}]),
        ("architectures", "LlamaForCausalLM"),
        ("model_type", ["llama"]),
        ("auto_map", 7),
    ],
)
def test_that_an_entry_of_the_settings_that_nothing_can_be_built_of_is_named(folder, entry, value):
    edit(folder / "config.json", **{entry: value})
    error = failure(folder)
    assert (error.kind, "config.json" in str(error), entry in str(error)) == ("model_damaged", True, True)


def test_that_counts_within_the_settings_are_looked_at_too(folder):
    edit(folder / "config.json", text_config={"depths": [2, 10**9]})
    assert "“depths” is 1,000,000,000" in str(failure(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"vocab_size": 10**9},
        {"hidden_size": 10**8},
        {"intermediate_size": 10**9},
        {"num_hidden_layers": 90_000, "layer_types": None},
    ],
)
def test_that_a_model_far_larger_than_its_files_is_not_built(folder, changes):
    edit(folder / "config.json", **changes)
    assert "its files hold far fewer" in str(failure(folder))


def test_that_a_part_counted_twice_is_counted_once_and_hooks_are_gone_in_the_end(folder):
    files = [folder / "model.safetensors"]
    with building(files, "tiny"):
        part = nn.Linear(3000, 3000)
        for _ in range(10):
            part.weight = nn.Parameter(part.weight.detach())
    with pytest.raises(ModelError), building(files, "tiny"):
        nn.Linear(10**5, 10**5, device="meta")
    assert nn.Linear(10**5, 10**5, device="meta").weight.numel() == 10**10


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": ["F32"]},
        {"dtype": None},
        {"shape": 16},
        {"shape": ["16"]},
        {"shape": [-16]},
        {"shape": [float("inf")]},
        {"shape": ["\ud800"]},
        {"data_offsets": ["0", "64"]},
        {"data_offsets": [64]},
        {"data_offsets": [64, 0]},
        {"data_offsets": [0, 4]},
        {"shape": [10**12]},
    ],
)
def test_that_a_wrong_entry_of_the_weights_contents_is_named(folder, changes):
    file, name = folder / "model.safetensors", "model.norm.weight"
    header = header_of(file)
    write_header(file, {**header, name: {**header[name], **changes}})
    error = failure(folder)
    assert (error.kind, file.name in str(error), name in str(error)) == ("model_damaged", True, True)


@pytest.mark.parametrize("header", [[], 7, {"model.norm.weight": 7}, {"__metadata__": 7}])
def test_that_weights_contents_that_are_none_name_the_file(folder, header):
    write_header(folder / "model.safetensors", header)
    assert "model.safetensors" in str(failure(folder))


@pytest.mark.parametrize("changes", [{"intermediate_size": 64}, {"head_dim": 16}, {"vocab_size": 50}])
def test_that_weights_of_another_shape_than_the_settings_say_are_named_with_both(folder, changes):
    edit(folder / "config.json", **changes)
    said = str(failure(folder))
    assert ".weight, which is (" in said
    assert "above" not in said


@pytest.mark.parametrize("part", ["../model.safetensors", "/etc/hostname", "a/b", "..", "", "x" * 5000, "a\0b"])
def test_that_an_index_names_files_of_its_folder_alone(folder, part):
    (folder / "model.safetensors").rename(folder.parent / "model.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"model.norm.weight": part}}))
    error = failure(folder)
    assert (error.kind, "model.safetensors.index.json" in str(error)) == ("model_damaged", True)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("weight_map", [7, ["a"], {"a": 7}, None])
def test_that_an_index_of_another_type_is_named(folder, weight_map):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert "weight_map" in str(failure(folder))


def test_that_a_program_instead_of_weights_is_refused_by_its_name(folder):
    (folder / "model.safetensors").unlink()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(2)), folder / "pytorch_model.bin")
    error = failure(folder)
    assert error.kind == "model_damaged"
    assert "“pytorch_model.bin” is a TorchScript archive" in str(error)
    assert "TorchScript archive" in str(failure("torchvision:resnet18", weights=folder / "pytorch_model.bin"))


def test_that_weights_in_a_pickle_are_opened(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert load_model(folder).info.blocks == 2


@pytest.mark.parametrize(
    "name", ["x" * 5000, "a/" * 3000, "owner/" + "y" * 5000, "~nobody_at_all/x", "x" * 5000 + ".gguf"]
)
def test_that_a_name_that_no_file_can_have_is_not_found(name):
    error = failure(name)
    assert (error.kind, len(str(error)) < 1000) == ("model_not_found", True)


@pytest.mark.parametrize("weights", ["~nobody_at_all/x.pt", "x" * 5000])
@pytest.mark.parametrize("name", ["torchvision:resnet18", "timm:resnet18"])
def test_that_weights_of_such_a_name_are_not_found(name, weights):
    error = failure(name, weights=weights)
    assert (error.kind, len(str(error)) < 1000) == ("model_not_found", True)


def test_that_a_name_of_thousands_of_letters_in_a_file_does_not_fill_the_sentence(folder):
    file = folder / "model.safetensors"
    header = header_of(file)
    write_header(file, {**header, "x" * 5000: {"dtype": 7}})
    said = str(failure(folder))
    assert "xxx…xxx" in said
    assert len(said) < 1000


def test_that_a_file_without_an_end_is_not_read(folder):
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    os.mkfifo(folder / "chat_template.jinja")
    assert "“chat_template.jinja” is damaged: it is no file but a pipe" in str(failure(folder))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json", "model.safetensors", "added_tokens.json"])
def test_that_a_device_is_not_read(folder, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to("/dev/zero")
    assert f"“{name}” is damaged: it is no file" in str(failure(folder))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "chat_template.jinja", "vocab.txt"])
def test_that_settings_of_gigabytes_are_not_read(folder, name):
    with (folder / name).open("wb") as file:
        file.truncate(10**10)  # takes no room on the disk
    assert f"“{name}” is damaged: it has 10,000,000,000 bytes" in str(failure(folder))


def test_that_a_file_that_the_system_refuses_is_named(tmp_path):
    path = tmp_path
    while len(str(path)) < 4080:
        path /= "x" * min(200, 4084 - len(str(path)))
        path.mkdir()
    error = failure(path)  # whose config.json has a name longer than any may be
    assert (error.kind, "cannot be read: File name too long" in str(error)) == ("model_damaged", True)


DOUBLING = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
ANYWHERE = {"type": "Replace", "pattern": {"Regex": "x*"}, "content": "a" * 20_000}


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("normalizer", {"type": "Sequence", "normalizers": [DOUBLING] * 40}),
        ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": [DOUBLING] * 10}] * 4}),
        ("normalizer", ANYWHERE),
        ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "aaaa"}] * 20}),
        ("decoder", {"type": "Sequence", "decoders": [DOUBLING] * 40}),
    ],
)
def test_that_a_tokenizer_that_fills_any_memory_is_not_made(folder, part, step):
    edit(folder / "tokenizer.json", **{part: step})
    error = failure(folder)
    assert (error.kind, "tokenizer.json" in str(error), part in str(error)) == ("model_damaged", True, True)


@pytest.mark.parametrize("name", ["eos_token_id", "pad_token_id"])
@pytest.mark.parametrize("value", [True, "2", {}, [True], 1.5, 2**63])
def test_that_an_id_that_is_none_is_named(folder, name, value):
    edit(folder / "generation_config.json", **{name: value})
    assert f"“{name}" in str(failure(folder))


def test_that_a_tokenizer_without_its_token_for_the_unknown_says_so_in_use(tmp_path):
    originals.bert(tmp_path)
    words = (tmp_path / "vocab.txt").read_text()
    (tmp_path / "vocab.txt").write_text(words.replace("[UNK]", "unk"))
    model = load_model(tmp_path)
    with pytest.raises(ModelError, match="The tokenizer of this model cannot be read: WordPiece error"):
        tokenize(model, "the 漢")


def test_that_a_token_that_nothing_stands_for_is_damage(tmp_path):
    originals.t5(tmp_path)
    edit(tmp_path / "tokenizer_config.json", unk_token="")
    error = failure(tmp_path)
    assert (error.kind, "tokenizer" in str(error)) == ("model_damaged", True)


@pytest.mark.parametrize("value", [[], "../outside", {}, True])
def test_that_a_longest_length_that_is_no_number_is_named(folder, value):
    edit(folder / "tokenizer_config.json", model_max_length=value)
    assert "“model_max_length” is wrong" in str(failure(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"size": {"height": True, "width": 32}},
        {"size": {"height": 10**9, "width": 32}},
        {"size": {"shortest_edge": 0}},
        {"size": 10**9},
        {"crop_size": "large"},
    ],
)
def test_that_a_picture_is_never_made_of_an_absurd_size(tmp_path, changes):
    originals.vit(tmp_path)
    edit(tmp_path / "preprocessor_config.json", **changes)
    error = failure(tmp_path)
    assert (error.kind, "preprocessor_config.json" in str(error)) == ("model_damaged", True)


@pytest.mark.parametrize("name", ["num_layers", "hidden_dim", "mlp_dim", "num_classes"])
def test_that_a_class_of_torchvision_far_larger_than_its_weights_is_not_built(tmp_path, name):
    originals.described(tmp_path)
    arguments = json.loads((tmp_path / "config.json").read_text())["arguments"]
    edit(tmp_path / "config.json", arguments={**arguments, name: 10**9})
    assert failure(tmp_path).kind == "model_damaged"


@pytest.mark.parametrize("changes", [{"output_hidden_states": "yes"}, {"output_hidden_states": float("nan")}])
def test_that_settings_that_nothing_can_be_generated_with_are_not_used(folder, changes):
    edit(folder / "generation_config.json", **changes)
    said = generate(load_model(folder), "the team", 2)
    assert len(said.tokens) - said.start == 2


@pytest.mark.parametrize(
    ("kept", "said"),
    [(slice(0, 5000), "is cut short"), (slice(0, 0), "does not begin"), (slice(1, None), "does not begin")],
)
def test_that_a_pickle_that_is_not_whole_is_named(folder, kept, said):
    file = folder / "pytorch_model.bin"
    torch.save(load_file(folder / "model.safetensors"), file)
    (folder / "model.safetensors").unlink()
    file.write_bytes(file.read_bytes()[kept])
    error = failure(folder)
    assert (error.kind, said in str(error), file.name in str(error)) == ("model_damaged", True, True)


@pytest.mark.parametrize("legacy", [False, True])
def test_that_pickles_of_either_time_are_opened(folder, legacy):
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin", _use_new_zipfile_serialization=not legacy)
    found = tensors_in(folder / "pytorch_model.bin")
    assert found.keys() == weights.keys()


@pytest.mark.parametrize(
    ("file", "entry", "value"),
    [("config.json", "hidden_act", 7), ("tokenizer.json", "decoder", 7), ("tokenizer_config.json", "eos_token", 7)],
)
def test_that_what_a_library_says_is_one_sentence_with_the_file_and_what_would_do(folder, file, entry, value):
    edit(folder / file, **{entry: value})
    said = str(failure(folder))
    assert file in said
    assert said.endswith(". Copy or download it again.")
