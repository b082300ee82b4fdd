"""Expiry: retention carried out, over one memory and its data directory.

By itself a rule holds from a day after memexd first saw it, so that there is time for
`memex retention apply --dry-run`; whoever applies the rules has agreed to them.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from memex.config import Paths, load_config
from memex.errors import MemexError, StorageError
from memex.forgetting import Forgetting, kept_sound
from memex.memory import Memex
from memex.retention import Due, Holding, Lifetime, Retention, Sound, due, told
from memex.spool import Spool

LOOK_EVERY: Final = 3600.0
"""Seconds between two looks at whether a day is over."""
DAY: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Covered:
    """A class, its rule, and what it covers now."""

    name: str
    audio: Lifetime
    transcripts: Lifetime
    documents: int
    sounds: int
    size: int
    """Bytes of its sounds."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What goes, or went."""

    due: Due
    size: int
    """Bytes of the sounds that go."""


class Expiry:
    """What the rules cover and let go."""

    def __init__(
        self,
        memex: Memex,
        paths: Paths,
        spool: Spool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """The rules are those of the configuration file at the time they are asked for."""
        self._memex = memex
        self._paths = paths
        self._forgetting = Forgetting(memex, paths, spool)
        self._now = now
        self._applying = threading.Lock()
        self._applied: datetime | None = None

    def rules(self) -> Retention:
        """What the user has set. Raises `InvalidRequest`."""
        return load_config(self._paths).retention

    def covered(self) -> list[Covered]:
        """The classes, with what each covers. Raises `InvalidRequest`, `StorageError`."""
        rules = self.rules()
        rows: dict[str, list[Holding]] = {name: [] for name in rules.classes()}
        for holding in self._holdings():
            rows[rules.class_of(holding.source, holding.consent)].append(holding)
        return [
            Covered(
                name,
                rule.audio,
                rule.transcripts,
                len(rows[name]),
                sum(len(holding.sounds) for holding in rows[name]),
                sum(self._size(holding.sounds) for holding in rows[name]),
            )
            for name, rule in rules.classes().items()
        ]

    def due(self) -> list[Gone]:
        """What the rules let go now. Raises `InvalidRequest`, `StorageError`."""
        found = due(self.rules(), self._holdings(), self._now())
        return [Gone(each, self._size(each.sounds)) for each in found]

    def apply(self) -> list[Gone]:
        """Let it go; what went. Raises `InvalidRequest`, `StorageError`."""
        with self._applying:
            rules = self.rules()
            gone = self.due()
            for each in gone:
                self._remove(each.due.sounds)
            words = [each.due.holding.document_id for each in gone if each.due.words]
            if words:
                for _ in self._forgetting.forget(*words):
                    pass
            self._note(rules, self._now() - DAY)
            self._applied = self._now()
            return gone

    def daily(self) -> None:
        """Apply the rules if a day has passed, since the last time and since they were set."""
        now = self._now()
        if self._applied is not None and timedelta() <= now - self._applied < DAY:
            return
        rules = self.rules()
        since = self._known_since(rules)
        if since is None:
            self._note(rules, now)
        elif now - since >= DAY:
            gone = self.apply()
            _log.info("retention let %d go", len(gone))

    def run(self, stopping: threading.Event) -> None:
        """Finish what was to be forgotten, and look at the rules, every hour, until it is
        told to stop.
        """
        while not stopping.is_set():
            try:
                self._forgetting.finish()
            except MemexError as error:
                _log.warning("a forgetting is not finished: %s", type(error).__name__)
            try:
                self.daily()
            except MemexError as error:
                _log.warning("retention was not applied: %s", type(error).__name__)
            stopping.wait(LOOK_EVERY)

    def _holdings(self) -> list[Holding]:
        return self._memex.library.holdings(self._paths.home.as_uri(), self._paths.audio.as_uri())

    def _remove(self, sounds: Sequence[Sound]) -> None:
        """The files first: one that is gone is found missing the next time, and noted then."""
        for path in self._paths_of(sounds):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(
                    f"{path} cannot be removed: {error.strerror}.",
                    "Mend the permissions of its folder.",
                ) from error
        if sounds:
            self._memex.library.files.lose([sound.uri for sound in sounds])

    def _size(self, sounds: Iterable[Sound]) -> int:
        return sum(path.stat().st_size for path in self._paths_of(sounds) if path.exists())

    def _paths_of(self, sounds: Iterable[Sound]) -> list[Path]:
        """Where they lie: in Memex's own folder, whatever a URI says."""
        found = (kept_sound(self._paths, sound.uri) for sound in sounds)
        return [path for path in found if path]

    @property
    def _file(self) -> Path:
        return self._paths.run / "retention.json"

    def _known_since(self, rules: Retention) -> datetime | None:
        """Since when memexd has known these rules; None where they are new."""
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
            same = known["rules"] == _name(rules)
            return datetime.fromisoformat(known["since"]) if same else None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _note(self, rules: Retention, since: datetime) -> None:
        draft = self._file.with_suffix(".tmp")
        text = json.dumps({"rules": _name(rules), "since": since.isoformat()})
        try:
            draft.write_text(text, encoding="utf-8")
            draft.chmod(0o600)
            draft.replace(self._file)
        except OSError as error:
            raise StorageError(
                f"{self._file} cannot be written: {error.strerror}.",
                "Mend the permissions of its folder.",
            ) from error


def _name(rules: Retention) -> str:
    """The rules as a text, to compare."""
    classes = sorted(rules.classes().items(), key=lambda each: each[0])
    lines = (f"{name} {told(rule.audio)} {told(rule.transcripts)}" for name, rule in classes)
    return "; ".join(lines)
