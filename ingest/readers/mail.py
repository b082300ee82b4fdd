"""Mail messages (.eml): who, when, about what, and what they wrote.

The standard library's older policy (`compat32`) is used with headers of bounded
length: the newer one takes minutes for a long header.
"""

from __future__ import annotations

import binascii
import email
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Final

from ingest.readers.assembly import Metadata, assemble, moment
from ingest.readers.blocks import blocks, parse_html
from ingest.readers.bounds import read_bytes, shown
from ingest.readers.plain import plain_segments
from ingest.readers.text import clean, decode, label
from ingest.reading import Reading
from memex.errors import DamagedFile, FileTooLarge
from memex.types import Document, Segment

_MAX_DEPTH: Final = 20
"""Messages forwarded in messages, and parts in parts."""
_MAX_BOUNDARIES: Final = 50_000
"""Lines that may divide two parts."""
_MAX_HEADER: Final = 8_000
"""Characters of a header; the rest of it is not read."""
_SHOWN: Final = ("From", "To", "Cc", "Date", "Subject")
"""Headers that stand above the text: two mails of the same words are two mails."""
_TEXTS: Final = frozenset({"text/plain", "text/html", "text/enriched"})

Mail = Message


class _BoundedHeaders(Compat32):
    """Headers cut at `_MAX_HEADER` characters."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MAX_HEADER]


def read_mail(path: Path, reading: Reading) -> Document:
    """One message. Attachments are named, not read. Raises `DamagedFile` where
    it has no header of a mail, `NoTextFound`, `FileTooLarge`.
    """
    message = _parsed(read_bytes(path), path)
    if not any(_header(message, name) for name in _SHOWN):
        raise DamagedFile(
            f"{shown(path)} is no mail message: it has neither From nor Date nor Subject.",
            "Save it again from the mail program.",
        )
    parts = list(_parts(message))
    segments = [Segment(line) for line in _header_lines(message)]
    for part in parts:
        if not _is_attachment(part):
            segments.extend(_part_segments(part, path))
    return assemble(path, "mail", segments, _metadata(message, parts))


def _parsed(data: bytes, path: Path) -> Mail:
    if data.count(b"\n--") > _MAX_BOUNDARIES:
        raise FileTooLarge(f"{shown(path)} has more than {_MAX_BOUNDARIES:,} parts.")
    try:
        return email.message_from_bytes(data.lstrip(), policy=_BoundedHeaders())
    except (RecursionError, MessageError) as error:
        raise DamagedFile(
            f"{shown(path)} is no sound mail message: its parts are nested without end.",
            "Save it again from the mail program.",
        ) from error


def _header(message: Mail, name: str) -> str:
    """A header in words; "" where it is missing."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return label(_unencoded(str(raw)))


def _unencoded(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) and raw bytes decoded."""
    try:
        pieces = decode_header(value.replace("\n", " ").replace("\r", ""))
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else _in_words(piece, charset) for piece, charset in pieces
    )


def _in_words(piece: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8", "cp1252"):
        try:
            return piece.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return piece.decode("latin-1")


def _header_lines(message: Mail) -> Iterator[str]:
    for name in _SHOWN:
        value = _header(message, name)
        if value:
            yield f"{name}: {value}"


def _parts(message: Mail, depth: int = 0) -> Iterator[Mail]:
    """The leaves that a mail program shows, and the attachments, in order. Of
    alternatives the plain text is taken, else the last.
    """
    payload = message.get_payload()
    if depth > _MAX_DEPTH:
        return
    if not isinstance(payload, list):
        yield message
        return
    children: Sequence[Mail] = [part for part in payload if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        plain = [part for part in children if part.get_content_type() == "text/plain"]
        children = plain[:1] or children[-1:]
    for part in children:
        if message.get_content_type() == "message/rfc822":
            yield _head_alone(part)
        yield from _parts(part, depth + 1)


def _head_alone(message: Mail) -> Mail:
    """The header of a forwarded message as a text of its own."""
    head: Mail = Message()
    head.set_payload("\n\n".join(_header_lines(message)), "utf-8")
    return head


def _is_attachment(part: Mail) -> bool:
    return part.get_content_type() not in _TEXTS or part.get_content_disposition() == "attachment"


def _part_segments(part: Mail, path: Path) -> Iterator[Segment]:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        return
    text = decode(payload, path, part.get_content_charset())
    if part.get_content_type() != "text/html":
        yield from (Segment(segment.text) for segment in plain_segments(clean(text)))
        return
    tree = parse_html(text)
    if tree is not None:
        yield from (Segment(block.text) for block in blocks(tree, frozenset({"title"})))


def _metadata(message: Mail, parts: list[Mail]) -> Metadata:
    senders = getaddresses([_header(message, "From")])
    names = [name or address for name, address in senders if name or address]
    attached = [label(_unencoded(part.get_filename() or "")) for part in parts]
    return Metadata(
        title=_header(message, "Subject") or "(no subject)",
        author=", ".join(names),
        language=_header(message, "Content-Language"),
        created_at=_sent_at(message),
        attributes={
            "from": _header(message, "From"),
            "to": _header(message, "To"),
            "cc": _header(message, "Cc"),
            "message-id": _header(message, "Message-ID"),
            "list": _header(message, "List-Id"),
            "attachments": ", ".join(filter(None, attached)),
        },
    )


def _sent_at(message: Mail) -> datetime | None:
    try:
        return moment(parsedate_to_datetime(_header(message, "Date")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
