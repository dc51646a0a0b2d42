"""A run that cannot fit says so before it starts, and what would do."""

from __future__ import annotations

import pytest

import engine
from engine.attribution import forecast
from engine.attribution.forecast import forecast_bytes
from engine.protocol.failures import DoesNotFit
from tests.engine.attribution.families import IDS, tiny


def test_that_a_run_that_fits_only_with_checkpointing_proposes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = engine.load_model(tiny("llama"))
    light, plain = (forecast_bytes(model, len(IDS), checkpointing) for checkpointing in (True, False))
    assert light < plain
    monkeypatch.setattr(forecast, "free_bytes", lambda device: (light + plain) // 2)
    with pytest.raises(DoesNotFit, match=r"16 tokens needs about .* free on cpu. With gradient checkpointing"):
        engine.trace(model, input_ids=IDS)
    engine.trace(model, input_ids=IDS, checkpointing=True).explain()


def test_that_a_run_that_fits_in_no_way_says_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "free_bytes", lambda device: 1)
    for checkpointing in (False, True):
        with pytest.raises(DoesNotFit, match="Shorten the prompt, or take a smaller model"):
            engine.trace(tiny("gpt2"), input_ids=IDS, checkpointing=checkpointing)


def test_that_eager_attention_is_forecast_to_grow_with_the_square_of_the_prompt() -> None:
    eager, fused = (engine.load_model(tiny("llama", attn_implementation=a)) for a in ("eager", "sdpa"))
    assert forecast_bytes(fused, 2000, False) == pytest.approx(2 * forecast_bytes(fused, 1000, False), rel=0.01)
    assert forecast_bytes(eager, 2000, False) > 3 * forecast_bytes(eager, 1000, False)
