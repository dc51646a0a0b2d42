"""The matrix of a generated text as its view shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.protocol.looks import Look, Scale
from engine.protocol.messages import ExplainedEach
from engine.protocol.values import Matrix


@dataclass(frozen=True)
class MatrixMap:
    """Every generated token, and what was before it, in colour. Equal maps look the same."""

    answer: ExplainedEach  # compares by identity
    scale: Scale
    colour_map: str
    limits: np.ndarray = field(compare=False)  # (generated token,)

    @property
    def matrix(self) -> Matrix:
        return self.answer.matrix


def matrix_of(answer: ExplainedEach, look: Look) -> MatrixMap:
    """The matrix as `look` says."""
    return MatrixMap(answer, look.scale, look.colour_map, _limits(answer.matrix, look.scale))


def _limits(matrix: Matrix, scale: Scale) -> np.ndarray:
    """Where the colours of each generated token's row end."""
    largest = np.nan_to_num(np.abs(matrix.rows)).max(axis=1)
    match scale:
        case "global":
            largest = np.full(len(largest), largest.max())
        case "target":
            largest = np.nan_to_num(np.abs(matrix.values))
        case "layer":
            pass
    return np.where(largest > 0, largest, 1.0)
