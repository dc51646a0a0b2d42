"""Half precision: how far it agrees with float32 is measured, and float32 pays nothing for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.attribution.trust import precision
from engine.attribution.trust.precision import agreement_with_float32, rank_correlation
from engine.models.opening import load_model
from tests.engine.attribution.families import tiny
from tests.engine.attribution.test_trace import fingerprint


def test_that_rank_correlation_is_spearmans() -> None:
    one = np.array([0.1, -2.0, 3.0, 0.5], np.float32)
    assert rank_correlation(one, one**3) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(one, np.array([0.1, 0.5, 3.0, -2.0])) == pytest.approx(1 - 6 * 8 / (4 * 15))
    assert rank_correlation(one, np.full(4, np.nan)) == 0
    assert rank_correlation(one, np.zeros(4)) == 0


def test_that_a_model_in_half_precision_is_compared_and_left_as_it_was() -> None:
    module = tiny("llama", torch.bfloat16)
    before = fingerprint(module)
    found = agreement_with_float32(load_model(module))
    assert found is not None
    assert 0.5 < found < 1
    assert fingerprint(module) == before
    module.model.layers[0].mlp.down_proj.weight.data.fill_(float("nan"))
    assert agreement_with_float32(load_model(module)) is None  # it cannot be explained, and says so when it is asked


def test_that_float32_and_what_does_not_fit_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "trace", lambda *_, **__: pytest.fail("something was computed"))
    assert agreement_with_float32(load_model(tiny("llama"))) is None
    monkeypatch.setattr(precision, "free_bytes", lambda device: 1000)
    assert agreement_with_float32(load_model(tiny("llama", torch.bfloat16))) is None
