"""Checks arguments of the command line: a wrong one is named, and the program exits with 2."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Literal, get_args

import typer

from engine.protocol.failures import EngineError, RulesError
from engine.protocol.inputs import Chat, Message
from engine.protocol.looks import COLOUR_MAPS, Drawing
from engine.protocol.messages import FigureFormat, GridFormat, InsideFormat
from engine.protocol.prompt_files import read_chat
from engine.protocol.relevance import PicturePart, TextPart
from engine.protocol.rule_names import FORM, gamma_of
from engine.reading.colours import colour_table
from engine.writing import check_place
from inspector.state.class_texts import read_class_texts

RuleSet = Literal["attnlrp", "cp-lrp", "input-x-gradient", "gradient"]


def figure_format(out: Path, picture: Drawing) -> FigureFormat:
    """The format that the ending of `--out` names."""
    formats: dict[str, FigureFormat] = {f".{name}": name for name in get_args(FigureFormat)}
    chosen = formats.get(out.suffix.lower())
    if chosen is None:
        raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
    if chosen == "tex" and picture != "tokens":
        what = "The layer map" if picture == "layers" else "A picture"
        raise typer.BadParameter(f"{what} cannot be written as .tex; take .pdf or .png.")
    check_out(out)
    return chosen


def grid_format(out: Path) -> GridFormat:
    """The format that the ending of `--out` names."""
    formats: dict[str, GridFormat] = {f".{name}": name for name in get_args(GridFormat)}
    chosen = formats.get(out.suffix.lower())
    if chosen is None:
        raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
    check_out(out)
    return chosen


def inside_format(out: Path) -> InsideFormat:
    """The format that the ending of `--out` names."""
    formats: dict[str, InsideFormat] = {f".{name}": name for name in get_args(InsideFormat)}
    chosen = formats.get(out.suffix.lower())
    if chosen is None:
        raise typer.BadParameter(f"--out must end in one of {', '.join(formats)}.")
    check_out(out)
    return chosen


def chosen_picture(picture: Drawing | None, of_image: bool, original: bool) -> Drawing:
    """What is drawn: a text's tokens and an image's heatmap, where nothing else is asked for."""
    if original and not of_image:
        raise typer.BadParameter("--original is of an image; there is none.")
    part = PicturePart if of_image else TextPart
    if picture is not None and picture not in part.drawings:
        raise typer.BadParameter(f"--picture {picture} is none of a {part.medium}: {' and '.join(part.drawings)} are.")
    return picture or part.drawings[0]


def check_colours(colour_map: str, clip: float) -> None:
    """Refuse colours that there are not, and what is no percentile that they can end at."""
    try:
        colour_table(colour_map)
    except ValueError as error:
        raise typer.BadParameter(
            f"There is no colour map “{colour_map}”. There is, e.g., {', '.join(COLOUR_MAPS)}."
        ) from error
    if not 0 < clip <= 100:
        raise typer.BadParameter(f"--clip is a percentile above 0, up to 100, not {clip:g}.")


def check_contrast(contrast: float) -> None:
    """Refuse what is no exponent of colours."""
    if not 0 < contrast <= 1:
        raise typer.BadParameter(f"--contrast is above 0, up to 1, which is linear, not {contrast:g}.")


def check_rules(name: str) -> None:
    """Refuse a rule set that there is not."""
    try:
        known = name in get_args(RuleSet) or gamma_of(name) is not None
    except RulesError as error:
        raise typer.BadParameter(f"--rules: {error}") from error
    if not known:
        raise typer.BadParameter(f"There is no rule set “{name}”. There are: {', '.join([*get_args(RuleSet), FORM])}.")


def check_chat(chat: str | None, system: str | None, prompt: str | None, *others: str | None) -> None:
    """Refuse what does not go with a chat."""
    if system is not None and chat is None and prompt is None:
        raise typer.BadParameter("--system goes before the messages of --chat, or before --prompt.")
    if (chat is not None or system is not None) and others.count(None) != len(others):
        raise typer.BadParameter("A chat is one text: --context and --decoder-text do not go with it.")


def chat_of(chat: str | None, system: str | None, prompt: str | None) -> Chat:
    """The messages in a file, or the prompt as the user's, behind what the system says. Raises EngineError."""
    if chat is not None:
        return read_chat(chat, system)
    said = (Message("system", system or ""), Message("user", prompt or ""))
    return Chat(said)


def class_texts(text: str | None) -> tuple[str, ...]:
    """The texts in a list such as `a cat,a dog`."""
    if text is None:
        return ()
    try:
        found = read_class_texts(text)
    except ValueError as error:
        raise typer.BadParameter(f"--classes: {error}") from error
    if not found or not all(found):
        raise typer.BadParameter("--classes reads texts between commas, as in “a cat,a dog”; one of them is empty.")
    return found


def gammas(text: str, option: str) -> tuple[float, ...]:
    """The numbers in a list such as `0.1,0.25,100`."""
    found = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            raise typer.BadParameter(f"{option} reads numbers from 0, as in 0.1,0.25,100; “{part.strip()}” is none.")
        found.append(value)
    return tuple(found)


def window_size(text: str | None) -> tuple[int, int] | None:
    """Width and height."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if found is None:
        raise typer.BadParameter(f"--size reads WIDTHxHEIGHT, e.g. 1280x800, not {text!r}.")
    return int(found[1]), int(found[2])


def check_out(out: Path) -> None:
    """Refuse a name that no file can have, before the work that goes into the file."""
    try:
        check_place(out)
    except EngineError as error:
        raise typer.BadParameter(f"--out: {error}") from error
    if out.is_dir():
        raise typer.BadParameter(f"--out is a folder: {out}")
