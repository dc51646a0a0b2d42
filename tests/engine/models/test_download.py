from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from engine.models.listing import list_models
from engine.models.opening import load_model
from engine.models.storage import download
from engine.models.storage.download import fetch, wanted
from engine.protocol.failures import EngineError, Stopped
from engine.watch import Watch
from tests.engine.models.fake_hub import COMMIT, FakeHub

ID = "owner/tiny"
REPOSITORY = Path(__file__).parents[3]
PARTS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nobody logged in."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return tmp_path / "hub"


@pytest.fixture
def hub(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    unneeded = {"README.md": b"#", "onnx/model.onnx": b"o" * 9999, "tf_model.h5": b"t" * 9999, "code.py": b""}
    shutil.rmtree(folder)
    with FakeHub({ID: {**files, **unneeded, "pytorch_model.bin": b"p" * 9999}}).serving() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        yield hub


def failure(id: str = ID, revision: str | None = None) -> EngineError:
    with pytest.raises(EngineError) as raised:
        load_model(id, revision=revision)
    assert "\n" not in str(raised.value)
    return raised.value


def test_that_a_model_is_brought_from_the_hub(hub, cache):
    model = load_model(ID)
    assert (model.info.title, model.info.revision) == ("tiny", COMMIT)
    got = {request.rpartition("/")[2] for request in hub.requests if request.startswith("GET /owner")}
    assert "model.safetensors" in got
    assert got.isdisjoint({"pytorch_model.bin", "model.onnx", "tf_model.h5", "README.md", "code.py"})


def test_that_a_download_reports_bytes_of_all_its_files(hub):
    steps: list[tuple[str, int, int]] = []
    folder = fetch(ID, None, False, Watch(lambda *step: steps.append(step)))
    total = sum(path.stat().st_size for path in folder.iterdir())
    assert {(phase, size) for phase, _, size in steps} == {("download", total)}
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1] == ("download", total, total)


def test_that_a_model_in_the_cache_needs_no_network(hub, monkeypatch):
    load_model(ID)
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load_model(ID).info.revision == COMMIT
    assert load_model(ID, revision="main").info.revision == COMMIT
    assert load_model(ID, revision=COMMIT).info.revision == COMMIT
    assert hub.requests == []


def test_that_what_is_missing_in_the_cache_is_brought(hub):
    folder = fetch(ID, None, False, Watch())
    (folder / "model.safetensors").resolve().unlink()
    (folder / "model.safetensors").unlink()
    hub.requests.clear()
    load_model(ID)
    assert [request for request in hub.requests if request.startswith("GET /owner")] == [
        f"GET /{ID}/resolve/{COMMIT}/model.safetensors"
    ]


def test_that_a_download_stops_at_once_though_the_hub_is_silent(hub):
    hub.stalls_after = 2048
    stalled = threading.Event()

    def progress(phase: str, done: int, total: int) -> None:
        if done:
            stalled.set()

    with pytest.raises(Stopped):
        fetch(ID, None, False, Watch(progress, stalled.is_set))
    assert not hub.released.is_set()


def test_that_a_stopped_download_ends_transfers_outside_python_too(hub, monkeypatch):
    aborted = threading.Event()
    monkeypatch.setattr(download, "_abort_transfers", aborted.set)
    load_model(ID)
    assert not aborted.is_set()
    hub.stalls_after = 0
    hub.repositories["owner/other"] = hub.repositories[ID]
    before = len(hub.requests)
    with pytest.raises(Stopped):
        fetch("owner/other", None, False, Watch(cancelled=lambda: len(hub.requests) > before + 3))
    assert aborted.is_set()


def test_that_a_stopped_download_goes_on_where_it_was(hub):
    hub.stalls_after = 2048
    with pytest.raises(Stopped):
        fetch(ID, None, False, Watch(cancelled=lambda: len(hub.requests) > 3))
    hub.released.set()
    hub.stalls_after = None
    assert load_model(ID).info.blocks == 2


