"""Embedding models that are not like the default one: another pooling, prompts,
another tokenizer. Each is compared with sentence-transformers itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer, pre_tokenizers, processors, trainers
from tokenizers.models import Unigram

from memex.config import Config, ModelChoice
from memex.errors import ModelError
from memex.models import registry
from memex.models.catalogue import MINILM_TALK
from memex.models.converted import MANIFEST
from memex.models.loading import load_embedder
from memex.models.pooling import read_pooling
from memex.models.registry import ModelEntry, ModelFile, Prompts
from memex.models.store import file_sha256, locate
from memex.protocols import Embedder
from tests.models.reference import by_sentence_transformers

PROMPTS = Prompts("Represent this question for finding passages: ", "a passage about science: ")
QUESTION = "which cells divide?"
WORDS = "the bees dance, cells divide; what the eye sees: growth of tissue in 1,200 mice!".split()
TEXTS = [
    *(" ".join(WORDS[n % 11 :] + WORDS[: n % 7]) for n in range(24)),
    "one",
    "",
    "cells divide " * 300,
]
"""The last one is longer than any limit."""

Add = Callable[[Path, Prompts], ModelEntry]


@pytest.fixture
def minilm(config: Config) -> Path:
    return locate(MINILM_TALK, config)


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch, minilm: Path, models: Path) -> Add:
    """Put a model on record for the test, which has a models directory of its own; the
    default model has been found before that.
    """

    def put(folder: Path, prompts: Prompts) -> ModelEntry:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = tuple(
            ModelFile(str(path.relative_to(folder)), file_sha256(path), path.stat().st_size)
            for path in sorted(paths, key=lambda path: path.name != "model.safetensors")
        )
        form = "ctranslate2-int8"
        entry = ModelEntry(folder.name, "embedding", "MIT", files, form=form, prompts=prompts)
        monkeypatch.setitem(registry.MODELS, entry.name, entry)
        return entry

    return put


def variant(
    minilm: Path, target: Path, pooling: dict[str, object] | None = None, prompts: Prompts = PROMPTS
) -> Path:
    """The default model's weights with another pooling and with prompts."""
    shutil.copytree(minilm, target, ignore=shutil.ignore_patterns("ctranslate2-int8", ".*"))
    if pooling is not None:
        (target / "1_Pooling/config.json").write_text(json.dumps(pooling))
    settings = {"prompts": {"query": prompts.query, "document": prompts.document}}
    (target / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return target


def embedder_of(entry: ModelEntry, folder: Path, config: Config) -> Embedder:
    choice = ModelChoice(embedding=entry.name, paths={entry.name: folder})
    return load_embedder(replace(config, models=choice))


def cosines(embedder: Embedder, folder: Path, work: Path) -> list[float]:
    """Of the vectors of `TEXTS`, and of that of `QUESTION`, with those of
    sentence-transformers.
    """
    reference = by_sentence_transformers(folder, TEXTS, QUESTION, work)
    rows = (embedder.encode_documents(TEXTS) * reference.rows).sum(axis=1)
    return [*map(float, rows), float(embedder.encode_query(QUESTION) @ reference.query)]


CLS: dict[str, object] = {"word_embedding_dimension": 384, "pooling_mode_cls_token": True}
OFF: dict[str, object] = {"pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": False}


@pytest.mark.parametrize("mode", ["cls", "mean"])
def test_pooling_and_prompts_are_those_of_sentence_transformers(
    minilm: Path, tmp_path: Path, config: Config, add: Add, models: Path, mode: str
) -> None:
    folder = variant(minilm, tmp_path / "variant", CLS | OFF if mode == "cls" else None)
    embedder = embedder_of(add(folder, PROMPTS), folder, config)
    found = cosines(embedder, folder, tmp_path)
    assert sum(found) / len(found) >= 0.99
    assert min(found) >= 0.97
    bare = embedder_of(add(folder, Prompts()), folder, config)
    assert bare.encode_query(QUESTION) @ embedder.encode_query(QUESTION) < 0.97
    assert bare.encode_documents(["one"])[0] @ embedder.encode_documents(["one"])[0] < 0.97
    made = models / "variant" / "ctranslate2-int8"
    assert read_pooling(made) == mode
    assert "1_Pooling/config.json" in json.loads((made / MANIFEST).read_text())["files"]


TINY_BERT = """
import sys
import torch
from transformers import BertConfig, BertModel
torch.manual_seed(1)
settings = BertConfig(
    vocab_size=int(sys.argv[2]), hidden_size=96, num_hidden_layers=3, num_attention_heads=4,
    intermediate_size=192, max_position_embeddings=64, initializer_range=0.05, pad_token_id=0,
    position_embedding_type="absolute",
)
model = BertModel(settings)
model.embeddings.word_embeddings.weight.data.normal_()  # so that other tokens show
model.embeddings.position_embeddings.weight.data.normal_(std=0.5)
model.save_pretrained(sys.argv[1])
"""


PROMPTS_OF_E5 = ("query: ", "passage: ")
LIBRARY = "sentence_transformers.models"
PROSE = Path(__file__).parents[2] / "docs" / "architecture.md"
"""What the tokenizer learns its words from."""
ROLES = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "unk": "<unk>", "pad": "<pad>"}
KIND = {"tokenizer_class": "XLMRobertaTokenizer"}


