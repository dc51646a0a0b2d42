"""The document: a question, its history, the answers known, and how they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from msgspec import structs
from PySide6.QtCore import QObject, Signal

from engine.protocol.inputs import Input, Picture, Text
from engine.protocol.messages import Ending, Explain, Explained, Request
from engine.protocol.targets import Target
from engine.protocol.values import ModelSource
from inspector.state.aiming import carried
from inspector.state.history import History
from inspector.state.known import Known, key_of
from inspector.state.model_part import HeadWay, ModelPart
from inspector.state.question import FIRST, TOP, Question, about_prompt, without_said
from inspector.state.saying import Saying
from inspector.state.scene import Scene, resolve
from inspector.state.sides import goes_beside
from inspector.state.view import View


class Study(QObject):
    """Holds the question and shows the last good answer until there is a better one."""

    question_changed = Signal(object)  # Question
    scene_changed = Signal(object)  # Scene

    def __init__(
        self, question: Question | None = None, view: View | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self._history = History(question or FIRST)
        self._known = Known()
        self._shown: Explained | None = None
        self._pinned: Explained | None = None
        self._awaited: ModelSource | None = None
        self._saying: Saying | None = None
        self._clock = clock
        self.keeps_target = True  # when the prompt is edited
        self._is_kept = False
        self._aim: Target = TOP  # at the text that is shown, as it is being edited
        self._scene = resolve(self.question, None, view or View())

    @property
    def question(self) -> Question:
        return self._history.present

    @property
    def scene(self) -> Scene:
        return self._scene

    @property
    def view(self) -> View:
        return self._scene.view

    @property
    def shown(self) -> Explained | None:
        """The answer on the screen, which may be to an earlier question."""
        return self._shown

    @property
    def pinned(self) -> Explained | None:
        """The answer that stays beside the one on show."""
        return self._pinned

    @property
    def is_answered(self) -> bool:
        return self._shown is not None and key_of(self._shown.question) == key_of(self.question)

    @property
    def undo_name(self) -> str:
        """What undoing takes back, in words; empty where there is nothing to undo."""
        return self._history.undo_name

    @property
    def redo_name(self) -> str:
        """What redoing brings back, in words; empty where there is nothing to redo."""
        return self._history.redo_name

    def ask(self, question: Question) -> None:
        """Make `question` the one the study is about; an answer known already is shown at once."""
        self._is_kept = False
        self._history.go_on(question)
        self._follow()

    def type(self, prompt: str) -> None:
        """Take over the prompt as it is being typed."""
        asked = self.question.input
        if prompt != asked.text or not isinstance(asked, Text | Picture):
            target = self._target_after(Text(prompt))
            self._history.go_on(about_prompt(self.question, prompt, target), typed_at=self._clock())
            self._is_kept = target != TOP
            self._follow()

    @property
    def is_target_kept(self) -> bool:
        """Whether the question has its target from before the prompt was edited, and nobody was told so far."""
        return self._is_kept

    def settle_target(self) -> None:
        """Take note that it was told."""
        self._is_kept = False

    def write(self, input: Input) -> None:
        """Take over a chat, or several texts, as they are being typed."""
        if input != without_said(self.question.input):
            target = self._target_after(input)
            self._history.go_on(structs.replace(self.question, input=input, target=target), typed_at=self._clock())
            self._is_kept = target != TOP
            self._follow()

    def amend(self, question: Question) -> None:
        """Change the question without a step in the history."""
        self._history.amend(question)
        self._follow()

    def end_step(self) -> None:
        """Make what is typed from now on a step of its own."""
        self._history.end_step()

    def undo(self) -> None:
        self._history.undo()
        self._follow()

    def redo(self) -> None:
        self._history.redo()
        self._follow()

    def take_back(self) -> None:
        """Return to the question before this one, which turned out to be none."""
        self._history.take_back()
        self._follow()

    def learn(self, request: Request, ending: Ending) -> Ending:
        """Keep an ending, and show it unless what is on show answers the present question and this does not.

        What comes back is the ending as it is kept.
        """
        kept = self._known.keep(request, ending)
        is_wanted = isinstance(request, Explain) and key_of(request) == key_of(self.question)
        if isinstance(kept, Explained) and (is_wanted or not self.is_answered):
            self._shown = kept
        elif self._known.find(request) is None:  # too large to be kept: nothing new is known
            return kept
        self._resolve(self.view)
        return kept

    def keep(self, request: Request, ending: Ending) -> Ending:
        """Keep an ending for when it is asked for, and show what is shown; the ending as it is kept."""
        return self._known.keep(request, ending)

    def known(self, request: Request) -> Ending | None:
        """The ending of `request`, where it is still here."""
        return self._known.find(request)

    def pin(self) -> None:
        """Keep the answer on show beside those that follow, as long as they are about the same input and model."""
        if self._shown is not None:
            self._pinned = self._shown
            self._resolve(self.view)

    def let_go(self) -> None:
        """Keep no answer beside the one on show."""
        self._pinned = None
        self._resolve(replace(self.view, difference=False))

    def wait_for(self, source: ModelSource | None) -> None:
        """Another model than the question's is on its way, or none: an answer of the one before is not current."""
        if source != self._awaited:
            self._awaited = source
            self._resolve(self.view)

    def hear(self, saying: Saying | None) -> None:
        """Show what a model says behind the text that it goes on from; None: it says nothing, or no longer."""
        if saying != self._saying:
            self._saying = saying
            self._resolve(self.view)

    def look(self, view: View) -> None:
        """Look at the same answer in another way."""
        if view != self.view:
            self._resolve(view)

    def look_at_layer(self, layer: int | None) -> None:
        """Look at a layer, and at no part of the model any more."""
        self.look(replace(self.view.looking(layer=layer), through=None))

    def look_through(self, part: ModelPart | None) -> None:
        """Look at a part of the model in place of the layer; None: at the layer again."""
        self.look(replace(self.view, through=part))

    def look_by(self, way: HeadWay) -> None:
        """Let tokens show where a head took, at the asked token or at all, or what it gave each."""
        self.look(replace(self.view, way=way))

    def look_at_token(self, token: int | None) -> None:
        self.look(replace(self.view, token=token))

    def step_layer(self, step: int) -> None:
        """Go `step` layers up, or down where negative; the input lies below the first."""
        if self._shown is None:
            return
        place = -1 if self.view.look.layer is None else self.view.look.layer
        place = max(-1, min(place + step, _last_layer(self._shown)))
        self.look_at_layer(None if place < 0 else place)

    def look_at_output(self) -> None:
        """Look at what leaves the last block."""
        if self._shown is not None:
            self.look_at_layer(_last_layer(self._shown))

    def _target_after(self, edited: Input) -> Target:
        """The target that goes with an edit of what is on show to `edited`."""
        shown = self._shown
        if not self.keeps_target or shown is None or shown.question.source != self.question.source:
            return TOP
        if type(shown.question.input) is not type(edited):
            return TOP
        if shown.question.input == self.question.input:
            self._aim = self.question.target
        return carried(self._aim, shown, edited)

    def _follow(self) -> None:
        known = self._known.explained(self.question)
        if known is not None:
            self._shown = known
        self._resolve(self.view)
        self.question_changed.emit(self.question)

    def _resolve(self, view: View) -> None:
        if self._pinned is not None and not goes_beside(self._pinned, self._shown):
            self._pinned = None
            view = replace(view, difference=False)
        known, others = self._known.find, (self._awaited, self._saying)
        self._scene = resolve(self.question, self._shown, view, self._pinned, known, *others)
        self.scene_changed.emit(self._scene)


def _last_layer(answer: Explained) -> int:
    """The last one of the encoder or of the decoder, whichever has more; the other shows its own last there."""
    return max(len(part.layers) for part in answer.relevance.parts) - 1
