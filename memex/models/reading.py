"""The process in which the language model runs: requests in, words out, as lines of JSON.

`memex.models.apart` starts it and speaks to it. It ends when nobody can speak to it any more.
The first line that it writes says how large the model is, or why there is none. Requests:

    {"count": TEXT}                                      -> {"tokens": N}
    {"complete": {"messages": [[ROLE, TEXT], …], "max_tokens", "grammar", "stop"}}
                                                         -> {"text": …}, …, {"end": true}
    {"cancel": true}                                     (no reply: what is under way ends)

An error is a reply as well: {"error": {"kind", "message", "remedy"}}.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from memex.errors import MemexError, error_to_json
from memex.models.language_model import LlamaModel
from memex.models.sacrifice import go_first
from memex.protocols import Message

Json = dict[str, Any]


def main(path: str, model: str, context: int) -> None:
    """Serve the GGUF file at a path until standard input ends."""
    go_first()
    replies = _private_output()
    try:
        loaded = LlamaModel(Path(path), model, context)
    except MemexError as error:
        _reply(replies, {"error": error_to_json(error)})
        return
    requests: queue.SimpleQueue[Json] = queue.SimpleQueue()
    _reply(replies, {"parameters": loaded.parameters, "context": loaded.context})
    threading.Thread(target=_listen, args=(loaded, requests), daemon=True).start()
    while True:
        for reply in _answered(loaded, requests.get()):
            _reply(replies, reply)


def _private_output() -> IO[str]:
    """Standard output for replies alone: what a C library prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    return replies


def _listen(model: LlamaModel, requests: queue.SimpleQueue[Json]) -> None:
    """Take in requests; a cancellation acts at once. The end of input ends the process."""
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            model.interrupt()
        else:
            model.resume()
            requests.put(request)
    os._exit(0)


def _answered(model: LlamaModel, request: Json) -> Iterator[Json]:
    """The replies to one request."""
    try:
        if "count" in request:
            yield {"tokens": model.count_tokens(request["count"])}
            return
        asked: dict[str, Any] = request["complete"]
        messages = [Message(*each) for each in asked.pop("messages")]
        with closing(model.complete(messages, **asked)) as pieces:
            yield from ({"text": piece} for piece in pieces)
        yield {"end": True}
    except MemexError as error:
        yield {"error": error_to_json(error)}


def _reply(replies: IO[str], reply: Json) -> None:
    try:
        replies.write(f"{json.dumps(reply)}\n")
        replies.flush()
    except BrokenPipeError:
        os._exit(0)  # nobody asks any more


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
