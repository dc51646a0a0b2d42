"""Trying to open what cannot be opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.models.opening import load_model
from engine.protocol.failures import EngineError


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def failure(*args: Any, **keywords: Any) -> EngineError:
    """The error that opening ends in, which is a sentence on one line."""
    with pytest.raises(EngineError) as raised:
        load_model(*args, **keywords)
    assert "\n" not in str(raised.value)
    return raised.value
