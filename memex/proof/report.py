"""What a search of the bytes reports. Never the text itself: a report may be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memex.proof.probes import Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of the forgotten document is still there."""

    file: str
    """Its path within the data directory."""
    where: str
    """The part of the file: "bytes", "table segments, column text", "name", …"""
    probe: Kind
    times: int
    """How often probes of this kind were found there."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a part of one, whose content could not be looked into."""

    file: str
    """Its path within the data directory."""
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and how far the search could see."""

    findings: Sequence[Finding]
    unread: Sequence[Unread]
    files: int
    """Files that were searched."""
    size: int
    """Bytes of them, as they lie on the disk."""
    probes: int
    """What was looked for. Without probes, finding nothing says nothing."""

    @property
    def clean(self) -> bool:
        """Whether something was looked for and nothing was found.

        What `unread` lists is not vouched for.
        """
        return bool(self.probes) and not self.findings
