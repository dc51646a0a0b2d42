from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.protocol.inputs import Text
from engine.protocol.messages import (
    Cancelled,
    Explain,
    Export,
    Exported,
    Failed,
    Load,
    LookAtHead,
    LookAtHeads,
    Progress,
    Tokenize,
)
from engine.protocol.targets import Contrast, Token, Top
from engine.protocol.values import ModelSource
from inspector.client.client import WorkerState
from inspector.conversations.inquiry import Inquiry
from inspector.state.question import BUNDLED_MODELS, Question
from inspector.state.study import Study
from inspector.state.trouble import Remedy
from tests.inspector.answers import answer_to
from tests.inspector.fake_worker import FakeWorker

PROMPT = "the 1922 expedition reached 8,"
OTHER = ModelSource("somebody/some-model")


@pytest.fixture
def worker(qapp) -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def figures(qapp) -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def inquiry(worker, figures) -> Inquiry:
    return Inquiry(worker, figures, Study(Question(BUNDLED_MODELS[0], Text(PROMPT))))


@pytest.fixture
def explained(inquiry, worker) -> Inquiry:
    """An inquiry whose first question is answered."""
    inquiry.open_model(inquiry.study.question.source)
    worker.answer()
    assert inquiry.study.is_answered
    return inquiry


@pytest.fixture
def troubles(inquiry):
    heard = []
    inquiry.troubled.connect(heard.append)
    return heard


def last_explain(worker: FakeWorker) -> Explain:
    return [request for _, request in worker.asked if isinstance(request, Explain)][-1]


def count_of(worker: FakeWorker, kind: type) -> int:
    return sum(isinstance(request, kind) for _, request in worker.asked)


def test_that_opening_a_model_explains_the_prompt_with_no_further_word(explained, worker):
    assert [type(request) for _, request in worker.asked] == [Load, Explain]
    assert explained.study.shown.relevance.prompt == PROMPT


def test_that_explaining_waits_for_the_model_that_is_being_opened(inquiry, worker):
    inquiry.open_model(inquiry.study.question.source)
    inquiry.explain()
    inquiry.explain()
    assert count_of(worker, Explain) == 0
    worker.answer()
    assert count_of(worker, Explain) == 1


def test_that_the_study_stays_with_its_model_until_the_other_is_open(explained, worker):
    before = explained.study.question.source
    explained.open_model(OTHER)
    assert explained.study.question.source == before
    worker.answer()
    assert explained.study.question.source == OTHER
    assert last_explain(worker).source == OTHER


def test_that_a_model_that_cannot_be_opened_leaves_study_and_answer(explained, worker, troubles):
    shown = explained.study.shown
    explained.open_model(OTHER)
    worker.say(Load, Failed("model_not_found", "There is no model called so."))
    assert explained.study.shown is shown
    assert not explained.study.scene.stale
    assert [trouble.remedy for trouble in troubles] == [Remedy.CHOOSE_MODEL]


def test_that_another_rule_set_is_asked_without_loading(explained, worker):
    explained.choose_rules("cp-lrp")
    assert last_explain(worker).rules == "cp-lrp"
    assert count_of(worker, Load) == 1


def test_that_a_rule_set_computed_already_is_not_asked_again(explained, worker):
    explained.choose_rules("cp-lrp")
    worker.answer()
    asked = len(worker.asked)
    explained.choose_rules("attnlrp")
    explained.choose_rules("cp-lrp")
    assert len(worker.asked) == asked
    assert explained.study.is_answered


def test_that_a_newer_question_stops_the_older_one_whose_answer_is_not_shown(explained, worker):
    explained.choose_rules("cp-lrp")
    older = worker.asked[-1][0]
    older_request = worker.asked[-1][1]
    explained.choose_rules("gradient")
    assert older in worker.stopped
    worker.say_about(older, answer_to(older_request))
    assert explained.study.scene.stale
    worker.answer()
    assert explained.study.shown.relevance.rules == "gradient"


def test_that_a_clicked_token_becomes_the_position(explained, worker):
    explained.choose_position(2)
    assert last_explain(worker).target == Top(2)


def test_that_the_last_token_is_the_question_already_answered(explained, worker):
    asked = len(worker.asked)
    explained.choose_position(len(explained.study.shown.relevance.tokens) - 1)
    assert len(worker.asked) == asked


def test_that_a_clicked_prediction_is_explained_where_the_predictions_are(explained, worker):
    explained.choose_position(1)
    worker.answer()
    explained.choose_prediction(102)
    assert last_explain(worker).target == Token(102, 1)


def test_that_against_makes_a_contrast_and_nothing_ends_it(explained, worker):
    explained.choose_against(101)
    assert last_explain(worker).target == Contrast(100, 101)
    worker.answer()
    explained.choose_against("mean")
    assert last_explain(worker).target == Contrast(100, None)
    worker.answer()
    explained.choose_against(None)
    assert last_explain(worker).target == Token(100)


