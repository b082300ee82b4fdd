"""python -m tui: what `memex tui` starts."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from importlib.util import find_spec

from memex.errors import InvalidRequest, MemexError
from tui.garbage import Garbage
from tui.hangup import end_with
from tui.reach import Daemon


def main(arguments: list[str]) -> int:
    """Run until it is quit; the exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.serve:
        return _serve(["--no-start"] if chosen.no_start else [], chosen.port)
    _keep_screen()
    reach = Daemon(start=not chosen.no_start)
    if chosen.plain:
        from tui.typed import main as converse  # noqa: PLC0415 (only one of the two is needed)

        return converse(reach, starts=not chosen.no_start)
    garbage = Garbage()
    from tui.app import MemexApp  # noqa: PLC0415 (as above)

    if sys.stdin.isatty():
        end_with(sys.stdin.fileno())
    app = MemexApp(reach, garbage=garbage)
    app.run()
    return app.return_code or 0


def _parser() -> ArgumentParser:
    """Options as `memex tui` has them."""
    parser = ArgumentParser("python -m tui")
    parser.add_argument("--no-start", action="store_true", help="start no daemon")
    parser.add_argument("--plain", action="store_true", help="line by line, without a screen")
    parser.add_argument("--serve", action="store_true", help="in a browser on this machine")
    parser.add_argument("--port", type=int)
    return parser


def _serve(options: list[str], port: int | None) -> int:
    try:
        if find_spec("textual_serve") is None:
            raise InvalidRequest(
                "A browser takes textual-serve, which is not installed.",
                "`pip install 'memex-local[web]'` installs it.",
            )
        from tui.serve import serve  # noqa: PLC0415 (it may not be installed)

        serve(options, port)
    except MemexError as error:
        print(f"memex: {error}", file=sys.stderr)
        return 1
    return 0


def _keep_screen() -> None:
    """Let nothing but us write to the screen. Textual draws on stderr, where PortAudio and ALSA
    write what they think, too: those get a stderr that goes nowhere.
    """
    screen = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    sys.stderr = sys.__stderr__ = screen  # type: ignore[misc]  # Textual draws on this one
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
