"""Failures of the Hugging Face hub, each as a sentence that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import constants, errors
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from engine.protocol.failures import EngineError

_LOGIN = "`hf auth login`"

_untyped: Any = errors
_HTTPError: type[Exception] = _untyped.HTTPError  # of the library that the hub's own speaks with, old or new


@contextmanager
def hub_failures(id: str, revision: str | None) -> Iterator[None]:
    """Inside, failures of the hub become EngineErrors about the model `id`."""
    try:
        yield
    except (_HTTPError, OSError, HFValidationError) as error:
        raise _failure(error, id, revision) from error


def _failure(error: Exception, id: str, revision: str | None) -> EngineError:
    # From the particular to the general: most of these are also OSErrors.
    match error:
        case GatedRepoError():
            return EngineError(
                f"“{id}” is gated: accept its licence on {constants.ENDPOINT}/{id}, "
                f"then log in on this machine with {_LOGIN}.",
                "model_gated",
            )
        case RevisionNotFoundError():
            return EngineError(f"“{id}” has no revision “{revision}”. Name none for the newest.", "model_not_found")
        case RepositoryNotFoundError() | HFValidationError():
            return EngineError(
                f"The hub has no model “{id}”. Check the spelling (owner/model). If it is private: {_LOGIN}.",
                "model_not_found",
            )
        case OfflineModeIsEnabled():
            return EngineError(
                f"“{id}” is not in the local cache, and HF_HUB_OFFLINE forbids asking the hub. Unset it to download.",
                "offline",
            )
        case HfHubHTTPError() if error.response is not None:
            return _refused(id, error.response.status_code)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return EngineError(
                f"The disk is full: “{id}” could not be downloaded to {constants.HF_HUB_CACHE}. Make room there, "
                "or set HF_HOME to a folder on another disk. What is there already is kept.",
                "disk_full",
            )
        case LocalEntryNotFoundError() | ConnectionError() | TimeoutError():
            return _unreachable(id)
        case _ if isinstance(error, _HTTPError):
            return _unreachable(id)
        case _:
            return EngineError(f"“{id}” could not be downloaded: {error}", "offline")


def _refused(id: str, status: int) -> EngineError:
    if status in (401, 403):
        return EngineError(
            f"The hub does not accept this machine's access token for “{id}”. Log in again with {_LOGIN}, "
            "or log out with `hf auth logout` if the model is public.",
            "model_gated",
        )
    if status == 429:
        return EngineError("The hub has had too many requests from here. Wait a few minutes and try again.", "offline")
    return EngineError(f"The hub answered with error {status} when asked for “{id}”. Try again later.", "offline")


def _unreachable(id: str) -> EngineError:
    return EngineError(
        f"“{id}” is not complete in the local cache, and {constants.ENDPOINT} cannot be reached. "
        "Check the connection, or open a model that is on this machine.",
        "offline",
    )
