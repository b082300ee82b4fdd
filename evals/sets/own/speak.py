"""What is said aloud in the set, spoken by Piper and recognised by Memex.

    python -m evals.sets.own.speak --piper piper --voice en_US-joe-medium.onnx

Piper (GPL, so a program of its own) speaks every line, each person at a pace of their
own; a computed room (`evals.rooms`) puts the telephone on a table; the recogniser that
serves users hears it. Only lines that are new or have changed are spoken, since Piper
draws at random. `heard.jsonl` holds what was said and what was heard.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import wave
import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from evals.rooms import Room
from evals.sets.own.make import HEARD, read_heard, spoken, topics
from ingest.sound import SAMPLE_RATE, Sound
from ingest.transcribe import WhisperTranscriber
from memex.config import load_config
from memex.models.loading import speech_model_path

ROOM: Final = Room(decay=0.3, walls=0.1, noise=30.0)
"""A living room: the telephone lies on the table."""
SLOWEST: Final = 1.1
"""Of Piper's `length-scale`; a person's lies up to a quarter below it."""


def main() -> None:
    """Speak and recognise what is missing in `heard.jsonl`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--piper", default="piper", help="the program")
    parser.add_argument("--voice", type=Path, required=True, help="a voice's .onnx")
    chosen = parser.parse_args()
    heard = read_heard() if HEARD.is_file() else {}
    wanted = {name: (speaker, text) for name, speaker, text in spoken(topics())}
    kept = {name: heard[name] for name in wanted if heard.get(name, ("",))[0] == wanted[name][1]}
    missing: dict[str, list[str]] = defaultdict(list)
    for name in wanted.keys() - kept.keys():
        missing[wanted[name][0]].append(name)
    transcriber = WhisperTranscriber(*speech_model_path(load_config()))
    seconds = 0.0
    for speaker, names in sorted(missing.items()):
        said = [wanted[name][1] for name in names]
        with tempfile.TemporaryDirectory() as folder:
            sounds = _speak(chosen.piper, chosen.voice, speaker, said, Path(folder))
            for name, text, sound in zip(names, said, sounds, strict=True):
                seconds += _in_the_room(sound)
                kept[name] = (text, recognised(transcriber, sound))
        _keep(kept)
    print(f"{len(kept)} lines, {seconds / 60:.1f} minutes spoken now")


def _speak(piper: str, voice: Path, speaker: str, said: Sequence[str], to: Path) -> list[Path]:
    """A recording of each line; Piper names them by the time."""
    script = to / "lines.txt"
    script.write_text("\n".join(said), encoding="utf-8")
    scale = SLOWEST - zlib.crc32(speaker.encode()) % 25 / 100
    command = [piper, "-m", str(voice), "--length-scale", f"{scale:.2f}"]
    subprocess.run([*command, "-i", str(script), "-d", str(to)], check=True, capture_output=True)
    return sorted(to.glob("*.wav"), key=lambda path: (len(path.name), path.name))


def _in_the_room(path: Path) -> float:
    """Replace a recording by what the microphone hears; its length in seconds."""
    with Sound(path) as sound:
        samples = ROOM.hears(np.concatenate(list(sound.blocks())))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return len(samples) / SAMPLE_RATE


def recognised(transcriber: WhisperTranscriber, path: Path) -> str:
    """All that is heard in a recording."""
    found = [segment for part in transcriber.transcribe(path) for segment in part.segments]
    return " ".join(segment.text.strip() for segment in found)


def _keep(heard: dict[str, tuple[str, str]]) -> None:
    rows = ({"id": name, "said": heard[name][0], "heard": heard[name][1]} for name in sorted(heard))
    HEARD.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
