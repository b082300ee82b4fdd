"""One recording that grows: what was said in it so far, and what is being said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ingest.archive import Archive
from ingest.live.audience import Audience
from ingest.live.document import arrival, document_id, item_of
from ingest.live.handover import HandOver
from ingest.live.naming import Naming, voiced
from ingest.live.phrase import LiveTranscriber, Speaking, floats, later
from ingest.recognition import kept
from memex.live import Caption
from memex.recordings import RATE, Followed, Phrase, moment
from memex.types import Word

LONGEST: Final = 30
"""Seconds that the recogniser takes at once."""


class Hearing:
    """Follows one recording. Methods raise `OSError` when it is gone."""

    def __init__(
        self, recording: Followed, audience: Audience, handover: HandOver, naming: Naming
    ) -> None:
        """What was said already is heard too."""
        self._recording = recording
        self._naming = naming
        self._audience = audience
        self._handover = handover
        self._document = document_id(recording)
        self._words: list[Word] = []
        self._done = 0
        """Phrases that are recognised."""
        self._speaking: Speaking | None = None
        self._shown = False
        """Whether something is shown of an utterance that is not over."""

    def look(self) -> bool:
        """Take in what has been marked; whether somebody speaks, or has not been heard yet."""
        self._recording.look()
        return self._recording.speaking is not None or self.waiting

    @property
    def waiting(self) -> bool:
        """Whether a phrase is over that is not recognised."""
        return self._done < len(self._recording.phrases)

    @property
    def length(self) -> int:
        """Samples that are there."""
        return self._recording.length

    def hear(self, transcriber: LiveTranscriber) -> None:
        """Recognise the next phrase that is over, or what is being said while somebody looks."""
        if self.waiting:
            self._finish_phrase(transcriber)
        elif self._recording.speaking is not None and self._audience.there():
            self._follow_speech(self._recording.speaking, transcriber)

    def _finish_phrase(self, transcriber: LiveTranscriber) -> None:
        """Once and by itself."""
        phrase = self._recording.phrases[self._done]
        words = self._recognised(phrase, transcriber)
        self._caption_last(phrase, words)
        self._done += 1
        self._words += words
        if self._words and self._document not in self._handover.unwelcome:
            self._handover.offer(arrival(self._recording, self._words, transcriber.model))

    def _follow_speech(self, start: int, transcriber: LiveTranscriber) -> None:
        if self._speaking is None:
            self._speaking = Speaking(start)
        if self._speaking.hear(self._recording, transcriber):
            said = self._speaking.words
            if self._shown or said.settled or said.open:
                self._show(start, said.settled_text, said.open_text)

    def end(self) -> None:
        """The recording is over: what is shown of it is all that comes as a caption."""
        self._handover.drop(self._document)
        if self._shown and self._speaking:
            said = self._speaking.words
            said.finish([*said.settled, *said.open])
            self._show(self._speaking.start, said.settled_text, "", final=True)

    def _recognised(self, phrase: Phrase, transcriber: LiveTranscriber) -> list[Word]:
        """The words of a phrase (of one that is too long, stretch by stretch)."""
        words: list[Word] = []
        for start in range(phrase.start, phrase.end, LONGEST * RATE):
            sound = self._recording.samples(start, min(phrase.end, start + LONGEST * RATE))
            words += later(kept(transcriber.phrase(floats(sound))), start)
        return words

    def _caption_last(self, phrase: Phrase, words: list[Word]) -> None:
        """The phrase's last caption: what settled stays, the rest as it is known now."""
        spoken = self._speaking or Speaking(phrase.start)
        self._speaking = None
        spoken.words.finish(words)
        if words or self._shown:
            caption = self._show(spoken.start, spoken.words.settled_text, "", final=True)
            if words and self._audience.there() and (voice := voiced(phrase)):
                self._naming.offer(caption, floats(self._recording.samples(*voice)))

    def _show(self, start: int, settled: str, opened: str, *, final: bool = False) -> Caption:
        origin = self._recording.origin
        began = moment(origin, start) or datetime.now(UTC)
        caption = Caption(
            recording=self._recording.id,
            utterance=self._done,
            source=origin.source,
            device=origin.device,
            at=began.isoformat(),
            settled=settled,
            open=opened,
            final=final,
            document=self._document if self._document in self._handover.found else None,
        )
        self._audience.show(caption)
        self._shown = not final
        return caption


def met(
    marks: Path, archive: Archive, audience: Audience, handover: HandOver, naming: Naming
) -> Hearing | None:
    """Follow the recording of these marks; None where it is never kept. Raises what
    `Followed` does.
    """
    recording = Followed(marks)
    if not archive.welcome(item_of(recording)):
        return None
    return Hearing(recording, audience, handover, naming)
