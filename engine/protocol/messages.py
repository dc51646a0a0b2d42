"""Messages between window and worker. Every run ends exactly once: Progress* then one Ending."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.protocol.failures import FailureKind
from engine.protocol.inputs import Chat, ForDecoder, Input, Text
from engine.protocol.inside import Block, Glimpse, Head, Heads, Neuron
from engine.protocol.looks import Drawing, Look
from engine.protocol.relevance import Relevance
from engine.protocol.reports import CoverageRow, SelfTest
from engine.protocol.targets import Target, Top
from engine.protocol.values import CachedModel, Manner, Matrix, Memory, ModelInfo, ModelSource, Prediction, Token

LOW_AGREEMENT = 0.9  # with float32, from which on relevance in half precision is worth a warning

FigureFormat = Literal["pdf", "tex", "png", "csv", "json", "safetensors", "npz"]
GridFormat = Literal["png", "pdf"]

# -- requests: each carries all it needs; what the worker keeps is a cache -------------------------------------------


class Load(Struct, frozen=True, tag=True):
    """Open a model and hold it."""

    source: ModelSource


class Unload(Struct, frozen=True, tag=True):
    """Let go of the model and its memory."""


class Tokenize(Struct, frozen=True, tag=True):
    """Split `text` as the model would."""

    source: ModelSource
    text: str


class Explain(Struct, frozen=True, tag=True):
    """Explain `target` for one input. `checkpointing` trades time for memory; the answer is the same."""

    source: ModelSource
    input: Input
    target: Target = Top()
    rules: str = "attnlrp"
    checkpointing: bool = False


class Rate(Struct, frozen=True, tag=True):
    """Find out how well an explanation of a picture tells what the model needs: patches are taken away, the most
    relevant first, and then last."""

    question: Explain
    steps: int = 16


class Generate(Struct, frozen=True, tag=True):
    """Go on from a text, from what a decoder has said, or answer a chat, by at most `max_new_tokens` tokens."""

    source: ModelSource
    input: Text | Chat | ForDecoder
    max_new_tokens: int
    manner: Manner = Manner()


class ExplainEach(Struct, frozen=True, tag=True):
    """Explain every token that the model said itself at the end of a text."""

    source: ModelSource
    input: Text
    rules: str = "attnlrp"
    checkpointing: bool = False


class Examine(Struct, frozen=True, tag=True):
    """Put the engine's promises to the test on a model, and name the rule of each of its operations.

    Tokens from all over the vocabulary are explained, or noise: what comes of it is the model's, whatever is asked.
    """

    source: ModelSource
    rules: str = "attnlrp"


class LookAtHeads(Struct, frozen=True, tag=True):
    """Find the relevance of every attention head of every block, of the decoder's where it is asked for."""

    question: Explain
    decoder: bool = False


class LookAtHead(Struct, frozen=True, tag=True):
    """Find where one head of a block took what it gave."""

    question: Explain
    block: int
    head: int
    decoder: bool = False


class OpenBlock(Struct, frozen=True, tag=True):
    """Find what passes a block by, what its writers add, its heads, and `neurons` of its neurons."""

    question: Explain
    block: int
    decoder: bool = False
    neurons: int = 50


class FindNeurons(Struct, frozen=True, tag=True):
    """Find the neurons of all blocks that have most relevance."""

    question: Explain
    count: int = 100
    decoder: bool = False


class ReadLayers(Struct, frozen=True, tag=True):
    """Find what the model would predict at the target's position if a layer were its last, and the target's place."""

    question: Explain
    count: int = 5


class ListModels(Struct, frozen=True, tag=True):
    """Name the models that need no download."""


class Export(Struct, frozen=True, tag=True, eq=False):
    """Make a figure or a file of an answer, looked at as on the screen."""

    relevance: Relevance
    format: FigureFormat
    picture: Drawing = "tokens"
    look: Look = Look()


