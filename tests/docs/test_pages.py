"""What the pages point to is there, and the README's example runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")
_IN_THE_WHEEL = {"engine/resources"}
_PATH = re.compile(r"`((?:engine|inspector|tests|docs|resources)/[\w/.-]+)`")


def missing(page: Path) -> list[str]:
    """The links and paths of a page that lead nowhere. A changelog's paths are those of their time."""
    text = page.read_text(encoding="utf-8")
    links = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    paths = [] if page.name == "CHANGELOG.md" else _PATH.findall(text)
    return links + [path for path in paths if not (ROOT / path).exists() and path not in _IN_THE_WHEEL]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_that_a_page_points_to_what_is_there(page: Path) -> None:
    assert missing(page) == []


def test_that_a_lost_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](lost.md) [b](page.md#part) [c](https://example.org) `engine/lost.py` `engine/session.py`")
    assert missing(page) == ["lost.md", "engine/lost.py"]


def test_that_the_readmes_example_runs() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    names: dict[str, object] = {}
    exec(example, names)
    assert names["r"].input.shape == (len(names["trace"].tokens),)
