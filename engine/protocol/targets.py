"""The scalars that can be explained. A target names logits; relevance is linear in it."""

from __future__ import annotations

from msgspec import Struct

# A token by its id, or by its text: the text must be one token of the model's vocabulary.
TokenName = int | str


class Top(Struct, frozen=True, tag=True):
    """The largest logit at `position`."""

    position: int = -1


class Token(Struct, frozen=True, tag=True):
    """The logit of `token` at `position`."""

    token: TokenName
    position: int = -1


class Contrast(Struct, frozen=True, tag=True):
    """The logit of `token` minus that of `against`, or minus 1/N of every other logit where `against` is None.

    The second form explains the softmax's output rather than the logit (Gu et al., 2018), which models need whose
    logits are all negative, such as GPT-2.
    """

    token: TokenName
    against: TokenName | None = None
    position: int = -1


class Sum(Struct, frozen=True, tag=True):
    """The sum of several targets."""

    targets: tuple[Target, ...]


Target = Top | Token | Contrast | Sum