class ExportGrid(Struct, frozen=True, tag=True, eq=False):
    """Make a figure of answers about pictures: a grid with its labels and one colour bar, row by row, as in Export.

    `shared`: one scale for all cells; else each has its own. A `title` for each cell, or none.
    """

    cells: tuple[Relevance, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    titles: tuple[str, ...] = ()
    format: GridFormat = "png"
    picture: Literal["heatmap", "overlay"] = "heatmap"
    shared: bool = False
    transparent: bool = False
    look: Look = Look()


Request = (
    Load
    | Unload
    | Tokenize
    | Explain
    | Rate
    | Generate
    | ExplainEach
    | Examine
    | LookAtHeads
    | LookAtHead
    | OpenBlock
    | FindNeurons
    | ReadLayers
    | ListModels
    | Export
    | ExportGrid
)

# -- events: what a run reports, and how it ends ---------------------------------------------------------------------

Phase = Literal["download", "load", "generate", "forward", "backward", "matrix", "rate", "lens", "check", "typeset"]


class Progress(Struct, frozen=True, tag=True):
    """`done` of `total` in a phase: bytes of a download, weights of a load, blocks of a pass. Total 0: not known.

    `said`: all that a model that goes on from a text has said so far, with its place behind that text.
    """

    phase: Phase
    done: int
    total: int
    said: tuple[Token, ...] = ()


class Loaded(Struct, frozen=True, tag=True):
    """`agreement`: rank correlation of relevance with that in float32, where the model is in half precision and small
    enough to find out."""

    model: ModelInfo
    memory: Memory
    agreement: float | None = None


class Unloaded(Struct, frozen=True, tag=True):
    memory: Memory


class Tokenized(Struct, frozen=True, tag=True):
    tokens: tuple[Token, ...]


class Explained(Struct, frozen=True, tag=True, eq=False):
    """The answer to an Explain, with what the model predicts at the target's position."""

    question: Explain
    relevance: Relevance
    predictions: tuple[Prediction, ...]
    seconds: float
    memory: Memory


class Rated(Struct, frozen=True, tag=True, eq=False):
    """The answer to a Rate: the target's log-probability as patches are taken away, float32 (step + 1,), the whole
    picture first; its value where the model gives no probabilities.

    `drop` is the area between the two curves as a share of the fall from the whole picture to none: larger is better,
    and what is no better than chance is about zero.
    """

    question: Explain
    most_first: np.ndarray
    least_first: np.ndarray
    drop: float


class Generated(Struct, frozen=True, tag=True):
    """The prompt with the model's answer. `ended`: the model came to an end; else there was no room for
    more, or a line ended."""

    question: Generate
    # a text's continuation is the answer, with what was generated before; a chat's last message; a decoder's text
    input: Text | Chat | ForDecoder
    position: int  # of the first token said now, counted in the decoder where the answer is said there
    ended: bool
    memory: Memory
    first: int | None = None  # the id of that token, where there is one

    @property
    def answer(self) -> str:
        """All that the model said itself."""
        if isinstance(self.input, Chat):
            return self.input.messages[-1].content
        if isinstance(self.input, ForDecoder):
            return self.input.decoder_text
        said = self.input.continuation
        return "" if said is None else self.input.text[said.start :]


class ExplainedEach(Struct, frozen=True, tag=True, eq=False):
    """The answer to an ExplainEach."""

    question: ExplainEach
    matrix: Matrix
    seconds: float
    memory: Memory


class Examined(Struct, frozen=True, tag=True):
    """The answer to an Examine: the self-test, and the coverage under the rule set asked about."""

    question: Examine
    self_test: SelfTest
    coverage: tuple[CoverageRow, ...]
    seconds: float
    memory: Memory


class HeadsFound(Struct, frozen=True, tag=True, eq=False):
    """The answer to a LookAtHeads."""

    question: LookAtHeads
    heads: Heads


class HeadFound(Struct, frozen=True, tag=True, eq=False):
    """The answer to a LookAtHead."""

    question: LookAtHead
    head: Head


class BlockOpened(Struct, frozen=True, tag=True, eq=False):
    """The answer to an OpenBlock."""

    question: OpenBlock
    block: Block


class NeuronsFound(Struct, frozen=True, tag=True, eq=False):
    """The answer to a FindNeurons, the neurons with most relevance first."""

    question: FindNeurons
    neurons: tuple[Neuron, ...]


class LayersRead(Struct, frozen=True, tag=True):
    """The answer to a ReadLayers, a row a layer from what enters the first block on."""

    question: ReadLayers
    layers: tuple[Glimpse, ...]


class Listed(Struct, frozen=True, tag=True):
    models: tuple[CachedModel, ...]


class Exported(Struct, frozen=True, tag=True):
    """The file's content, for the window to write: it may be on another machine. `note` says what was done without."""

    data: bytes
    note: str = ""


class Cancelled(Struct, frozen=True, tag=True):
    """The run was stopped because it was asked to."""


class Failed(Struct, frozen=True, tag=True):
    """What went wrong: `message` is one or two sentences for people, `traceback` is for the log."""

    kind: FailureKind
    message: str
    traceback: str = ""


Ending = (
    Loaded
    | Unloaded
    | Tokenized
    | Explained
    | Rated
    | Generated
    | ExplainedEach
    | Examined
    | HeadsFound
    | HeadFound
    | BlockOpened
    | NeuronsFound
    | LayersRead
    | Listed
    | Exported
    | Cancelled
    | Failed
)
Event = Progress | Ending
