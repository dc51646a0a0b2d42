"""Names of rule sets: for programs, for people, and with numbers in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from engine.protocol.failures import RulesError

Attention = Literal["cp", "attnlrp"]

TITLES = {
    "attnlrp": "AttnLRP",
    "cp-lrp": "CP-LRP",
    "input-x-gradient": "Input × gradient",
    "gradient": "Gradient",
}
FORM = "gamma(conv=0.25, linear=0.05)"  # of a name with numbers in it, to show in sentences

_MOST = 1e6
_CALL = re.compile(r"gamma(?:\(([^()]*)\))?")
_KEYWORD = re.compile(r"(\w+)\s*=\s*([^=\s]+)")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_QUOTED = re.compile(r"'(\w[\w-]*)'|\"(\w[\w-]*)\"")


class Gamma(Struct, frozen=True):
    """The gammas of convolutions and linear layers, and the rule set of attention. Raises RulesError."""

    conv: float = 0.25
    linear: float = 0.05
    attention: Attention = "cp"

    def __post_init__(self) -> None:
        for kind, value in (("conv", self.conv), ("linear", self.linear)):
            if not (isinstance(value, int | float) and 0 <= value <= _MOST):
                raise RulesError(f"Gamma of {kind} is a number from 0 to {_MOST:,.0f}, not {value!r}.")
        if self.attention not in ("cp", "attnlrp"):
            raise RulesError(f"Attention in gamma rules is 'cp' or 'attnlrp', not {self.attention!r}.")

    @property
    def name(self) -> str:
        """The one spelling that answers carry."""
        attention = "" if self.attention == "cp" else f", attention='{self.attention}'"
        return f"gamma(conv={_number(self.conv)}, linear={_number(self.linear)}{attention})"

    @property
    def title(self) -> str:
        """For people."""
        attention = "" if self.attention == "cp" else ", AttnLRP attention"
        return f"Gamma (conv {_number(self.conv)}, linear {_number(self.linear)}{attention})"


def gamma_of(name: str) -> Gamma | None:
    """The gammas in a name such as `gamma(conv=0.25, linear=0.05)`; `gamma` alone has the usual ones.

    None where the name is another rule set's. Raises RulesError where it is a gamma's that cannot be read.
    """
    if not re.match(r"\s*gamma\b", name):
        return None
    call = _CALL.fullmatch(name.strip())
    if call is None:
        raise RulesError(f"“{name}” is not how gamma rules are written: {FORM} is.")
    found: dict[str, object] = {}
    for keyword, value in _keywords(call[1] or "", name):
        if keyword not in Gamma.__struct_fields__ or keyword in found:
            raise RulesError(
                f"In “{name}”, {keyword} is one too many: gamma takes conv, linear and attention, once each."
            )
        found[keyword] = value
    return Gamma(**found)  # type: ignore[arg-type]  # which it checks itself


def titled(name: str) -> str:
    """What people read for a rule set's name: the name itself where there is no other."""
    try:
        gamma = gamma_of(name)
    except RulesError:
        return name
    return TITLES.get(name, name) if gamma is None else gamma.title


def _keywords(text: str, name: str) -> Iterator[tuple[str, object]]:
    for part in filter(None, map(str.strip, text.split(","))):
        written = _KEYWORD.fullmatch(part)
        if written is None:
            raise RulesError(f"In “{name}”, “{part}” is not a value by name: write {FORM}.")
        keyword, value = written.groups()
        quoted = _QUOTED.fullmatch(value)
        yield keyword, float(value) if _NUMBER.fullmatch(value) else (quoted[1] or quoted[2] if quoted else value)


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
