"""The command `memex`. Each command is a module, imported when it is called.

Exit codes: 0 done; 1 it could not be done (the message says why); 2 the command
line makes no sense; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from memex import __version__
from memex.errors import MemexError

COMMANDS: Final = {
    "tui": "Search, read, hear and ask on the whole terminal.",
    "add": "Remember files and folders.",
    "search": "Find passages.",
    "ask": "Ask a question; the answer comes with its sources.",
    "about": "Say what is remembered of a person or topic.",
    "digest": "Say what a day or week brought, or what there is of a name.",
    "play": "Hear the moment of a search hit or citation.",
    "right": "Say that a result of the last search or answer is right.",
    "wrong": "Say that a result of the last search or answer is wrong.",
    "trace": "Show what was asked, and what was shown for it.",
    "searches": "List, save or remove searches.",
    "evals": "Judge answers; make eval cases of your own memory.",
    "tune": "Learn from what was called right how to rank.",
    "list": "List what is remembered.",
    "show": "Show one document.",
    "watch": "Remember folders as they change.",
    "feeds": "Follow podcasts.",
    "people": "Say who speaks, and forget voices.",
    "listen": "Listen, and show what is said.",
    "devices": "List microphones and loudspeakers, and how loud they are.",
    "wearable": "Hear wearables: recorders that send by Bluetooth.",
    "failed": "List, retry or give up what could not be read.",
    "pause": "Hear and read nothing for a while.",
    "resume": "Go on after a pause.",
    "private": "Close every microphone.",
    "status": "Say what Memex is doing.",
    "up": "Start the daemons.",
    "down": "Stop the daemons.",
    "service": "Let systemd or launchd keep the daemons running.",
    "models": "List, fetch, choose and check models.",
    "forget": "Forget documents for good, and prove it.",
    "retention": "Show or apply for how long recordings are kept.",
    "reindex": "Build the index again from the library.",
    "verify": "Look for damage, and mend the index.",
    "backup": "Write everything into one file.",
    "restore": "Put a backup in place.",
    "export": "Write everything as Markdown or JSON lines.",
    "doctor": "Look for what keeps Memex from working.",
    "completion": "Print the shell's completion script.",
}
"""The commands in the order of `--help`, with their first line."""

FAILED: Final = 1
INTERRUPTED: Final = 130


class _Commands(click.Group):
    """Commands that are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"memex.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 it could not be done, 2 wrong usage, 130 interrupted. "
    "MEMEX_HOME names the data directory.",
)
@click.version_option(__version__, prog_name="memex")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option("--no-start", is_flag=True, help="Do not start the daemons when they do not run.")
@click.pass_context
def cli(context: click.Context, *, debug: bool, no_start: bool) -> None:
    """Memex: a personal memory that runs on this machine and nowhere else."""
    context.obj = {"start": not no_start, "debug": debug}
    context.color = False if os.environ.get("NO_COLOR") else None


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code; errors are messages, not tracebacks.

    Without one a terminal gets the `tui`, anything else the help.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments and sys.stdin.isatty() and sys.stdout.isatty():
        arguments = ["tui"]
    debug = "--debug" in arguments
    try:
        code = cli.main(arguments, prog_name="memex", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001 (the last resort: a message, or the traceback)
        if debug:
            traceback.print_exc()
        elif isinstance(error, MemexError):
            click.echo(f"memex: {error}", err=True)
        else:
            click.echo(
                f"memex: This should not have happened ({type(error).__name__}: {error}). "
                "`memex --debug …` shows where.",
                err=True,
            )
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
