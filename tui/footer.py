"""The last line: the keys that do something here."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class Keyline(Footer):
    """Textual's, which is made anew whenever keys may have changed, as with every search; here
    only where others are shown.
    """

    _shown: tuple[object, ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Keys may do something else by now."""
        shown = tuple(
            (binding, active.enabled, active.tooltip)
            for active in screen.active_bindings.values()
            if (binding := active.binding).show
        )
        if screen.app.app_focus and shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)
