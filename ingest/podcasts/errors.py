"""What can go wrong between a podcast and this machine.

    PodcastError
    ├── AddressRefused      an address that is not asked: scheme, private network, redirects
    ├── Unreachable         nobody answers, or too slowly
    │   └── BrokenOff       the connection ended early, or brought other bytes than promised
    ├── RefusedByServer     an answer that is an HTTP error
    ├── TooLarge            more bytes than this machine is willing to take
    └── Malformed           what came is not what it should be
        └── NotAFeed        no RSS, no Atom

A full disk is `memex.errors.DiskFull`.
"""

from __future__ import annotations

from memex.errors import MemexError

_PASSING = frozenset({408, 425, 429})
"""HTTP errors below 500 that may be gone on the next attempt."""
_LASTING = frozenset({501, 505, 511})
"""HTTP errors from 500 on that will not."""


class PodcastError(MemexError):
    """Something about a podcast went wrong."""

    passing: bool = False
    """Whether the same request may succeed a little later."""
    retry_after: float | None = None
    """Seconds that the server asks to be left alone."""


class AddressRefused(PodcastError):
    """An address that Memex does not ask."""


class Unreachable(PodcastError):
    """No answer, or none in time."""

    def __init__(self, message: str, remedy: str = "", *, passing: bool = True) -> None:
        super().__init__(message, remedy)
        self.passing = passing


class BrokenOff(Unreachable):
    """The connection ended before all was there; what came is kept."""


class RefusedByServer(PodcastError):
    """The server answered with an error."""

    def __init__(
        self, message: str, remedy: str = "", *, status: int, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        """Of HTTP, as it came."""
        self.retry_after = retry_after
        self.passing = status in _PASSING or (status >= 500 and status not in _LASTING)


class TooLarge(PodcastError):
    """Beyond a bound that protects this machine."""


class Malformed(PodcastError):
    """Not what it should be."""


class NotAFeed(Malformed):
    """Neither RSS nor Atom."""
