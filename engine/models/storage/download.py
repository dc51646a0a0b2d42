"""Brings a model from the Hugging Face hub into the local cache, or finds it there."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.utils import _xet
from tqdm.auto import tqdm

from engine.models.storage.checkpoint import TOKENIZER_FILES, WEIGHTS, Checkpoint
from engine.models.storage.hub_failures import hub_failures
from engine.protocol.failures import EngineError, ModelError, Stopped
from engine.watch import Watch

_LOOK_AGAIN = 0.1  # seconds between two looks at a download
_GB = 1e9

# Transfers by the Xet protocol run outside Python, where no progress bar can end them.
_abort_transfers = getattr(_xet, "abort_xet_session", lambda: None)

_SETTINGS = ("*.json", "*.jinja", "*.txt", *TOKENIZER_FILES)
_NOT_SETTINGS = ("*.index.json", "*.safetensors.*", "README*", "LICENSE*", "USE_POLICY*")


def fetch(id: str, revision: str | None, with_code: bool, watch: Watch) -> Path:
    """The folder that holds the model `id`, downloaded if it is not all there. Its name is the commit.

    A model in the cache is taken as it is, without asking the hub whether there is a newer one: its answer stays
    the same from day to day, and it opens without a network.
    """
    cached = cached_folder(id, revision)
    if cached is not None and Checkpoint(cached).is_complete():
        return cached
    with hub_failures(id, revision):
        sizes = _files_on_the_hub(id, revision)
        names = wanted(sizes, with_code)
        _require_weights(id, sizes, names)
        _require_disk(id, sum(sizes[name] for name in names))
        folder = _Download(id, revision, names, sum(sizes[name] for name in names)).run(watch)
    if not all((folder / name).is_file() for name in names):
        raise EngineError(f"The connection was lost before “{id}” was complete. Open it again to go on.", "offline")
    return folder


def cached_folder(id: str, revision: str | None) -> Path | None:
    """The folder in the local cache that holds at least the settings of `id`."""
    config = try_to_load_from_cache(id, "config.json", revision=revision)
    return Path(config).parent if isinstance(config, str) else None


def wanted(names: Iterable[str], with_code: bool = False) -> list[str]:
    """Those of a repository's files that are needed to open the model: no weights twice, no other formats."""
    top = [name for name in names if "/" not in name]
    chosen = [name for name in top if _matches(name, _SETTINGS) and not _matches(name, _NOT_SETTINGS)]
    for whole in WEIGHTS:
        stem, dot, ending = whole.partition(".")
        parts = [name for name in top if fnmatch(name, f"{stem}-*-of-*{dot}{ending}")]
        if whole in top or f"{whole}.index.json" in top:
            chosen += [whole] if whole in top else [f"{whole}.index.json", *parts]
            break
    if with_code:
        chosen += [name for name in names if name.endswith(".py")]
    return sorted(set(chosen))


class _Download:
    """One download in a thread of its own, so that it can be left at once however slow the network is."""

    def __init__(self, id: str, revision: str | None, names: list[str], total: int) -> None:
        self._id, self._revision, self._names, self._total = id, revision, names, total
        self._done = 0
        self._left = threading.Event()
        self._folder: Path | None = None
        self._error: BaseException | None = None

    def run(self, watch: Watch) -> Path:
        thread = threading.Thread(target=self._work, name="download", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(_LOOK_AGAIN)
                watch.step("download", min(self._done, self._total), self._total)
        finally:
            self._left.set()
            if thread.is_alive():
                _abort_transfers()
        if self._error is not None:
            raise self._error
        assert self._folder is not None
        return self._folder

    def _work(self) -> None:
        try:
            folder = snapshot_download(
                self._id, revision=self._revision, allow_patterns=self._names, tqdm_class=self._bar()
            )
            self._folder = Path(folder)
        except BaseException as error:  # handed over to the thread that waits
            self._error = error

    def _bar(self) -> type[tqdm]:
        add, left = self._add, self._left.is_set

        class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
            """Counts the bytes of all files, draws nothing, and ends the download once nobody waits for it."""

            def __init__(self, *args: Any, **keywords: Any) -> None:
                # There is a bar of files too, and in newer versions one of bytes on the wire, which are compressed.
                self._counts = keywords.get("unit") == "B" and keywords.get("desc") != "Downloading bytes"
                super().__init__(*args, **{**keywords, "disable": True})

            def update(self, n: float | None = 1) -> None:
                if left():
                    raise Stopped
                if self._counts:
                    add(int(n or 0))

        return Bar

    def _add(self, count: int) -> None:
        self._done += count


def _files_on_the_hub(id: str, revision: str | None) -> dict[str, int]:
    info = HfApi().model_info(id, revision=revision, files_metadata=True)
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _require_weights(id: str, names: Iterable[str], chosen: Iterable[str]) -> None:
    if any(name.endswith((".safetensors", ".bin")) for name in chosen):
        return
    packed = [name for name in names if name.endswith(".gguf")]
    if packed:
        raise ModelError(f"“{id}” holds GGUF files only. Download one of them and open it: {', '.join(packed[:3])}.")
    raise ModelError(f"“{id}” has no weights that can be opened: neither safetensors nor PyTorch files.")


def _require_disk(id: str, needed: int) -> None:
    cache = Path(constants.HF_HUB_CACHE)
    existing = next((folder for folder in (cache, *cache.parents) if folder.is_dir()), Path.cwd())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise EngineError(
            f"“{id}” takes {needed / _GB:.1f} GB, and {free / _GB:.1f} GB are free in {cache}. Make room there, "
            "or set HF_HOME to a folder on another disk.",
            "disk_full",
        )
