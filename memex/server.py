"""memexd: the process that owns library, index and models."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn

from memex.api import Api
from memex.config import Config, load_config
from memex.errors import MemexError
from memex.locks import RoleLock
from memex.logs import setup_logging
from memex.memory import Memex, open_memex

SHUTDOWN: Final = 5
"""Seconds that open connections are given to finish."""

_log = logging.getLogger("memexd")


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Raises `AlreadyRunning`, `ModelError`, `StorageError`."""
    paths = config.paths
    paths.create()
    lock = RoleLock(paths.run / "memexd.pid")
    try:
        memex = open_memex(config)
        api = Api(memex, paths)
        paths.socket.unlink(missing_ok=True)
        keeping = threading.Thread(target=_keep_in_step, args=(memex,), name="indexing")
        keeping.start()
        _log.info("memexd serves %s on %s", paths.home, paths.socket)
        _run(api, str(paths.socket))
        memex.indexer.stop()
        keeping.join()
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
        server.should_exit = True

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        await server.serve()

    asyncio.run(main())


def _keep_in_step(memex: Memex) -> None:
    """Bring the index in step with the library, then load the reader, in the background."""
    try:
        for _ in memex.indexer.reconcile():
            pass
        memex.warm()
    except MemexError as error:
        _log.warning("%s", error)


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
        print(f"memexd: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
