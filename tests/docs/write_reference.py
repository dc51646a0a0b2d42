"""Writes the pages of docs/reference from the code: `python -m tests.docs.write_reference`.

Everything on a page is a docstring, a comment, a signature or a table of the program, as the source has it: neither
the version of Python nor the machine has a part in it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import OptionInfo, ParameterInfo

import engine
from engine.rules.table import RuleSet
from inspector.actions.commands import MENUS, Command
from inspector.cli import cli
from inspector.dialogs.shortcuts import KEYS_IN_VIEWS, MOUSE
from inspector.keeping import settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
_NOTE = "<!-- Written from the code by `python -m tests.docs.write_reference`: change the code, not this page. -->"
_WIDTH = 100  # of a signature on one line
_VALUES = "engine.protocol."  # the values of these modules are followed to all that they are made of


# -- what is in a source file ----------------------------------------------------------------------------------------

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Found:
    """A class, a function or the name of a type, where it is defined."""

    module: str
    name: str
    node: Definition

    @property
    def source(self) -> str:
        return _source(self.module)

    @property
    def doc(self) -> str:
        return "" if isinstance(self.node, ast.Assign | ast.AnnAssign) else ast.get_docstring(self.node) or ""


@cache
def _source(module: str) -> str:
    return Path(inspect.getsourcefile(importlib.import_module(module)) or "").read_text(encoding="utf-8")


@cache
def _top_level(module: str) -> dict[str, Definition | ast.ImportFrom]:
    """What each name of a module is bound to; an import under `if TYPE_CHECKING` counts."""
    bound: dict[str, Definition | ast.ImportFrom] = {}
    body = ast.parse(_source(module)).body
    for node in [*body, *(inner for outer in body if isinstance(outer, ast.If) for inner in outer.body)]:
        match node:
            case ast.ClassDef() | ast.FunctionDef():
                bound[node.name] = node  # of overloads the last one, which is the function
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                bound[name] = node
            case ast.ImportFrom():
                bound.update((alias.asname or alias.name, node) for alias in node.names)
    return bound


def find(module: str, name: str) -> Found | None:
    """Where a name that a module uses is defined, if that is in the engine."""
    node = _top_level(module).get(name)
    if isinstance(node, ast.ImportFrom):
        own = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
        return find(node.module, own) if node.module and node.module.startswith("engine.") else None
    return None if node is None else Found(module, name, node)


def _lines(found: Found, node: ast.AST) -> str:
    """The lines of `node`, with their comments, as if it stood at the margin."""
    assert isinstance(node, ast.stmt)
    lines = found.source.splitlines()[node.lineno - 1 : node.end_lineno]
    return "\n".join(line[node.col_offset :] for line in lines)


def _comments_above(found: Found, node: ast.stmt) -> list[str]:
    above = found.source.splitlines()[: node.lineno - 1]
    return list(takewhile(lambda line: line.startswith("# "), reversed(above)))[::-1]


def _text(found: Found, node: ast.AST) -> str:
    return " ".join((ast.get_source_segment(found.source, node) or "").split())


def _is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


# -- the library -----------------------------------------------------------------------------------------------------


def signature(found: Found, node: ast.FunctionDef) -> str:
    """As it is called, without `self`: on one line, or with a line for each parameter."""
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)

    def one(argument: ast.arg, default: ast.expr | None, stars: str = "") -> str:
        return f"{stars}{_text(found, argument)}" + ("" if default is None else f" = {_value(found, default)}")

    parts = [one(*pair) for pair in zip(plain, defaults, strict=True) if pair[0].arg not in ("self", "cls")]
    if given.vararg:
        parts.append(one(given.vararg, None, "*"))
    elif given.kwonlyargs:
        parts.append("*")
    parts += [one(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    if given.kwarg:
        parts.append(one(given.kwarg, None, "**"))
    result = f" -> {_text(found, node.returns)}" if node.returns else ""
    line = f"{node.name}({', '.join(parts)}){result}"
    return (
        line if len(line) <= _WIDTH else f"{node.name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"
    )


def _value(found: Found, default: ast.expr) -> str:
    """As it is written; of a constant by its name, what that stands for."""
    named = find(found.module, default.id) if isinstance(default, ast.Name) else None
    if named is not None and isinstance(named.node, ast.Assign):
        return _text(named, named.node.value)
    return _text(found, default)


def _code(*lines: str) -> str:
    return "\n".join(["```python", *lines, "```"])


def _function(found: Found, node: ast.FunctionDef) -> list[str]:
    return [_code(signature(found, node)), inspect.cleandoc(ast.get_docstring(node) or "")]


def _class(found: Found, node: ast.ClassDef) -> list[str]:
    """Docstring and fields, then properties and methods."""
    blocks = [found.doc]
    fields = [_lines(found, part) for part in node.body if isinstance(part, ast.AnnAssign) and _names_field(part)]
    if fields:
        blocks.append(_code(*fields))
    elif attributes := list(_attributes(node)):
        blocks.append(f"Attributes: {', '.join(f'`{name}`' for name in attributes)}.")
    for part in node.body:
        if not (isinstance(part, ast.FunctionDef) and _is_public(part)):
            continue
        doc = inspect.cleandoc(ast.get_docstring(part) or "")
        if any(isinstance(one, ast.Name) and "property" in one.id for one in part.decorator_list):
            called = part.name + (f": {_text(found, part.returns)}" if part.returns else "")
        else:
            called = signature(found, part)
        blocks.append("\n\n".join([_code(called), doc]) if doc else _code(called))
    return blocks


def _names_field(node: ast.AnnAssign) -> bool:
    return isinstance(node.target, ast.Name) and not node.target.id.startswith("_")


def _attributes(node: ast.ClassDef) -> Iterator[str]:
    """The public attributes that `__init__` sets."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            for inner in ast.walk(part):
                if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and inner.attr[0] != "_":
                    yield inner.attr


