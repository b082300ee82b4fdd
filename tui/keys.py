"""All keys, on one sheet."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from tui.why import Sheet

KEYS: Final = {
    "Everywhere": {
        "F2 to F5": "search, ask, library, live",
        "F8": "private: close every microphone, or open it again",
        "F9": "pause: hear and read nothing, or go on",
        "Ctrl+P": "every command, found by its name",
        "Tab": "on to the chips, the hits, the text",
        "Esc": "back, from the text to the hits to the line",
        "/": "to the line, to type",
        "Ctrl+Q": "quit; q does, where nothing is typed",
    },
    "The line of search": {
        "↓ Enter": "into the hits; Enter leaves a trace",
        "↑ ↓": "earlier queries and later ones",
        "Ctrl+S": "save the query; once more takes it back",
        "Ctrl+R": "pick a saved query or an earlier one",
        "Ctrl+U": "begin anew",
    },
    "A hit, a citation, a text": {
        "Enter": "play it from its second; read what is written",
        "+ -": "right, wrong; once more takes it back",
        "y": "copy the quote with its source",
        "o": "open it in the editor, pager or reader",
        "j k": "down and up",
    },
    "While something plays": {
        "Space": "pause, go on",
        "← →": "to the utterance before, to the next",
        "[ ]": "slower, faster: 0.75 to 2",
        "s": "stop",
    },
    "A question": {
        "↑ ↓": "from the line to what the last answer quotes, the answer, those above; back",
        "e": "edit it and ask again; Esc leaves it as it is",
        "r R": "ask it again; all that are stale, since what they follow was asked again",
        "w": "why the answer is as it is",
        "c": "correct the citation, or the answer: it is called wrong, and what you write is noted",
    },
    "The library": {
        "F4": "once more: on to people, podcasts, watched folders, gaps",
        "↓": "from the line, whose words narrow the list, into it",
        "Enter": "open a document; why something could not be read",
        "f": "forget a document, once you saw what goes",
        "r R": "let what failed be read again: one, all",
        "d": "give up what failed",
        "n p": "a voice: say who it is; hear it, and once more other words of it",
        "m": "a voice: it is you",
        "a d": "a podcast, a folder: add one; remove this one",
        "r": "a podcast: look for new episodes now; R of all",
    },
    "Live": {
        "↑ ↓": "back to what was said, on to the newest",
        "Enter": "play it, or read it, once it is stored",
        "End": "to the newest, and on with it",
    },
}


class Keys(Sheet):
    """The sheet."""

    def __init__(self) -> None:
        """What each key does."""
        parts = []
        for title, keys in KEYS.items():
            lines = [Content.styled(title, "bold $text-primary")]
            lines += [
                Content.assemble((f"  {key:<10}", "bold $text-accent"), said)
                for key, said in keys.items()
            ]
            parts.append(Content("\n").join(lines))
        super().__init__("Keys", Content("\n\n").join(parts))
