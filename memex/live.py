"""What is being heard, told to whoever follows: how the devices are, and captions.

memex-ears and memex-ingest post events, memexd keeps the latest and hands them on.
Nothing of it lasts: what was said is in the spool and in the library.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from math import isfinite
from typing import Any, Final, Literal, TypeVar, get_args

from memex.errors import DaemonUnavailable, InvalidRequest, MemexError

Listening = Literal["listening", "paused", "private", "silent", "lost", "off"]
"""How a device is: "silent" hears nothing though it is open, "lost" is gone."""

SHORT: Final = 200
"""Characters of a name or a reason."""
LONG: Final = 5_000
"""Characters of a caption; half a minute of talk has 600."""
EVENTS: Final = 1_000
"""Events that are posted together, at most."""
DEVICES: Final = 64
"""Devices, and open captions, that are remembered for whoever comes."""
WAITING: Final = 10_000
"""Things of which the latest waits for a slow follower: a day's utterances."""
FOLLOWERS: Final = 16
"""At the same time; each takes a thread of memexd."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks at whether memex-ears still runs, while somebody follows."""
GONE: Final = "memex-ears ended"
"""Why a device is off that it had; it may have been killed."""


@dataclass(frozen=True, slots=True)
class State:
    """How a device is."""

    source: str
    """What heard it: one of `memex.types.LIVE`."""
    device: str
    state: Listening
    at: str
    """ISO 8601, with zone."""
    reason: str = ""
    level: float | None = None
    """dBFS of what it hears just now."""
    recording: str | None = None
    """What is being recorded."""

    @property
    def key(self) -> tuple[str, ...]:
        """What the event is about."""
        return ("state", self.source, self.device)


@dataclass(frozen=True, slots=True)
class Caption:
    """An utterance as it is said."""

    recording: str
    utterance: int
    """Counted from 0 within the recording."""
    source: str
    device: str
    at: str
    """When it began: ISO 8601, with zone."""
    settled: str = ""
    """Words that stay."""
    open: str = ""
    """Words that may change."""
    final: bool = False
    """Whether the utterance is over, and this its last caption."""
    speaker: str | None = None
    document: str | None = None
    """Where it can be found, once it can be."""

    @property
    def key(self) -> tuple[str, ...]:
        """What the event is about."""
        return ("caption", self.recording, str(self.utterance))


LiveEvent = State | Caption
E = TypeVar("E", State, LiveEvent)
_KINDS: Final[Mapping[str, type[State] | type[Caption]]] = {"state": State, "caption": Caption}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "Listening": (str,),
    "int": (int,),
    "bool": (bool,),
    "float | None": (int, float, type(None)),
}


def event_to_json(event: LiveEvent) -> dict[str, Any]:
    """An event as `docs/json.md` has it."""
    kind = "state" if isinstance(event, State) else "caption"
    return {"kind": kind, **asdict(event)}


def event_from_json(given: object) -> LiveEvent:
    """The inverse. Raises `InvalidRequest` for what is no event, or too long."""
    if not isinstance(given, dict) or given.get("kind") not in _KINDS:
        raise InvalidRequest("A live event has the kind 'state' or 'caption'.")
    kind = _KINDS[given["kind"]]
    known = {field.name: str(field.type) for field in fields(kind)}
    values = {name: value for name, value in given.items() if name in known}
    for name, value in values.items():
        if type(value) not in _TYPES[known[name]]:
            raise InvalidRequest(f"{name!r} of a live event takes a {known[name]}.")
        longest = LONG if name in {"settled", "open"} else SHORT
        if isinstance(value, str) and len(value) > longest:
            raise InvalidRequest(f"{name!r} of a live event is longer than {longest} characters.")
    try:
        event = kind(**values)
        timely = datetime.fromisoformat(event.at).tzinfo is not None
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"This is no live event: {error}.") from error
    if not timely:
        raise InvalidRequest("'at' of a live event needs a time zone.")
    if isinstance(event, State) and event.state not in get_args(Listening):
        raise InvalidRequest(f"A device is one of {', '.join(get_args(Listening))}.")
    if isinstance(event, State) and event.level is not None and not isfinite(event.level):
        return replace(event, level=None)  # of samples that are all zero
    return event