def test_that_code_is_brought_only_where_it_is_trusted(hub):
    assert not (fetch(ID, None, False, Watch()) / "code.py").exists()
    assert "code.py" in wanted(hub.repositories[ID], with_code=True)


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["model.safetensors", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"], ["model.safetensors"]),
        (["pytorch_model.bin", "rust_model.ot"], ["pytorch_model.bin"]),
        (
            [*PARTS, "consolidated.safetensors", "pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin"],
            PARTS,
        ),
        (
            ["config.json", "tokenizer.json", "tokenizer.model", "merges.txt", "chat_template.jinja", "LICENSE.txt"],
            ["chat_template.jinja", "config.json", "merges.txt", "tokenizer.json", "tokenizer.model"],
        ),
        (["original/params.json", "onnx/model.onnx", "model.fp16.safetensors", ".gitattributes"], []),
    ],
)
def test_that_only_what_is_needed_is_wanted(files, chosen):
    assert wanted(files) == chosen


# -- what can go wrong -------------------------------------------------------------------------------------------------


def test_that_a_gated_model_says_where_to_accept_its_licence(hub):
    hub.gated.add(ID)
    error = failure()
    assert error.kind == "model_gated"
    assert f"{hub.url}/{ID}" in str(error)
    assert "hf auth login" in str(error)


def test_that_a_model_that_is_not_there_says_so(hub):
    error = failure("owner/nothing")
    assert (error.kind, "owner/nothing" in str(error)) == ("model_not_found", True)


def test_that_a_revision_that_is_not_there_says_so(hub):
    error = failure(ID, "v9")
    assert (error.kind, "v9" in str(error)) == ("model_not_found", True)


@pytest.mark.parametrize(("status", "kind"), [(401, "model_gated"), (403, "model_gated"), (500, "offline")])
def test_that_a_refusal_says_what_to_do(hub, status, kind):
    hub.refused = status
    assert failure().kind == kind


def test_that_a_hub_that_cannot_be_reached_says_so(cache, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    error = failure()
    assert (error.kind, "cannot be reached" in str(error)) == ("offline", True)


def test_that_a_model_that_may_not_be_asked_for_says_so(cache, hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    error = failure()
    assert (error.kind, "HF_HUB_OFFLINE" in str(error)) == ("offline", True)


def test_that_a_connection_that_breaks_says_so(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.breaks_after = 1024
    assert failure().kind == "offline"


def test_that_a_disk_without_room_is_seen_before_the_download(hub, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 5, 5))
    error = failure()
    assert (error.kind, "HF_HOME" in str(error)) == ("disk_full", True)
    assert not any(request.startswith("GET /owner") for request in hub.requests)


def test_that_a_disk_that_fills_up_says_so(hub, monkeypatch):
    def full(*args: object, **keywords: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "snapshot_download", full)
    assert failure().kind == "disk_full"


def test_that_a_repository_of_gguf_files_names_them(hub):
    hub.repositories["owner/packed"] = {"README.md": b"", "tiny.Q4.gguf": b"GGUF"}
    error = failure("owner/packed")
    assert (error.kind, "tiny.Q4.gguf" in str(error)) == ("model_unsupported", True)


@pytest.mark.process
def test_that_the_usual_settings_of_the_environment_hold(hub, tmp_path):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "elsewhere")}
    code = f"from engine.models.opening import load_model; print(load_model({ID!r}).info.revision)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{COMMIT}\n"
    assert (tmp_path / "elsewhere" / "hub" / "models--owner--tiny").is_dir()


# -- the list of what is there -----------------------------------------------------------------------------------------


def cached_names() -> list[str]:
    return [model.name for model in list_models() if model.kind == "hub"]


def test_that_a_model_in_the_cache_is_listed_with_its_size(hub):
    assert cached_names() == []
    folder = fetch(ID, None, False, Watch())
    (listed,) = (model for model in list_models() if model.kind == "hub")
    assert (listed.name, listed.title) == (ID, "tiny")
    assert listed.bytes == (folder / "model.safetensors").stat().st_size


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_that_a_model_that_is_not_complete_is_not_listed(hub, name):
    (fetch(ID, None, False, Watch()) / name).unlink()
    assert cached_names() == []


def test_that_models_of_other_kinds_are_not_listed(hub):
    config = fetch(ID, None, False, Watch()) / "config.json"
    content = config.read_text().replace("LlamaForCausalLM", "LlamaModel")
    config.unlink()
    config.write_text(content)
    assert cached_names() == []


def test_that_a_broken_cache_hides_only_what_is_broken(hub, cache):
    fetch(ID, None, False, Watch())
    (cache / "models--owner--broken").mkdir()
    (cache / "models--owner--broken" / "snapshots").write_text("not a folder")
    (cache / "nonsense").write_text("")
    assert cached_names() == [ID]
