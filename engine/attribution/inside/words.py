"""Words that neurons carry in their weights: what their output raises and lowers, and what their input reads.

A neuron adds its output weights to the stream; the unembedding, through the final norm's scale, makes logits of them.
Its input weights, through the norm before them, are compared with the embeddings. Both are linear, and nothing is said
where what follows the last block is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from engine.attribution.calling import embeddings_of
from engine.attribution.inside.operations import is_activation
from engine.attribution.inside.seen import Seen
from engine.attribution.inside.sites import Laid, Weights
from engine.attribution.inside.tail import logits_of
from engine.attribution.recording import Recording
from engine.attribution.targets.choices import Choices
from engine.attribution.targets.outputs import WHOLE
from engine.models.text.tokens import token_label

MOST = 5  # words of each kind
_AT_ONCE = 64  # neurons whose words are found together

Said = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]  # what a neuron raises, lowers and reads


class Words:
    """The words of a model's neurons; its logits are read at `position`."""

    def __init__(self, recording: Recording, choices: Choices, position: int) -> None:
        self._recording, self._choices, self._position = recording, choices, position

    def of(self, asked: Sequence[tuple[Laid, Sequence[int]]]) -> list[Said]:
        """What neurons of sites say, given by their places in each; one after another."""
        added = [row for laid, places in asked for row in self._added(laid, places)]
        read = [row for laid, places in asked for row in self._read(laid, places)]
        raised = self._words(added, self._logits, self._choice)
        words = self._words(read, self._matches, self._token)
        return [(raises, lowers, reads) for (raises, lowers), (reads, _) in zip(raised, words, strict=True)]

    def _words(
        self,
        rows: Sequence[Tensor | None],
        scores: Callable[[Tensor], Tensor],
        name: Callable[[int], str],
    ) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The words that score most, and those that score least, of each row that there is, some rows at once."""
        found: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())] * len(rows)
        there = [i for i, row in enumerate(rows) if row is not None]
        for first in range(0, len(there), _AT_ONCE):
            some = there[first : first + _AT_ONCE]
            table = scores(torch.stack([row for i in some if (row := rows[i]) is not None]))
            count = min(MOST, table.shape[-1])
            most, least = (table.topk(count, largest=largest).indices.tolist() for largest in (True, False))
            for i, above, below in zip(some, most, least, strict=True):
                found[i] = tuple(map(name, above)), tuple(map(name, below))
        return found

    def _choice(self, number: int) -> str:
        return self._choices.named(number)[0]

    def _token(self, number: int) -> str:
        return token_label(self._choices.model, number)[0]

    def _logits(self, added: Tensor) -> Tensor:
        """The logits (neuron, choice) that what neurons add makes, but for the scale of the token."""
        assert self._tail is not None
        begin, gradient = self._tail
        (logits,) = torch.autograd.grad(gradient, begin, added.to(gradient), retain_graph=True, is_grads_batched=True)
        return logits

    def _matches(self, read: Tensor) -> Tensor:
        """The products (neuron, token of the vocabulary) of what neurons read with the embeddings."""
        assert self._embeddings is not None
        return read.to(self._embeddings) @ self._embeddings.T

    def _added(self, laid: Laid, places: Sequence[int]) -> Sequence[Tensor | None]:
        """What one unit of each neuron adds to the stream (model,); None where it is not known how."""
        rows = _output_weights(laid, places)
        if rows is None or self._tail is None or rows.shape[1] != self._tail[1].shape[-1]:
            return [None] * len(places)
        return [*rows]

    @cached_property
    def _tail(self) -> tuple[Tensor, Tensor] | None:
        """A gradient at the logits and what it gives at the last layer (model,), with the graph between them: its own
        gradient is the map from there to the logits. None where the tail is not linear.
        """
        leaf = self._recording.stacks[-1].layers[-1].detach().requires_grad_()
        if leaf.ndim != 3:
            return None
        seen = Seen([leaf])
        logits = logits_of(self._recording, leaf, self._position, seen)
        if any(is_activation(step.operation) for step in seen.steps):
            return None
        begin = torch.zeros_like(logits).requires_grad_()
        (gradient,) = torch.autograd.grad(logits, leaf, begin, create_graph=True)
        if not gradient.requires_grad:
            return None
        return begin, gradient[0].sum(0) if self._position == WHOLE else gradient[0, self._position]

    def _read(self, laid: Laid, places: Sequence[int]) -> Sequence[Tensor | None]:
        """What of the stream each neuron reads (model,), but for the scale of the token; None where it is not known."""
        table, (stream, shape) = self._embeddings, laid.stream
        found: list[Tensor | None] = [None] * len(places)
        weights = _input_weights(laid, places)
        if table is None or laid.reads is None or weights is None or len(shape) != 3 or shape[-1] != table.shape[1]:
            return found
        place, waiting = laid.reads.at, list(range(len(places)))
        while waiting:  # one neuron a row, so that one pass through the norm tells them all apart
            begin = weights.new_zeros(place.shape).reshape(len(laid.token), -1)
            asked = self._rows(laid, places, waiting)
            for row, i in asked.items():
                begin[row] = weights[i]
            at: Any = stream  # torch's types have no single edge
            (back,) = torch.autograd.grad(
                place.edge, at, begin.reshape(place.shape), retain_graph=True, allow_unused=True
            )
            if back is None or not asked:
                return found
            for row, i in asked.items():
                found[i] = back[0, int(laid.token[row])]
            waiting = [i for i in waiting if i not in asked.values()]
        return found

    def _rows(self, laid: Laid, places: Sequence[int], waiting: Sequence[int]) -> dict[int, int]:
        """Rows of a site that belong to a token, each with one of the neurons `waiting`, of the row's own expert."""
        free = {
            expert: ((laid.expert == expert) & (laid.token >= 0)).nonzero()[:, 0].tolist()
            for expert in {places[i] // laid.width for i in waiting}
        }
        rows = [(free[places[i] // laid.width], i) for i in waiting]
        return {own.pop(): i for own, i in rows if own}

    @cached_property
    def _embeddings(self) -> Tensor | None:
        """The word embeddings (token, model); None of a model without."""
        if not self._recording.inputs.tokens or self._choices.model.tokenizer is None:
            return None
        weight = getattr(embeddings_of(self._recording.module)[0], "weight", None)
        return weight.detach() if isinstance(weight, Tensor) and weight.is_floating_point() else None


def _output_weights(laid: Laid, places: Sequence[int]) -> Tensor | None:
    """The output weights (neuron, model); None where they are not there to be read, or are of a convolution."""
    return None if laid.weights is None else _by_neuron(laid, laid.weights, places, 0, of_outputs=False)


def _input_weights(laid: Laid, places: Sequence[int]) -> Tensor | None:
    """The input weights (neuron, what they multiply), likewise."""
    return (
        None if laid.reads is None else _by_neuron(laid, laid.reads.weights, places, laid.reads.offset, of_outputs=True)
    )


def _by_neuron(laid: Laid, weights: Weights, places: Sequence[int], offset: int, of_outputs: bool) -> Tensor | None:
    """The weights of each neuron, which is one of a map's outputs or of its inputs, from `offset` on."""
    table = weights.table.detach()
    numbers = torch.tensor(places, device=table.device)
    columns = numbers % laid.width + offset
    if table.ndim == 3 and laid.experts > 1:
        return (table.mT if of_outputs else table)[numbers // laid.width, columns]
    if table.ndim != 2:
        return None
    return (table if weights.rows_out == of_outputs else table.T)[columns]
