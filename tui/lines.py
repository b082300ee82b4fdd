"""Something that fills lines of a width that it is told: entries of the lists."""

from __future__ import annotations

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual


class Lines(Visual):
    """Base of the entries."""

    def lines(self, width: int) -> list[Content]:
        """The lines, none wider."""
        raise NotImplementedError

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The lines as strips."""
        joined = Content("\n").join(line.truncate(width) for line in self.lines(width))
        return joined.render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """As wide as there is room."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """How many lines."""
        return len(self.lines(width))


def hung(text: Content, width: int, indent: str) -> list[Content]:
    """Text folded to a width, each line behind an indent."""
    return [Content(indent) + line for line in text.wrap(max(8, width - len(indent)))]