def _section(title: str, found: Found, depth: int) -> list[str]:
    match found.node:
        case ast.FunctionDef() as node:
            blocks = _function(found, node)
        case ast.ClassDef() as node:
            blocks = _class(found, node)
        case node:
            blocks = [_code(*_comments_above(found, node), _lines(found, node))]
    return [f"{'#' * depth} {title}", *(block for block in blocks if block)]


def _types_in(found: Found) -> Iterator[Found]:
    """The types that a definition's signatures, fields and bases speak of, where the engine defines them."""
    match found.node:
        case ast.FunctionDef() as node:
            spoken = _annotations(node)
        case ast.ClassDef() as node:
            spoken = [
                *(part.annotation for part in node.body if isinstance(part, ast.AnnAssign) and _names_field(part))
            ]
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and _is_public(part):
                    spoken += _annotations(part)
        case node:
            spoken = [] if node.value is None else [node.value]
    for name in dict.fromkeys(inner.id for one in spoken for inner in ast.walk(one) if isinstance(inner, ast.Name)):
        meant = None if name.startswith("_") else find(found.module, name)
        if meant is not None:
            yield meant


def _annotations(node: ast.FunctionDef) -> list[ast.expr]:
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found = [argument.annotation for argument in arguments if argument is not None and argument.annotation is not None]
    return [*found, *([node.returns] if node.returns else [])]


def _home(thing: Any) -> Found:
    """A function or a class, where it is defined."""
    found = find(thing.__module__, thing.__name__)
    assert found is not None, thing
    return found


def _others(shown: Sequence[Found]) -> list[Found]:
    """The types that `shown` speaks of, by their names; of the protocol's and of unions also their own types."""
    known = {(one.module, one.name) for one in shown}
    others: list[Found] = []
    queue = list(shown)
    while queue:
        for meant in _types_in(queue.pop(0)):
            if (meant.module, meant.name) in known:
                continue
            known.add((meant.module, meant.name))
            others.append(meant)
            if meant.module.startswith(_VALUES) or isinstance(meant.node, ast.Assign):
                queue.append(meant)
    return sorted(others, key=lambda one: (one.name.lower(), one.module))


