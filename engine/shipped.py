"""The files that come with the program: models, examples, icons, fonts, templates."""

from __future__ import annotations

from pathlib import Path

_IN_A_WHEEL = Path(__file__).with_name("resources")
_IN_A_CHECKOUT = Path(__file__).parents[1] / "resources"
_ROOT = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else _IN_A_CHECKOUT


def shipped(*names: str) -> Path:
    """The file or folder at `names` below `resources`, such as `shipped("icons", "pin.svg")`."""
    return _ROOT.joinpath(*names)
