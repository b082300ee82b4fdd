"""The local language model, by llama.cpp."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import llama_cpp
from llama_cpp import Llama
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from llama_cpp.llama_grammar import LlamaGrammar

from memex.errors import InvalidRequest, ModelError
from memex.protocols import Message

MARK: Final = "\ue000{}\ue001"
"""Stands for the content of a message while the chat template is applied:
private-use characters, which no template tests for or changes."""

GRAMMAR_ROOT: Final = b"root"
EVERY_LAYER: Final = -1
"""As llama.cpp has it."""

_log = logging.getLogger(__name__)


class LlamaModel:
    """A chat model in a GGUF file, greedy and deterministic; on the GPU, if llama.cpp was built
    for one and it has room.

    One completion runs at a time; others wait. The evaluated prompt is kept, so
    that a prompt which begins like the one before costs only its rest. What a
    message says is text and nothing else: control tokens written in it, such as
    "<|im_end|>", reach the model as their characters.
    """

    def __init__(self, path: Path, model: str, context: int) -> None:
        """Load the GGUF file. `context` is in tokens.

        Raises `ModelError` for a file that is no chat model.
        """
        self._model = model
        self._lock = threading.Lock()
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)  # its C library's
        try:
            with _without_tiles():
                self._llama = _loaded(path, context)
        except (ValueError, OSError) as error:
            raise ModelError(
                f"{path} cannot be loaded as a language model: {error}",
                "It must be a GGUF file that this version of llama.cpp knows.",
            ) from error
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)  # it was set anew
        self._formatter = self._chat_formatter(path)
        self._interrupted = ctypes.create_string_buffer(2)
        self._abort = _is_not_empty()
        llama_cpp.llama_set_abort_callback(
            self._llama.ctx, self._abort, ctypes.cast(self._interrupted, ctypes.c_void_p)
        )

    @property
    def model(self) -> str:
        """Its name, as it is shown."""
        return self._model

    @property
    def parameters(self) -> int:
        """Its size: the number of its weights."""
        return int(llama_cpp.llama_model_n_params(self._llama.model))

    @property
    def context(self) -> int:
        """Tokens that prompt and answer share."""
        return int(self._llama.n_ctx())

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones."""
        return len(self._tokenize(text, control=False))

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
    ) -> Generator[str, None, None]:
        """Stream the answer piece by piece, greedily.

        Closing the generator stops the model at the next token. `grammar` is
        GBNF with the rule "root". Raises `InvalidRequest`, at once, when prompt
        and answer do not fit into the context, and for a faulty grammar.
        """
        prompt = self.prompt_tokens(messages)
        if len(prompt) + max_tokens > self.context:
            raise InvalidRequest(
                f"The prompt takes {len(prompt)} tokens; with {max_tokens} for the answer that is"
                f" more than the {self.context} of {self._model}.",
                "Ask with less text.",
            )
        rules = self._rules(grammar) if grammar else None
        return self._stream(prompt, max_tokens, rules, list(stop))

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt as the model gets it, through the file's own chat template."""
        shown = [
            {"role": message.role, "content": MARK.format(number)}
            for number, message in enumerate(messages)
        ]
        template = str(self._formatter(messages=shown).prompt)
        tokens: list[int] = []
        for number, message in enumerate(messages):
            before, found, template = template.partition(MARK.format(number))
            if not found:
                raise InvalidRequest(
                    f"The chat template of {self._model} takes no {message.role!r} message there."
                )
            tokens += self._tokenize(before, control=True)
            tokens += self._tokenize(message.content, control=False)
        return tokens + self._tokenize(template, control=True)

    def interrupt(self) -> None:
        """End the completion that is under way within milliseconds, even while the prompt is
        read, and any other until `resume`; from any thread.
        """
        self._interrupted.value = b"!"

    def resume(self) -> None:
        """Complete again."""
        self._interrupted.value = b""

    def close(self) -> None:
        """Free the model's memory."""
        with self._lock:
            self._llama.close()

    def _stream(
        self, prompt: list[int], max_tokens: int, grammar: LlamaGrammar | None, stop: list[str]
    ) -> Generator[str, None, None]:
        with self._lock:
            pieces: Any = self._llama.create_completion(
                prompt,
                max_tokens=max_tokens,
                temperature=0.0,
                repeat_penalty=1.0,
                stop=stop,
                grammar=grammar,
                stream=True,
            )
            try:
                for piece in pieces:
                    if text := piece["choices"][0]["text"]:
                        yield text
                    if self._interrupted.value:
                        return
            except RuntimeError:  # of llama.cpp's decoder: what it was at does not count
                if not self._interrupted.value:
                    raise
            finally:
                pieces.close()

    def _rules(self, grammar: str) -> LlamaGrammar:
        """Parse a grammar. llama-cpp-python would crash on a faulty one: it
        does not look at what the parser returns.
        """
        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        sampler = llama_cpp.llama_sampler_init_grammar(
            vocabulary, grammar.encode("utf-8"), GRAMMAR_ROOT
        )
        if not sampler:
            raise InvalidRequest(f"This grammar is not GBNF with a rule root: {grammar}")
        llama_cpp.llama_sampler_free(sampler)
        return LlamaGrammar.from_string(grammar, verbose=False)

    def _tokenize(self, text: str, *, control: bool) -> list[int]:
        if not text:
            return []
        tokens: list[int] = self._llama.tokenize(
            text.encode("utf-8", "replace"), add_bos=False, special=control
        )
        return tokens

    def _chat_formatter(self, path: Path) -> Any:  # noqa: ANN401 - llama_cpp is untyped
        template = self._llama.metadata.get("tokenizer.chat_template")
        if not template:
            raise ModelError(
                f"{path} carries no chat template.", "Choose a model made for chat (Instruct)."
            )
        return Jinja2ChatFormatter(
            template=template,
            bos_token=self._special(self._llama.token_bos()),
            eos_token=self._special(self._llama.token_eos()),
        )

    def _special(self, token: int) -> str:
        """A control token as the template writes it."""
        if token < 0:
            return ""
        return bytes(self._llama.detokenize([token], special=True)).decode("utf-8", "replace")


