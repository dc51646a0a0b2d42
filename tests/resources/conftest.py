"""The bundled models, opened once."""

from __future__ import annotations

import pytest

from engine.models.opening import Model, load_model


@pytest.fixture(scope="session", params=["llama", "gpt2"])
def bundled(request: pytest.FixtureRequest) -> Model:
    return load_model(f"bundled:{request.param}", device="cpu")
