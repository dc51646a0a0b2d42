"""The window: connects every signal to where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from msgspec import structs
from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QToolTip

from engine.protocol.inputs import Text
from engine.protocol.looks import Unit
from engine.protocol.messages import Explained, Loaded, Progress
from engine.protocol.rule_names import gamma_of
from engine.protocol.values import Medium, ModelInfo
from inspector.actions.actions import Actions
from inspector.actions.commands import MENUS
from inspector.client.client import WorkerClient
from inspector.conversations.generating import generating_in_words
from inspector.conversations.inquiry import Inquiry
from inspector.conversations.picturing import speechless
from inspector.handlers.command_handlers import handlers
from inspector.handlers.dialog_handler import DialogHandler
from inspector.handlers.exploring_handler import ExploringHandler
from inspector.handlers.folding_handler import FoldingHandler
from inspector.handlers.opening_handler import OpeningHandler
from inspector.handlers.palette_entries import palette_entries
from inspector.handlers.picture_handler import PictureHandler
from inspector.intake.examples import own_example, read_examples, read_image_examples
from inspector.keeping.settings import Profile, Settings
from inspector.look.theme import apply_theme
from inspector.panes.frame import Frame
from inspector.panes.heads_pane import HeadsPane
from inspector.panes.toolbar import ToolBar, brief_title_of, title_of_open
from inspector.state.choice import Choice
from inspector.state.question import Question, ask_the_same, text_of
from inspector.state.scene import Scene
from inspector.state.study import Study
from inspector.state.trouble import Remedy, Trouble
from inspector.state.view import PictureMode

TITLE = "LXT Inspector"
NO_ANSWER, NO_MODEL = "There is no answer yet", "No model is open"
_OF_AN_ANSWER = ("file.export", "layer.up", "layer.down", "layer.input", "layer.output")
_OF_A_MEDIUM: dict[Medium, tuple[Sequence[str], str]] = {
    "text": (
        (
            *("edit.copy_image", "edit.copy_table", "edit.find"),
            *("scale.without", "contrast.more", "contrast.less", "view.signs", "view.values", "view.lens"),
            *("edit.copy_image", "edit.copy_table", "edit.find", "token.next", "token.previous", "unit.next"),
            *(f"unit.{unit}" for unit in get_args(Unit)),
        ),
        "No tokens are on show",
    ),
    "picture": ([f"mode.{mode}" for mode in get_args(PictureMode)], "No picture is on show"),
}
_WAITING_FOR: dict[Medium, str] = {
    "text": "Write a prompt and press Explain.",
    "picture": "Open, drop or paste a picture.",
}


class Window(Frame):
    """Connects inquiry and scene to the widgets: the inquiry decides what happens, the scene what is seen."""

    troubled = Signal(object)  # Trouble

    def __init__(
        self,
        worker: WorkerClient,
        figures: WorkerClient,
        study: Study,
        profile: Profile,
        new_worker: Callable[[str], WorkerClient],
    ) -> None:
        super().__init__()
        self._worker, self._figures, self._profile, self._new_worker = worker, figures, profile, new_worker
        self._choice: Choice | None = None
        self._asked = study.question
        self._theme, self._start_limit = profile.settings.theme, profile.settings.start_limit
        self.study = study
        self.inquiry = Inquiry(worker, figures, study, self, own_example)
        self.dialogs = DialogHandler(self, self.inquiry, profile)
        self.pictures = PictureHandler(self, self.inquiry, profile)
        self.exploring = ExploringHandler(self, self.inquiry, profile)
        self.openings = OpeningHandler(self, self.inquiry, self.pictures, profile)
        self.folding = FoldingHandler(self, self.inquiry)
        do = handlers(self, self.inquiry, self.dialogs, self.pictures, self.openings, self.exploring, self.folding)
        self.commands = Actions(self, MENUS, do)
        self.input.set_key(self.commands["edit.input"].shortcut().toString(QKeySequence.SequenceFormat.NativeText))
        self.tools = ToolBar(self.commands, lambda: profile.settings.recent_models)
        self.addToolBar(self.tools)
        self.settle()
        self.editor.set_examples(read_examples())
        self.image.set_examples(read_image_examples())
        self._follow_inquiry()
        self._follow_people()
        self._follow_worker()
        figures.logged.connect(self.log.append_text)
        self.restore_places(profile.settings.geometry, profile.settings.layout, profile.settings.panes)
        self._describe_generating()
        study.keeps_target = profile.settings.keep_target
        self.table.set_keeping(profile.settings.keep_target)
        self._on_question_changed(study.question)
        self._on_scene_changed(study.scene)
        self._on_model_changed(None)
        self._on_activity_changed(None)
        self.take_keys() if self.is_input_folded else self.editor.setFocus()
        if profile.notice:
            self.notices.show_news(profile.notice)

    def _follow_inquiry(self) -> None:
        self.study.question_changed.connect(self._on_question_changed)
        self.study.scene_changed.connect(self._on_scene_changed)
        self.inquiry.holding.model_changed.connect(self._on_model_changed)
        self.inquiry.loading.loaded.connect(self._on_loaded)
        self.inquiry.holding.memory_changed.connect(self.status.show_memory)
        self.inquiry.activity.changed.connect(self._on_activity_changed)
        self.inquiry.counted.connect(self._on_counted)
        self.inquiry.answered.connect(self._on_answered)
        self.inquiry.target_refused.connect(self._on_target_refused)
        self.inquiry.noted.connect(self.notices.show_of_question)
        self.inquiry.shortening.lies_beyond.connect(self._on_part_beyond)
        self.inquiry.model_doubted.connect(self.notices.show_doubt)
        self.inquiry.troubled.connect(self.show_trouble)
        self.inquiry.calmed.connect(self.notices.clear_trouble)
        self.inquiry.exporting.written.connect(self.notices.show_written)

    def _follow_people(self) -> None:
        self.dropped.connect(self.openings.take)
        self.openings.troubled.connect(self.show_trouble)
        self.pictures.troubled.connect(self.show_trouble)
        self.exploring.troubled.connect(self.show_trouble)
        self.closing.connect(self._on_closing)
        self.escaped.connect(self.commands["view.back"].trigger)
        self.editor.text_changed.connect(self.inquiry.type)
        self.editor.submitted.connect(self.explain)
        self.editor.example_chosen.connect(self.openings.open_example)
        self.editor.files_dropped.connect(self.openings.open_files)
        self.pictures.follow(self.image, self.relevance.picture)
        self.image.file_chosen.connect(self.openings.open_file)
        self.input.written.connect(self.inquiry.write)
        self.input.submitted.connect(self.explain)
        self.input.files_dropped.connect(self.openings.open_files)
        self.input.gamma_chosen.connect(self.inquiry.choose_rules)
        self.input.explore_requested.connect(self.exploring.explore)
        self.relevance.scale.scale_chosen.connect(self._on_scale_chosen)
        self.relevance.scale.contrast_chosen.connect(self._on_contrast_chosen)
        self.relevance.scale.without_chosen.connect(self._on_without_chosen)
        self.relevance.picture.mode_chosen.connect(self._on_mode_chosen)
        self.relevance.set_pin_action(self.commands["view.pin"])
        self.relevance.picture.let_go.connect(self.study.let_go)
        self.relevance.text.let_go.connect(self.study.let_go)
        self.relevance.text.position_clicked.connect(self.inquiry.choose_position)
        self.relevance.text.span_chosen.connect(self.inquiry.choose_span)
        self.relevance.text.unit_requested.connect(self.commands["unit.next"].trigger)
        self.relevance.text.values_requested.connect(self.commands["view.values"].trigger)
        self.relevance.text.current_changed.connect(self.study.look_at_token)
        self.below.layer_clicked.connect(self.study.look_at_layer)
        self.below.token_clicked.connect(self.study.look_at_token)
        self.below.position_clicked.connect(self.inquiry.choose_position)
        self.below.part_chosen.connect(self.study.look_through)
        self.below.pane(HeadsPane).way_chosen.connect(self.study.look_by)
        self.below.wanted.connect(self.inquiry.look_into)
        self.below.currentChanged.connect(lambda _: self.fit_panes())
        for pane in (self.relevance.text, self.below, self.target):
            pane.token_hovered.connect(self._on_token_hovered)
        self.table.explained.connect(self.inquiry.choose_prediction)
        self.table.set_against.connect(self.inquiry.choose_against)
        self.table.keeping_chosen.connect(self._on_keeping_chosen)
        self.table.text_target_entered.connect(self.inquiry.choose_prediction)
        self.target.token_chosen.connect(self._on_token_chosen)
        self.tools.model_picked.connect(self.inquiry.open_model)
        self.status.stopped.connect(self.inquiry.stop)
        self.notices.remedy_chosen.connect(self._on_remedy_chosen)
        self.notices.details_requested.connect(self.log_dock.show)
        self.log_dock.visibilityChanged.connect(self.commands["view.log"].setChecked)
        self.target_dock.visibilityChanged.connect(self.commands["view.target"].setChecked)
        self.dialogs.worker_changed.connect(self._on_worker_command_changed)
        self._profile.changed.connect(self._on_settings_changed)

    def _follow_worker(self) -> None:
        self._worker.state_changed.connect(self.status.show_worker)
        self._worker.logged.connect(self.log.append_text)
        self._worker.replaced.connect(self.notices.show_news)
        self.status.show_worker(self._worker.state)

    # -- what commands need of the window ------------------------------------------------------------------------------

    def devices(self) -> Sequence[str]:
        """The devices the worker has, as far as it is known."""
        hello = self._worker.hello
        return hello.devices if hello else ()

    def about(self) -> None:
        hello = self._worker.hello
        self.dialogs.about(hello.versions if hello else {})

    def explain(self) -> None:
        self._turn_to_prompt()
        self.folding.expect()
        self.inquiry.explain()

    def generate(self) -> None:
        self._turn_to_prompt()
        self.folding.expect()
        settings = self._profile.settings
        self.inquiry.generate(settings.max_new_tokens, settings.manner)

    def open_palette(self) -> None:
        handlers_of = (self.commands, self.inquiry, self.dialogs, self.openings, self.pictures)
        self.dialogs.palette(palette_entries(*handlers_of, self._profile.settings, self.devices()))

    def _turn_to_prompt(self) -> None:
        """Ask about the text in front, if the model takes texts."""
        model, text = self.inquiry.holding.model, self.input.text_in_front()
        if model is not None and model.takes == "text" and text is not None:
            if isinstance(text, Text):
                self.inquiry.type(text.text)
            else:
                self.inquiry.write(text)

    def show_trouble(self, trouble: Trouble) -> None:
        """Say in place what went wrong; what only a programmer wants to read goes to the log."""
        self.notices.show_trouble(trouble)
        self.folding.show_trouble(trouble)
        self.log.append_paragraph(f"{trouble.message}\n{trouble.details}")
        self.troubled.emit(trouble)

    # -- what people do ------------------------------------------------------------------------------------------------

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.CHOOSE_MODEL:
                self.dialogs.choose_model(self.devices())
            case Remedy.EXPORT_AGAIN:
                self.dialogs.export()
            case Remedy.OPEN_IMAGE:
                self.pictures.browse()
            case Remedy.PREFERENCES:
                self.dialogs.preferences(self.devices())
            case _:
                self.inquiry.remedy(remedy)

    def _on_scale_chosen(self, scale: str) -> None:
        self.commands[f"scale.{scale}"].trigger()

    def _on_contrast_chosen(self, contrast: float) -> None:
        self.study.look(self.study.view.looking(contrast=contrast))

    def _on_without_chosen(self, without: bool) -> None:
        self.study.look(self.study.view.looking(without=without))

    def _on_token_chosen(self, token: int) -> None:
        self.study.look_at_token(token)
        self.relevance.text.reveal(token)

    def _on_token_hovered(self, token: int) -> None:
        for pane in (self.relevance.text, self.below, self.target):
            pane.point_at(token)

    def _on_part_beyond(self, which: int, start: int, end: int) -> None:
        self.folding.unfold()
        self.input.select(which, start, end)

    def _on_keeping_chosen(self, keeps: bool) -> None:
        self.study.keeps_target = keeps
        self._profile.keep(structs.replace(self._profile.settings, keep_target=keeps))

    def _on_mode_chosen(self, mode: PictureMode) -> None:
        self.commands[f"mode.{mode}"].trigger()

    def _on_worker_command_changed(self, command: str) -> None:
        old, self._worker = self._worker, self._new_worker(command)
        self._worker.set_start_limit(self._profile.settings.start_limit)
        self.inquiry.use(self._worker)
        old.close()
        old.deleteLater()
        self._follow_worker()
        self._worker.start()

    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.theme != self._theme:  # what the command line said holds until it is changed here
            self._theme = settings.theme
            apply_theme(_application(), settings.theme)
        self._describe_generating()
        self.study.look(self.study.view.looking(colour_map=settings.colour_map))
        if settings.start_limit != self._start_limit:
            self._start_limit = settings.start_limit
            self._worker.set_start_limit(settings.start_limit)

    def _describe_generating(self) -> None:
        """Say at Generate how the model chooses what it says."""
        settings = self._profile.settings
        self.commands.describe("run.generate", generating_in_words(settings.max_new_tokens, settings.manner))

    def _on_closing(self) -> None:
        geometry, layout, panes = self.places()
        question, look = self.study.question, self.study.view.look
        self._profile.keep(
            structs.replace(
                self._profile.settings,
                prompt=self.editor.text(),
                rules=question.rules,
                scale=look.scale,
                contrast=look.contrast,
                without=look.without,
                signs=look.signs,
                values=look.values,
                lens=self.study.view.lens,
                geometry=geometry,
                layout=layout,
                panes=panes,
            )
        )
        self._worker.close()
        self._figures.close()

    # -- what follows --------------------------------------------------------------------------------------------------

    def _on_question_changed(self, question: Question) -> None:
        self.input.show_question(question)
        if not ask_the_same(question, self._asked):
            self.notices.clear_of_question()
            self.table.set_text_target(text_of(question.target))
        self._asked = question
        self.commands.mark(f"rules.{'gamma' if gamma_of(question.rules) else question.rules}")
        self.commands.enable("run.explore", question.input.image is not None, "Open a picture first")
        self.commands.name_step("edit.undo", self.study.undo_name)
        self.commands.name_step("edit.redo", self.study.redo_name)

    def _on_target_refused(self, message: str) -> None:
        asked = self.inquiry.explaining.question
        self.table.refuse_text_target(text_of(asked.target) if asked else "", message)

    def _on_scene_changed(self, scene: Scene) -> None:
        QToolTip.hideText()  # what it says may be of the scene before
        self.input.show_scene(scene)
        self.relevance.show_scene(scene)
        self.below.show_scene(scene)
        self.target.show_scene(scene)
        self.status.show_scene(scene)
        self.commands.mark(f"scale.{scene.view.look.scale}")
        self.commands.mark(f"unit.{scene.view.look.unit}")
        self.commands.mark(f"mode.{scene.view.mode}")
        self.commands["scale.without"].setChecked(scene.view.look.without)
        self.commands["view.signs"].setChecked(scene.view.look.signs)
        self.commands["view.values"].setChecked(scene.view.look.values)
        self.commands["view.lens"].setChecked(scene.view.lens)
        self.pictures.show_scene(scene, self.commands)
        self._show_pin(scene)
        for command in _OF_AN_ANSWER:
            self.commands.enable(command, scene.relevance is not None, NO_ANSWER)
        for medium, (commands, why) in _OF_A_MEDIUM.items():
            for command in commands:
                self.commands.enable(command, scene.part is not None and scene.medium == medium, why)
        choice = scene.choice
        if choice is not None and choice != self._choice:
            self.table.set_position(choice.position, choice.label, choice.relation)
            self.table.show_predictions(choice.predictions, choice.explained, choice.against, choice.kind)
        self._choice = choice
        self.table.set_stale(scene.stale)
        self.commands.enable("view.back", scene.view.through is not None, "No head or neuron is chosen")
        self.fit_panes()
        if scene.lacks is not None:
            self.inquiry.look_into(scene.lacks, "Looking inside the blocks…")

    def _show_pin(self, scene: Scene) -> None:
        self.commands.enable("view.pin", scene.part is not None, NO_ANSWER)
        self.commands["view.pin"].setChecked(scene.pinned is not None)
        self.commands.enable("view.difference", scene.pinned is not None, "No answer is pinned")
        self.commands["view.difference"].setChecked(scene.pinned is not None and scene.view.difference)

    def _on_model_changed(self, model: ModelInfo | None) -> None:
        self.notices.clear_doubt()
        self.status.show_model(model)
        self.input.show_model(model)
        self.table.set_classes(model.labels if model else (), "class" if model and model.chooses_classes else "token")
        self.commands.enable("model.unload", model is not None, NO_MODEL)
        self.setWindowTitle(f"{model.title} – {TITLE}" if model else TITLE)
        self.input.show_counts(None, None)  # another model counts differently
        self._name_model()

    def _on_activity_changed(self, activity: str | Progress | None) -> None:
        self.status.show_activity(activity)
        self.commands.enable("run.stop", activity is not None, "Nothing is under way")
        self._name_model()

    def _name_model(self) -> None:
        """Write on the button which model is open, or on its way."""
        model, opening = self.inquiry.holding.model, self.inquiry.holding.opening
        if opening is not None:
            text = waiting_for = f"Opening {brief_title_of(opening)}…"
        elif model is not None:
            text = title_of_open(model)
            waiting_for = _WAITING_FOR[model.takes]
        else:
            text, waiting_for = "No model", f"{NO_MODEL}."
        wrong = speechless(model)
        why_not = NO_MODEL if model is None else wrong.message if wrong else ""
        self.commands.enable("run.generate", opening is not None or not why_not, why_not)
        self.tools.show_model(text)
        self.relevance.set_empty_text(waiting_for)

    def _on_loaded(self, ending: Loaded) -> None:
        opening = self.inquiry.loading.opening
        if opening is not None:
            source = structs.replace(opening, trust_remote_code=False)  # to be allowed again at every start
            self._profile.keep(self._profile.settings.with_recent(source))

    def _on_counted(self, counts: tuple[int, ...] | None) -> None:
        model = self.inquiry.holding.model
        self.input.show_counts(counts, model.max_tokens if model else None)

    def _on_answered(self, answer: Explained) -> None:
        if isinstance(answer.question.input, Text) and answer.relevance.prompt:
            self._profile.keep(self._profile.settings.with_prompt(answer.relevance.prompt))


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
