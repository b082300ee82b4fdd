"""Where everything lies, and what the user has set.

`MEMEX_HOME` names one directory for all data and the configuration; without it
the XDG directories hold. Model weights are shared by all homes (`model_paths`).
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

import platformdirs

from memex.errors import InvalidRequest, StorageError
from memex.retention import OTHERS, PRIVATE, Retention, Rule, lifetime

Deleted = Literal["keep", "forget"]
Audio = Literal["opus", "original", "none"]

_TOML: Final[Mapping[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "Path": (str,),
    "Deleted": (str,),
    "Audio": (str,),
    "tuple": (list,),
    "dict": (dict,),
}
"""What a field's type is called, and what TOML has for it."""

A_YEAR: Final = 525_600
"""Minutes."""
MAX_SOCKET_PATH: Final = 100
"""Bytes; the kernel's limit on a unix socket's path is 108 on Linux, 104 on macOS."""


PLACE: Final = ".place"
"""Suffix of a file among the `downloads` that says where an episode comes from (its URI) whose
other files begin with the same name."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The data directory's layout."""

    home: Path
    config: Path

    @property
    def library(self) -> Path:
        """SQLite: the truth."""
        return self.home / "library.db"

    @property
    def index(self) -> Path:
        """LanceDB: a cache, rebuilt by `memex reindex`."""
        return self.home / "index"

    @property
    def spool(self) -> Path:
        """What waits to be read or heard."""
        return self.home / "spool"

    @property
    def work(self) -> Path:
        """Checkpoints of long recognitions."""
        return self.home / "work"

    @property
    def audio(self) -> Path:
        """Recordings that Memex keeps of its own."""
        return self.home / "audio"

    @property
    def pause(self) -> Path:
        """There while nothing is to be heard or read."""
        return self.home / "paused.json"

    @property
    def private(self) -> Path:
        """There while no microphone is to be open."""
        return self.home / "private.json"

    @property
    def gaps(self) -> Path:
        """When nothing could be heard or read."""
        return self.home / "gaps.json"

    @property
    def deaf(self) -> Path:
        """When nothing could be heard though it was to be listened."""
        return self.home / "deaf.json"

    @property
    def listening(self) -> Path:
        """Locked by a `memex listen` while it runs: as long as it is, it is listened."""
        return self.run / "listen.pid"

    @property
    def lesson(self) -> Path:
        """Locked while a voice is learnt from the microphone: memex-ears hears nothing then."""
        return self.run / "lesson.pid"

    @property
    def hushes(self) -> Path:
        """When nothing was to be heard, so that what a wearable stored then is left out."""
        return self.home / "hushes.json"

    @property
    def satellites(self) -> Path:
        """The token that satellites show."""
        return self.home / "satellites.token"

    @property
    def ears(self) -> Path:
        """How memex-ears is, while it runs."""
        return self.run / "ears.json"

    @property
    def asked(self) -> Path:
        """Touched by memexd while questions are answered, so that memex-ingest gives way."""
        return self.run / "asked"

    @property
    def logs(self) -> Path:
        """Logs of the daemons."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Locks, and what the last command showed."""
        return self.home / "run"

    @property
    def feeds_due(self) -> Path:
        """Touched by memexd when there are feeds to look at, so that memex-ingest wakes."""
        return self.run / "feeds.due"

    @property
    def downloads(self) -> Path:
        """Episodes that have come in part."""
        return self.work / "downloads"

    @property
    def socket(self) -> Path:
        """The daemon's unix socket, in a directory of mode 0700."""
        path = self.run / "memexd.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return base / f"memex-{os.getuid()}-{name}" / "memexd.sock"

    def create(self) -> None:
        """Make the directories, mode 0700. Raises `StorageError`."""
        try:
            for directory in (self.home, self.spool, self.work, self.logs, self.run):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_directory(self.socket.parent)
        except OSError as error:
            raise StorageError(
                f"The data directory {self.home} cannot be written: {error.strerror}.",
                "Mend its permissions, or name another with MEMEX_HOME.",
            ) from error


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which models are used. A role that is not set follows the profile."""

    profile: str = "tiny"
    speech: str | None = None
    embedding: str | None = None
    reader: str | None = None
    speaker: str | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    """Files or directories of the user's own, by model name."""


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder whose files are remembered as they come, `[[watch.folders]]`."""

    path: Path
    recursive: bool = True
    ignore: tuple[str, ...] = ()
    """Patterns as in a .gitignore file, besides those that always hold."""
    deleted: Deleted = "keep"
    """What becomes of what a deleted file said."""
    grace: float = 30.0
    """Days until a deleted file is forgotten, where it is."""
    poll: float | None = None
    """Seconds between two looks; None: when the system tells of a change, and on
    network disks, which do not, every minute."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How folders are watched, `[watch]`."""

    still: float = 5.0
    """Seconds for which a file must not have changed."""
    folders: tuple[WatchedFolder, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """How things are taken in, `[intake]`."""

    floor: int = 500
    """Megabytes that stay free on the data directory's disk (of a small one at most a
    twentieth): below it nothing more is taken in."""
    unload: float = 10.0
    """Minutes without work after which the recogniser leaves memory."""
    audio: Audio = "opus"
    """How the sound of what Memex recorded or fetched itself is kept once it was heard."""

    @property
    def floor_bytes(self) -> int:
        """`floor` in bytes."""
        return self.floor * 1_000_000


@dataclass(frozen=True, slots=True)
class Wearable:
    """A wearable that is heard, `[[listen.wearables]]`."""

    address: str
    """As `memex wearable scan` shows it."""
    name: str = ""
    """What it is called here; "" for its address."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How Memex hears, `[listen]`."""

    always: bool = False
    """Whether the microphone is open whenever memex-ears runs; otherwise while a
    `memex listen` does."""
    device: str = ""
    """The microphone, by a part of its name; "" is the system's default."""
    pause: float = 60.0
    """Seconds of silence after which a recording ends."""
    longest: float = 10.0
    """Minutes after which a recording is parted at the next pause."""
    silent: float = 20.0
    """Minutes in which nothing is heard until that is said."""
    chime: bool = True
    """Whether a short tone says that listening began or ended."""
    wyoming: str = ""
    """Where devices that stream Wyoming events are listened for: "127.0.0.1:10300"."""
    speakers: bool = True
    """Whether it is told who speaks in what is recognised."""
    names: bool = True
    """Whether names that the memory knows replace those that were misheard."""
    better: str = ""
    """The speech model by which what was heard is recognised again while the machine is idle;
    "" for none."""
    wearables: tuple[Wearable, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracing:
    """How long it is known what was asked, `[traces]`."""

    enabled: bool = True
    """Whether a query leaves a trace."""
    keep: int = 10_000
    """Traces, at most; the oldest go first."""
    days: float = 365.0
    """Days after which one goes."""


@dataclass(frozen=True, slots=True)
class Answering:
    """How questions are answered, `[answers]`."""

    unload: float = 30.0
    """Minutes without a question after which the reader leaves memory; 0: never."""
    sure: float = 0.33
    """How probable it must be, 0 to 1, that what was found answers a question: below it the
    answer is "not found"."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration file, read once at the start of a process."""

    paths: Paths
    models: ModelChoice
    watch: Watching = Watching()
    intake: Intake = Intake()
    retention: Retention = field(default_factory=Retention)
    listen: Listening = Listening()
    traces: Tracing = Tracing()
    answers: Answering = Answering()


S = TypeVar(
    "S", ModelChoice, Watching, WatchedFolder, Intake, Listening, Wearable, Tracing, Answering
)


def private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, and refuse another's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = path.stat()
    if state.st_uid != os.getuid():
        raise StorageError(f"{path} belongs to another user.", "Remove it, or set XDG_RUNTIME_DIR.")
    if state.st_mode & 0o077:
        path.chmod(0o700)


def default_paths() -> Paths:
    """The layout that the environment asks for."""
    named = os.environ.get("MEMEX_HOME")
    if named:
        home = Path(named).expanduser().absolute()
        return Paths(home=home, config=home / "config.toml")
    home = Path(platformdirs.user_data_dir("memex", appauthor=False))
    config = Path(platformdirs.user_config_dir("memex", appauthor=False)) / "config.toml"
    return Paths(home=home, config=config)


def model_paths() -> list[Path]:
    """The directories searched for model weights; a pull writes into the first.

    `MEMEX_MODELS`, else the user's data directory; then the environment that
    Memex is installed in (where the Makefile puts the embedded defaults).
    """
    named = os.environ.get("MEMEX_MODELS")
    user = Path(platformdirs.user_data_dir("memex", appauthor=False)) / "models"
    first = Path(named).expanduser().absolute() if named else user
    found = [first, user, Path(sys.prefix) / "share" / "memex" / "models"]
    return list(dict.fromkeys(found))


def load_config(paths: Paths | None = None) -> Config:
    """Read the configuration. Raises `InvalidRequest` naming the faulty line or key."""
    paths = paths or default_paths()
    try:
        table = tomllib.loads(paths.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        table = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRequest(f"{paths.config} cannot be read: {error}.", "Mend it.") from error
    return Config(
        paths=paths,
        models=_models(paths.config, table.pop("models", {})),
        watch=_watching(paths.config, table.pop("watch", {})),
        intake=_intake(paths.config, table.pop("intake", {})),
        retention=_retention(paths.config, table.pop("retention", {})),
        listen=_listening(paths.config, table.pop("listen", {})),
        traces=_tracing(paths.config, table.pop("traces", {})),
        answers=_answering(paths.config, table.pop("answers", {})),
    )


def _models(file: Path, table: Any) -> ModelChoice:  # noqa: ANN401 (whatever stands there)
    choice = _section(file, "models", ModelChoice, table)
    return replace(
        choice, paths={name: Path(path).expanduser() for name, path in choice.paths.items()}
    )


def _watching(file: Path, table: Any) -> Watching:  # noqa: ANN401 (whatever stands there)
    watching = _section(file, "watch", Watching, table)
    folders = tuple(_watched(file, folder) for folder in watching.folders)
    return replace(watching, folders=folders)


def _watched(file: Path, table: Any) -> WatchedFolder:  # noqa: ANN401 (whatever stands there)
    folder = _section(file, "[watch.folders]", WatchedFolder, table)
    if folder.deleted not in get_args(Deleted):
        raise InvalidRequest(
            f"{file}: [[watch.folders]] deleted is one of {', '.join(get_args(Deleted))}.",
            "Mend it.",
        )
    path = Path(os.path.abspath(Path(folder.path).expanduser()))  # noqa: PTH100 (links stay)
    return replace(folder, path=path, ignore=tuple(folder.ignore))


def _intake(file: Path, table: Any) -> Intake:  # noqa: ANN401 (whatever stands there)
    intake = _section(file, "intake", Intake, table)
    if intake.audio not in get_args(Audio):
        raise InvalidRequest(
            f"{file}: [intake] audio is one of {', '.join(get_args(Audio))}.", "Mend it."
        )
    return intake


def _listening(file: Path, table: Any) -> Listening:  # noqa: ANN401 (whatever stands there)
    listen = _section(file, "listen", Listening, table)
    worn = [_section(file, "[listen.wearables]", Wearable, each) for each in listen.wearables]
    return replace(listen, wearables=tuple(worn))


def _tracing(file: Path, table: Any) -> Tracing:  # noqa: ANN401 (whatever stands there)
    tracing = _section(file, "traces", Tracing, table)
    if tracing.keep < 0 or tracing.days < 0:
        raise InvalidRequest(f"{file}: [traces] keep and days are not below 0.", "Mend it.")
    return tracing


def _answering(file: Path, table: Any) -> Answering:  # noqa: ANN401 (whatever stands there)
    answers = _section(file, "answers", Answering, table)
    if not (0 <= answers.unload <= A_YEAR and 0 <= answers.sure <= 1):
        raise InvalidRequest(
            f"{file}: [answers] unload is from 0 to {A_YEAR:,} minutes, sure from 0 to 1.",
            "Mend it.",
        )
    return answers


def _retention(file: Path, table: Any) -> Retention:  # noqa: ANN401 (whatever stands there)
    known = {"audio", "transcripts", "private", "sources"}
    sources = table.get("sources", {}) if isinstance(table, dict) else None
    if not isinstance(sources, dict) or not set(table) <= known:
        raise InvalidRequest(f"{file}: [retention] takes {', '.join(sorted(known))}.", "Mend it.")
    if reserved := {PRIVATE, OTHERS} & set(sources):
        raise InvalidRequest(
            f"{file}: [retention.sources] cannot have {', '.join(sorted(reserved))}.", "Mend it."
        )
    own = {name: text for name, text in table.items() if name in {"audio", "transcripts"}}
    others = _rule(file, "retention", own, Rule())
    private = _lifetime(file, "[retention] private", table.get("private", "never"))
    return Retention(
        others,
        Rule(private, private),
        {
            name: _rule(file, f"retention.sources.{name}", rule, others)
            for name, rule in sources.items()
        },
    )


def _rule(file: Path, name: str, table: Any, default: Rule) -> Rule:  # noqa: ANN401
    """A table as a rule; what it leaves out is as in `default`. Raises `InvalidRequest`."""
    if not isinstance(table, dict) or not set(table) <= {"audio", "transcripts"}:
        raise InvalidRequest(f"{file}: [{name}] takes audio, transcripts.", "Mend it.")
    times = {key: _lifetime(file, f"[{name}] {key}", text) for key, text in table.items()}
    return replace(default, **times)


def _lifetime(file: Path, name: str, text: Any) -> timedelta | None:  # noqa: ANN401
    try:
        return lifetime(text)
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{file}: {name} is a time such as 12h, 30d or 8w, or forever, or never.", "Mend it."
        ) from error


def _section(file: Path, name: str, kind: type[S], table: Any) -> S:  # noqa: ANN401
    """A table as a dataclass. Raises `InvalidRequest` for keys and types that are not its."""
    known = {each.name: str(each.type).partition(" |")[0] for each in fields(kind)}
    if not isinstance(table, dict) or not set(table) <= set(known):
        raise InvalidRequest(f"{file}: [{name}] takes {', '.join(sorted(known))}.", "Mend it.")
    for key, value in table.items():
        if not isinstance(value, _TOML[known[key].partition("[")[0]]):
            raise InvalidRequest(f"{file}: [{name}] {key} takes a {known[key]}.", "Mend it.")
    try:
        return kind(**table)
    except TypeError as error:
        raise InvalidRequest(f"{file}: [{name}] is not whole: {error}.", "Mend it.") from error
