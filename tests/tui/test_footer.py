"""The last line."""

from __future__ import annotations

from textual.widgets._footer import FooterKey

from tests.tui.driving import Driver, drive


def test_the_footer_is_made_anew_only_where_other_keys_are_shown() -> None:
    async def steps(it: Driver) -> None:
        def keys() -> list[FooterKey]:
            return list(it.main.query(FooterKey))

        await it.type("hypertex")
        await it.sees("3 hits", "Earlier")
        before = keys()
        await it.type("t")
        await it.until(lambda: it.main.search.results.findings.query == "hypertext")
        await it.pilot.pause(0.1)
        assert keys() == before
        await it.press("enter")
        await it.sees("Play, read")
        assert not set(keys()) & set(before)

    drive(steps)
