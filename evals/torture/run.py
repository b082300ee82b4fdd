"""One torture from its beginning to its end."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

from rich.console import Console

from evals.report import write_json
from evals.torture import faults
from evals.torture.daemons import started
from evals.torture.script import Script
from evals.torture.supervisor import Supervisor
from evals.torture.verdict import differences, index_differences, look, tally
from memex.client import Client
from memex.config import Paths
from memex.errors import MemexError, NotFound
from memex.items import printable

BETWEEN: Final = 100
"""Kills between two rests, at which all is compared."""
SETTLES: Final = 20.0
"""Seconds within which all comes to rest by itself; then everything is looked at again."""
PATIENCE: Final = 60.0
"""Seconds of rest without any progress after which what differs differs."""
SAY_EVERY: Final = 5.0
"""Seconds between two words on how far it is."""
REFUSALS: Final = (20_000, 0, 2_000, 200, 0)
"""Failing calls in a million, in turns."""
SHOWN: Final = 40
"""Differences that are printed."""

CONFIG: Final = """\
[watch]
still = 0.2
[intake]
floor = 1
[[watch.folders]]
path = {told}
[[watch.folders]]
path = {asked}
poll = 0.4
"""


class Disagreement(MemexError):
    """The memory does not agree with the script."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to the daemons."""

    kills: int
    seed: int
    minutes: float | None = None
    """Break off after so long, and compare."""
    fault: frozenset[str] = frozenset()
    """Of "refuse", "full" and "clock"."""
    real: bool = False
    """With real models, started as users start them."""


@dataclass(slots=True)
class Figures:
    """How it went."""

    seed: int
    kills: int = 0
    events: int = 0
    rests: int = 0
    seconds: float = 0.0
    files: int = 0
    documents: int = 0
    """All that the library holds, hidden ones too."""
    late: int = 0
    """Rests at which everything had to be looked at again before all agreed."""
    mended: int = 0
    """Rests at which something was found only after the index had mended itself."""
    retried: int = 0
    """Failures owed to a fault, which were tried again as a user would."""
    refused: int = 0
    """Calls of the daemons that failed with EIO."""
    fell: int = 0
    """Times that a daemon ended by itself."""
    stuck: int = 0
    """Times that a daemon did not end when it was asked to."""


