"""Defects of the window itself: shown in place and logged, never the end of the program."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Protocol

from engine.protocol.redaction import redacted
from inspector.state.trouble import Trouble


class Teller(Protocol):
    """Whoever shows a trouble."""

    def show_trouble(self, trouble: Trouble) -> None: ...


class Faults:
    """Takes what no code caught. Without a window, and if showing fails too, it goes to stderr as ever."""

    def __init__(self) -> None:
        self._teller: Teller | None = None
        self._telling = False

    def install(self) -> None:
        sys.excepthook = self._on_fault

    def tell(self, teller: Teller) -> None:
        """Show faults there from now on."""
        self._teller = teller

    def _on_fault(self, kind: type[BaseException], fault: BaseException, where: TracebackType | None) -> None:
        sys.__excepthook__(kind, fault, where)
        if self._teller is None or self._telling or not isinstance(fault, Exception):
            return
        details = redacted("".join(traceback.format_exception(kind, fault, where)))
        self._telling = True
        try:
            self._teller.show_trouble(
                Trouble(
                    f"Something went wrong in the window ({kind.__name__}). What is on show is kept.", None, details
                )
            )
        except Exception:
            traceback.print_exc()
        finally:
            self._telling = False
