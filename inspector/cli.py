"""The entry point `lxt-inspector`. What a command needs is imported in it, so that each starts as fast as it can."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from engine.protocol.colours import COLOUR_MAPS, DEFAULT_COLOUR_MAP, Scale, colour_table
from engine.protocol.failures import EngineError
from engine.protocol.messages import Explain, FigureFormat, Generate, Picture
from engine.protocol.values import ModelSource, Quantization

_MODEL = "A bundled model (bundled:llama), a hub id, a folder or a .gguf file"
_PROMPT_FILE = "The text in a file, or on stdin for -. A last line break is left out."
_TARGET = 'What to explain: top, a token, id:17, class:LABEL, "A - B" or "A - mean". Spaces belong to the tokens.'
_DEVICE = "auto, cpu, cuda, cuda:1, mps."
_DTYPE = "auto, float32, bfloat16, float16."
_REMOTE_CODE = "Run the Python code that comes with the model."

RuleSet = Literal["attnlrp", "cp-lrp", "input-x-gradient", "gradient"]

unset = partial(typer.Option, show_default=False)

cli = typer.Typer(
    name="lxt-inspector",
    help="See why a transformer said that: the relevance of every token, at every layer. "
    "Without a command, opens the window.",
    epilog="Exit codes: 0 done, 1 it did not work (the reason is on stderr), 2 wrong usage, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Be the command that the command line names."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a token may be what the terminal cannot show
    cli(prog_name="lxt-inspector")


@cli.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    model: Annotated[str | None, unset(help=f"{_MODEL}, to open at once.")] = None,
    prompt_file: Annotated[Path | None, unset(help="Text to start with.")] = None,
    rules: Annotated[RuleSet | None, unset(help="How relevance is passed on.")] = None,
    layer: Annotated[int | None, unset(help="Layer to show: what enters that block.")] = None,
    theme: Annotated[Literal["system", "light", "dark"] | None, unset(help="Colours of the window.")] = None,
    size: Annotated[str | None, unset(metavar="WxH", help="Of the window, in pixels.")] = None,
    screenshot: Annotated[Path | None, unset(help="Save a picture of the explanation, and end.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Open the window, unless a command follows."""
    if context.invoked_subcommand is not None:
        return
    if version:
        typer.echo(f"lxt-inspector {_version()}")
        return
    with _explained():
        from inspector.app import Options, run

        options = Options(model, prompt_file, rules, layer, theme, _size(size), screenshot)
        code = run(options)
    raise typer.Exit(code)