class Torture:
    """The script, its victims and the judge."""

    def __init__(
        self,
        plan: Plan,
        work: Path,
        home: Path,
        supervisor: Supervisor,
        switches: faults.Faults | None,
        say: Callable[[str], None],
    ) -> None:
        """`work` is an empty folder; `home` will be the data directory."""
        self._plan = plan
        self._random = Random(plan.seed)  # noqa: S311 (dice, no secrets)
        self._paths = Paths(home=home, config=home / "config.toml")
        self._paths.create()
        folders = (work / "told", work / "asked")
        self._paths.config.write_text(
            CONFIG.format(told=f"'{folders[0]}'", asked=f"'{folders[1]}'"), encoding="utf-8"
        )
        self._client = Client(self._paths)
        self._script = Script(
            self._random, folders, work / "aside", self._client, self._paths.spool
        )
        self._supervisor = supervisor
        self._switches = switches
        self._refusals = cycle(REFUSALS)
        self._say = say
        self._began = self._said = time.monotonic()
        self._full = False
        self.figures = Figures(plan.seed)

    def run(self) -> Figures:
        """Do it. Raises `Disagreement`."""
        while self._supervisor.kills < self._plan.kills and not self._over():
            goal = min(self._supervisor.kills + BETWEEN, self._plan.kills)
            self._torment(goal)
            self._calm()
            self._rest()
        self._supervisor.end()
        return self.figures

    def _over(self) -> bool:
        minutes = self._plan.minutes
        return minutes is not None and time.monotonic() - self._began > 60 * minutes

    def _torment(self, goal: int) -> None:
        """Events, kills and faults until so many kills are done."""
        next_kill = next_fault = 0.0
        while self._supervisor.kills < goal and not self._over():
            now = time.monotonic()
            self._supervisor.tend()
            if now >= next_fault:
                self._fault()
                next_fault = now + self._random.uniform(0.5, 3.0)
            if now >= next_kill:
                if next_kill:
                    self._supervisor.kill()
                shortly = self._random.random() < 0.3
                next_kill = now + self._random.uniform(*((0.0, 0.2) if shortly else (0.2, 1.2)))
            self._script.step()
            self._progress("")
            time.sleep(self._random.expovariate(1 / 0.08))

    def _fault(self) -> None:
        if "refuse" in self._plan.fault and self._switches:
            self._switches.refuse(next(self._refusals))
        if "clock" in self._plan.fault and self._switches:
            behind = 2 * self._supervisor.kills > self._plan.kills
            self._switches.set_clock(-faults.HOUR if behind else 0)
        if "full" in self._plan.fault:
            faults.empty(self._paths.home.parent)
            if self._random.random() < 0.4:
                faults.fill(self._paths.home.parent)

    def _calm(self) -> None:
        """No faults any more (but the clock stays where it is)."""
        if self._switches:
            self._switches.refuse(0)
        if "full" in self._plan.fault:
            faults.empty(self._paths.home.parent)

    def _rest(self) -> None:
        """Wait until all agrees. Raises `Disagreement`."""
        self._supervisor.tend(now=True)
        wrong = self._agreed(SETTLES)
        if wrong:
            self.figures.late += 1
            self._say(f"looking at everything again: {tally(wrong)}")
            for line in wrong[:SHOWN]:
                self._say(f"  {line}")
            self._supervisor.end("memex-ingest")
            wrong = self._agreed(PATIENCE)
        if not wrong and self._not_found():
            self.figures.mended += 1
            wrong = self._found_again() or self._agreed(PATIENCE)
        held = look(self._paths)
        self._supervisor.end()
        wrong = wrong or index_differences(self._paths)
        self._note(len(held.documents))
        if wrong:
            lines = "\n".join(wrong[:SHOWN])
            raise Disagreement(
                f"After {self.figures.kills} kills (seed {self._plan.seed})"
                f" {len(wrong)} things differ:\n{lines}"
            )
        self._script.world.rest(held.kept(self._script.world))

    def _agreed(self, seconds: float) -> list[str]:
        """Wait until nothing differs; what still does when nothing gets better for so long."""
        best, since, calm = 1_000_000, time.monotonic(), 0
        while True:
            self._supervisor.tend(now=True)
            wrong = self._wrong()
            calm = 0 if wrong else calm + 1
            if calm > 1:
                return []
            if len(wrong) < best:
                best, since = len(wrong), time.monotonic()
            if time.monotonic() - since > seconds:
                return wrong
            self._progress(tally(wrong))
            time.sleep(0.4)

    def _wrong(self) -> list[str]:
        if not self._script.settle_debts():
            return ["what was added by name: not acknowledged"]
        try:
            if self._client.status()["indexing"]:
                return ["the index: not in step yet"]
            if self._plan.fault & {"refuse", "full"}:
                self._retry()
        except MemexError as error:
            return [f"memexd: {error}"]
        return differences(self._script.world, self._paths, look(self._paths))

    def _retry(self) -> None:
        """Try again what failed for want of a sound disk, and not by itself."""
        poison = {printable(path) for path in self._script.world.poison()}
        for failed in self._client.failed():
            if failed["path"] in poison:
                continue
            try:
                self._client.retry(failed["id"])
            except NotFound:
                continue
            self.figures.retried += 1

    def _found_again(self) -> list[str]:
        """Wait until the index, which a search found damaged, was made again."""
        until = time.monotonic() + PATIENCE
        while wrong := self._not_found():
            if time.monotonic() > until:
                return wrong
            self._progress(tally(wrong))
            time.sleep(0.4)
        return []

    def _not_found(self) -> list[str]:
        """Some of the files that cannot be found by what they say."""
        files = {p: t for p, t in self._script.world.files.items() if t in self._script.world.texts}
        wrong = []
        for path in self._random.sample(sorted(files), min(10, len(files))):
            word = self._script.world.texts[files[path]].split()[1]
            try:
                hits = self._client.recall(f"bird {word}", limit=5)
            except MemexError as error:
                wrong.append(f"{path}: {word} cannot be looked for: {error}")
                continue
            if not any(word in hit.passage.text for hit in hits):
                wrong.append(f"{path}: {word} is not found")
        return wrong

    def _note(self, documents: int) -> None:
        self.figures.rests += 1
        self.figures.kills = self._supervisor.kills
        self.figures.fell = self._supervisor.fell
        self.figures.stuck = self._supervisor.stuck
        self.figures.events = self._script.events
        self.figures.files = len(self._script.world.files)
        self.figures.documents = documents
        self.figures.seconds = round(time.monotonic() - self._began, 1)
        self.figures.refused = self._switches.injected if self._switches else 0

    def _progress(self, what: str) -> None:
        now = time.monotonic()
        if now - self._said < SAY_EVERY:
            return
        self._said = now
        self._say(
            f"{now - self._began:4.0f} s, {self._supervisor.kills} kills,"
            f" {self._script.events} events, {len(self._script.world.files)} files"
            + (f"; still: {what}" if what else "")
        )


def torture(plan: Plan, work: Path, say: Callable[[str], None]) -> Figures:
    """Torture the daemons in an empty folder. Raises `Disagreement`, `CannotFault`."""
    with _disk(plan, work) as home:
        switches = faults.Faults(work, home) if plan.fault & {"refuse", "clock"} else None
        environment = switches.environment if switches else {}
        with started(environment, real=plan.real) as start:
            supervisor = Supervisor(start, home, Random(plan.seed))  # noqa: S311 (dice)
            try:
                return Torture(plan, work, home, supervisor, switches, say).run()
            finally:
                supervisor.end()


@contextmanager
def _disk(plan: Plan, work: Path) -> Iterator[Path]:
    """Where the data directory is to lie."""
    if "full" not in plan.fault:
        yield work / "home"
        return
    with faults.small_disk(work / "disk") as disk:
        try:
            yield disk / "home"
        except Disagreement:
            shutil.copytree(disk / "home", work / "home")
            raise


def run(
    kills: int,
    seed: int | None,
    minutes: float | None,
    fault: Sequence[str],
    json_file: Path | None,
    *,
    real: bool,
) -> None:
    """The command: torture, print, write. Raises `MemexError`."""
    errors = Console(stderr=True, soft_wrap=True)
    chosen = SystemRandom().randrange(1_000_000) if seed is None else seed
    plan = Plan(kills, chosen, minutes, frozenset(fault), real)

    def say(text: str) -> None:
        errors.print(f"… {text}", highlight=False, markup=False)

    say(f"seed {chosen}")
    work = Path(tempfile.mkdtemp(prefix="memex-torture-"))
    try:
        figures = torture(plan, work, say)
    except Disagreement:
        say(f"what there was is kept in {work}")
        raise
    except BaseException:
        shutil.rmtree(work)
        raise
    shutil.rmtree(work)
    for name, value in asdict(figures).items():
        Console().print(f"{name:10} {value:>10}", highlight=False)
    if json_file:
        write_json(json_file, "torture", [{"faults": sorted(fault), **asdict(figures)}])
