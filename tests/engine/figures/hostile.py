"""Strings that break programs: what TeX, terminals, fonts and UTF-8 each cannot stand."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_SPECIAL = "\\{}$&#^_~%\"'`<>|-"
_COMMANDS = (
    *("\\input{/nonexistent}", "^^5cinput /nonexistent ", "\\write18{true}", "\\csname", "\\end{document}", "\\char"),
    *(
        "\\relax{}",
        "}}}",
        "{{{",
        "$$",
        "^^M",
        "^^",
        "\\par",
        "\\undefined",
        "\\begin{x}",
        "\\directlua{error()}",
        "%\n",
    ),
)
_SPACES = ("\n", "\r\n", "\t", " ", "    ", "\u00a0", "\u2028", "\u3000")
_UNSEEN = "\x00\x1b\x7f\x85\u00ad\u202e\u2066\u200b\u200d\ufe0f\ufeff\U000e0041\ufffe\uffff\U0010ffff\ue000\u3164\ufffd"
_BROKEN = ("\ud800", "\udfff", "\udc80", "\x1b[31m", "\u0301", "\u0301" * 40, "e\u0301", "\u20e3", "\u200d\u200d")
_SCRIPTS = ("سلام", "שלום", "هذا (a) نص", "中文", "かな", "한국어", "हिन्दी", "क्षि", "ไทย", "Ελλάδα", *"Ħßŉ−𝔘𓀀")
_EMOJI = ("😀", "🚀", "👨‍👩‍👧", "🇩🇪", "1️⃣", "👍🏽", "❤️", "\U0001f1e9", "👨" + "\u200d👩" * 30)
_PLAIN = ("a" * 200, "=" * 80, "Everest", " the", "8,3", "ffi")

FRAGMENTS = (*_SPECIAL, *_COMMANDS, *_SPACES, *_UNSEEN, *_BROKEN, *_SCRIPTS, *_EMOJI, *_PLAIN)

hostile_text: SearchStrategy[str] = st.lists(
    st.sampled_from(FRAGMENTS) | st.text(max_size=6) | st.text(st.characters(), max_size=6), max_size=5
).map("".join)


Value = TypeVar("Value")


def examples(strategy: SearchStrategy[Value], count: int) -> list[Value]:
    """Values as Hypothesis would try them, for a test that is too slow to run once for each."""
    found: list[Value] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def collect(value: Value) -> None:
        found.append(value)

    collect()
    return found
