"""Every view with something in it, for the pictures that are kept of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.protocol.looks import Look, Ramp
from engine.protocol.values import Prediction
from engine.reading.units import units_of
from inspector.views.colour_bar import ColourBar
from inspector.views.failure_bar import FailureBar
from inspector.views.gammas.explore_grid import ExploreGrid
from inspector.views.gammas.gamma_panel import GammaPanel
from inspector.views.input.chat_editor import ChatEditor
from inspector.views.input.folded_input import FoldedInput
from inspector.views.input.image_input import ImageExample, ImageInput
from inspector.views.input.prompt_editor import PromptEditor
from inspector.views.input.texts_editor import TextsEditor
from inspector.views.input.token_count import TokenCount
from inspector.views.inside.account_table import AccountRow, AccountTable
from inspector.views.inside.head_facts import HeadFacts
from inspector.views.inside.head_grid import HeadGrid
from inspector.views.inside.head_list import HeadList
from inspector.views.inside.head_matrix import HeadMatrix, Matrix
from inspector.views.inside.lens_table import LensRow, LensTable
from inspector.views.inside.neuron_rows import NeuronRow
from inspector.views.inside.neuron_table import NeuronTable
from inspector.views.layers.answer_matrix import AnswerMatrix
from inspector.views.layers.layer_map import LayerMap
from inspector.views.layers.lens_plots import LensColumn
from inspector.views.ledger_table import LedgerRow, LedgerTable
from inspector.views.log_pane import LogPane
from inspector.views.pictures.layer_thumbnails import LayerThumbnails
from inspector.views.pictures.picture_ground import Ground
from inspector.views.pictures.picture_view import Mode, PictureView
from inspector.views.prediction_table import PredictionTable
from inspector.views.progress_line import ProgressLine
from inspector.views.scale_control import ScaleControl
from inspector.views.side_titles import SideTitles
from inspector.views.text_table import TextTable
from inspector.views.tokens.find_bar import FindBar
from inspector.views.tokens.strongest_list import StrongestList
from inspector.views.tokens.token_strip import TokenStrip
from tests.inspector.views.prompt_tokens import tokens_of
from tests.inspector.waiting import wait_for_reading

COLOURS = Ramp()
_WORDS = ("<s>", "In", " 1922", " the", " British", " reached", " 8", ",", "320", " m", ".", "\n", "They", " rose")
_TOKENS = tokens_of(*_WORDS)
_LABELS = [token.label for token in _TOKENS]
_COUNT = len(_TOKENS)
_ACROSS = np.linspace(-1, 1, _COUNT).astype(np.float32)
_LAYERS = np.stack([(_ACROSS + 0.1 * row) * (row + 1) * (-1) ** row for row in range(4)])  # (layer, token)


def _ramp(rows: int, columns: int, turns: float = 1) -> np.ndarray:
    """Waves in both directions: relevance that is never the same in a row."""
    down, across = np.mgrid[:rows, :columns]
    return (np.sin(turns * 6 * across / columns) * np.cos(turns * 5 * down / rows)).astype(np.float32)


def _photograph(height: int = 48, width: int = 64) -> np.ndarray:
    """A slope of each colour: uint8 (height, width, 3)."""
    down, across = np.mgrid[:height, :width]
    return np.stack([255 * across / width, 255 * down / height, 255 - 255 * across / width], 2).astype(np.uint8)


def _strip(ramp: Ramp = COLOURS) -> TokenStrip:
    view = TokenStrip()
    view.show_relevance(_TOKENS, _ACROSS, 1.0, ramp, 4.0)
    view.set_current(5)
    view.set_target_position(_COUNT - 1)
    return view


def _strip_with_values() -> TokenStrip:
    view = TokenStrip()
    words = units_of(_TOKENS, "word")
    values = words.merged(_ACROSS)
    view.show_relevance(_TOKENS, values, 1.0, COLOURS, 4.0, units=words, extremes=np.stack([-values, values]))
    view.set_current(5)
    view.set_target_position(_COUNT - 1)
    return view


def _stale_strip() -> TokenStrip:
    view = _strip()
    view.set_stale(True)
    return view


def _chat_editor() -> ChatEditor:
    view = ChatEditor()
    view.set_messages((("system", "Be brief."), ("user", "Who keeps bees?"), ("assistant", "Ada")))
    view.mark_said(0)
    view.set_count(30, 8192)
    return view


def _texts_editor() -> TextsEditor:
    view = TextsEditor((("First text", "A question"), ("Second text", "The context")))
    view.set_texts(("Who keeps bees?", ""))
    view.set_counts((600,), 512)
    return view


def _folded_input() -> FoldedInput:
    view = FoldedInput()
    view.show_input("Prompt", "In 1922 the British reached 8,320 m.\nHow high did they climb in 1922? They reached 8,")
    view.show_count("30 tokens")
    view.set_key("F2")
    return view


def _find_bar() -> FindBar:
    view = FindBar()
    field = view.findChild(QLineEdit)
    assert field is not None
    field.setText("reached")
    view.show_count(1, 2)
    return view


def _layer_map() -> LayerMap:
    view = LayerMap()
    view.show_layers(_LAYERS, _ACROSS, 2.0, np.array([1, 1, 2, 3, 4], np.float32), COLOURS, _LABELS)
    view.set_layer(2)
    view.set_token(5)
    return view


def _layer_map_with_lens() -> LayerMap:
    view = _layer_map()
    words = ["", "“ and”", "“ and”", "“5”", "“3”"]
    view.show_lens(LensColumn(words, [0, 140, 20, 4, 1], [()] * 5))
    return view


def _account_table() -> AccountTable:
    view = AccountTable()
    rows = [
        AccountRow("arrives at layer 13", 17.61, _ACROSS, 1.0, is_whole=True),
        AccountRow("passes by", 16.12, _ACROSS**3, 1.0, 0.92),
        AccountRow("attention", -0.12, -_ACROSS, 1.0, -0.007),
        AccountRow("heads of its attention", 0.24, is_heading=True),
        AccountRow("12.5", -0.25, np.sin(9 * _ACROSS), 1.0, -1.03, can_be_chosen=True),
        AccountRow("12.1", 0.17, np.cos(9 * _ACROSS), 1.0, 0.7, can_be_chosen=True),
    ]
    view.show_account(rows, "behind block 12", COLOURS)
    view.choose(4)
    return view


def _neuron_table() -> NeuronTable:
    view = NeuronTable("Neurons", has_blocks=True)
    rows = [
        NeuronRow(
            29, 1377, 2.29, 3.1, 5, 2.0, ("British ", "reached", " 8,"), ("Disc",), ("third", "3"), ("3", "third")
        ),
        NeuronRow(
            0, 173, -1.21, -6.2, 7, -1.3, ("reached 8", ",", "320"), ("strugg", "ardu"), (" so", "I"), (",", "-")
        ),
        NeuronRow(12, 706, 0.24, 2.0, 0, 0.1, ("", "<s>", ""), ("ures",), ("alse",), ("electric", "extra")),
    ]
    view.show_neurons(rows, "The 3 largest of all blocks hold 1.32 together", COLOURS)
    view.choose((0, 173))
    return view


def _lens_table() -> LensTable:
    view = LensTable()
    words = [("“,”", "“ and”", "“.”"), ("“ and”", "“·”", "“ (”"), ("“3”", "“5”", "“0”")]
    rows = [LensRow(layer, word, 141 >> 5 * layer or 1, 21.3 + layer, 0.3 * layer) for layer, word in enumerate(words)]
    view.show_layers(rows, "“3”")
    view.set_layer(1)
    return view


def _answer_matrix() -> AnswerMatrix:
    view = AnswerMatrix()
    rows, limits = _LAYERS[:3], np.array([1, 2, 3], np.float32)
    view.show_matrix(rows, np.array([12.5, 11, 9], np.float32), _COUNT - 3, limits, COLOURS, _LABELS)
    view.set_token(_COUNT - 2)
    return view


def _picture(mode: Mode, answers: int = 1) -> PictureView:
    view = PictureView()
    view.set_mode(mode)
    view.show_picture(Ground(_photograph()), [_ramp(48, 64, 1 + each) for each in range(answers)], 1.0, COLOURS)
    return view


def _original() -> PictureView:
    """Of which the model saw a part, in patches."""
    view = PictureView()
    view.set_mode("overlay")
    view.set_grid(6, 6)
    view.show_picture(Ground(_photograph(), (64, 48), QRectF(8, 0, 48, 48)), [_ramp(6, 6)], 1.0, COLOURS)
    return view


def _thumbnails() -> LayerThumbnails:
    view = LayerThumbnails()
    maps = [_ramp(16, 16, turns) for turns in (1, 2, 3)]
    extras = [np.array([0.5, -1.0], np.float32)] * 4
    view.show_layers([*maps, None], [1.0, 1.0, 2.0, 1.0], ["input", "0", "1", "2"], 1, COLOURS, extras)
    return view


def _gamma_panel() -> GammaPanel:
    view = GammaPanel()
    view.set_values(0.25, 0.05, "cp")
    return view


def _explore_grid() -> ExploreGrid:
    view = ExploreGrid()
    view.set_axes((0.0, 0.25), (0.0, 0.05, 1.0))
    for column in range(3):
        view.set_cell(0, column, _ramp(8, 8, column + 1), 1.0, COLOURS)
    view.set_rating(0, 1, 0.4321)
    view.mark_best(0, 1)
    return view


def _prediction_table() -> PredictionTable:
    view = PredictionTable()
    shown = (
        Prediction(20, "3", "3", 33.457, 0.9),
        Prediction(19, " 2", " 2", 29.1, 0.05),
        Prediction(7, "\n", "\\n", -3.25, 0.0001),
    )
    view.show_predictions(shown, 20, None)
    view.set_position(14, " 8")
    view.show_target_error("“nothing” is no token.")
    return view


def _stale_prediction_table() -> PredictionTable:
    view = _prediction_table()
    view.set_stale(True)
    return view


def _ledger_table() -> LedgerTable:
    view = LedgerTable()
    kept = [(0.0, 0.0, 0.0), (2.5, 0.5, 0.0), (6.0, 1.0, 0.8)]
    names = ("behind the blocks", "block 1", "in all")
    rows = [LedgerRow(name, 12.5, *each, 12.5 - sum(each), each) for name, each in zip(names, kept, strict=True)]
    view.show_ledger(rows, 12.5, closes=False)
    return view


def _text_table() -> TextTable:
    view = TextTable("Self-test", ("check", "", "figure", "what was found"))
    rows = [
        ("reversibility", "holds", "", "Nothing changed."),
        ("ledger", "does not hold", "1.2e-01", "0.12 left over."),
    ]
    view.show_rows(rows, [1])
    return view


def _colour_bar() -> ColourBar:
    view = ColourBar()
    view.show_scale(1.67, Look().ramp, "Colours span this layer")
    return view


def _scale_control() -> ScaleControl:
    view = ScaleControl({"layer": "per layer", "global": "all layers", "target": "share of target"})
    view.show_look(Look())
    view.show_scale(12.734, Look().ramp, "Colours span this layer", "“Context” −0.29, “,” +14.39 (66 %)")
    return view


def _strongest_list() -> StrongestList:
    view = StrongestList()
    view.show_relevance(_TOKENS, units_of(_TOKENS, "token"), _ACROSS + 0.1, 1.0, COLOURS)
    view.set_current(12)
    return view


def _prompt_editor() -> PromptEditor:
    view = PromptEditor()
    view.set_text("In 1922 the British reached 8,320 m.\nThey reached 8,")
    view.set_count(600, 512)
    return view


def _token_count() -> TokenCount:
    view = TokenCount()
    view.set_count(500, 512)
    return view


def _image_input() -> ImageInput:
    QGuiApplication.clipboard().clear()
    view = ImageInput()
    file = io.BytesIO()
    Image.fromarray(_photograph()).save(file, "PNG")
    view.show_image(file.getvalue(), "slopes.png")
    wait_for_reading()
    view.set_note("Its second channel is left out.")
    view.set_examples([ImageExample("Slopes", "slopes.png", "")])
    return view


def _empty_image_input() -> ImageInput:
    QGuiApplication.clipboard().clear()
    return ImageInput()


def _failure_bar() -> FailureBar:
    view = FailureBar()
    view.show_failure("The worker ended unexpectedly (killed).", ["Explain again"], "Traceback")
    return view


def _notice_bar() -> FailureBar:
    view = FailureBar()
    view.show_notice("Saved figure.pdf.", ["Open folder"])
    return view


def _progress_line() -> ProgressLine:
    view = ProgressLine()
    view.show_progress("forward", 12, 30)
    return view


def _log_pane() -> LogPane:
    view = LogPane()
    view.append_text("Loading weights\nLoaded 272 tensors\n")
    view.append_paragraph("Nothing is wrong.")
    return view


def _side_titles() -> SideTitles:
    view = SideTitles()
    view.show_titles(("“3”, gamma, pinned", "“8”, gamma"), 0)
    return view


def _heads() -> HeadFacts:
    """Six blocks of five heads, one of which has a head less."""
    gave = _ramp(30, _COUNT, turns=2).reshape(6, 5, _COUNT)
    gave[2, 4] = np.nan
    return HeadFacts(gave.sum(axis=-1), gave, _TOKENS)


def _head_grid() -> HeadGrid:
    view = HeadGrid()
    view.show_heads(_heads(), 1.0, COLOURS)
    view.set_current((3, 1))
    return view


def _head_list() -> HeadList:
    view = HeadList()
    view.show_heads(_heads(), 1.0, COLOURS, 4.0)
    view.set_current((3, 1))
    return view


def _head_matrix() -> HeadMatrix:
    view = HeadMatrix()
    taken = np.tril(_ramp(_COUNT, _COUNT))
    places = [str(at) for at in range(_COUNT)]
    view.show_matrix(Matrix(taken, taken, _LABELS, places, _COUNT - 1, COLOURS))
    return view


@dataclass(frozen=True)
class Sample:
    """How a view is made, and its size in points."""

    make: Callable[[], QWidget]
    width: int
    height: int
    has_controls: bool = False  # which Qt's style draws, another minor version another way


SAMPLES = {
    "account-table": Sample(_account_table, 440, 180),
    "answer-matrix": Sample(_answer_matrix, 600, 170),
    "chat-editor": Sample(_chat_editor, 280, 340, has_controls=True),
    "explore-grid": Sample(_explore_grid, 440, 400),
    "failure-bar": Sample(_failure_bar, 600, 44),
    "find-bar": Sample(_find_bar, 360, 36),
    "folded-input": Sample(_folded_input, 420, 32),
    "gamma-panel": Sample(_gamma_panel, 280, 88, has_controls=True),
    "head-grid": Sample(_head_grid, 200, 130),
    "head-list": Sample(_head_list, 360, 200),
    "head-matrix": Sample(_head_matrix, 420, 220),
    "image-input": Sample(_image_input, 280, 240, has_controls=True),
    "image-input-empty": Sample(_empty_image_input, 280, 240, has_controls=True),
    "layer-map": Sample(_layer_map, 600, 190),
    "layer-map-lens": Sample(_layer_map_with_lens, 700, 190),
    "lens-table": Sample(_lens_table, 600, 110),
    "neuron-table": Sample(_neuron_table, 800, 150, has_controls=True),
    "text-table": Sample(_text_table, 480, 90),
    "ledger-table": Sample(_ledger_table, 640, 120),
    "colour-bar": Sample(_colour_bar, 176, 32),
    "scale-control": Sample(_scale_control, 496, 56),
    "log-pane": Sample(_log_pane, 320, 90),
    "notice-bar": Sample(_notice_bar, 420, 44),
    "picture-beside": Sample(partial(_picture, "heatmap", 2), 420, 180),
    "picture-original": Sample(_original, 360, 200),
    "picture-overlay": Sample(partial(_picture, "overlay"), 320, 200),
    "picture-side-by-side": Sample(partial(_picture, "side by side"), 420, 180),
    "prediction-table": Sample(_prediction_table, 300, 300, has_controls=True),
    "prediction-table-stale": Sample(_stale_prediction_table, 300, 300, has_controls=True),
    "progress-line": Sample(_progress_line, 420, 36),
    "prompt-editor": Sample(_prompt_editor, 300, 180),
    "side-titles": Sample(_side_titles, 420, 30),
    "strongest-list": Sample(_strongest_list, 280, 320),
    "token-count": Sample(_token_count, 160, 24),
    "texts-editor": Sample(_texts_editor, 280, 200),
    "thumbnails": Sample(_thumbnails, 420, 130),
    "token-strip": Sample(_strip, 420, 110),
    "token-strip-stale": Sample(_stale_strip, 420, 110),
    "token-strip-values": Sample(_strip_with_values, 420, 150),
}


def dressed_for_a_picture(view: QWidget, font: QFont) -> QWidget:
    """The view in the font of the pictures, also where it has chosen one of the system's."""
    if isinstance(view, LogPane):
        view.setFont(font)
    return view
