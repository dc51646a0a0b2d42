"""The matrix of a generated text as its view shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.looks import Look, Ramp, Scale
from engine.protocol.messages import ExplainedEach
from engine.protocol.values import Matrix
from engine.reading.limits import row_limits


@dataclass(frozen=True)
class MatrixMap:
    """Every generated token, and what was before it, in colour. Equal maps look the same."""

    answer: ExplainedEach  # compares by identity
    scale: Scale
    without: bool
    ramp: Ramp
    limits: np.ndarray = field(compare=False)  # (generated token,)

    @property
    def matrix(self) -> Matrix:
        return self.answer.matrix


def matrix_of(answer: ExplainedEach, look: Look) -> MatrixMap:
    """The matrix as `look` says."""
    return MatrixMap(answer, look.scale, look.without, look.ramp, row_limits(answer.matrix, look))
