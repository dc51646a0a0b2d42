"""What was typed becomes the target that was meant."""

from __future__ import annotations

import pytest

from engine.protocol.targets import Class, Contrast, Target, Token, Top
from engine.terminal.typed_target import read_target


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("top", Top(7)),
        ("3", Token("3", 7)),
        (" Paris", Token(" Paris", 7)),
        ("id:17", Token(17, 7)),
        ("id:x", Token("id:x", 7)),
        ("3 - 5", Contrast("3", "5", 7)),
        (" yes -  no", Contrast(" yes", " no", 7)),
        ("3 - mean", Contrast("3", None, 7)),
        ("id:3 - id:5", Contrast(3, 5, 7)),
        ("-", Token("-", 7)),
        (" - ", Token(" - ", 7)),
        ("a-b", Token("a-b", 7)),
        ("class:LABEL_1", Class("LABEL_1", 7)),
        ("class:id:1", Class(1, 7)),
        ("class:a - b", Class("a - b", 7)),
        ("class:", Token("class:", 7)),
        ("- - -", Contrast("-", "-", 7)),
        ("", Token("", 7)),
    ],
)
def test_that_a_target_is_read_as_it_is_written(typed: str, target: Target) -> None:
    assert read_target(typed, 7) == target


def test_that_a_class_without_a_position_is_where_it_is_surest() -> None:
    assert read_target("class:B-PER") == Class("B-PER")


LABELS = ("good", "bad", "so - so", "mean", "top", "id:1")


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("good", Class("good")),
        ("class:good", Class("good")),
        ("unheard of", Class("unheard of")),
        ("id:3", Class(3)),
        ("class:id:3", Class(3)),
        ("top", Top()),
        ("class:top", Class("top")),
        ("class:", Class("class:")),
        ("good - bad", Contrast("good", "bad")),
        ("class:good - class:bad", Contrast("good", "bad")),
        ("good - class:bad", Contrast("good", "bad")),
        ("class:good - bad", Contrast("good", "bad")),
        ("id:0 - class:id:1", Contrast(0, 1)),
        ("good - mean", Contrast("good", None)),
        ("class:good - mean", Contrast("good", None)),
        ("good - class:mean", Contrast("good", "mean")),
        ("so - so", Class("so - so")),
        ("class:so - so", Class("so - so")),
        ("good - so - so", Contrast("good", "so - so")),
        ("so - so - class:good", Contrast("so - so", "good")),
        ("class:so - so - mean", Contrast("so - so", None)),
        ("3 - 8", Contrast("3", "8")),
        ("- - -", Contrast("-", "-")),
    ],
)
def test_that_of_a_model_of_classes_a_name_is_a_class_alone_as_in_a_difference(typed: str, target: Target) -> None:
    assert read_target(typed, classes=LABELS) == target


def test_that_a_class_can_have_a_position() -> None:
    assert read_target("good", 3, LABELS) == Class("good", 3)
    assert read_target("good - bad", 3, ()) == Contrast("good", "bad", 3)
