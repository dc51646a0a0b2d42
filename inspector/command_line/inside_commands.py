"""The commands `heads`, `inside`, `neurons` and `lens`: what is inside a model's blocks."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.protocol.messages import FindNeurons, LookAtHead, LookAtHeads, OpenBlock, ReadLayers
from inspector.command_line.question_options import Question, with_question

InDecoder = Annotated[bool, typer.Option("--decoder", help="The blocks of the decoder, in place of the encoder's.")]


@with_question
def heads(question: Question, decoder: InDecoder = False) -> None:
    """Say which attention heads hold the relevance of a target, and save a figure of all of them."""
    question.look_inside(lambda explain: LookAtHeads(explain, decoder))


@with_question
def inside(
    question: Question,
    block: Annotated[int, typer.Option(help="The block to open; the first is 0.", show_default=False)],
    head: Annotated[
        int | None, typer.Option(help="One head of it: where it took what it gave.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="How many neurons are named.")] = 50,
    decoder: InDecoder = False,
) -> None:
    """Open a block: what passes by, what its attention and its MLP add, its heads and neurons; or one of its heads."""
    if head is None:
        question.look_inside(lambda explain: OpenBlock(explain, block, decoder, k))
    else:
        question.look_inside(lambda explain: LookAtHead(explain, block, head, decoder))


@with_question
def neurons(
    question: Question,
    k: Annotated[int, typer.Option("--k", min=1, help="How many neurons are named.")] = 100,
    decoder: InDecoder = False,
) -> None:
    """Name the neurons of all blocks that hold most relevance, with the words in their weights."""
    question.look_inside(lambda explain: FindNeurons(explain, k, decoder))


@with_question
def lens(
    question: Question,
    k: Annotated[int, typer.Option("--k", min=1, help="How many predictions a layer has.")] = 5,
) -> None:
    """Say what the model would predict if a layer were its last, layer by layer, and the rank of the target."""
    question.look_inside(lambda explain: ReadLayers(explain, k))
