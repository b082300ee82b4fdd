from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "torch", "transformers", "ctranslate2", "tokenizers", "llama_cpp", "lancedb")


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_command_line_can_list_and_pull_without_heavy_libraries() -> None:
    for module in ("registry", "store", "download"):
        assert not loaded_by(f"memex.models.{module}") & set(HEAVY)


def test_the_default_adapters_need_no_torch() -> None:
    for module, needed in (("loading", "ctranslate2"), ("reading", "llama_cpp")):
        loaded = loaded_by(f"memex.models.{module}")
        assert needed in loaded
        assert not loaded & {"torch", "transformers", "sentence_transformers"}


def test_the_daemon_has_no_part_in_what_the_reader_does() -> None:
    assert "llama_cpp" not in loaded_by("memex.server")


def test_the_daemon_searches_without_what_it_writes_with() -> None:
    loaded = loaded_by("memex.server")
    assert "lance" in loaded
    assert "lancedb" not in loaded
