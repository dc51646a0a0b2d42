"""The options of commands that look inside a model: what is asked of which model, and where the answer is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from engine.protocol.inputs import Input, Picture, input_of
from engine.protocol.looks import COLOUR_MAPS, DEFAULT_COLOUR_MAP, DEFAULT_CONTRAST, Ground, Look
from engine.protocol.messages import Explain, InsideFormat, LookInside
from engine.protocol.picture_files import read_image
from engine.protocol.prompt_files import read_prompt
from engine.protocol.values import ModelSource, Quantization
from engine.protocol.visible_text import visible
from engine.writing import write_file
from inspector.command_line.arguments import RuleSet, check_colours, check_contrast, check_rules, inside_format
from inspector.command_line.endings import explained
from inspector.command_line.saying import say

_unset = partial(typer.Option, show_default=False)
_RULES = f"How relevance is passed on: {', '.join(get_args(RuleSet)[:3])}, or for images gamma(conv=0.25, linear=0.05)."
_OUT = f"File to write: {', '.join(f'.{name}' for name in get_args(InsideFormat))}."
_MODEL = "A bundled model (bundled:llama), a hub id, a folder or a .gguf file."


@dataclass(frozen=True)
class Question:
    """What is asked of which model, as it was typed; each field is an option of the command."""

    model: Annotated[str, typer.Argument(metavar="MODEL", help=_MODEL, show_default=False)]
    prompt: Annotated[str | None, _unset(help="The text to explain.")] = None
    prompt_file: Annotated[str | None, _unset(metavar="FILE", help="The text in a file, or on stdin for -.")] = None
    image: Annotated[Path | None, _unset(metavar="FILE", help="The picture to explain, in place of a text.")] = None
    decoder_text: Annotated[str | None, _unset(help="What an encoder-decoder model has said so far.")] = None
    target: Annotated[str, typer.Option(help="What to explain, written as in `explain`.")] = "top"
    position: Annotated[int, typer.Option(help="After which token the target is predicted; -1 is the last.")] = -1
    rules: Annotated[str, typer.Option(help=_RULES)] = "attnlrp"
    out: Annotated[Path | None, _unset(help=_OUT)] = None
    colour_map: Annotated[str, typer.Option(help=f"Colours, e.g. {', '.join(COLOUR_MAPS)}.")] = DEFAULT_COLOUR_MAP
    contrast: Annotated[float, typer.Option(help="Exponent of the colours: 1 is linear, less lifts what is weak.")] = (
        DEFAULT_CONTRAST
    )
    ground: Annotated[Ground, typer.Option(help="What the figure is drawn on.")] = "light"
    weights: Annotated[str | None, _unset(help="Of a named architecture: a file, or the name of published ones.")] = (
        None
    )
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto"
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16, float16.")] = "auto"
    quantization: Annotated[Quantization | None, _unset(help="Load the weights quantized.")] = None
    revision: Annotated[str | None, _unset(help="Branch, tag or commit of a hub model.")] = None
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run the Python code that comes with the model.")
    ] = False

    def look_inside(self, ask: Callable[[Explain], LookInside]) -> None:
        """Ask what `ask` makes of the question, say what was found, and write the file where one is wanted."""
        if [self.prompt, self.prompt_file, self.image].count(None) != 2:
            raise typer.BadParameter("Give one of --prompt, --prompt-file and --image.")
        file_format = inside_format(self.out) if self.out else None
        check_rules(self.rules)
        check_colours(self.colour_map, 100)
        check_contrast(self.contrast)
        with explained():
            asked = self._input()

            from engine.terminal.inside import in_words, look_inside  # torch: after what can go wrong without it

            explain = Explain(self._source(), asked, rules=self.rules)
            look = Look(colour_map=self.colour_map, contrast=self.contrast, ground=self.ground)
            answer, found, made = look_inside(explain, self.target, self.position, ask, look, file_format)
            if self.out and made:
                write_file(self.out, made.data)
            say(in_words(answer, found))
            if self.out and made:
                say(f"\nWritten  {visible(str(self.out))}")

    def _input(self) -> Input:
        if self.image is not None:
            return Picture(read_image(self.image))
        text = self.prompt if self.prompt is not None else read_prompt(self.prompt_file or "-")
        return input_of(text, None, self.decoder_text)

    def _source(self) -> ModelSource:
        return ModelSource(
            self.model,
            self.revision,
            self.device,
            self.dtype,
            self.quantization,
            self.trust_remote_code,
            self.weights,
        )


def with_question(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first parameter is a Question, as typer takes it: with an option for each of its fields."""
    hints = get_type_hints(Question, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    asked = [
        inspect.Parameter(
            one.name, inspect.Parameter.KEYWORD_ONLY, default=_default(one.default), annotation=hints[one.name]
        )
        for one in fields(Question)
    ]
    options = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    names = {one.name for one in asked}

    @wraps(command)
    def typed(**given: Any) -> None:
        question = Question(**{name: value for name, value in given.items() if name in names})
        command(question, **{name: value for name, value in given.items() if name not in names})

    signature = inspect.Signature([asked[0], *options, *asked[1:]])
    untyped: Any = typed
    untyped.__signature__ = signature
    untyped.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    del untyped.__wrapped__  # whose annotations typer would read
    return typed


def _default(default: object) -> Any:
    return inspect.Parameter.empty if repr(default).startswith("<dataclasses._MISSING") else default
