"""The entry point `lxt-inspector`. What a command needs is imported in it, so that each starts as fast as it can."""

from __future__ import annotations

import json
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from engine.protocol.inputs import Chat, Input, Picture, Text, input_of
from engine.protocol.looks import COLOUR_MAPS, DEFAULT_COLOUR_MAP, DEFAULT_CONTRAST, Drawing, Ground, Look, Scale, Unit
from engine.protocol.messages import Explain, ExportGrid, FigureFormat, Generate
from engine.protocol.picture_files import read_image
from engine.protocol.prompt_files import read_prompt
from engine.protocol.rule_names import FORM
from engine.protocol.values import TEMPERATURES, Manner, ModelSource, Quantization
from engine.protocol.visible_text import visible
from engine.writing import write_file
from inspector.command_line.arguments import (
    RuleSet,
    chat_of,
    check_chat,
    check_colours,
    check_contrast,
    check_out,
    check_rules,
    chosen_picture,
    class_texts,
    figure_format,
    gammas,
    grid_format,
    window_size,
)
from inspector.command_line.endings import explained
from inspector.command_line.inside_commands import heads, inside, lens, neurons
from inspector.command_line.saying import guard_streams, say

_MODEL = "A bundled model (bundled:llama), a hub id, a folder or a .gguf file"
_PROMPT_FILE = "The text in a file, or on stdin for -. A last line break is left out."
_CHAT = "Messages in a file, or on stdin for -: a JSON list of {role, content}, in the model's own template."
_SYSTEM = "What a system says before the messages of --chat, or before --prompt as the user's."
_TARGET = (
    'What to explain: top, a token or class, id:17, class:LABEL, "A - B" or "A - mean". Spaces belong to the tokens. '
    "A name is a class where the model chooses from classes."
)
_DEVICE = "auto, cpu, cuda, cuda:1, mps."
_TEMPERATURE = "0: the likeliest token each time; 0.01 to 100: tokens drawn at random."
_DTYPE = "auto, float32, bfloat16, float16."
_REMOTE_CODE = "Run the Python code that comes with the model."
_WEIGHTS = "Of a named architecture: a file, or the name of published ones."
_COLOURS = f"Colours, e.g. {', '.join(COLOUR_MAPS)}."
_CLASSES = "Texts to choose from, for CLIP and SigLIP: 'a cat,a dog', in double quotes where a text has commas."
_OPACITY = "Of the colours in an overlay: 0 to 1."
_CONTRAST = "Exponent of the colours of tokens: 1 is linear, less lifts what is weak."
_WITH_ALL = "Let colours end with the largest of all tokens, the first and the asked one among them."
_NO_SIGNS = "Leave out the dots and strokes that mark what speaks against."
_VALUES = "Write the relevance of each token under it."
_CLIP = "Percentile of relevance at which the colours of a picture end."
_ZOOM = "Of a .png of a picture: 1 to 4 times as large."
_ORIGINAL = "Lay relevance on the whole picture, where the model saw it."
_RULE_NAMES = f"{', '.join(get_args(RuleSet))}, or for images {FORM}"
_UNIT = "What the relevance of a text is summed over."
_OUT = f"File to write: {', '.join(f'.{name}' for name in get_args(FigureFormat))}."

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
    guard_streams()
    cli(prog_name="lxt-inspector")


