"""The index of decisions has every record, as the record's own first lines say."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")

_HEAD = re.compile(r"# (.+)\n\n\*(\d{4}-\d\d-\d\d), (.+)\*\n\n")


def test_that_every_record_begins_with_title_date_and_status() -> None:
    assert [path.name for path in RECORDS if not _HEAD.match(path.read_text(encoding="utf-8"))] == []


def test_that_the_index_has_every_record_and_no_other() -> None:
    written = []
    for path in RECORDS:
        title, date, status = _HEAD.match(path.read_text(encoding="utf-8")).groups()
        written.append(f"| [{title}]({path.name}) | {date} | {status} |")
    index = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert sorted(line for line in index if line.startswith("| [")) == sorted(written)