@cli.command(short_help="Explain one prompt, and save a figure.")
def explain(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to explain.")] = None,
    prompt_file: Annotated[str | None, unset(metavar="FILE", help=_PROMPT_FILE)] = None,
    context: Annotated[
        str | None, unset(help="The text that holds the answer, where the prompt is a question.")
    ] = None,
    decoder_text: Annotated[str | None, unset(help="What an encoder-decoder model has said so far.")] = None,
    target: Annotated[str, typer.Option(help=_TARGET)] = "top",
    position: Annotated[int, typer.Option(help="After which token the target is predicted; -1 is the last.")] = -1,
    rules: Annotated[RuleSet, typer.Option(help="How relevance is passed on.")] = "attnlrp",
    layer: Annotated[int | None, unset(help="What enters block LAYER; without it, the input.")] = None,
    out: Annotated[Path | None, unset(help="File to write: .pdf, .tex, .png, .csv or .json.")] = None,
    picture: Annotated[Picture, typer.Option(help="What .pdf and .png show; .tex is tokens only.")] = "tokens",
    scale: Annotated[Scale, typer.Option(help="What the colours span; target is the target's value.")] = "layer",
    colour_map: Annotated[str, typer.Option(help=f"Colours, e.g. {', '.join(COLOUR_MAPS)}.")] = DEFAULT_COLOUR_MAP,
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    checkpointing: Annotated[bool, typer.Option("--checkpointing", help="Less memory, more time.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Explain one prompt: say what the model predicts and which tokens made it so, and save a figure."""
    if (prompt is None) == (prompt_file is None):
        raise typer.BadParameter("Give either --prompt or --prompt-file.")
    file_format = _format(out, picture) if out else None
    _check_colour_map(colour_map)
    with _explained():
        from engine.commands.reading import read_prompt, read_target

        text = prompt if prompt is not None else read_prompt(prompt_file or "-")

        from engine.commands.explaining import Figure, explain  # torch: after what can go wrong without it
        from engine.commands.summary import in_words, summary

        source = ModelSource(model, revision, device, dtype, quantization, trust_remote_code)
        wanted = read_target(target, position)
        question = Explain(source, text, wanted, rules, checkpointing, context=context, decoder_text=decoder_text)
        figure = Figure(file_format, picture, layer, scale, colour_map) if file_format else None
        answer, made = explain(question, layer, figure)
        if out and made:
            _write(out, made.data)
        facts = summary(answer, layer) | {"out": str(out) if out else None, "note": made.note if made else ""}
        typer.echo(json.dumps(facts, indent=1) if as_json else in_words(answer, layer))
        if out and made and not as_json:
            typer.echo(f"\nWritten  {out}" + (f"\nNote     {made.note}" if made.note else ""))


@cli.command(short_help="Let a model go on from a prompt.")
def generate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to go on from.")] = None,
    prompt_file: Annotated[str | None, unset(metavar="FILE", help=_PROMPT_FILE)] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The most tokens to say.")] = 32,
    rules: Annotated[RuleSet, typer.Option(help="Rule set of the matrix.")] = "attnlrp",
    out: Annotated[Path | None, unset(help="Where each token came from: .png, .csv or .json.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16, float16.")] = "auto",
) -> None:
    """Say what the model answers, the likeliest token each time, and save where each token of it came from."""
    if (prompt is None) == (prompt_file is None):
        raise typer.BadParameter("Give either --prompt or --prompt-file.")
    formats: dict[str, Literal["png", "csv", "json"]] = {".png": "png", ".csv": "csv", ".json": "json"}
    if out is not None and out.suffix.lower() not in formats:
        raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
    with _explained():
        from engine.commands.reading import read_prompt

        text = prompt if prompt is not None else read_prompt(prompt_file or "-")

        from engine.commands.generating import generate

        asked = Generate(ModelSource(model, device=device, dtype=dtype), text, max_new_tokens)
        said, data = generate(asked, rules, formats[out.suffix.lower()] if out else None)
        typer.echo(said.prompt[said.continuation.start :])
        if out and data:
            _write(out, data)
            typer.echo(f"\nWritten  {out}")


@cli.command(short_help="Say which operation gets which rule.")
def coverage(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to run the model on; any will do.")] = None,
    rules: Annotated[RuleSet, typer.Option(help="How relevance is passed on.")] = "attnlrp",
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every row, not folded, for scripts.")] = False,
) -> None:
    """Say which rule each operation that depends on the input gets, and which got none."""
    with _explained():
        from engine.commands.examining import coverage_facts, coverage_in_words, covered

        rows = covered(ModelSource(model, revision, device, dtype, quantization, trust_remote_code), prompt, rules)
        typer.echo(json.dumps(coverage_facts(rows), indent=1) if as_json else coverage_in_words(rows))


@cli.command(name="self-test", short_help="Put the rules to the test on a model.")
def self_test(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to explain; without it, tokens of all kinds.")] = None,
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say whether explanations of a model can be relied on; exits with 1 if something does not hold."""
    with _explained():
        from engine.commands.examining import self_test_facts, self_test_in_words, tested

        report = tested(ModelSource(model, revision, device, dtype, quantization, trust_remote_code), prompt)
        typer.echo(json.dumps(self_test_facts(report), indent=1) if as_json else self_test_in_words(report))
    raise typer.Exit(0 if report.passed else 1)


@cli.command(short_help="List the models that need no download.")
def models(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """List the models that need no download, with the size of their weights."""
    with _explained():
        from engine.commands.listing import in_words, models

        found = models()
        facts = [{"name": one.name, "title": one.title, "bytes": one.bytes, "kind": one.kind} for one in found]
        typer.echo(json.dumps(facts, indent=1) if as_json else in_words(found))


@cli.command(short_help="Say what this machine has and lacks.")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say what this machine has and lacks; exits with 1 if something essential is broken."""
    with _explained():
        from engine.commands.doctor import examine, in_json, in_words, is_sound

        findings = examine()
        typer.echo(in_json(findings) if as_json else in_words(findings))
    raise typer.Exit(0 if is_sound(findings) else 1)


@cli.command(short_help="Compute for a window (started by it).")
def worker() -> None:
    """Compute for a window, which speaks to this process in frames on stdin and stdout."""
    from engine.worker import main

    main()


@contextmanager
def _explained() -> Iterator[None]:
    """Failures become a line on stderr and an exit code; what is left as a traceback is a defect."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except (EngineError, MemoryError, RuntimeError) as error:
        from engine.runs import failure

        failed = failure(error)
        if failed.kind == "internal" and not isinstance(error, EngineError):
            raise
        typer.echo(" ".join(failed.message.split()), err=True)
        raise typer.Exit(1) from None


def _write(path: Path, data: bytes) -> None:
    from inspector.writing import write_atomically

    try:
        write_atomically(path, data)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
        reason = "the disk is full" if full else error.strerror or str(error)
        raise EngineError(f"“{path}” could not be written: {reason}.", "disk_full" if full else "internal") from error


def _format(out: Path, picture: Picture) -> FigureFormat:
    formats: dict[str, FigureFormat] = {f".{name}": name for name in get_args(FigureFormat)}
    chosen = formats.get(out.suffix.lower())
    if chosen is None:
        raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
    if chosen == "tex" and picture == "layers":
        raise typer.BadParameter("The layer map cannot be written as .tex; take .pdf or .png.")
    if out.is_dir():
        raise typer.BadParameter(f"--out is a folder: {out}")
    return chosen


def _check_colour_map(name: str) -> None:
    try:
        colour_table(name)
    except ValueError as error:
        raise typer.BadParameter(
            f"There is no colour map “{name}”. There is, e.g., {', '.join(COLOUR_MAPS)}."
        ) from error


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if found is None:
        raise typer.BadParameter(f"--size reads WIDTHxHEIGHT, e.g. 1280x800, not {text!r}.")
    return int(found[1]), int(found[2])


def _version() -> str:
    try:
        return metadata.version("lxt-inspector")
    except metadata.PackageNotFoundError:
        return "(not installed: run from a checkout)"


if __name__ == "__main__":
    main()