def xlm_r_like(target: Path) -> Path:
    """A small BERT of random weights that reads by such a tokenizer, which has fewer
    tokens than the model has room for.
    """
    target.mkdir()
    tokenizer = xlm_r_tokenizer()
    tokenizer.save(str(target / "tokenizer.json"))
    size = str(tokenizer.get_vocab_size() + 35)
    subprocess.run([sys.executable, "-c", TINY_BERT, str(target), size], check=True, timeout=300)
    tokens = {f"{role}_token": token for role, token in (ROLES | {"mask": "<mask>"}).items()}
    pooling = {"word_embedding_dimension": 96, "pooling_mode_mean_tokens": True}
    query, document = PROMPTS_OF_E5
    for name, content in {
        "config.json": json.loads((target / "config.json").read_text())
        | KIND
        | {"position_embedding_type": "absolute"},
        "tokenizer_config.json": KIND | tokens | {"model_max_length": 512},
        "special_tokens_map.json": tokens,
        "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": False},
        "modules.json": stages(["Transformer", "Pooling", "Normalize"]),
        "1_Pooling/config.json": pooling,
        "config_sentence_transformers.json": {"prompts": {"query": query, "document": document}},
    }.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(json.dumps(content))
    return target


def xlm_r_tokenizer() -> Tokenizer:
    """A tokenizer as XLM-RoBERTa has one: a unigram model, <s> first, its padding
    not 0, and truncation and padding of its own.
    """
    tokenizer = Tokenizer(Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=250, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*TEXTS, PROSE.read_text(encoding="utf-8")], trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
    return tokenizer


def stages(kinds: Sequence[str]) -> list[dict[str, object]]:
    folders = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    return [
        {"idx": n, "name": str(n), "path": folders.get(kind, kind), "type": f"{LIBRARY}.{kind}"}
        for n, kind in enumerate(kinds)
    ]


def test_a_tokenizer_as_of_xlm_roberta_is_read_as_sentence_transformers_reads_it(
    tmp_path: Path, config: Config, add: Add
) -> None:
    folder = xlm_r_like(tmp_path / "xlm")
    embedder = embedder_of(add(folder, Prompts(*PROMPTS_OF_E5)), folder, config)
    found = cosines(embedder, folder, tmp_path)
    assert min(found) >= 0.99


def test_a_model_that_computes_something_else_is_refused(
    minilm: Path, tmp_path: Path, config: Config, add: Add
) -> None:
    folder = variant(minilm, tmp_path / "dense")
    (folder / "modules.json").write_text(json.dumps(stages(["Transformer", "Pooling", "Dense"])))
    with pytest.raises(ModelError, match="stages unknown here: Dense"):
        embedder_of(add(folder, PROMPTS), folder, config)


@pytest.mark.parametrize(
    "pooling",
    [
        {"pooling_mode": "max"},
        {"pooling_mode": ["cls", "mean"]},
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
        {"pooling_mode": "mean", "include_prompt": False},
        {},
    ],
)
def test_a_pooling_that_is_not_computed_is_not_taken_for_another(
    tmp_path: Path, pooling: dict[str, object]
) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling/config.json").write_text(json.dumps(pooling))
    with pytest.raises(ValueError, match="this model"):
        read_pooling(tmp_path)
