import pytest
from PySide6.QtWidgets import QCheckBox

from engine.protocol.looks import Look, Ramp
from engine.reading.colours import colour_table
from inspector.views.colour_bar import ColourBar
from inspector.views.scale_control import ScaleControl


def test_that_the_bar_runs_through_the_colours_with_zero_in_the_middle(shown):
    bar = shown(ColourBar(), 176, 32)
    bar.show_scale(12.734, Ramp("bwr"), "logits, colours span this layer")
    image, place, table = bar.grab().toImage(), bar.bar_rect(), colour_table("bwr")
    y = int(place.center().y())
    for share in (0.05, 0.25, 0.75, 0.95):
        seen = image.pixelColor(int(place.left() + share * place.width()), y).getRgb()[:3]
        wanted = table[int(share * 510)]
        assert max(abs(int(a) - int(b)) for a, b in zip(seen, wanted, strict=True)) < 12
    assert bar.numbers() == ("−12.73", "0", "+12.73")


def test_that_the_scale_is_said_in_words(shown):
    bar = shown(ColourBar(), 176, 32)
    bar.show_scale(0.5, Ramp(), "logits, one scale for all layers")
    assert bar.accessibleDescription() == "−0.50 0 +0.50 logits; logits, one scale for all layers"


@pytest.mark.parametrize("limit", [2.85, 12734.5, 3.2e-8])
def test_that_the_numbers_of_the_bar_do_not_leave_it(shown, limit):
    bar = shown(ColourBar(), 176, 32)
    bar.show_scale(limit, Ramp("bwr"), "Colours span this layer")
    assert max(map(bar.fontMetrics().horizontalAdvance, bar.numbers())) < bar.width() / 2
    assert bar.toolTip() == "Colours span this layer"


def test_that_an_empty_bar_draws_nothing(shown):
    bar = shown(ColourBar(), 176, 32)
    empty = bar.grab().toImage()
    bar.show_scale(1.0, Ramp("bwr"), "x")
    assert bar.grab().toImage() != empty
    bar.clear()
    assert bar.grab().toImage() == empty


def test_that_a_long_list_of_what_is_left_out_loses_its_middle_and_not_its_share(shown):
    titles = {"layer": "per layer", "global": "all layers", "target": "share of target"}
    control = shown(ScaleControl(titles), 480, 52)
    control.show_look(Look())
    left_out = "“<|im_start|>” −0.87, “an assistant of many words” +14.39 (35 %)"
    control.show_scale(1.0, Look().ramp, "", left_out)
    box = control.findChild(QCheckBox)
    assert "…" in box.text() and box.text().endswith("(35 %)") and box.accessibleName() == f"without {left_out}"
    assert box.sizeHint().width() <= box.width()
    control.show_scale(1.0, Look().ramp, "", "“a” 0.00")
    assert box.text() == "without “a” 0.00"
