"""`lxt-inspector generate`: lets a model go on from a prompt, and explains each token of its answer."""

from __future__ import annotations

from engine.figures.matrix import MatrixFormat, matrix_file
from engine.protocol.failures import TargetError
from engine.protocol.inputs import Chat, Text
from engine.protocol.messages import ExplainEach, ExplainedEach, Generate, Generated
from engine.rules.table import rule_set
from engine.session import Session
from engine.terminal.progress_on_stderr import ProgressLine
from engine.watch import Watch


def generate(asked: Generate, rules: str, format: MatrixFormat | None) -> tuple[Generated, bytes | None]:
    """The answer, and the file of its matrix where one is wanted. Raises EngineError."""
    rule_set(rules)  # a wrong name is told before the model is loaded
    session = Session()
    with ProgressLine() as line:
        said = session.answer(asked, Watch(line.show))
        assert isinstance(said, Generated)
        if format is None:
            return said, None
        if not isinstance(said.input, Text | Chat):
            raise TargetError("The model says its answer in its decoder, and a matrix is of a prompt that goes on.")
        each = session.answer(ExplainEach(asked.source, said.input, rules), Watch(line.show))
        assert isinstance(each, ExplainedEach)
        return said, matrix_file(each.matrix, format)