def test_that_a_text_that_is_no_token_is_refused_in_place_and_taken_back(explained, worker, troubles):
    refused = []
    explained.target_refused.connect(refused.append)
    explained.choose_prediction("has been")
    worker.say(Explain, Failed("target_unknown", "“has been” is 2 tokens: “has”, “ been”."))
    assert refused == ["“has been” is 2 tokens: “has”, “ been”."]
    assert troubles == []
    assert explained.study.is_answered
    assert not explained.study.redo_name


def test_that_typing_counts_tokens_once_it_pauses(explained, worker, qtbot):
    counts = []
    explained.counted.connect(counts.append)
    explained.type("one two")
    explained.type("one two three")
    qtbot.waitUntil(lambda: count_of(worker, Tokenize) == 1)
    worker.answer()
    assert counts == [None, None, (3,)]


def test_that_a_text_that_a_worker_had_to_be_ended_at_is_not_counted_again(explained, worker, qtbot):
    explained.type("one two")
    qtbot.waitUntil(lambda: count_of(worker, Tokenize) == 1)
    worker.say(Tokenize, Cancelled())
    explained.tokenising.count()
    assert not explained.tokenising.is_waiting
    explained.type("one two three")
    assert explained.tokenising.is_waiting


def test_that_a_figure_is_not_written_into_a_pipe_that_nobody_may_read(explained, figures, troubles, tmp_path):
    os.mkfifo(tmp_path / "figure.csv")
    explained.export(Export(explained.study.shown.relevance, "csv"), tmp_path / "figure.csv")
    assert "is no file but a stream" in troubles[-1].message
    assert figures.asked == []


def test_that_the_count_of_another_prompt_is_not_told_while_one_is_explained(explained, worker):
    counts = []
    explained.counted.connect(counts.append)
    explained.use_prompt("one two three")
    assert counts == [None]
    worker.answer()
    assert counts == [None, (3,)]


def test_that_an_answer_to_a_prompt_no_longer_asked_about_says_nothing_of_the_present_one(explained, worker):
    explained.use_prompt("one two three")
    counts = []
    explained.counted.connect(counts.append)
    explained.type("one two three four")
    worker.answer()
    assert counts == [None, None]


def test_that_the_count_is_kept_under_other_rules(explained, worker):
    counts = []
    explained.counted.connect(counts.append)
    explained.choose_rules("cp-lrp")
    assert set(counts) == {(len(explained.study.shown.relevance.tokens),)}
    assert not explained.tokenising.is_waiting


def test_that_nothing_known_of_the_prompt_is_told_while_another_model_opens(explained, worker):
    explained.open_model(OTHER)
    counts = []
    explained.counted.connect(counts.append)
    explained.type("one two three")
    assert counts == [None]
    assert not explained.tokenising.is_waiting


def test_that_a_prompt_whose_explanation_was_stopped_is_counted(explained, worker, qtbot):
    counts = []
    explained.counted.connect(counts.append)
    explained.type("one two three")
    explained.explain()
    explained.stop()
    worker.answer()
    qtbot.waitUntil(lambda: count_of(worker, Tokenize) == 1)
    worker.answer()
    assert counts == [None, None, (3,)]


def test_that_nothing_is_counted_without_a_model(inquiry):
    inquiry.type("one two")
    assert not inquiry.tokenising.is_waiting


def test_that_an_empty_prompt_is_not_sent(explained, worker, troubles):
    asked = len(worker.asked)
    explained.type("")
    explained.explain()
    assert len(worker.asked) == asked
    assert "empty" in troubles[0].message


def test_that_a_stop_is_passed_on_and_leaves_the_last_answer(explained, worker):
    shown = explained.study.shown
    explained.choose_rules("cp-lrp")
    explained.stop()
    assert worker.stopped == [worker.asked[-1][0]]
    worker.say(Explain, Cancelled())
    assert not explained.activity.is_any
    assert explained.study.shown is shown
    assert explained.study.scene.stale


def test_that_stopping_a_load_does_not_explain_afterwards(inquiry, worker):
    inquiry.open_model(inquiry.study.question.source)
    inquiry.explain()
    inquiry.stop()
    worker.answer()
    assert count_of(worker, Explain) == 0
    assert not inquiry.activity.is_any


def test_that_progress_is_told_and_its_end_too(inquiry, worker):
    activities = []
    inquiry.activity.changed.connect(activities.append)
    inquiry.open_model(inquiry.study.question.source)
    progress = Progress("load", 3, 9)
    worker.say(Load, progress)
    assert activities[-1] is progress
    worker.answer()
    assert activities[-1] is None


