"""Columnar files: those of the index (Lance) and Arrow's.

Their pages are compressed, bit-packed or coded by dictionaries, so that the
bytes of the file need not show a text that is in it. A Lance file is read by
itself, whether or not a version of the table still names it, with the rows that
are only marked as deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import ducer
import pyarrow as pa
from lance.file import LanceFileReader

ROWS: Final = 1024
"""Rows that are read at once."""
TOKENS: Final = "_token_fst_bytes"
"""The column with the words of a full-text index: a transducer, which shares their
beginnings and ends and so shows none of them whole."""

Part = tuple[str, Iterator[bytes | memoryview]]
"""A part of a file by its name, and its bytes."""


def is_lance(path: Path) -> bool:
    """Whether this is one of Lance's files of columns (data or index)."""
    return path.suffix in {".lance", ".idx"}


def lance_parts(path: Path) -> Iterator[Part]:
    """The columns of a Lance file that can hold text, one after the other.

    Raises `OSError`, `ValueError` or `RuntimeError` for a damaged file.
    """
    schema = LanceFileReader(str(path)).metadata().schema
    yield "schema", iter([_flat(schema.metadata)])
    for name in (field.name for field in schema if holds_text(field.type)):
        batches = LanceFileReader(str(path), columns=[name]).read_all(batch_size=ROWS)
        yield f"column {name}", _column(batches.to_batches())


def lance_words(path: Path) -> Iterator[ducer.Map]:
    """The dictionaries of a full-text index, if this file has one."""
    names = LanceFileReader(str(path)).metadata().schema.names
    if TOKENS in names:
        batches = LanceFileReader(str(path), columns=[TOKENS]).read_all().to_batches()
        for value in chain.from_iterable(batch.column(0) for batch in batches):
            yield ducer.Map(value.as_py())


def arrow_parts(path: Path) -> Iterator[Part]:
    """The columns of an Arrow file. Raises `OSError`, `pyarrow.ArrowInvalid`."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        yield "schema", iter([_flat(reader.schema.metadata)])
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if holds_text(column.type):
                    yield f"column {name}", _texts(column)


def holds_text(kind: Any) -> bool:  # noqa: ANN401 (untyped library)
    """Whether values of an Arrow type can hold text."""
    if pa.types.is_dictionary(kind):
        return holds_text(kind.value_type)
    if pa.types.is_nested(kind):
        return any(holds_text(kind.field(number).type) for number in range(kind.num_fields))
    return not pa.types.is_primitive(kind)


def _column(batches: Iterable[Any]) -> Iterator[bytes | memoryview]:
    for batch in batches:
        yield from _texts(batch.column(0))


def _texts(array: Any) -> Iterator[bytes | memoryview]:  # noqa: ANN401 (untyped library)
    """The bytes of an array's values, one after the other."""
    if pa.types.is_dictionary(array.type):
        yield from _texts(array.dictionary)
        return
    for buffer in array.buffers():
        if buffer is not None and buffer.size:
            yield memoryview(buffer)


def _flat(metadata: Mapping[bytes, bytes] | None) -> bytes:
    return b"\0".join(chain.from_iterable((metadata or {}).items()))