def library() -> str:
    """The page of `engine`: all of its names, and what they speak of."""
    public = {name: getattr(engine, name) for name in engine.__all__}
    functions = {name: _home(one) for name, one in public.items() if inspect.isfunction(one)}
    classes = {name: _home(one) for name, one in public.items() if inspect.isclass(one)}
    modules = {name: one for name, one in public.items() if inspect.ismodule(one)}
    rule_sets = {name: one for name, one in public.items() if isinstance(one, RuleSet)}
    rest = set(public) - {*functions, *classes, *modules, *rule_sets, "RULE_SETS"}
    assert not rest, f"The reference has no place for {', '.join(sorted(rest))}."

    targets = {f"{name}.{own}": one for name, module in modules.items() for own, one in _defined(module)}
    failures = dict(_defined(importlib.import_module("engine.protocol.failures")))
    errors = {name: one for name, one in failures.items() if isinstance(one.node, ast.ClassDef)}
    known = [*functions.values(), *classes.values(), *targets.values(), *errors.values(), _home(RuleSet)]
    blocks = ["# The library", _NOTE, engine.__doc__ or "", "## Functions"]
    for name, found in functions.items():
        blocks += _section(f"`engine.{name}`", found, 3)
    blocks.append("## Rule sets")
    blocks.append(
        "`rules=` takes a name, a `RuleSet` or a composite of zennit. `engine.RULE_SETS` has by name "
        + ", ".join(f"`{name}` ({rules.title})" for name, rules in engine.RULE_SETS.items())
        + "; `engine.gamma` makes more. "
        + " ".join(f"`engine.{name}` is `{one.name}`." for name, one in rule_sets.items())
    )
    blocks += _section("`RuleSet`", _home(RuleSet), 3)
    blocks.append("## Targets")
    blocks += [inspect.getdoc(module) or "" for module in modules.values()]
    for name, found in targets.items():
        blocks += _section(f"`engine.{name}`", found, 3)
    blocks.append("## Inputs and answers")
    for name, found in classes.items():
        blocks += _section(f"`engine.{name}`", found, 3)
    blocks.append("## Errors")
    for name, found in errors.items():
        blocks += _section(f"`{name}`", found, 3)
    blocks.append("## Types in these signatures")
    for found in _others(known):
        blocks += _section(f"`{found.name}` of `{found.module}`", found, 3)
    return _page(blocks)


def _defined(module: ModuleType) -> Iterator[tuple[str, Found]]:
    """The public names that a module defines."""
    for name, node in _top_level(module.__name__).items():
        if name.startswith("_") or name.isupper():
            continue
        if isinstance(node, ast.ClassDef | ast.FunctionDef) or (isinstance(node, ast.Assign) and name[0].isupper()):
            yield name, Found(module.__name__, name, node)


# -- the command -----------------------------------------------------------------------------------------------------


def _type_in_words(kind: Any, info: ParameterInfo) -> str:
    kind = next((one for one in get_args(kind) if one is not type(None)), kind) if _is_optional(kind) else kind
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    if info.min is not None or info.max is not None:
        bounds = [f"{word} {bound:g}" for word, bound in (("from", info.min), ("to", info.max)) if bound is not None]
        return f"{_TYPES[kind]} {' '.join(bounds)}"
    return info.metavar or _TYPES[kind]


_TYPES = {str: "text", Path: "file", int: "whole number", float: "number", bool: ""}