def _loaded(path: Path, context: int) -> Llama:
    """All layers on the GPU; where that fails, which may be for want of memory there, none.
    Raises `ValueError`, `OSError`.
    """

    def load(layers: int) -> Llama:
        return Llama(
            str(path),
            n_ctx=context,
            n_threads=_cores(),
            n_threads_batch=_cores(),
            n_gpu_layers=layers,
            verbose=False,
        )

    if llama_cpp.llama_supports_gpu_offload():
        try:
            return load(EVERY_LAYER)
        except ValueError as error:
            _log.warning("%s is not loaded on the GPU (%s): it runs on the processor", path, error)
    return load(0)


def _is_not_empty() -> Any:  # noqa: ANN401 - llama_cpp is untyped
    """An abort callback that asks whether a C string, its argument, is not empty: `strlen`.
    llama.cpp calls it hundreds of times for each token, too often for Python's.
    """
    strlen = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
    return llama_cpp.ggml_abort_callback(strlen.value or 0)


@contextmanager
def _without_tiles() -> Iterator[None]:
    """Load weights as they lie in the file where llama.cpp was built for Intel's AMX: its use of
    tiles may kill the process (https://github.com/ggml-org/llama.cpp/pull/26954), and `Llama`
    has no argument for leaving it out.
    """
    if b"AMX_INT8 = 1" not in llama_cpp.llama_print_system_info():
        yield
        return
    defaults = llama_cpp.llama_cpp.llama_model_default_params

    def plain() -> Any:  # noqa: ANN401 - llama_cpp is untyped
        parameters = defaults()
        parameters.use_extra_bufts = False
        return parameters

    llama_cpp.llama_cpp.llama_model_default_params = plain
    try:
        yield
    finally:
        llama_cpp.llama_cpp.llama_model_default_params = defaults


def _cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
