"""Coverage and self-test of a model, as tables for people and as facts for scripts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from engine.attribution.inputs.made_up import made_up
from engine.attribution.trust.coverage import coverage
from engine.attribution.trust.self_test import self_test
from engine.models.opening import Model, load_model
from engine.protocol.reports import PLAIN_GRADIENT, CoverageRow, SelfTest
from engine.protocol.values import ModelSource
from engine.terminal.columns import table
from engine.terminal.progress_on_stderr import ProgressLine

_REPEATED = r"(?<=\.)\d+(?=\.|$)|(?<=_)\d+(?=\.)"  # the number of a block: layers.3, encoder_layer_3


def covered(source: ModelSource, prompt: str | None, rules: str) -> tuple[CoverageRow, ...]:
    """The coverage of the model that `source` names. Raises EngineError."""
    model = _opened(source)
    given = made_up(model) if prompt is None else {"prompt": prompt}
    return coverage(model, **given, rules=rules)


def tested(source: ModelSource, prompt: str | None) -> SelfTest:
    """The self-test of the model that `source` names. Raises EngineError."""
    return self_test(_opened(source), prompt)


def coverage_in_words(rows: Sequence[CoverageRow]) -> str:
    """A table with all blocks in one, what has no rule first."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        found[re.sub(_REPEATED, "*", row.module) or "(the model)", row.operation, row.rule] += row.count
    bare = sum(count for (*_, rule), count in found.items() if rule == PLAIN_GRADIENT)
    lines = [(*names, str(count)) for names, count in found.items()]
    lines.sort(key=lambda line: line[2] != PLAIN_GRADIENT)
    verdict = f"{bare} operations have a plain gradient." if bare else "Every operation that needs a rule has one."
    return "\n".join([*table(("module", "operation", "rule", "count"), lines, numbers=1), "", verdict])


def coverage_facts(rows: Sequence[CoverageRow]) -> list[dict[str, Any]]:
    """Every row, for a script."""
    return [msgspec.to_builtins(row) for row in rows]


def self_test_in_words(report: SelfTest) -> str:
    """A line for each check, and the verdict."""
    return "\n".join(_self_test_lines(report))


def self_test_facts(report: SelfTest) -> dict[str, Any]:
    """The report, for a script."""
    return {"passed": report.passed, "checks": [msgspec.to_builtins(check) for check in report.checks]}


def _self_test_lines(report: SelfTest) -> Iterator[str]:
    marks = {True: "passed", False: "FAILED", None: "–"}
    rows = [
        (check.what, marks[check.passed], "" if check.figure is None else f"{check.figure:.1e}", check.sentence)
        for check in report.checks
    ]
    yield from table(("check", "", "figure", ""), rows, numbers=0)
    yield ""
    yield "All of it holds." if report.passed else "Not all of it holds."


def _opened(source: ModelSource) -> Model:
    with ProgressLine() as line:
        return load_model(source, progress=line.show)
