"""The models that need no download: those that come with the program and those in the local cache."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import CachedRepoInfo, CacheNotFound, constants, scan_cache_dir

from engine.models.architecture import can_be_explained
from engine.models.storage.checkpoint import Checkpoint
from engine.models.storage.download import cached_folder
from engine.models.storage.sources import bundled_models
from engine.protocol.failures import ModelError
from engine.protocol.values import CachedModel


def list_models() -> tuple[CachedModel, ...]:
    """The bundled models, then those wholly in the local cache of the hub, by name. Sizes are those of the weights."""
    bundled = (_listed(name, f"{folder.name} (bundled)", folder) for name, folder in bundled_models().items())
    cached = (_cached(repository) for repository in sorted(_repositories(), key=lambda one: one.repo_id.lower()))
    return tuple(model for model in (*bundled, *cached) if model is not None)


def _repositories() -> list[CachedRepoInfo]:
    try:
        return [one for one in scan_cache_dir(constants.HF_HUB_CACHE).repos if one.repo_type == "model"]
    except (CacheNotFound, OSError, ValueError):  # no cache yet, or one that cannot be read
        return []


def _cached(repository: CachedRepoInfo) -> CachedModel | None:
    id = repository.repo_id
    folder = cached_folder(id, None)
    return _listed(id, id.rpartition("/")[2], folder) if folder else None


def _listed(name: str, title: str, folder: Path) -> CachedModel | None:
    checkpoint = Checkpoint(folder)
    try:
        if not checkpoint.is_complete() or not can_be_explained(checkpoint.settings()):
            return None
        size = sum(path.stat().st_size for path in checkpoint.weight_files())
    except (ModelError, OSError):
        return None
    return CachedModel(name, title, size, "bundled" if name.startswith("bundled:") else "hub")