class LiveBoard:
    """The latest event of each device and of each utterance that is not over."""

    def __init__(self, ears: Callable[[], int | None] = lambda: None) -> None:
        """Nobody says anything, nobody follows. `ears` says which process memex-ears is."""
        self._ears = ears
        self._tellers: dict[tuple[str, ...], int | None] = {}
        """The memex-ears that told how a device is."""
        self._looked = 0.0
        self._news = threading.Condition()
        self._states: OrderedDict[tuple[str, ...], State] = OrderedDict()
        self._captions: OrderedDict[str, Caption] = OrderedDict()
        self._queues: list[OrderedDict[tuple[str, ...], LiveEvent]] = []
        self._closed = False

    def post(self, *events: LiveEvent) -> int:
        """Note events and wake the followers; how many there are."""
        with self._news:
            self._hand_on(events)
            return len(self._queues)

    def close(self) -> None:
        """End all following."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def follow(self, idle: float = 1.0) -> Iterator[LiveEvent | None]:
        """How all is, then what comes; None when nothing came for `idle` seconds, so that
        the follower can see whether anybody still listens.

        Of what a slow follower has not taken yet it gets the latest of each device and
        utterance. Raises `DaemonUnavailable` when the daemon stops, `MemexError` where
        too many follow.
        """
        queue = self._enter()
        try:
            while True:
                with self._news:
                    self._see_off()
                    if not queue and not self._closed:
                        self._news.wait(idle)
                    if self._closed:
                        raise DaemonUnavailable("Memex is shutting down.", "")
                    event = queue.popitem(last=False)[1] if queue else None
                yield event
        finally:
            with self._news:
                self._queues = [other for other in self._queues if other is not queue]

    def _enter(self) -> OrderedDict[tuple[str, ...], LiveEvent]:
        with self._news:
            if len(self._queues) >= FOLLOWERS:
                raise MemexError(f"{FOLLOWERS} follow what is said already.", "Close one of them.")
            queue: OrderedDict[tuple[str, ...], LiveEvent] = OrderedDict()
            latest: list[LiveEvent] = [*self._states.values(), *self._captions.values()]
            for event in latest:
                queue[event.key] = event
            self._queues.append(queue)
            return queue

    def _hand_on(self, events: Sequence[LiveEvent]) -> None:
        """Note events and wake the followers."""
        ears = self._ears() if any(isinstance(event, State) for event in events) else None
        for event in events:
            self._note(event, ears)
            for queue in self._queues:
                _put(queue, event, WAITING)
        if events:
            self._news.notify_all()

    def _see_off(self) -> None:
        """Devices of a memex-ears that is gone are off: it may have been killed, and said
        nothing.
        """
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        ears, now = self._ears(), datetime.now().astimezone().isoformat()
        self._hand_on(
            [
                replace(state, state="off", reason=GONE, at=now, level=None, recording=None)
                for key, state in self._states.items()
                if state.state != "off" and self._tellers.get(key) != ears
            ]
        )

    def _note(self, event: LiveEvent, ears: int | None) -> None:
        if isinstance(event, State):
            _put(self._states, event, DEVICES)
            self._tellers = {key: self._tellers.get(key) for key in self._states}
            self._tellers[event.key] = ears
            return
        before = self._captions.pop(event.recording, None)
        if not event.final:
            self._captions[event.recording] = event
        elif before and before.utterance > event.utterance:  # the next one has begun already
            self._captions[event.recording] = before
        while len(self._captions) > DEVICES:
            self._captions.popitem(last=False)


def _put(events: OrderedDict[tuple[str, ...], Any], event: LiveEvent, most: int) -> None:
    """The latest of each; what has waited longest gives way."""
    events.pop(event.key, None)
    events[event.key] = event
    while len(events) > most:
        events.popitem(last=False)
