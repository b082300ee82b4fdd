"""memexd: the process that owns library, index and models."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn

from memex.api import Api
from memex.audit.index import mend_index
from memex.config import Config, load_config
from memex.errors import MemexError
from memex.locks import RoleLock
from memex.logs import in_journal, setup_logging
from memex.memory import Memex, open_memex
from memex.models import heap

SHUTDOWN: Final = 5
"""Seconds that open connections are given to finish."""
TRIAL: Final = "something that was remembered"
"""What is searched for at the start, to see that searching works."""
DOUBTED: Final = 3
"""Times in a row that the index cannot be brought in step before it is taken for damaged."""
MEND_EVERY: Final = 2.0
"""Seconds until what could not be indexed is tried again."""

_log = logging.getLogger("memexd")


def serve(config: Config, opened: Callable[[Config], Memex] = open_memex) -> None:
    """Serve what is `opened` until SIGTERM or SIGINT. Raises `AlreadyRunning`,
    `ModelError`, `StorageError`.
    """
    paths = config.paths
    paths.create()
    lock = RoleLock(paths.run / "memexd.pid")
    try:
        paths.socket.unlink(missing_ok=True)  # of one that was killed
        memex = opened(config)
        api = Api(memex, paths)
        keeping = threading.Thread(target=_keep_in_step, args=(memex,), name="indexing")
        keeping.start()
        stopping = threading.Event()
        expiring = threading.Thread(target=api.expiry.run, args=(stopping,), name="retention")
        expiring.start()
        _log.info("memexd serves %s on %s", paths.home, paths.socket)
        _run(api, str(paths.socket))
        stopping.set()
        memex.indexer.stop()
        keeping.join()
        expiring.join()
        memex.close()
    finally:
        paths.socket.unlink(missing_ok=True)
        lock.release()
        _log.info("memexd stopped")


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: it would raise the signal again at
    the end, before the library is closed.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _run(api: Api, socket: str) -> None:
    """Run the event loop until a signal asks it to stop."""
    settings = uvicorn.Config(
        api.app(),
        uds=socket,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=SHUTDOWN,
    )
    server = _Server(settings)

    def stop() -> None:
        api.board.close()
        api.live.close()
        server.should_exit = True

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        await server.serve()

    asyncio.run(main())


def _keep_in_step(memex: Memex) -> None:
    """Bring the index in step with the library, then load the reader, in the background;
    and again whenever something could not be indexed. What does not pass is mended.
    """
    failed = 0 if _reconciled(memex) else 1
    try:
        memex.recall(TRIAL, limit=1)  # before anybody asks: what is damaged is suspected then
        memex.warm()
    except MemexError as error:
        _log.warning("%s", error)
    heap.give_back()
    while memex.indexer.fell_behind():
        time.sleep(MEND_EVERY)
        failed = 0 if _reconciled(memex) else failed + 1
        if failed >= DOUBTED or memex.indexer.suspected:
            _mend(memex, surely=failed >= DOUBTED)


def _reconciled(memex: Memex) -> bool:
    """Whether the index is in step now."""
    try:
        for _ in memex.indexer.reconcile():
            pass
    except MemexError as error:
        _log.warning("%s", error)
        return False
    return True


def _mend(memex: Memex, *, surely: bool) -> None:
    """Make again what is damaged of the index; `surely` all where no damage is found."""
    memex.indexer.suspected = False
    try:
        for _ in mend_index(memex.library, memex.indexer, surely=surely):
            pass
    except MemexError as error:
        _log.warning("%s", error)
    if memex.indexer.damage:
        _log.warning("%s It was made again.", memex.indexer.damage)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `memexd`: serve in the foreground; errors as messages."""
    parser = argparse.ArgumentParser("memexd", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="log to the file only")
    options = parser.parse_args(arguments)
    try:
        config = load_config()
        setup_logging(config.paths, "memexd", foreground=not options.quiet)
        serve(config)
    except MemexError as error:
        _log.error("%s", error)
        if not in_journal():
            print(f"memexd: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
