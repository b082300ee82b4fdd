"""What hearing costs and how soon what is said is shown and found: real recordings, played
at real time into a virtual microphone that memex-ears hears.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

import jiwer
import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from evals.bench.figures import Figure, Setting
from evals.bench.process import cpu_seconds, resident_mb
from evals.bench.scene import Scene, scene
from evals.rooms import write_wav
from ingest.sound import Sound
from memex.recordings import RATE
from memex.types import Word

SILENCE: Final = 60.0
"""Seconds in which nothing is said."""
SETTLING: Final = 20.0
"""Seconds in which the daemons come to rest before."""
PAUSE: Final = 1.0
"""Seconds between two utterances."""
TALK: Final = 300.0
"""Seconds of talk; it is said again and again while the processor is busy."""
HEARD: Final = ("memex-ears", "memex-ingest")
"""The processes whose cost counts; memexd embeds what they hand over."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Utterances, joined."""

    file: Path
    text: str
    seconds: float


def measure(setting: Setting) -> list[Figure]:
    """Silence, talk, and talk on a machine that is otherwise busy."""
    talk = _talk(setting)
    with scene(setting.work / "home") as heard:
        opened = time.time()
        time.sleep(SETTLING)
        setting.say(f"hearing {SILENCE:.0f} s of silence")
        idle = _cost(heard, SILENCE)
        memory = sum(resident_mb(heard.pid(role)) for role in HEARD)
        setting.say(f"hearing {talk.seconds:.0f} s of talk")
        talking = _played(heard, talk)
        heard.settle()
        quiet = _delays(heard)
        texts = _texts(heard)
        setting.say(f"hearing {setting.minutes} min of talk while the processor is busy")
        busy_until = time.monotonic() + 60 * setting.minutes
        with _load():
            while time.monotonic() < busy_until:
                _played(heard, talk)
            heard.settle()
        closed, counts = heard.counts()
    wers = [_wer(talk.text, text) for text in texts]
    accounted = (counts["spooled"] + counts["silent"] + counts["lost"]) / RATE / (closed - opened)
    note = f"{talk.seconds:.0f} s of real utterances through a virtual microphone"
    return [
        Figure("live, idle", 100 * idle, "% of a core", "at most 2", note),
        Figure("live, idle, memory", memory, "MB", "at most 150"),
        Figure("live, talking, captions followed", 100 * talking, "% of a core", "at most 35"),
        *quiet,
        Figure("live, WER as it was said", 100 * wers[0], "%"),
        Figure("live, WER in the end", 100 * wers[1], "%"),
        Figure("live, WER as said / in the end", wers[0] / wers[1], "×", "at most 1.15"),
        Figure("live, samples accounted for, busy too", 100 * accounted, "%", "100"),
        Figure("live, samples lost", counts["lost"], "samples"),
    ]


def _talk(setting: Setting) -> Talk:
    """Read utterances, as many as fit."""
    rows = [
        json.loads(line)
        for line in (setting.audio / "read.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    parts, texts, seconds = [], [], 0.0
    for row in rows:
        if "text" not in row or row.get("partial") or seconds > TALK:
            continue
        with Sound(setting.audio / row["audio"]) as sound:
            parts += [*sound.blocks(0.0), np.zeros(round(PAUSE * RATE), np.float32)]
        texts.append(row["text"])
        seconds += row["seconds"] + PAUSE
    file = setting.work / "talk.wav"
    write_wav(file, np.concatenate(parts))
    return Talk(file, " ".join(texts), seconds)


def _played(heard: Scene, talk: Talk) -> float:
    """Play it; the share of a core that hearing it took."""
    began, used = time.monotonic(), _used(heard)
    heard.microphone.play(talk.file)
    return (_used(heard) - used) / (time.monotonic() - began)


def _cost(heard: Scene, seconds: float) -> float:
    """The share of a core that is taken while so much time passes."""
    used = _used(heard)
    time.sleep(seconds)
    return (_used(heard) - used) / seconds


def _used(heard: Scene) -> float:
    """Seconds of processor time that hearing has taken so far."""
    return sum(cpu_seconds(heard.pid(role)) for role in HEARD)


def _delays(heard: Scene) -> list[Figure]:
    """How long after it was said a word was shown, and settled; how long after its end an
    utterance was found.
    """
    first: list[float] = []
    settled: list[float] = []
    for began, words, captions in _utterances(heard):
        for number, word in enumerate(words, start=1):
            said = began + word.end
            shown = [at for at, one in captions if _count(one["settled"], one["open"]) >= number]
            stays = [at for at, one in captions if _count(one["settled"]) >= number]
            first += [shown[0] - said] if number == 1 and shown else []
            settled += [stays[0] - said] if stays else []
    found = [
        found - (ended - _hangover())
        for seen in heard.seen.values()
        for ended, found in zip(seen.ended_at, seen.found_at, strict=False)
    ]
    return [
        Figure("live, first word shown, median", median(first), "s", "at most 1.0"),
        Figure("live, word settled, median", median(settled), "s", "at most 3"),
        Figure("live, word settled, 95th percentile", float(np.quantile(settled, 0.95)), "s"),
        Figure("live, end of utterance to found, median", median(found), "s", "at most 4"),
        Figure("live, end of utterance to found, slowest", max(found), "s", "at most 4"),
    ]


def _hangover() -> float:
    """Seconds of silence after which memex-ears says that a phrase is over."""
    from ingest.ears.utterances import HANGOVER  # noqa: PLC0415 (one name, of another process)

    return HANGOVER / RATE


def _utterances(
    heard: Scene,
) -> Iterator[tuple[float, Sequence[Word], Sequence[tuple[float, dict[str, str]]]]]:
    """When each recording began, the words of an utterance of it, and its captions."""
    documents = {
        str(row["uri"]).rpartition("/")[2].partition(".")[0]: row for row in heard.documents()
    }
    for id_, seen in heard.seen.items():
        row = documents.get(id_)
        if row is None:
            continue
        began = datetime.fromisoformat(row["created_at"]).timestamp()
        words = [Word(*word) for segment in row["segments"] for word in segment["words"]]
        for number, phrase in enumerate(seen.phrases):
            start, end = phrase.start / RATE, phrase.end / RATE
            said = [word for word in words if start <= (word.start + word.end) / 2 < end]
            captions = [
                (at, one)
                for at, one in heard.captions
                if one["recording"] == id_ and one["utterance"] == number
            ]
            if said and captions:
                yield began, said, captions


def _count(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


def _texts(heard: Scene) -> tuple[str, str]:
    """What was found while it was said, and what it is in the end."""
    live = sorted(
        (seen.live for seen in heard.seen.values() if seen.live),
        key=lambda row: str(row["created_at"]),
    )
    return _joined(live), _joined(heard.documents())


def _joined(documents: Sequence[dict[str, object]]) -> str:
    return " ".join(str(segment["text"]) for row in documents for segment in _segments(row))


def _segments(row: dict[str, object]) -> Sequence[dict[str, object]]:
    found = row["segments"]
    assert isinstance(found, list)
    return found


def _wer(reference: str, text: str) -> float:
    normal = EnglishTextNormalizer()
    return float(jiwer.wer(normal(reference), normal(text)))


@contextmanager
def _load() -> Iterator[None]:
    """Keep every core busy."""
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
