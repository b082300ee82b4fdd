"""The conversation about stored sound, byte for byte."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ears.ring import Record, Ring, Transfer, advance_command, read_command, ring_of

RECORDS = [struct.pack(">I", 1_780_000_000 + n) + bytes([n]) * 440 for n in range(5)]
DATA = b"".join(RECORDS)


def answers(
    data: bytes = DATA, first: int = 7, count: int = 5, check: int | None = None
) -> list[bytes]:
    """As the firmware sends them, 100 bytes at a time."""
    check = zlib.crc32(data) if check is None else check
    parts = [b"\x03" + data[at : at + 100] for at in range(0, len(data), 100)]
    done = b"\x04\x00" + struct.pack(">QI", first + count, check)
    return [b"\x05" + struct.pack(">QI", first, count), *parts, done]


def fed(sent: list[bytes], first: int = 7, count: int = 5) -> Transfer:
    transfer = Transfer(first, count)
    for answer in sent:
        transfer.feed(answer)
    return transfer


def test_commands_are_those_of_the_firmware() -> None:
    assert read_command(7, 5).hex() == "11000000000000000700000005"
    assert advance_command(258).hex() == "120000000000000102"


def test_what_is_stored_is_told() -> None:
    told = b"\x02" + struct.pack(">QQIQH", 7, 12, 1000, 3, 444)
    assert ring_of(told) == Ring(7, 12, 3)
    for wrong in (
        b"",
        b"\x06",
        told[:-1],
        b"\x01" + told[1:],
        b"\x02" + struct.pack(">QQIQH", 7, 12, 1000, 3, 440),
        b"\x02" + struct.pack(">QQIQH", 13, 12, 1000, 3, 444),
        b"\x02" + struct.pack(">QQIQH", 0, 1 << 60, 1000, 3, 444),
    ):
        assert ring_of(wrong) is None


def test_records_come_whole() -> None:
    transfer = fed(answers())
    assert transfer.done
    assert transfer.failed == ""
    assert transfer.records()[3] == Record(1_780_000_003, bytes([3]) * 440)
    assert len(transfer.records()) == 5


def test_fewer_than_were_asked_for_are_fine() -> None:
    transfer = fed(answers(DATA[: 2 * 444], count=2))
    assert transfer.failed == ""
    assert len(transfer.records()) == 2


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (answers()[:5] + answers()[6:], "not everything"),
        (answers(check=1), "damaged"),
        (answers(first=8), "other records"),
        (answers(count=6), "other records"),
        ([*answers()[:-1], b"\x03" + bytes(100)], "more came"),
        ([b"\x01\x0a"], "status 10"),
        ([*answers()[:-1], b"\x04\x09" + struct.pack(">Q", 12)], "status 9"),
    ],
)
def test_what_does_not_come_whole_is_not_used(sent: list[bytes], why: str) -> None:
    transfer = fed(sent)
    assert transfer.done
    assert why in transfer.failed


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(answers()))))
def test_whatever_comes_nothing_breaks_and_memory_is_bounded(sent: list[bytes]) -> None:
    transfer = fed(sent)
    assert sum(4 + len(record.frames) for record in transfer.records()) <= 6 * 444
    assert ring_of(b"".join(sent)) is None or len(b"".join(sent)) == 31
