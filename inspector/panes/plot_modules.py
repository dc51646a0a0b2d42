"""Imports what draws plots in steps, between which the loop goes on: pyqtgraph takes as long as the whole window."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType

from PySide6 import QtCore, QtGui, QtWidgets

_TURN = 0.005  # seconds; a step that takes longer is alone in its turn


def import_some() -> bool:
    """Import for a moment, in the window's thread; whether everything is there now."""
    end = time.perf_counter() + _TURN
    return all(time.perf_counter() <= end for _ in _steps)


def imported(name: str) -> ModuleType:
    """The module `name`, which draws plots; whatever it still lacks is imported at once."""
    for _ in _steps:
        pass
    return import_module(name)


def _all_steps() -> Iterator[None]:
    for module in (QtCore, QtGui, QtWidgets):  # pyqtgraph looks at every name, and PySide makes what is looked at first
        for name in dir(module):
            getattr(module, name)
            yield
    import_module("numpy.ma")  # which numpy's percentiles import as they are first used
    yield
    yield from import_by_statement("pyqtgraph")
    import_module("inspector.views.layers.layer_map")


def import_by_statement(name: str) -> Iterator[None]:
    """Import the module `name`, a step for each statement of it. Nobody else may import it until the last step."""
    spec = find_spec(name)
    source = None if spec is None or spec.loader is None else _source(spec.loader, name)
    if name in sys.modules or spec is None or source is None:
        import_module(name)
        return
    module = sys.modules[name] = module_from_spec(spec)
    tree = ast.parse(source)
    flags = annotations.compiler_flag if "annotations" in _future(tree) else 0  # the name is of the feature itself
    module.__doc__ = ast.get_docstring(tree, clean=False)
    try:
        for statement in tree.body:
            code = compile(ast.Module([statement], []), spec.origin or name, "exec", flags, dont_inherit=True)
            exec(code, module.__dict__)
            yield
    except Exception:
        sys.modules.pop(name, None)
        raise


def _future(tree: ast.Module) -> set[str]:
    """What the module imports from __future__, which holds for all of its statements."""
    found = [each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == "__future__"]
    return {alias.name for each in found for alias in each.names}


def _source(loader: object, name: str) -> str | None:
    """The module's text, where its loader has it."""
    read = getattr(loader, "get_source", None)
    return None if read is None else read(name)


_steps = _all_steps()
