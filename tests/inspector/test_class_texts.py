from __future__ import annotations

import pytest

from inspector.state.class_texts import class_line, read_class_texts


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("", ()),
        ("a cat, a dog ", ("a cat", "a dog")),
        ('"a cat, asleep", a dog', ("a cat, asleep", "a dog")),
        ('"say ""hi"", you",a 6" pipe', ('say "hi", you', 'a 6" pipe')),
        ("a cat,, a dog,", ("a cat", "", "a dog", "")),
        ("a\ncat,a dog", ("a cat", "a dog")),
    ],
)
def test_that_commas_part_texts_unless_they_are_in_quotes(line: str, texts: tuple[str, ...]) -> None:
    assert read_class_texts(line) == texts
    assert read_class_texts(class_line(texts)) == texts


@pytest.mark.parametrize("line", ['"a cat, asleep', '"a cat" and a dog, a bird', 'a dog, "'])
def test_that_a_quote_astray_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="ends with one"):
        read_class_texts(line)