@cli.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    model: Annotated[str | None, unset(help=f"{_MODEL}, to open at once.")] = None,
    prompt_file: Annotated[Path | None, unset(help="Text to start with. A last line break is left out.")] = None,
    image: Annotated[Path | None, unset(help="Picture to start with.")] = None,
    rules: Annotated[str | None, unset(help=f"How relevance is passed on: {_RULE_NAMES}.")] = None,
    layer: Annotated[int | None, unset(help="Layer to show: what enters that block.")] = None,
    contrast: Annotated[float | None, unset(help=_CONTRAST)] = None,
    unit: Annotated[Unit | None, unset(help=_UNIT)] = None,
    values: Annotated[bool, typer.Option("--values", help=_VALUES)] = False,
    theme: Annotated[Literal["system", "light", "dark"] | None, unset(help="Colours of the window.")] = None,
    size: Annotated[str | None, unset(metavar="WxH", help="Of the window, in pixels.")] = None,
    screenshot: Annotated[Path | None, unset(help="Save a picture of the explanation, and end.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Open the window, unless a command follows."""
    if context.invoked_subcommand is not None:
        return
    if version:
        say(f"lxt-inspector {_version()}")
        return
    if rules is not None:
        check_rules(rules)
    if contrast is not None:
        check_contrast(contrast)
    with explained():
        from engine.terminal.display import do_without_screen, obstacle

        found = obstacle()
        if found is not None and screenshot is not None:
            found = do_without_screen()
        if found is not None:
            typer.echo(str(found), err=True)
            raise typer.Exit(1)
        from inspector.app import Options, run

        pixels = window_size(size)
        code = run(Options(model, prompt_file, image, rules, layer, contrast, theme, pixels, screenshot, unit, values))
    raise typer.Exit(code)


@cli.command(short_help="Explain one prompt or image, and save a figure.")
def explain(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to explain.")] = None,
    prompt_file: Annotated[str | None, unset(metavar="FILE", help=_PROMPT_FILE)] = None,
    image: Annotated[Path | None, unset(metavar="FILE", help="The picture to explain, in place of a text.")] = None,
    context: Annotated[
        str | None, unset(help="The text that holds the answer, where the prompt is a question.")
    ] = None,
    decoder_text: Annotated[str | None, unset(help="What an encoder-decoder model has said so far.")] = None,
    chat: Annotated[str | None, unset(metavar="FILE", help=_CHAT)] = None,
    system: Annotated[str | None, unset(help=_SYSTEM)] = None,
    target: Annotated[str, typer.Option(help=_TARGET)] = "top",
    position: Annotated[int, typer.Option(help="After which token the target is predicted; -1 is the last.")] = -1,
    rules: Annotated[str, typer.Option(help=f"How relevance is passed on: {_RULE_NAMES}.")] = "attnlrp",
    layer: Annotated[int | None, unset(help="What enters block LAYER; without it, the input.")] = None,
    unit: Annotated[Unit, typer.Option(help=_UNIT)] = "token",
    out: Annotated[Path | None, unset(help=_OUT)] = None,
    picture: Annotated[Drawing | None, unset(help="What .pdf and .png show; .tex is tokens only.")] = None,
    scale: Annotated[Scale, typer.Option(help="What the colours span; target is the target's value.")] = "layer",
    colour_map: Annotated[str, typer.Option(help=_COLOURS)] = DEFAULT_COLOUR_MAP,
    contrast: Annotated[float, typer.Option(help=_CONTRAST)] = DEFAULT_CONTRAST,
    with_all: Annotated[bool, typer.Option("--with-all", help=_WITH_ALL)] = False,
    no_signs: Annotated[bool, typer.Option("--no-signs", help=_NO_SIGNS)] = False,
    values: Annotated[bool, typer.Option("--values", help=_VALUES)] = False,
    ground: Annotated[Ground, typer.Option(help="What the figure is drawn on.")] = "light",
    clip: Annotated[float, typer.Option(help=_CLIP)] = 100,
    opacity: Annotated[float, typer.Option(min=0, max=1, help=_OPACITY)] = 0.6,
    zoom: Annotated[int, typer.Option(min=1, max=4, help=_ZOOM)] = 1,
    original: Annotated[bool, typer.Option("--original", help=_ORIGINAL)] = False,
    weights: Annotated[str | None, unset(help=_WEIGHTS)] = None,
    classes: Annotated[str | None, unset(help=_CLASSES)] = None,
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    checkpointing: Annotated[bool, typer.Option("--checkpointing", help="Less memory, more time.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Explain one prompt or image: say what the model predicts and what made it so, and save a figure."""
    if [prompt, prompt_file, image, chat].count(None) != 3:
        raise typer.BadParameter("Give one of --prompt, --prompt-file, --chat and --image.")
    check_chat(chat, system, prompt, context, decoder_text)
    drawn = chosen_picture(picture, image is not None, original)
    file_format = figure_format(out, drawn) if out else None
    check_rules(rules)
    check_colours(colour_map, clip)
    check_contrast(contrast)
    texts = class_texts(classes)
    with explained():
        if image is not None:
            asked: Input = Picture(read_image(image))
        elif chat is not None or system is not None:
            asked = chat_of(chat, system, prompt)
        else:
            asked = input_of(prompt if prompt is not None else read_prompt(prompt_file or "-"), context, decoder_text)

        from engine.terminal.explain import Figure, explain  # torch: after what can go wrong without it
        from engine.terminal.summary import in_words, summary

        source = ModelSource(model, revision, device, dtype, quantization, trust_remote_code, weights, texts)
        question = Explain(source, asked, rules=rules, checkpointing=checkpointing)
        pictures = (opacity, clip, zoom, original)
        look = Look(layer, scale, colour_map, *pictures, contrast, not with_all, not no_signs, ground, unit, values)
        answer, made = explain(question, target, position, look, Figure(file_format, drawn) if file_format else None)
        if out and made:
            write_file(out, made.data)
        facts = summary(answer, layer, unit) | {"out": str(out) if out else None, "note": made.note if made else ""}
        say(json.dumps(facts, indent=1) if as_json else in_words(answer, layer, unit))
        if out and made and not as_json:
            say(f"\nWritten  {visible(str(out))}" + (f"\nNote     {made.note}" if made.note else ""))


cli.command(short_help="Say which attention heads hold a target's relevance.")(heads)
cli.command(short_help="Open a block, or one of its heads.")(inside)
cli.command(short_help="Name the neurons that hold a target's relevance.")(neurons)
cli.command(short_help="Say what the model would predict at each layer.")(lens)


@cli.command(short_help="Explain an image under many gammas, as one figure.")
def grid(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    image: Annotated[Path, unset(metavar="FILE", help="The picture to explain.")],
    out: Annotated[Path, unset(help="File to write: .png or .pdf.")],
    target: Annotated[str, typer.Option(help=_TARGET)] = "top",
    conv: Annotated[str, typer.Option(help="Gammas of convolutions, a row for each.")] = "0.1,0.25,100",
    linear: Annotated[str, typer.Option(help="Gammas of linear layers, a column for each.")] = "0,0.01,0.05,0.1,1",
    picture: Annotated[Literal["heatmap", "overlay"], typer.Option(help="What the cells show.")] = "heatmap",
    shared: Annotated[bool, typer.Option("--shared", help="One scale for all cells; else each has its own.")] = False,
    colour_map: Annotated[str, typer.Option(help=_COLOURS)] = DEFAULT_COLOUR_MAP,
    clip: Annotated[float, typer.Option(help=_CLIP)] = 100,
    opacity: Annotated[float, typer.Option(min=0, max=1, help=_OPACITY)] = 0.6,
    zoom: Annotated[int, typer.Option(min=1, max=4, help=_ZOOM)] = 1,
    transparent: Annotated[bool, typer.Option("--transparent", help="No white ground in a .png.")] = False,
    original: Annotated[bool, typer.Option("--original", help=_ORIGINAL)] = False,
    weights: Annotated[str | None, unset(help=_WEIGHTS)] = None,
    classes: Annotated[str | None, unset(help=_CLASSES)] = None,
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
) -> None:
    """Explain an image under every pair of gammas, from one forward pass, and save the grid of heatmaps."""
    file_format = grid_format(out)
    of_conv, of_linear = gammas(conv, "--conv"), gammas(linear, "--linear")
    check_colours(colour_map, clip)
    texts = class_texts(classes)
    with explained():
        seen = read_image(image)

        from engine.terminal.grid import grid

        source = ModelSource(model, device=device, dtype=dtype, weights=weights, classes=texts)
        look = Look(None, "layer", colour_map, opacity, clip, zoom, original)
        figure = ExportGrid((), (), (), (), file_format, picture, shared, transparent, look)
        asked, made = grid(source, seen, target, of_conv, of_linear, figure)
        write_file(out, made.data)
        first = asked.cells[0]
        say(f"Target   {first.target.label}: {first.value:.4f} logits")
        say(f"Written  {visible(str(out))}, {len(of_conv)} × {len(of_linear)} cells")


@cli.command(short_help="Let a model go on from a prompt.")
def generate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to go on from.")] = None,
    prompt_file: Annotated[str | None, unset(metavar="FILE", help=_PROMPT_FILE)] = None,
    chat: Annotated[str | None, unset(metavar="FILE", help=_CHAT)] = None,
    system: Annotated[str | None, unset(help=_SYSTEM)] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The most tokens to say.")] = 32,
    temperature: Annotated[float, typer.Option(min=0, max=TEMPERATURES[1], help=_TEMPERATURE)] = 0.0,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed draws the same tokens.")] = 0,
    stop_at_line: Annotated[bool, typer.Option("--stop-at-line", help="End with the line.")] = False,
    rules: Annotated[RuleSet, typer.Option(help="Rule set of the matrix.")] = "attnlrp",
    out: Annotated[Path | None, unset(help="Where each token came from: .png, .csv or .json.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16, float16.")] = "auto",
) -> None:
    """Say what the model answers, and save where each token of it came from."""
    if [prompt, prompt_file, chat].count(None) != 2:
        raise typer.BadParameter("Give one of --prompt, --prompt-file and --chat.")
    check_chat(chat, system, prompt)
    formats: dict[str, Literal["png", "csv", "json"]] = {".png": "png", ".csv": "csv", ".json": "json"}
    if out is not None:
        if out.suffix.lower() not in formats:
            raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
        check_out(out)
    with explained():
        if chat is not None or system is not None:
            asked_about: Text | Chat = chat_of(chat, system, prompt)
        else:
            asked_about = Text(prompt if prompt is not None else read_prompt(prompt_file or "-"))

        from engine.terminal.generate import generate

        manner = Manner(temperature, seed, stop_at_line)
        asked = Generate(ModelSource(model, device=device, dtype=dtype), asked_about, max_new_tokens, manner)
        said, data = generate(asked, rules, formats[out.suffix.lower()] if out else None)
        say(said.answer)
        if out and data:
            write_file(out, data)
            say(f"\nWritten  {visible(str(out))}")


@cli.command(short_help="Say which operation gets which rule.")
def coverage(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to run the model on; any will do.")] = None,
    weights: Annotated[str | None, unset(help=_WEIGHTS)] = None,
    classes: Annotated[str | None, unset(help=_CLASSES)] = None,
    rules: Annotated[RuleSet, typer.Option(help="How relevance is passed on.")] = "attnlrp",
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every row, not folded, for scripts.")] = False,
) -> None:
    """Say which rule each operation that depends on the input gets, and which got none."""
    texts = class_texts(classes)
    with explained():
        from engine.terminal.examine import coverage_facts, coverage_in_words, covered

        source = ModelSource(model, revision, device, dtype, quantization, trust_remote_code, weights, texts)
        rows = covered(source, prompt, rules)
        say(json.dumps(coverage_facts(rows), indent=1) if as_json else coverage_in_words(rows))


@cli.command(name="self-test", short_help="Put the rules to the test on a model.")
def self_test(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"{_MODEL}.", show_default=False)],
    prompt: Annotated[str | None, unset(help="The text to explain; without it, tokens of all kinds, or noise.")] = None,
    weights: Annotated[str | None, unset(help=_WEIGHTS)] = None,
    classes: Annotated[str | None, unset(help=_CLASSES)] = None,
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    dtype: Annotated[str, typer.Option(help=_DTYPE)] = "auto",
    quantization: Annotated[Quantization | None, unset(help="Load the weights quantized.")] = None,
    revision: Annotated[str | None, unset(help="Branch, tag or commit of a hub model.")] = None,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help=_REMOTE_CODE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say whether explanations of a model can be relied on; exits with 1 if something does not hold."""
    texts = class_texts(classes)
    with explained():
        from engine.terminal.examine import self_test_facts, self_test_in_words, tested

        source = ModelSource(model, revision, device, dtype, quantization, trust_remote_code, weights, texts)
        report = tested(source, prompt)
        say(json.dumps(self_test_facts(report), indent=1) if as_json else self_test_in_words(report))
    raise typer.Exit(0 if report.passed else 1)


@cli.command(short_help="List the models that need no download.")
def models(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """List the models that need no download, with the size of their weights."""
    with explained():
        from engine.terminal.models import in_words, models

        found = models()
        facts = [{"name": one.name, "title": one.title, "bytes": one.bytes, "kind": one.kind} for one in found]
        say(json.dumps(facts, indent=1) if as_json else in_words(found))


@cli.command(short_help="Say what this machine has and lacks.")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say what this machine has and lacks; exits with 1 if something essential is broken."""
    with explained():
        from engine.terminal.doctor import examine, in_json, in_words, is_sound

        findings = examine()
        say(in_json(findings) if as_json else in_words(findings))
    raise typer.Exit(0 if is_sound(findings) else 1)


@cli.command(short_help="Compute for a window (started by it).")
def worker() -> None:
    """Compute for a window, which speaks to this process in frames on stdin and stdout."""
    from engine.worker import main

    main()


def _version() -> str:
    try:
        return metadata.version("lxt-inspector")
    except metadata.PackageNotFoundError:
        return "(not installed: run from a checkout)"


if __name__ == "__main__":
    main()