def test_that_a_death_in_a_computation_loses_nothing_and_offers_to_repeat(explained, worker, troubles):
    shown = explained.study.shown
    explained.choose_rules("cp-lrp")
    worker.die()
    assert [trouble.remedy for trouble in troubles] == [Remedy.REPEAT]
    assert explained.study.shown is shown
    worker.greet()
    assert worker.open == [Load(explained.study.question.source)]
    worker.answer()
    assert explained.study.scene.stale
    explained.remedy(Remedy.REPEAT)
    worker.answer()
    assert explained.study.shown.relevance.rules == "cp-lrp"


def test_that_a_repeat_may_be_asked_for_before_the_worker_is_back(explained, worker):
    explained.choose_rules("cp-lrp")
    worker.die()
    explained.remedy(Remedy.REPEAT)
    worker.greet()
    worker.answer()
    assert explained.study.is_answered


def test_that_the_offer_to_repeat_outlives_the_opening_of_the_model(explained, worker):
    explained.choose_rules("cp-lrp")
    worker.die()
    calmed = []
    explained.calmed.connect(lambda: calmed.append(True))
    worker.greet()
    worker.answer()
    assert calmed == []


def test_that_a_death_while_idle_is_told_and_the_model_opened_again(explained, worker, troubles):
    worker.die()
    assert len(troubles) == 1
    worker.greet()
    assert worker.open == [Load(explained.study.question.source)]


def test_that_of_two_models_the_one_that_was_held_is_opened_again_and_not_the_one_that_did_not_open(explained, worker):
    held = explained.study.question
    explained.open_model(ModelSource("bundled:gpt2"))
    worker.die()
    worker.greet()
    explained.use_prompt("on with the model before")
    worker.answer()
    worker.die()
    worker.greet()
    assert worker.open == [Load(held.source)]
    worker.answer()
    assert explained.study.is_answered


def test_that_a_model_that_ends_the_worker_is_not_opened_again_and_again(explained, worker, troubles):
    worker.die()
    worker.greet()
    worker.die()
    worker.greet()
    assert worker.open == []
    assert troubles[-1].remedy is Remedy.OPEN_AGAIN


def test_that_what_does_not_fit_is_explained_with_checkpointing_on_request(explained, worker, troubles):
    explained.choose_rules("cp-lrp")
    worker.say(Explain, Failed("out_of_memory", "It takes 9 GB and 4 are free."))
    assert troubles[-1].remedy is Remedy.CHECKPOINT
    explained.remedy(Remedy.CHECKPOINT)
    assert last_explain(worker).checkpointing
    worker.say(Explain, Failed("out_of_memory", "It takes 5 GB and 4 are free."))
    assert troubles[-1].remedy is None


def test_that_a_models_own_code_runs_only_after_it_was_allowed(explained, worker, troubles):
    explained.open_model(OTHER)
    worker.say(Load, Failed("needs_remote_code", "It needs code of its own."))
    assert not worker.asked[-1][1].source.trust_remote_code
    assert troubles[-1].remedy is Remedy.ALLOW_CODE
    explained.remedy(Remedy.ALLOW_CODE)
    assert worker.asked[-1][1].source.trust_remote_code


def test_that_undo_shows_the_answer_known_and_asks_nothing(explained, worker):
    explained.choose_rules("cp-lrp")
    worker.answer()
    asked = len(worker.asked)
    explained.undo()
    assert explained.study.is_answered
    assert explained.study.question.rules == "attnlrp"
    assert len(worker.asked) == asked


def test_that_undoing_a_change_of_model_opens_the_one_before(explained, worker):
    before = explained.study.question.source
    explained.open_model(OTHER)
    worker.answer()
    explained.undo()
    assert worker.open[-1] == Load(before)
    worker.answer()
    assert explained.study.question.source == before


def test_that_undo_ends_the_word_of_a_failure_that_was_about_the_question_after(explained, worker):
    explained.type(PROMPT + "3")
    explained.choose_rules("cp-lrp")
    worker.say(Explain, Failed("internal", "It did not work."))
    calmed = []
    explained.calmed.connect(lambda: calmed.append(explained.study.is_answered))
    explained.undo()
    assert calmed == [False]


def test_that_undo_of_a_running_question_stops_it(explained, worker):
    explained.choose_rules("cp-lrp")
    explained.undo()
    assert worker.asked[-1][0] in worker.stopped
    assert not explained.activity.is_any


def test_that_unloading_gives_the_model_up_and_the_next_question_takes_it_again(explained, worker):
    explained.unload()
    worker.answer()
    assert explained.holding.model is None
    explained.choose_rules("gradient")
    worker.answer()
    assert explained.holding.model is not None
    assert explained.study.is_answered


