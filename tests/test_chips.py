from __future__ import annotations

import pytest

from memex.chips import chip, renamed


@pytest.mark.parametrize(
    ("query", "now"),
    [
        ('from:"Voice 3" roses', 'from:"Ada Palmer" roses'),
        ("roses from:“voice  3” kind:audio", 'roses from:"Ada Palmer" kind:audio'),
        ('FROM:"Voice 3"', 'from:"Ada Palmer"'),
        ('from:"Voice 31" Voice 3', 'from:"Voice 31" Voice 3'),
        ('kind:"Voice 3" xfrom:"Voice 3"', 'kind:"Voice 3" xfrom:"Voice 3"'),
    ],
)
def test_a_chip_has_the_new_name(query: str, now: str) -> None:
    assert renamed(query, "Voice 3", "Ada Palmer") == now


def test_a_name_that_no_chip_can_have_leaves_it() -> None:
    assert chip("from", '"”') == ""
    assert renamed("from:Ada", "Ada", '"”') == "from:Ada"
