"""What a module is made of: found once, kept with the module under a weak key, and found again once it has changed.

What is kept is which parts there are and which of them were chosen, as places in the list of all parts. Before each use
it is checked that every part is alive, of the type it was, and has the children it had; that takes a fraction of the
walk that found them. Whatever else can change (parameters, whether they require a gradient, modes, settings) is not
kept but read from the parts each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary, ref

from torch import nn

Choose = Callable[[nn.Module], bool]
Arrange = Callable[[nn.Module], Sequence[Sequence[nn.Module]]]


class _Anatomy:
    """The parts of one module, itself first. Holds none of them alive."""

    def __init__(self, module: nn.Module) -> None:
        parts = list(module.modules())
        self._parts = [ref(part) for part in parts]
        self._types = [type(part) for part in parts]
        self._children = [tuple(map(id, part._modules.values())) for part in parts]
        self.chosen: dict[Choose, list[int]] = {}
        self.arranged: dict[Arrange, list[list[int]]] = {}

    def parts(self) -> list[nn.Module] | None:
        """The parts; None where the module is not what it was."""
        parts = [part for known in self._parts if (part := known()) is not None]
        if len(parts) < len(self._parts) or [type(part) for part in parts] != self._types:
            return None
        # Every known part is alive, so an equal id is the same part
        for part, children in zip(parts, self._children, strict=True):
            if tuple(map(id, part._modules.values())) != children:
                return None
        return parts


_known: WeakKeyDictionary[nn.Module, _Anatomy] = WeakKeyDictionary()


class _Held(threading.local):
    """What is not checked again for now, in this thread."""

    def __init__(self) -> None:
        self.anatomies: dict[int, tuple[_Anatomy, list[nn.Module]]] = {}


_held = _Held()


@contextmanager
def unchanged(module: nn.Module) -> Iterator[None]:
    """Inside the `with`, which no code of the user's runs in but the model's own, `module` is checked once."""
    if id(module) in _held.anatomies:
        yield
        return
    _held.anatomies[id(module)] = _anatomy(module)
    try:
        yield
    finally:
        del _held.anatomies[id(module)]


def _anatomy(module: nn.Module) -> tuple[_Anatomy, list[nn.Module]]:
    if (held := _held.anatomies.get(id(module))) is not None:
        return held
    known = _known.get(module)
    parts = None if known is None else known.parts()
    if known is None or parts is None:
        known = _known[module] = _Anatomy(module)
        parts = known.parts()
        assert parts is not None
    return known, parts


def parts_of(module: nn.Module) -> list[nn.Module]:
    """Every part of `module`, itself first, each once, as `module.modules()` gives them."""
    return _anatomy(module)[1]


def parts_that(choose: Choose, module: nn.Module) -> list[nn.Module]:
    """The parts for which `choose` holds. It is asked once, and may look at types and children alone."""
    known, parts = _anatomy(module)
    places = known.chosen.get(choose)
    if places is None:
        places = known.chosen[choose] = [place for place, part in enumerate(parts) if choose(part)]
    return [parts[place] for place in places]


def parts_in(arrange: Arrange, module: nn.Module) -> list[list[nn.Module]]:
    """The lists of parts that `arrange` gives for `module`. It is asked once."""
    known, parts = _anatomy(module)
    places = known.arranged.get(arrange)
    if places is None:
        place_of = {id(part): place for place, part in enumerate(parts)}
        places = known.arranged[arrange] = [[place_of[id(part)] for part in some] for some in arrange(module)]
    return [[parts[place] for place in some] for some in places]
