"""A question that takes long to answer, of a model that needs no download."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from safetensors.numpy import load_file, save_file

import resources
from engine.protocol.inputs import Text
from engine.protocol.messages import Explain, Progress
from engine.protocol.values import ModelSource
from tests.inspector.client.witness import Witness

BUNDLED = Path(resources.__file__).parent / "models" / "llama"
PROMPT = "In 1922 the team reached 8,3"
BLOCKS = 64


def slow_question_in(folder: Path) -> Explain:
    """What takes seconds to explain: the bundled model with its blocks repeated, and a long prompt."""
    shutil.copytree(BUNDLED, folder)
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    for name in [name for name in weights if name.startswith("model.layers.0.")]:
        for block in range(config["num_hidden_layers"], BLOCKS):
            weights[name.replace(".0.", f".{block}.", 1)] = weights[name]
    config |= {"num_hidden_layers": BLOCKS, "max_position_embeddings": 8192}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return Explain(ModelSource(str(folder)), Text(PROMPT * 100))


def is_in_forward_pass(worker: Witness, run: int) -> bool:
    said = (event for number, event in worker.events if number == run)
    return any(isinstance(event, Progress) and event.phase == "forward" for event in said)
