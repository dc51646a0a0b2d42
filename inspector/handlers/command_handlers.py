"""The function of each command of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, get_args

from engine.protocol.looks import CONTRASTS, Scale, Unit
from engine.protocol.rule_names import TITLES, Gamma
from inspector.conversations.inquiry import Inquiry
from inspector.handlers.dialog_handler import DialogHandler
from inspector.handlers.exploring_handler import ExploringHandler
from inspector.handlers.folding_handler import FoldingHandler
from inspector.handlers.opening_handler import OpeningHandler
from inspector.handlers.picture_handler import PictureHandler
from inspector.panes.relevance_pane import RelevancePane
from inspector.state.legends import SCALE_TITLES
from inspector.state.view import PictureMode

_CONTRAST_STEP = 0.05


class Hands(Protocol):
    """The window, as far as commands need it."""

    relevance: RelevancePane

    def close(self) -> bool: ...
    def toggle_log(self) -> None: ...
    def toggle_target(self) -> None: ...
    def reset_layout(self) -> None: ...
    def open_palette(self) -> None: ...
    def explain(self) -> None: ...
    def generate(self) -> None: ...
    def devices(self) -> Sequence[str]: ...
    def about(self) -> None: ...


def handlers(
    window: Hands,
    inquiry: Inquiry,
    dialogs: DialogHandler,
    pictures: PictureHandler,
    openings: OpeningHandler,
    exploring: ExploringHandler,
    folding: FoldingHandler,
) -> dict[str, Callable[[], object]]:
    """What to call for each command's id."""
    strip = window.relevance.strip
    study = inquiry.study
    rules = {f"rules.{name}": partial(inquiry.choose_rules, name) for name in TITLES}
    scales = {f"scale.{scale}": partial(_choose_scale, inquiry, scale) for scale in SCALE_TITLES}
    units = {f"unit.{unit}": partial(_choose_unit, inquiry, unit) for unit in get_args(Unit)}
    modes = {f"mode.{mode}": partial(_choose_mode, inquiry, mode) for mode in get_args(PictureMode)}
    return {
        "file.open_prompt": openings.browse_prompt,
        "file.open_image": pictures.browse,
        "file.export": dialogs.export,
        "file.quit": window.close,
        "edit.undo": inquiry.undo,
        "edit.redo": inquiry.redo,
        "edit.paste_image": pictures.paste,
        "edit.copy_image": strip.copy_image,
        "edit.copy_table": strip.copy_tsv,
        "edit.find": strip.open_find,
        "edit.input": folding.turn,
        "edit.preferences": lambda: dialogs.preferences(window.devices()),
        "model.choose": lambda: dialogs.choose_model(window.devices()),
        "model.open_folder": openings.browse_folder,
        "model.open_gguf": openings.browse_gguf,
        "model.unload": inquiry.unload,
        "run.explain": window.explain,
        "run.generate": window.generate,
        "run.stop": inquiry.stop,
        "run.explore": exploring.explore,
        "token.next": partial(strip.go_to_strongest, 1),
        "token.previous": partial(strip.go_to_strongest, -1),
        "layer.up": partial(study.step_layer, 1),
        "layer.down": partial(study.step_layer, -1),
        "layer.input": partial(study.look_at_layer, None),
        "layer.output": study.look_at_output,
        "view.back": partial(study.look_through, None),
        "scale.without": partial(_turn, inquiry, "without"),
        "contrast.more": partial(_step_contrast, inquiry, -1),
        "contrast.less": partial(_step_contrast, inquiry, 1),
        "view.signs": partial(_turn, inquiry, "signs"),
        "view.values": partial(_turn, inquiry, "values"),
        "view.original": partial(_turn, inquiry, "original"),
        "view.lens": partial(_turn_lens, inquiry),
        "view.pin": partial(_turn_pin, inquiry),
        "view.difference": partial(_turn_difference, inquiry),
        "view.target": window.toggle_target,
        "view.log": window.toggle_log,
        "view.reset_layout": window.reset_layout,
        "view.palette": window.open_palette,
        "help.shortcuts": dialogs.shortcuts,
        "help.about": window.about,
        **rules,
        **units,
        "unit.next": partial(choose_next_unit, inquiry),
        "rules.gamma": partial(inquiry.choose_rules, Gamma().name),
        **scales,
        **modes,
    }


def _choose_scale(inquiry: Inquiry, scale: Scale) -> None:
    inquiry.study.look(inquiry.study.view.looking(scale=scale))


def _choose_unit(inquiry: Inquiry, unit: Unit) -> None:
    inquiry.study.look(inquiry.study.view.looking(unit=unit))


def choose_next_unit(inquiry: Inquiry) -> None:
    """From tokens to words, to lines, to sentences, and back."""
    units: tuple[Unit, ...] = get_args(Unit)
    now = units.index(inquiry.study.view.look.unit)
    _choose_unit(inquiry, units[(now + 1) % len(units)])


def _choose_mode(inquiry: Inquiry, mode: PictureMode) -> None:
    inquiry.study.look(replace(inquiry.study.view, mode=mode))


def _turn(inquiry: Inquiry, what: str) -> None:
    view = inquiry.study.view
    inquiry.study.look(view.looking(**{what: not getattr(view.look, what)}))


def _step_contrast(inquiry: Inquiry, steps: int) -> None:
    view = inquiry.study.view
    strongest, linear = CONTRASTS
    wanted = round(view.look.contrast + steps * _CONTRAST_STEP, 2)
    inquiry.study.look(view.looking(contrast=min(max(wanted, strongest), linear)))


def _turn_pin(inquiry: Inquiry) -> None:
    if inquiry.study.pinned is None:
        inquiry.study.pin()
    else:
        inquiry.study.let_go()


def _turn_lens(inquiry: Inquiry) -> None:
    view = inquiry.study.view
    inquiry.study.look(replace(view, lens=not view.lens))


def _turn_difference(inquiry: Inquiry) -> None:
    view = inquiry.study.view
    inquiry.study.look(replace(view, difference=not view.difference))
