"""Every generated token explained by every token before it."""

from __future__ import annotations

import numpy as np

from engine.attribution.backward import MOST_AT_ONCE
from engine.attribution.trace import Trace, versions
from engine.protocol.failures import TargetError
from engine.protocol.targets import Token
from engine.protocol.values import Matrix
from engine.watch import AskCancelled, ReportProgress, Watch


def matrix(trace: Trace, progress: ReportProgress | None = None, cancelled: AskCancelled | None = None) -> Matrix:
    """Where the logit of each generated token came from, in batched backward passes over the trace's one forward.

    Raises TargetError where nothing in the trace was generated; Stopped where `cancelled` said so.
    """
    if trace.model.info.predicts == "sequence to sequence":
        raise TargetError(
            f"{trace.model.info.title} says its answer in its decoder, whose tokens do not follow the prompt's: "
            "explain each as a Token at the decoder's position before it."
        )
    watch, tokens = Watch(progress, cancelled), trace.tokens
    places = [i for i, token in enumerate(tokens) if token.generated and i]
    if not places:
        raise TargetError("Nothing here was generated: let the model go on from the prompt first.")
    rows, values = [], []
    for start in range(0, len(places), MOST_AT_ONCE):
        some = places[start : start + MOST_AT_ONCE]
        for answer in trace.explain_many([Token(tokens[i].id, i - 1) for i in some], cancelled=cancelled):
            rows.append(answer.input)
            values.append(answer.value)
        watch.step("matrix", len(rows), len(places))
    return Matrix(
        model=trace.model.info,
        prompt=trace.prompt,
        tokens=tokens,
        start=places[0],
        rules=trace.rules,
        rows=np.stack(rows),
        values=np.array(values, np.float32),
        versions=versions(),
    )
