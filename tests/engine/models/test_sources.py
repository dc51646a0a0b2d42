from __future__ import annotations

import pytest

from engine.models.storage.sources import Folder, GgufFile, HubModel, bundled_models, locate
from engine.protocol.failures import ModelError


def test_that_a_folder_goes_before_a_hub_id_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert locate("owner/model") == HubModel("owner/model")
    (tmp_path / "owner" / "model").mkdir(parents=True)
    assert locate("owner/model") == Folder(tmp_path / "owner" / "model")


def test_that_a_gguf_file_is_known_by_its_ending(tmp_path):
    file = tmp_path / "some.GGUF"
    file.write_bytes(b"GGUF")
    assert locate(str(file)) == GgufFile(file)


@pytest.mark.parametrize("name", ["gpt2", "owner/model", "Qwen/Qwen2.5-0.5B", "a/b_c.d-e"])
def test_that_other_names_are_hub_ids(name):
    assert locate(name) == HubModel(name)


@pytest.mark.parametrize(
    "name", ["", " ", "/nowhere/at/all", "./here", "a/b/c", "~/models/x", "C:\\models", "x y", "nowhere/some.gguf/x"]
)
def test_that_a_name_of_nothing_is_not_found(name):
    with pytest.raises(ModelError) as refusal:
        locate(name)
    assert refusal.value.kind == "model_not_found"


def test_that_a_gguf_file_that_is_not_there_is_not_found():
    with pytest.raises(ModelError, match="no file"):
        locate("/nowhere/model.gguf")


def test_that_another_file_is_not_a_model(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"Open the folder") as refusal:
        locate(str(tmp_path / "model.safetensors"))
    assert refusal.value.kind == "model_unsupported"


def test_that_a_bundled_model_that_is_none_is_named_with_those_that_are():
    with pytest.raises(ModelError, match="There are: ") as refusal:
        locate("bundled:nothing")
    assert refusal.value.kind == "model_not_found"
    assert all(str(locate(name).path) == str(path) for name, path in bundled_models().items())