def _is_optional(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _options(function: Callable[..., Any]) -> list[str]:
    hints = get_type_hints(function, include_extras=True)
    rows = []
    for name, parameter in inspect.signature(function).parameters.items():
        kind, *extras = get_args(hints[name]) or (hints[name],)
        info = next((one for one in extras if isinstance(one, OptionInfo)), None)
        if info is None:
            continue
        # Beside `Annotated`, typer takes the first name of an option for its default
        named = next((one for one in (info.default, *(info.param_decls or ())) if isinstance(one, str)), None)
        option = named or f"--{name.replace('_', '-')}"
        rows.append((f"`{option}`", _type_in_words(kind, info), info.help or "", _default(parameter, info)))
    return [_table(("option", "value", "what it does", "default"), rows)] if rows else []


def _default(parameter: inspect.Parameter, info: ParameterInfo) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "must be given"
    return "" if parameter.default in (None, False) or not info.show_default else f"`{parameter.default}`"


def _arguments(function: Callable[..., Any]) -> list[tuple[str, str]]:
    hints = get_type_hints(function, include_extras=True)
    infos = [(name, one) for name in hints for one in get_args(hints[name])[1:]]
    return [
        (one.metavar or name.upper(), one.help or "")
        for name, one in infos
        if isinstance(one, ParameterInfo) and not isinstance(one, OptionInfo)
    ]


def command_line() -> str:
    """The page of `lxt-inspector`, command by command."""
    assert cli.registered_callback is not None and cli.registered_callback.callback is not None
    blocks = ["# The command line", _NOTE, str(cli.info.help), str(cli.info.epilog), "## `lxt-inspector`"]
    blocks += [inspect.getdoc(cli.registered_callback.callback) or "", *_options(cli.registered_callback.callback)]
    for command in cli.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__.replace("_", "-")
        arguments = _arguments(command.callback)
        blocks.append(" ".join([f"## `lxt-inspector {name}", *(metavar for metavar, _ in arguments)]) + "`")
        blocks.append(inspect.getdoc(command.callback) or "")
        blocks += [f"`{metavar}`: {text}" for metavar, text in arguments]
        blocks += _options(command.callback)
    return _page(blocks)


# -- the window ------------------------------------------------------------------------------------------------------


def keys() -> str:
    """The page of commands, their keys, and what the mouse does."""
    blocks = ["# Keys, commands and mouse", _NOTE]
    blocks.append(
        "The window lists the same under Help, Keys and mouse (F1), as the desktop writes keys. Ctrl+Shift+P finds any "
        "command by its name."
    )
    for menu in MENUS:
        blocks.append(f"## {menu.title.replace('&', '')}")
        commands = [command for group in menu.groups for command in group]
        blocks.append(_table(("command", "keys", "what it does"), [_command(command) for command in commands]))
    blocks += ["## Keys in the views", _table(("keys", "what they do"), KEYS_IN_VIEWS)]
    blocks += ["## Mouse", _table(("mouse", "what it does"), MOUSE)]
    return _page(blocks)


def _command(command: Command) -> tuple[str, str, str]:
    return command.text, " or ".join(f"`{keys}`" for keys in command.shortcuts), command.help


def settings_kept() -> str:
    """The page of settings."""
    found = _home(settings.Settings)
    assert isinstance(found.node, ast.ClassDef)
    rows = []
    for part in found.node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            default = getattr(settings.DEFAULTS, part.target.id)
            what = _comment(_lines(found, part))
            rows.append((f"`{part.target.id}`", f"`{_text(found, part.annotation)}`", _written(default), what))
    blocks = [
        "# Settings",
        _NOTE,
        inspect.getdoc(settings.Settings) or "",
        inspect.getdoc(settings.settings_path) or "",
    ]
    return _page([*blocks, _table(("name", "type", "default", "what it is"), rows)])


def _comment(line: str) -> str:
    return line.partition("  # ")[2]


def _written(default: Any) -> str:
    """As the file has it; of a model its name."""
    if isinstance(default, settings.ModelSource):
        return f"`{default.name}`"
    return f"`{default}`" if default or default == 0 else "none"


# -- pages -----------------------------------------------------------------------------------------------------------


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(blocks: Iterable[str]) -> str:
    return re.sub(r" +\n", "\n", "\n\n".join(block for block in blocks if block) + "\n")


PAGES: dict[str, Callable[[], str]] = {
    "library.md": library,
    "command-line.md": command_line,
    "keys.md": keys,
    "settings.md": settings_kept,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8", newline="\n")
        typer.echo(f"Written  docs/reference/{name}")


if __name__ == "__main__":
    main()
