import pytest

from engine.protocol.looks import Ramp
from engine.reading.colours import colour_table
from inspector.views.legend import Legend


def test_that_the_bar_runs_through_the_colours_with_zero_in_the_middle(shown):
    legend = shown(Legend(), 600, 48)
    legend.show_scale(12.734, Ramp("bwr"), "logits, colours span this layer")
    image, bar, table = legend.grab().toImage(), legend.bar_rect(), colour_table("bwr")
    y = int(bar.center().y())
    for share in (0.05, 0.25, 0.75, 0.95):
        seen = image.pixelColor(int(bar.left() + share * bar.width()), y).getRgb()[:3]
        wanted = table[int(share * 510)]
        assert max(abs(int(a) - int(b)) for a, b in zip(seen, wanted, strict=True)) < 12
    assert legend.numbers() == ("−12.7", "0", "+12.7")


def test_that_the_scale_is_said_in_words(shown):
    legend = shown(Legend(), 600, 48)
    legend.show_scale(0.5, Ramp(), "logits, one scale for all layers")
    assert legend.accessibleDescription() == "−0.500 0 +0.500 logits; logits, one scale for all layers"


@pytest.mark.parametrize("limit", [2.85, 12734.5, 3.2e-8])
def test_that_the_numbers_of_a_narrow_legend_do_not_touch(shown, limit):
    legend = shown(Legend(), 260, 48)
    legend.show_scale(limit, Ramp("bwr"), "Scale: each layer by itself")
    low, zero, high = map(legend.fontMetrics().horizontalAdvance, legend.numbers())
    half = legend.bar_rect().width() / 2
    assert max(low, high) < half - zero / 2
    assert legend.bar_rect().right() < legend.width()
    assert legend.toolTip() == "Scale: each layer by itself"


def test_that_an_empty_legend_draws_nothing(shown):
    legend = shown(Legend(), 600, 48)
    empty = legend.grab().toImage()
    legend.show_scale(1.0, Ramp("bwr"), "x")
    assert legend.grab().toImage() != empty
    legend.clear()
    assert legend.grab().toImage() == empty
