"""Answers as arrays for other programs: the raw values of an answer, in logits and in full, nothing clipped."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
from safetensors.numpy import save

from engine.figures.tables import facts
from engine.protocol.relevance import Relevance


def safetensors_file(relevance: Relevance) -> bytes:
    """The arrays, and in the file's metadata under `metadata` what else is known, as JSON."""
    return save(arrays(relevance), {"metadata": _metadata(relevance)})


def npz_file(relevance: Relevance) -> bytes:
    """The arrays and, as one string of JSON, `metadata`; numpy loads it without pickle."""
    file = BytesIO()
    np.savez(file, metadata=np.array(_metadata(relevance)), **arrays(relevance))  # type: ignore[arg-type]
    return file.getvalue()


def arrays(relevance: Relevance) -> dict[str, np.ndarray]:
    """`input`, `layers` and `value`, of a picture also `channels` and `seen`, with a decoder its relevance."""
    decoder = relevance.decoder
    found = {
        "input": relevance.input,
        "layers": relevance.layers,
        "value": np.array(relevance.value),
        "channels": relevance.channels,
        "seen": None if relevance.seen is None else relevance.seen.pixels,
        "decoder_input": None if decoder is None else decoder.input,
        "decoder_layers": None if decoder is None else decoder.layers,
    }
    return {name: np.require(array, requirements="C") for name, array in found.items() if array is not None}


def _metadata(relevance: Relevance) -> str:
    return json.dumps(facts(relevance), allow_nan=False)
