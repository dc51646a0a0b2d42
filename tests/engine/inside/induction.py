"""Models whose circuits are known, their weights set by hand, as GPT-2s of transformers.

The residual stream has four rooms: the token, the position, the token before, and what is said. Each is there twice,
with a minus sign the second time, so that its mean is zero and a layer norm only divides it.

1. In block 0 head 0 looks at the position before (a score of 60 more than elsewhere) and copies the token from there.
2. In block 1 head 1 looks at where the token before is the token now, and says the token from there.
3. Or, in the other model, a neuron of block 1 fires where the token now and the token before are two given ones.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

TOKENS, POSITIONS, HEADS = 12, 16, 2
_ROOM = {"token": 0, "position": TOKENS, "before": TOKENS + POSITIONS, "said": 2 * TOKENS + POSITIONS}
_HALF = 3 * TOKENS + POSITIONS
WIDTH = 2 * _HALF
_HEAD = WIDTH // HEADS
_HARD = 60.0
NEURONS = 8
NOW, BEFORE, SAYS = 3, 7, 9  # the conjunction's tokens, and what it says
CONJUNCTION = 5  # its neuron


def induction_model(score: float) -> nn.Module:
    """Two blocks without MLPs; the induction head's score at its source is about `score` in a stream of two rooms."""
    model = _empty("relu")
    with torch.no_grad():
        _look_back(model)
        attention = model.transformer.h[1].attn
        _set(attention.c_attn.weight, 1, "query", "token", math.sqrt(score))
        _set(attention.c_attn.weight, 1, "key", "before", math.sqrt(score))
        _set(attention.c_attn.weight, 1, "value", "token", 1.0)
        _say(attention.c_proj.weight, 1)
    return model.eval()


def conjunction_model() -> nn.Module:
    """The head that copies the token before, and neurons of block 1 of which one needs both tokens."""
    model = _empty("relu")
    with torch.no_grad():
        _look_back(model)
        mlp = model.transformer.h[1].mlp
        for neuron in range(NEURONS):  # the others fire at one token now, whatever was before
            mlp.c_fc.weight[_ROOM["token"] + (NOW if neuron == CONJUNCTION else neuron), neuron] = 1.0
            _write(mlp.c_proj.weight[neuron], neuron, 0.1)
        mlp.c_fc.weight[_ROOM["before"] + BEFORE, CONJUNCTION] = 1.0
        mlp.c_fc.bias[CONJUNCTION] = -5.0  # more than either alone
        mlp.c_proj.weight[CONJUNCTION] = 0.0
        _write(mlp.c_proj.weight[CONJUNCTION], SAYS, 1.0)
    return model.eval()


def _empty(activation: str) -> GPT2LMHeadModel:
    """A GPT-2 whose stream holds token and position, that adds nothing to it, and reads what is said."""
    config = GPT2Config(
        vocab_size=TOKENS,
        n_positions=POSITIONS,
        n_embd=WIDTH,
        n_layer=2,
        n_head=HEADS,
        n_inner=NEURONS,
        activation_function=activation,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "ln_" not in name:
                parameter.zero_()
        _codes(model.transformer.wte.weight, "token")
        _codes(model.transformer.wpe.weight, "position")
        model.lm_head.weight[:, _ROOM["said"] : _ROOM["said"] + TOKENS] = torch.eye(TOKENS)
    return model


def _codes(table: Tensor, room: str) -> None:
    for row in range(len(table)):
        table[row, _ROOM[room] + row] = 1.0
        table[row, _HALF + _ROOM[room] + row] = -1.0


def _look_back(model: GPT2LMHeadModel) -> None:
    attention = model.transformer.h[0].attn
    size = math.sqrt(_HARD * math.sqrt(_HEAD)) / math.sqrt(WIDTH / 4)  # what the norm multiplies by
    for position in range(POSITIONS):
        attention.c_attn.weight[_ROOM["position"] + position, position] = size
        if position + 1 < POSITIONS:
            attention.c_attn.weight[_ROOM["position"] + position, WIDTH + position + 1] = size
    _set(attention.c_attn.weight, 0, "value", "token", 1.0)
    for token in range(TOKENS):
        attention.c_proj.weight[token, _ROOM["before"] + token] = 1.0
        attention.c_proj.weight[token, _HALF + _ROOM["before"] + token] = -1.0


def _set(weight: Tensor, head: int, part: str, room: str, size: float) -> None:
    """A head's query, key or value reads a room, entry by entry."""
    first = {"query": 0, "key": WIDTH, "value": 2 * WIDTH}[part] + head * _HEAD
    for token in range(TOKENS):
        weight[_ROOM[room] + token, first + token] = size


def _say(weight: Tensor, head: int) -> None:
    for token in range(TOKENS):
        _write(weight[head * _HEAD + token], token, 1.0)


def _write(row: Tensor, token: int, size: float) -> None:
    """Says a token, with its other half."""
    row[_ROOM["said"] + token] = size
    row[_HALF + _ROOM["said"] + token] = -size
