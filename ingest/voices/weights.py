"""Reads the tensors of a PyTorch checkpoint without PyTorch, and runs nothing in it.

A checkpoint of before PyTorch 1.6 is a row of pickles (a magic number, a version, what
made it, the object itself, the keys of its storages) and then the storages: eight bytes
with their number of values, and the values. A pickle can call anything; this reader
knows three names and refuses every other (`torch/serialization.py`, `_legacy_load`).
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from memex.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

MAGIC: Final = 0x1950A86A20F9469CFC6C
"""What such a file begins with."""
PULL: Final = "Fetch it again: memex models pull."


class _Storage(NamedTuple):
    """Values that lie further on in the file."""

    key: str
    size: int
    """Values of 32 bits."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]


def read_weights(path: Path, part: str) -> dict[str, Array]:
    """The tensors in the dictionary `part` of a checkpoint, by name. What else it holds
    (an optimiser's state) is passed over. Raises `ModelDamaged`.
    """
    try:
        with path.open("rb") as stream:
            if _load(stream) != MAGIC:
                raise _damaged(path, "it is no checkpoint of PyTorch's older kind")
            _load(stream)  # version
            if not _load(stream)["little_endian"]:
                raise _damaged(path, "its bytes are in another order")
            tensors = _load(stream)[part]
            values = _read_storages(stream, _load(stream), _sizes(tensors))
        return {name: _view(each, values) for name, each in tensors.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError) as error:
        raise _damaged(path, str(error)) from error
    except pickle.UnpicklingError as error:
        raise _damaged(path, str(error)) from error


def _load(stream: IO[bytes]) -> Any:  # noqa: ANN401 (whatever stands there)
    return _Unpickler(stream).load()


class _Unpickler(pickle.Unpickler):
    """Knows what a dictionary of tensors is made of."""

    def find_class(self, module: str, name: str) -> object:
        """Raises `UnpicklingError` for anything that tensors do not need."""
        known: Mapping[tuple[str, str], object] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): "float32",
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
        }
        try:
            return known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is nothing that weights need") from None

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 (a tuple, if it is sound)
        """A storage: ("storage", type, key, place, number of values, view of another)."""
        kind, dtype, key, _, size, view = pid
        if (kind, dtype, view) != ("storage", "float32", None):
            raise pickle.UnpicklingError("a storage that is not of 32-bit floats")
        return _Storage(str(key), int(size))


def _rebuild(
    storage: _Storage, offset: int, shape: Sequence[int], stride: Sequence[int], *_: object
) -> _Tensor:
    """What torch would make a tensor of: only those whose values lie in their order."""
    contiguous, step = [], 1
    for length in reversed(shape):
        contiguous.append(step)
        step *= length
    if list(stride) != contiguous[::-1]:
        raise pickle.UnpicklingError("a tensor whose values do not lie in their order")
    return _Tensor(storage, offset, tuple(shape))


def _sizes(tensors: Mapping[str, _Tensor]) -> dict[str, int]:
    return {tensor.storage.key: tensor.storage.size for tensor in tensors.values()}


def _read_storages(
    stream: IO[bytes], keys: Sequence[str], wanted: Mapping[str, int]
) -> dict[str, Array]:
    """The values of the wanted storages; the others are stepped over."""
    found: dict[str, Array] = {}
    for key in keys:
        length = int.from_bytes(stream.read(8), "little")
        if key not in wanted:
            stream.seek(4 * length, 1)
            continue
        data = stream.read(4 * length)
        if length != wanted[key] or len(data) != 4 * length:
            raise ValueError("it breaks off")
        found[key] = np.frombuffer(data, "<f4").astype(np.float32, copy=False)
    return found


def _view(tensor: _Tensor, values: Mapping[str, Array]) -> Array:
    end = tensor.offset + int(np.prod(tensor.shape))
    return values[tensor.storage.key][tensor.offset : end].reshape(tensor.shape)


def _damaged(path: Path, reason: str) -> ModelDamaged:
    return ModelDamaged(f"The weights in {path} cannot be read: {reason}.", PULL)
