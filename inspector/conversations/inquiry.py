"""The inquiry: turns what a person does into questions for the worker and answers for the study. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, assert_never

from msgspec import structs
from PySide6.QtCore import QObject, Signal

from engine.protocol.failures import FailureKind
from engine.protocol.inputs import Chat, ForDecoder, Input, Picture, Text, is_empty
from engine.protocol.messages import (
    LOW_AGREEMENT,
    Examined,
    Explained,
    ExplainedEach,
    Export,
    ExportGrid,
    Failed,
    Generated,
    Loaded,
    LookedInside,
    LookInside,
    Request,
)
from engine.protocol.targets import Target, TokenName, Top, span
from engine.protocol.values import Image, Manner, ModelSource
from inspector.conversations.activity import Activity
from inspector.conversations.conversation import Worker
from inspector.conversations.detailing import Detailing
from inspector.conversations.explaining import Explaining
from inspector.conversations.exploring import Exploring
from inspector.conversations.exporting import Exporting
from inspector.conversations.generating import Generating
from inspector.conversations.holding import Holding
from inspector.conversations.listing import Listing
from inspector.conversations.loading import Loading
from inspector.conversations.picturing import PICTURE_MODEL, misfit, nothing_to_explain, speechless
from inspector.conversations.shortening import Shortening
from inspector.conversations.tokenising import Tokenising
from inspector.look.visible_text import visible
from inspector.state.aiming import chosen_at, token_against, token_at_position_shown
from inspector.state.choice import Against, choice_of
from inspector.state.cutting import Kept
from inspector.state.question import Question, about_generated, about_image, about_prompt, position_of, put_to
from inspector.state.study import Study
from inspector.state.trouble import (
    Remedy,
    Trouble,
    trouble_with_explaining,
    trouble_with_exporting,
    trouble_with_opening,
    with_shortening,
)

_PLAINLY = Manner()

_REFUSALS: tuple[FailureKind, ...] = ("model_unsupported", "rules_unknown")  # of a detail, for good
_KEPT: dict[Remedy, Kept | Literal["choice"]] = {
    Remedy.KEEP_END: "end",
    Remedy.KEEP_BEGINNING: "beginning",
    Remedy.CHOOSE_PART: "choice",
    Remedy.DROP_OLDEST: "newest",
    Remedy.SHORTEN_LONGER: "all but the longer's end",
}

# The example to ask a model about in place of an input that is an example for others; None to leave the input.
OwnExample = Callable[[ModelSource, Input], Input | None]


def _no_example(source: ModelSource, input: Input) -> None:
    """No model has examples of its own."""


class Inquiry(QObject):
    """Keeps study and workers together: what is asked gets answered, what fails says why and what would help."""

    counted = Signal(object)  # tuple[int, ...] | None: the tokens of the input, and of a decoder, where that is known
    answered = Signal(object)  # Explained
    taken_over = Signal()  # a whole input, not one that is being typed
    target_refused = Signal(str)
    noted = Signal(str)  # a sentence about the question that is asked: its target was kept, or its prompt cut
    troubled = Signal(object)  # Trouble
    model_doubted = Signal(str)  # its relevance may be far from what it is in float32
    calmed = Signal()  # what was wrong is no longer

    def __init__(
        self,
        worker: Worker,
        figures: Worker,
        study: Study,
        parent: QObject | None = None,
        own_example: OwnExample = _no_example,
    ) -> None:
        super().__init__(parent)
        self.study = study
        self._own_example = own_example
        self.explaining = Explaining(worker, self, study.learn)
        self.generating = Generating(worker, study, self)
        self.detailing = Detailing(worker, self, study.learn)
        self.exploring = Exploring(worker, study, self)
        self.shortening = Shortening(worker, self)
        self.loading = Loading(worker, self)
        self.tokenising = Tokenising(worker, self)
        self.listing = Listing(worker, self)
        self.exporting = Exporting(figures, self)
        with_model = (self.loading, self.explaining, self.generating, self.detailing, self.exploring, self.shortening)
        self.activity = Activity(with_model, (self.exporting,), self)
        self.holding = Holding(worker, self.loading, self.activity, self)
        self._explain_when_open = False
        self._generate_when_open: tuple[int, Manner] | None = None  # so many tokens, said in that manner
        self._expects_picture = False
        self._given_up: Request | None = None  # the detail that failed, or could not be kept
        self._follow_conversations()
        study.question_changed.connect(self._on_question_changed)

    def _follow_conversations(self) -> None:
        self.loading.started.connect(self.study.wait_for)
        self.loading.busy_changed.connect(self._on_loading_busy_changed)
        self.loading.loaded.connect(self._on_loaded)
        self.loading.failed.connect(self._on_loading_failed)
        self.explaining.succeeded.connect(self._on_explained)
        self.explaining.failed.connect(self._on_explaining_failed)
        self.explaining.cancelled.connect(self._on_explaining_cancelled)
        self.generating.succeeded.connect(self._on_generated)
        self.generating.failed.connect(self._on_generating_failed)
        self.detailing.succeeded.connect(self._on_detailed)
        self.detailing.failed.connect(self._on_detailing_failed)
        self.exploring.failed.connect(self._on_generating_failed)
        self.shortening.failed.connect(self._on_generating_failed)
        self.shortening.was_cut.connect(self._on_cut)
        self.exporting.failed.connect(self._on_exporting_failed)
        self.tokenising.counted.connect(self.counted)
        self.holding.troubled.connect(self.troubled)

    def use(self, worker: Worker) -> None:
        """Go on with another worker for the model, which it has to open first."""
        self.activity.use(worker)
        for conversation in (self.tokenising, self.listing):
            conversation.use(worker)
        self.holding.use(worker)
        self.open_model(self.study.question.source)

    # -- what a person can do ------------------------------------------------------------------------------------------

    def open_model(self, source: ModelSource) -> None:
        """Open `source`, then explain the prompt with it. The study goes on with the model before until it is open."""
        self.calmed.emit()
        self._explain_when_open, self._generate_when_open = True, None
        self.explaining.drop()
        self.tokenising.forget()
        self.loading.open(source)

    def unload(self) -> None:
        self._generate_when_open = None
        self.explaining.drop()
        self.tokenising.forget()
        self.loading.unload()

    def type(self, prompt: str) -> None:
        """Take over the prompt as it is being typed."""
        self.study.type(prompt)

    def write(self, input: Input) -> None:
        """Take over a chat, or several texts, as they are being typed."""
        self.study.write(input)

    def use_prompt(self, prompt: str) -> None:
        """Take over a whole prompt, from an example or a file, and explain it."""
        self.study.ask(about_prompt(self.study.question, prompt))
        self.taken_over.emit()
        self.explain()

    def expect_picture(self, is_expected: bool) -> None:
        """A picture is being read, or is no longer: a model that opens meanwhile explains nothing else first."""
        self._expects_picture = is_expected

    def use_image(self, image: Image) -> None:
        """Take over a picture and explain it."""
        self.expect_picture(False)
        self.study.ask(about_image(self.study.question, image))
        self.taken_over.emit()
        self.explain()

    def explain(self) -> None:
        """Answer the present question, once its model is open."""
        self.study.end_step()
        question = self.study.question
        if nothing := nothing_to_explain(question, self.holding.model):
            self.troubled.emit(nothing)
        elif self.loading.is_opening:
            self._explain_when_open, self._generate_when_open = True, None
        elif wrong := misfit(question, self.holding.model):
            self.explaining.drop()
            self.troubled.emit(wrong)
        else:
            self.calmed.emit()
            self.tokenising.forget()
            self.generating.drop()
            self.detailing.drop()
            self._given_up = None
            self.explaining.explain(question)

    def generate(self, max_new_tokens: int, manner: Manner = _PLAINLY) -> None:
        """Let the model go on from the prompt, once it is open, and explain the first token it says."""
        self.study.end_step()
        question = self.study.question
        asked = question.input
        if not isinstance(asked, Text | Chat | ForDecoder) or is_empty(asked):
            self.troubled.emit(Trouble("The prompt is empty: type or paste a text to go on from.", is_of_input=True))
        elif self.loading.is_opening:
            self._generate_when_open = (max_new_tokens, manner)
        elif wrong := speechless(self.holding.model):
            self.troubled.emit(wrong)
        else:
            self.calmed.emit()
            self.explaining.drop()
            self.generating.generate(question.source, asked, max_new_tokens, manner)

    def look_into(self, request: Request, doing: str) -> None:
        """Ask for a detail of the answer on show, unless it is known or something is under way."""
        is_wanted = self.study.is_answered and self.study.known(request) is None and request != self._given_up
        if is_wanted and not self.activity.is_any:
            self.detailing.look_into(request, doing)

    def stop(self) -> None:
        """End what is going on at the next block."""
        self._explain_when_open, self._generate_when_open = False, None
        self.activity.stop()

    def choose_rules(self, rules: str) -> None:
        self._ask(structs.replace(self.study.question, rules=rules))

    def choose_position(self, position: int) -> None:
        """Explain the token at `position` of those shown if it was generated, else the largest logit after it."""
        self._ask_target(chosen_at(position, self.study.question, self.study.shown))

    def choose_span(self, chosen: range) -> None:
        """Explain the tokens of a range together, each after the one before it, as the model says or said them."""
        shown = self.study.shown
        if shown is None:
            return
        if shown.relevance.model.predicts not in ("next token", "sequence to sequence"):
            self.troubled.emit(Trouble("Only a model that continues text explains tokens together; this one does not."))
        elif chosen.start == 0:
            self.troubled.emit(
                Trouble("Nothing says the first token, for nothing stands before it: select those behind.")
            )
        else:
            self._ask_target(span(shown.relevance.answered_tokens, chosen.start, chosen.stop))

    def choose_prediction(self, token: TokenName) -> None:
        """Explain `token`, by id or by text, at the position shown."""
        self._ask_target(token_at_position_shown(token, self.study.question, self.study.shown))

    def choose_against(self, against: Against) -> None:
        """Explain the token that is explained in contrast to `against`: a token's id, the mean, or nothing."""
        target = token_against(against, self.study.question, self.study.shown)
        if target is not None:
            self._ask_target(target)

    def undo(self) -> None:
        self.study.undo()
        self._catch_up()

    def redo(self) -> None:
        self.study.redo()
        self._catch_up()

    def export(self, request: Export | ExportGrid, path: Path) -> None:
        self.exporting.export(request, path)

    def remedy(self, remedy: Remedy) -> None:
        """Do what the button beside a failure promises, as far as it takes the worker to do it."""
        match remedy:
            case Remedy.REPEAT:
                self.explain()
            case Remedy.CHECKPOINT:
                self.study.amend(structs.replace(self.study.question, checkpointing=True))
                self.explain()
            case Remedy.OPEN_AGAIN:
                self.open_model(self.loading.opening or self.study.question.source)
            case Remedy.ALLOW_CODE:
                source = self.loading.opening or self.study.question.source
                self.open_model(structs.replace(source, trust_remote_code=True))
            case Remedy.RESTART:
                self.holding.restart()
            case Remedy.PICTURE_MODEL:
                self.open_model(PICTURE_MODEL)
            case Remedy.CHOOSE_MODEL | Remedy.EXPORT_AGAIN | Remedy.PREFERENCES | Remedy.OPEN_IMAGE:
                pass  # dialogs: the window's
            case (
                Remedy.KEEP_END
                | Remedy.KEEP_BEGINNING
                | Remedy.CHOOSE_PART
                | Remedy.DROP_OLDEST
                | Remedy.SHORTEN_LONGER
            ):
                self._shorten(_KEPT[remedy])
            case _:
                assert_never(remedy)

    def _shorten(self, kept: Kept | Literal["choice"]) -> None:
        question, limit = self.study.question, self._limit_of(self.study.question)
        if limit is not None and not isinstance(question.input, Picture):
            self.shortening.shorten(question.source, question.input, limit, kept)

    def _limit_of(self, question: Question) -> int | None:
        """The most tokens that a question's text may have; None where it has no limit, or is no text."""
        model = self.holding.model
        is_text = question.input.medium == "text" and model is not None and model.source == question.source
        return model.max_tokens if is_text and model is not None else None

    # -- asking --------------------------------------------------------------------------------------------------------

    def _ask_target(self, target: Target) -> None:
        self._ask(structs.replace(self.study.question, target=target))

    def _ask(self, question: Question) -> None:
        self.study.ask(question)
        if self.study.is_answered:
            self._catch_up()
        else:
            self.explain()

    def _catch_up(self) -> None:
        """Leave what the worker does if the study has moved on to something already known, or to another model."""
        self.calmed.emit()
        if self.study.is_answered:
            self.explaining.drop()
        if self.holding.model is not None and self.loading.opening != self.study.question.source:
            self._explain_when_open, self._generate_when_open = False, None
            self.loading.open(self.study.question.source)

    # -- following -----------------------------------------------------------------------------------------------------

    def _on_question_changed(self, question: Question) -> None:
        shown, asked = self.study.shown, question.input
        if isinstance(asked, Picture):
            self.tokenising.forget()
            self.counted.emit(None)
            return
        if shown is not None and self.study.is_answered and not is_empty(asked):
            counts = tuple(len(part.tokens) for part in shown.relevance.parts)
            self.tokenising.learn(question.source, asked, counts)
            return
        self.tokenising.look_at(question.source, asked)
        model = self.holding.model
        if model is not None and self.loading.opening == question.source and model.takes == asked.medium:
            self.tokenising.count()

    def _on_loaded(self, ending: Loaded) -> None:
        question, source = self.study.question, self.loading.opening
        if source is not None and source != question.source:
            own = None if self._expects_picture else self._own_example(source, question.input)
            self.study.ask(put_to(question, source, own))
        wanted, self._explain_when_open = self._explain_when_open and not self._expects_picture, False
        generation, self._generate_when_open = self._generate_when_open, None
        asked = self.study.question.input
        if generation is not None:
            self.generate(*generation)
        elif wanted and (asked.image or (not is_empty(asked) and asked.medium == ending.model.takes)):
            self.explain()
        else:
            self._on_question_changed(self.study.question)
        if ending.agreement is not None and ending.agreement < LOW_AGREEMENT:
            self.model_doubted.emit(
                f"{ending.model.title} in {ending.model.dtype}: on a short prompt the ranking of its tokens agrees "
                f"with float32 by {ending.agreement:.2f} of 1. Open it in float32 if you can."
            )

    def _on_loading_busy_changed(self, busy: bool) -> None:
        if not busy:
            self.study.wait_for(None)

    def _on_loading_failed(self, failure: Failed) -> None:
        self._explain_when_open, self._generate_when_open = False, None
        self.troubled.emit(trouble_with_opening(failure))

    def _on_explained(self, answer: Explained) -> None:
        self.holding.learn(answer.relevance.model, answer.memory)
        self.calmed.emit()
        self._on_question_changed(self.study.question)  # which may be another by now
        if self.study.is_answered and self.study.is_target_kept:
            self.study.settle_target()
            self.noted.emit(_what_was_kept(answer))
        self.answered.emit(answer)

    def _on_generated(self, said: Generated) -> None:
        question = self.study.question
        if (question.source, question.input) != (said.question.source, said.question.input):
            return  # written on meanwhile: the answer is to another prompt
        if said.input == question.input:
            self.troubled.emit(Trouble("The model has nothing to add: the next token it says ends the text."))
            return
        self.study.ask(about_generated(question, said))
        self.explain()

    def _on_cut(self, whole: Input, left: Input, said: str) -> None:
        question = self.study.question
        if question.input == whole:  # not written on meanwhile
            target = question.target if position_of(question.target) == -1 else Top()
            self._ask(structs.replace(question, input=left, target=target))
            self.noted.emit(said)

    def _on_detailed(self, found: ExplainedEach | Examined | LookedInside) -> None:
        if self.study.known(found.question) is None:  # which may not be what was asked last: what is known leads on
            self._given_up = found.question
            self.troubled.emit(Trouble("This detail of the answer is too large to be kept. Shorten the prompt."))

    def _on_detailing_failed(self, failure: Failed) -> None:
        """Keep what a model or a rule set has not, for the pane to say it; the rest is trouble."""
        asked = self.detailing.asked
        if isinstance(asked, LookInside) and failure.kind in _REFUSALS:
            self.study.learn(asked, failure)
        else:
            self._given_up = asked if failure.kind != "worker_died" else None
            self._on_generating_failed(failure)

    def _on_generating_failed(self, failure: Failed) -> None:
        self._tell_trouble(failure, checkpointing=True)

    def _on_explaining_failed(self, failure: Failed) -> None:
        asked = self.explaining.question
        target = asked.target if asked else None
        is_refused = failure.kind == "target_unknown" and asked == self.study.question and target != Top()
        if is_refused and self.study.is_target_kept:
            self.study.settle_target()
            self._ask_target(Top())
            self.noted.emit(f"The target was not kept, for the prompt was edited there: {failure.message}")
        elif is_refused:
            self.study.take_back()
            self.target_refused.emit(failure.message)
        else:
            self._tell_trouble(failure, asked is not None and asked.checkpointing)
            self._on_question_changed(self.study.question)  # what was too long is counted at least

    def _tell_trouble(self, failure: Failed, checkpointing: bool) -> None:
        trouble = trouble_with_explaining(failure, checkpointing)
        can_shorten = failure.kind == "prompt_too_long" and self._limit_of(self.study.question) is not None
        self.troubled.emit(with_shortening(trouble, self.study.question.input) if can_shorten else trouble)

    def _on_explaining_cancelled(self) -> None:
        self._on_question_changed(self.study.question)  # no answer says how many tokens there are

    def _on_exporting_failed(self, failure: Failed) -> None:
        self.troubled.emit(trouble_with_exporting(failure))


def _what_was_kept(answer: Explained) -> str:
    choice, label = choice_of(answer), visible(answer.relevance.target.label)
    where = "" if choice.relation == "whole" else f" {choice.relation} “{visible(choice.label)}”"
    return f"The target stays the same after the edit: {label}{where}."
