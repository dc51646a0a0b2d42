import pytest

from inspector.look.numbers import grouped, percent, signed, written


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (33.457, "33.46"),
        (-12.7, "−12.70"),
        (0.001234, "0.00123"),
        (0, "0"),
        (1234.5, "1234"),
        (9.999, "10.00"),
        (-0.2901, "−0.29"),
        (2.5e-7, "2.50 × 10⁻⁷"),
        (-3e9, "−3.00 × 10⁹"),
        (float("nan"), "not a number"),
        (float("-inf"), "−∞"),
    ],
)
def test_that_numbers_are_short(value, shown):
    assert written(value) == shown


def test_that_only_what_is_above_zero_has_a_plus():
    assert [signed(value) for value in (1.5, 0, -1.5)] == ["+1.50", "0", "−1.50"]


def test_that_shares_are_percent():
    shares = (0.914, 0.0512, 0.0002, -0.0002, 1.0, 0, float("inf"))
    assert [percent(share) for share in shares] == ["91 %", "5.1 %", "< 0.1 %", "> −0.1 %", "100 %", "0.0 %", "–"]


def test_that_thousands_are_grouped_from_five_digits_on():
    assert [grouped(count) for count in (453, 8192, 20_000)] == ["453", "8192", "20\u202f000"]
