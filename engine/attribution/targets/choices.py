"""The choices a model has, and their positions: turns names of tokens and classes into numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import torch
from torch import Tensor

from engine.attribution.targets.outputs import WHOLE
from engine.attribution.targets.probabilities import probabilities
from engine.models.kinds import scores_of
from engine.models.opening import Model
from engine.models.text.tokens import resolve_token, token_label
from engine.protocol.failures import TargetError, in_tokens
from engine.protocol.targets import TokenName
from engine.protocol.values import PREDICTING_CLASSES, Prediction, Predicts

_LEFT_OUT = -1
_OFFERED = 3  # names near to one that is none
_LISTED = 12  # classes that a sentence can name


@dataclass(frozen=True, eq=False)
class Choices:
    """The logits of one trace by position, and what they are called.

    `own` are the positions that one left out may fall on: masks for a model that fills them; for one that classes
    tokens or finds answers, tokens of the text that may be it.
    """

    model: Model
    predicts: Predicts
    length: int
    logits: Callable[[int], Tensor]
    own: Sequence[int] = ()

    @property
    def are_classes(self) -> bool:
        """Whether it chooses from classes rather than from a vocabulary."""
        return self.predicts in PREDICTING_CLASSES

    def position(self, asked: int) -> int:
        """The position counted from the start, or WHOLE; that of the model's answer where it is left out."""
        if self.predicts == "classes":
            if asked != _LEFT_OUT:
                raise TargetError("This model gives one answer for the whole input: leave the position out.")
            return WHOLE
        if asked == _LEFT_OUT:
            match self.predicts:
                case "masked token":
                    return self._mask()
                case "token classes":
                    return self.own[int(self._own_logits().amax(-1).argmax())]
                case "answer span":
                    return self.answer_span()[0]
        if not -self.length <= asked < self.length:
            places = f"0 to {self.length - 1}" if self.length > 1 else "which is at 0"
            raise TargetError(f"There is no position {asked}: the prompt has {in_tokens(self.length)}, {places}.")
        return asked % self.length

    def place_of(self, choice: int, asked: int | None) -> int:
        """The position asked for; where it is left out, that at which the class's logit is largest."""
        if asked is not None and (asked != _LEFT_OUT or self.predicts == "classes"):
            return self.position(asked)
        if self.predicts == "classes":
            return WHOLE
        return self.own[int(self._own_logits()[:, choice].argmax())]

    def answer_span(self) -> tuple[int, int]:
        """The likeliest start and end of an answer: no end is before its start."""
        start, end = self._own_logits().unbind(-1)
        scores = (start[:, None] + end[None, :]).masked_fill(torch.ones(2 * start.shape).tril(-1).bool(), -torch.inf)
        best = int(scores.argmax())
        return self.own[best // len(self.own)], self.own[best % len(self.own)]

    def number(self, name: TokenName, position: int) -> int:
        """The token or class that `name` names. Raises TargetError."""
        if self.are_classes:
            return self.class_number(name)
        count = self.logits(position).numel()
        if isinstance(name, str):
            id = resolve_token(self.model, name)
            if id >= count:
                raise TargetError(
                    f"“{name}” is token {id} of the tokenizer, and this model's ids go from 0 to {count - 1:,}: choose "
                    "a token that it can say."
                )
            return id
        if not 0 <= name < count:
            raise TargetError(f"There is no token {name}: this model's ids go from 0 to {count - 1:,}.")
        return name

    def class_number(self, name: TokenName) -> int:
        """The class of that label or index, which may be a text. Raises TargetError, with what there is."""
        labels = self.model.info.labels
        count = len(labels) or self.logits(self.own[0] if self.own else WHOLE).numel()
        if isinstance(name, int):
            if not 0 <= name < count:
                raise TargetError(f"There is no class {name}: this model has {count:,}, 0 to {count - 1:,}.")
            return name
        found = _labelled(labels, name)
        if not found and name.isdecimal():
            return self.class_number(int(name))
        if len(found) > 1:
            raise TargetError(f"“{name}” is the label of {len(found)} classes: name one by its index, {found[0]} say.")
        if not found:
            raise TargetError(_no_class(name, labels, count))
        return found[0]

    def named(self, choice: int) -> tuple[str, str]:
        """The text and the label of a token or class."""
        if not self.are_classes:
            return token_label(self.model, choice)
        labels = self.model.info.labels
        label = labels[choice] if choice < len(labels) else f"class {choice}"
        return label, label

    def predictions(self, k: int, asked: int) -> tuple[Prediction, ...]:
        """The `k` likeliest choices at a position, the likeliest first."""
        position = self.position(asked)
        logits, shares = self.logits(position).detach().float(), self.probabilities(position)
        values, numbers = logits.topk(min(k, logits.numel()))
        return tuple(
            Prediction(number, *self.named(number), logit, None if shares is None else float(shares[number]))
            for number, logit in zip(numbers.tolist(), values.tolist(), strict=True)
        )

    def probabilities(self, position: int) -> Tensor | None:
        """The probabilities (choice,) at a position; None where logits are amounts."""
        logits = self.logits(position).detach().float()
        if self.predicts == "answer span":
            return torch.stack([self.logits(at).detach().float() for at in range(self.length)]).softmax(0)[position]
        return probabilities(logits, scores_of(self.model.module, self.predicts))

    def _mask(self) -> int:
        if not self.own:
            mask = getattr(self.model.tokenizer, "mask_token", None)
            how = f"put {mask} where a word is to be predicted, or name a position" if mask else "name a position"
            raise TargetError(f"No token of the prompt is a mask: {how}.")
        return self.own[0]

    def _own_logits(self) -> Tensor:
        if not self.own:
            raise TargetError("The prompt has no token of its own to ask about: type a text, or name a position.")
        return torch.stack([self.logits(at).detach().float().cpu() for at in self.own])


def _labelled(labels: Sequence[str], name: str) -> list[int]:
    """The classes of that label, or of that name among a label's several: ImageNet's are “tabby, tabby cat”."""
    exact = [i for i, label in enumerate(labels) if label == name]
    return exact or [i for i, label in enumerate(labels) if name.casefold() in label.casefold().split(", ")]


def _no_class(name: str, labels: Sequence[str], count: int) -> str:
    """Says that there is no class `name`, and which are called nearly so, or what there is."""
    names = {part.casefold(): label for label in labels for part in (label, *label.split(", "))}
    if near := get_close_matches(name.casefold(), names, n=_OFFERED):
        return f"There is no class “{name}”. Nearest {_are(dict.fromkeys(names[one] for one in near))}."
    if not labels:
        return f"There is no class “{name}”: the {count:,} of this model have numbers alone, 0 to {count - 1:,}."
    if count <= _LISTED:
        return f"There is no class “{name}”. There {_are(labels)}."
    return (
        f"There is no class “{name}”: this model has {count:,}, and none is called nearly so. model.info.labels lists "
        "them, and the window finds one by any part of its name."
    )


def _are(names: Iterable[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return f"{'are' if len(quoted) > 1 else 'is'} {', '.join(quoted)}"
