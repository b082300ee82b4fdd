"""What was decided, and what was promised: told by the words it is said with, in English.

These are rules to be read, not a model: they miss what is said otherwise, and what is said so in
a book or by the host of a podcast is nobody's promise, so those are not asked.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Sort = Literal["decided", "promised"]

_DOING: Final = (
    "ask|book|bring|buy|call|check|collect|come|cook|deliver|do|draft|drive|email|fetch|fill|"
    "find(?! out)|finish|fix|forward|give|help|invite|lend|let you know|look|mail|make|"
    "meet|message|order|organi[sz]e|pay|phone|pick|post|prepare|print|put|repair|reply|return|ring|send|"
    "set|share|show|speak|take|tell|text|try|visit|wash|write"
)
_PROMISED: Final = re.compile(
    r"\b(?:i|we)(?:['’]ll| will)(?: (?:also|just|gladly|certainly|definitely|then))?"
    rf" (?:{_DOING})\b"
    r"|\b(?:i|we|he|she|they) promised?\b"
    r"|\b(?:has|have|had|i['’]ve|we['’]ve) promised\b"
    r"|\byou have my word\b",
    re.IGNORECASE,
)
_DECIDED: Final = re.compile(
    r"\b(?:i|we|they|he|she)(?:['’]ve| have| has)?(?: all| finally| now| just)?"
    r" (?:decided|agreed|settled on|chosen|chose)\b"
    r"|\b(?:was|were|is|been) (?:decided|agreed|settled)\b|\bit['’]s (?:decided|agreed|settled)\b"
    r"|\blet['’]s (?:go with|go for|stick with|settle on|use|take)\b"
    r"|\bthe decision (?:is|was)\b|\b(?:made|reached|came to) (?:a|the|our) decision\b"
    r"|\bwe(?:['’]ll| will|['’]re going to| are going to) (?:go with|stick with|go for)\b",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"(?:\bnot|\bnever|n['’]t|\bnobody|\bif|\bwhether|\bunless|\bonce|\bnothing|\bwould have)"
    r"(?: [\w'’]+){0,3} (?:decided|agreed|settled|chosen|chose|promised?|decision)\b",
    re.IGNORECASE,
)
_SAYINGS: Final = re.compile(
    r"\b(?:i|we)(?:['’]ll| will) (?:tell you what|do my best|put it|try to explain|make it short)\b"
    r"|\b(?:what|thing) (?:i|we)(?:['’]ll| will)\b"
    r"|\blet['’]s take (?:a|an|the) (?:break|look|moment|example|question)\b",
    re.IGNORECASE,
)


def sort_of(sentence: str) -> Sort | None:
    """Whether a sentence tells of a decision or of a promise; a question tells of neither."""
    if sentence.rstrip("\"'”’) ").endswith("?") or _DENIED.search(sentence):
        return None
    told = _SAYINGS.sub(" ", sentence)
    if _DECIDED.search(told):
        return "decided"
    return "promised" if _PROMISED.search(told) else None
