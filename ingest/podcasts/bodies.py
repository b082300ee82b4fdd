"""The body of an answer, unpacked no further than a bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from ingest.podcasts.errors import BrokenOff, Malformed, TooLarge

PACKINGS: Final = "gzip, deflate"
"""What may be asked for in Accept-Encoding."""
_BLOCK: Final = 1 << 16
"""Bytes that are unpacked at a time, so that a bomb goes off in small portions."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB_METHOD: Final = 0x08
"""The low half of a zlib stream's first byte; a bare deflate stream has another."""


def read_body(blocks: Iterable[bytes], packing: str | None, limit: int) -> bytes:
    """The whole body, unpacked as its Content-Encoding says.

    Raises `TooLarge` beyond `limit` bytes, `BrokenOff` where the packed data ends
    too early, `Malformed` where it is none.
    """
    body = bytearray()
    for block in _unpacked(blocks, packing):
        body += block
        if len(body) > limit:
            raise TooLarge(
                f"The answer is larger than {limit >> 20:,} MiB.",
                "Tell the publisher; nothing of it was kept.",
            )
    return bytes(body)


def _unpacked(blocks: Iterable[bytes], packing: str | None) -> Iterator[bytes]:
    name = (packing or "identity").strip().lower()
    if name in {"", "identity"}:
        return iter(blocks)
    if name in {"gzip", "x-gzip"}:
        return _inflated(blocks, _GZIP)
    if name == "deflate":
        return _inflated(blocks, None)
    raise Malformed(f"The answer is packed in a way that was not asked for ({name[:40]!r}).")


def _inflated(blocks: Iterable[bytes], bits: int | None) -> Iterator[bytes]:
    """What gzip (one member after the other) or deflate packed.

    `bits` as zlib has them; None for deflate, which comes with or without zlib's
    own header.
    """
    machine = zlib.decompressobj(bits) if bits else None
    begun = False
    for block in blocks:
        rest = block
        while rest:
            if machine is None:
                own = rest[0] & 0x0F == _ZLIB_METHOD
                machine = zlib.decompressobj(zlib.MAX_WBITS if own else -zlib.MAX_WBITS)
            if machine.eof and bits is None:
                return
            if machine.eof:
                machine = zlib.decompressobj(_GZIP)
            begun = True
            yield _step(machine, rest)
            rest = machine.unused_data if machine.eof else machine.unconsumed_tail
            if machine.eof and not rest.strip(b"\0"):
                break  # padding after the last member
    if begun and machine is not None and not machine.eof:
        raise BrokenOff("The packed answer ends in the middle.", "It is tried again.")


def _step(machine: zlib._Decompress, data: bytes) -> bytes:
    try:
        return machine.decompress(data, _BLOCK)
    except zlib.error as error:
        raise Malformed(
            f"The answer cannot be unpacked: {error}.", "Tell the publisher of the feed."
        ) from error