def test_that_a_figure_is_written_whole(explained, figures, tmp_path: Path, qtbot):
    request = Export(explained.study.shown.relevance, "pdf")
    path = tmp_path / "new folder" / "tokens.pdf"
    explained.export(request, path)
    with qtbot.waitSignal(explained.exporting.written) as written:
        figures.say(Export, Exported(b"%PDF-1.5 whole", "No LaTeX was found."))
    assert path.read_bytes() == b"%PDF-1.5 whole"
    assert written.args == [path, "No LaTeX was found."]


def test_that_a_figure_that_cannot_be_written_says_so(explained, figures, tmp_path: Path, qtbot, troubles):
    (tmp_path / "file").write_text("no folder")
    explained.export(Export(explained.study.shown.relevance, "pdf"), tmp_path / "file" / "tokens.pdf")
    with qtbot.waitSignal(explained.troubled):
        figures.say(Export, Exported(b"%PDF"))
    assert troubles[-1].remedy is Remedy.EXPORT_AGAIN


def test_that_the_figures_worker_is_started_with_the_first_figure_and_stopped_like_any(explained, worker, figures):
    activities = []
    explained.activity.changed.connect(activities.append)
    assert figures.state is WorkerState.OFF
    explained.export(Export(explained.study.shown.relevance, "pdf"), Path("tokens.pdf"))
    assert figures.state is WorkerState.STARTING
    assert activities == ["Exporting…"]
    explained.stop()
    assert figures.stopped == [1] and worker.stopped == []
    figures.answer()
    assert activities[-1] is None and figures.open == []


def test_that_another_worker_for_the_model_leaves_a_figure_alone(explained, worker, figures, tmp_path: Path, qtbot):
    explained.export(Export(explained.study.shown.relevance, "pdf"), tmp_path / "tokens.pdf")
    other = FakeWorker()
    explained.use(other)
    assert [type(request) for request in other.open] == [Load]
    assert figures.stopped == []
    with qtbot.waitSignal(explained.exporting.written):
        figures.say(Export, Exported(b"%PDF"))
    explained.export(Export(explained.study.shown.relevance, "pdf"), tmp_path / "again.pdf")
    assert len(figures.open) == 1


def test_that_a_model_lost_while_a_figure_is_drawn_is_told_and_opened_again(explained, worker, figures, troubles):
    explained.export(Export(explained.study.shown.relevance, "pdf"), Path("tokens.pdf"))
    worker.die()
    assert len(troubles) == 1
    worker.greet()
    assert worker.open == [Load(explained.study.question.source)]
    assert len(figures.open) == 1


def test_that_a_lost_figures_worker_costs_the_figure_and_not_the_model(explained, worker, figures, troubles):
    explained.export(Export(explained.study.shown.relevance, "pdf"), Path("tokens.pdf"))
    figures.die()
    assert [trouble.remedy for trouble in troubles] == [Remedy.EXPORT_AGAIN]
    assert explained.holding.model is not None and worker.open == []


def test_that_another_worker_opens_the_model_and_hears_nothing_of_the_old_one(explained, worker):
    explained.choose_rules("cp-lrp")
    run, request = worker.asked[-1]
    other = FakeWorker()
    explained.use(other)
    assert other.open == [Load(explained.study.question.source)]
    worker.say_about(run, answer_to(request))
    assert explained.study.scene.stale
    other.greet()
    other.answer()
    assert explained.study.is_answered


def test_that_answers_of_a_model_opened_another_way_are_not_mixed(explained, worker):
    source = ModelSource(explained.study.question.source.name, device="cuda:0")
    explained.open_model(source)
    worker.answer()
    assert last_explain(worker).source.device == "cuda:0"


def test_that_a_crashed_state_alone_is_harmless(inquiry, worker):
    worker.become(WorkerState.CRASHED)
    worker.greet()
    assert worker.asked == []


def test_that_the_question_of_an_answer_keeps_its_prompt_exactly(inquiry, worker):
    prompt = " two  spaces\n\nand lines\u2028\t"
    inquiry.study.amend(replace(inquiry.study.question, input=Text(prompt)))
    inquiry.open_model(inquiry.study.question.source)
    worker.answer()
    assert inquiry.study.shown.relevance.prompt == prompt


def test_that_what_is_known_now_may_lead_on_to_what_is_asked_next(explained, worker, troubles) -> None:
    question = last_explain(worker)
    first, second = LookAtHeads(question), LookAtHead(question, 0, 1)

    def look_on() -> None:
        if explained.study.known(first) is not None:
            explained.look_into(second, "")

    explained.study.scene_changed.connect(look_on)
    explained.look_into(first, "")
    worker.answer()
    worker.answer()
    assert explained.study.known(first) is not None and explained.study.known(second) is not None
    assert troubles == []
