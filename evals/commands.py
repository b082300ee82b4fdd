"""The command line of the evals. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import click
import platformdirs

from evals.dataset import SCOPES
from memex.errors import MemexError

CACHE: Final = Path(platformdirs.user_cache_dir("memex", appauthor=False)) / "evals"
"""Where vectors are kept between runs."""
BENCHMARKS: Final = (
    "transcription",
    "embedding",
    "search",
    "start",
    "tui",
    "memory",
    "watching",
    "live",
)
"""In the order in which they run."""
FAULTS: Final = ("refuse", "full", "clock")
"""What else can go wrong while daemons are killed."""
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
FILE: Final = click.Path(dir_okay=False, path_type=Path)
SETS: Final = (
    "locomo",
    "realtalk",
    "qmsum",
    "friendsqa",
    "beir",
    "spoken-squad",
    "longmemeval",
)
"""Public sets that are read as they were published."""
RUN: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file to be read, such as `recall --json` wrote."""

_json = click.option("--json", "json_file", type=FILE, help="Write the figures to this file, too.")


class _Group(click.Group):
    """A group that shows deliberate errors as messages."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MemexError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def evals() -> None:
    """Measure Memex on real data. Figures are reported, never asserted."""


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="A set of questions, or a folder of sets.")
@click.option("--scope", type=click.Choice(SCOPES), default="pooled", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), help="Ask only the first N questions.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def recall(data: Path, scope: str, limit: int | None, cache: Path, json_file: Path | None) -> None:
    """Score recall on questions with evidence: bm25, lexical, vector and memex.

    Vectors are kept in the folder --cache, so that the next run takes seconds.
    """
    import_module("evals.recall").run(data, scope, limit, cache, json_file)


@evals.command()
@click.option("--learn", type=FOLDER, multiple=True, required=True, help="A set to learn from.")
@click.option("--measure", type=FOLDER, multiple=True, help="A set that is only measured.")
@click.option("--limit", type=click.IntRange(min=1), help="Questions of each set, at most.")
@click.option("--cross", type=FOLDER, help="A cross-encoder to compare: `cross` made it.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def ablate(
    learn: tuple[Path, ...],
    measure: tuple[Path, ...],
    limit: int | None,
    cross: Path | None,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Learn the ranker's weights, and print what each stage and each weight brings.

    At least two sets to learn from: each is measured by weights learnt without it.
    """
    import_module("evals.ablate").run(learn, measure, limit, cross, cache, json_file)


@evals.command()
@click.option("--base", default="all-MiniLM-L6-v2", show_default=True, help="The model to teach.")
@click.option("--learn", type=FOLDER, multiple=True, required=True, help="A set; twice: twice.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many.")
@click.option("--out", type=FILE, required=True, help="Where the adapter is written.")
def adapt(base: str, learn: tuple[Path, ...], cache: Path, steps: int | None, out: Path) -> None:
    """Teach an embedding model where the answers to questions are.

    Three tenths of each set, or its half for tests, are left to measure with.
    """
    import_module("evals.adapt").run(base, learn, cache, steps, out)


@evals.command()
@click.option(
    "--base", default="all-MiniLM-L6-v2-talk", show_default=True, help="The model to teach."
)
@click.option("--learn", type=FOLDER, multiple=True, required=True, help="A set; twice: twice.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder that the model is written to.",
)
def cross(base: str, learn: tuple[Path, ...], cache: Path, steps: int | None, out: Path) -> None:
    """Teach a cross-encoder which of the candidates answer a question, for `ablate --cross`.

    What is broken off (Ctrl-C) goes on from its last checkpoint when it is called again. What
    is held out is as in `adapt`, and three tenths of the other half of a set with halves, too.
    """
    import_module("evals.cross").run(base, learn, cache, steps, out)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="A set of questions, or a folder of sets.")
@click.option("--limit", type=click.IntRange(min=1), help="Ask only the first N questions.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def robustness(data: Path, limit: int | None, cache: Path, json_file: Path | None) -> None:
    """Ask each question in lower case, with typos, and as a recogniser mishears it."""
    import_module("evals.robustness").run(data, limit, cache, json_file)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="A set of questions, or a folder of sets.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Questions of each kind and set, at most."
)
@click.option("--reader", help="The model that answers; none: quotes only.")
@click.option("--bare", is_flag=True, help="Also ask the bare model, with the same passages.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def answers(
    data: Path,
    limit: int | None,
    reader: str | None,
    bare: bool,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Ask what is answered and what is not: how many are declined, right, and supported."""
    import_module("evals.answers").run(data, limit, reader, bare, cache, json_file)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="A set of questions, or a folder of sets.")
@click.option("--limit", type=click.IntRange(min=1), help="Questions of each set, at most.")
@click.option("--a", "one", required=True, help="A reader: model, profile, GGUF file, or none.")
@click.option("--b", "other", required=True, help="Another, or the same with another prompt.")
@click.option("--prompt-a", type=RUN, help="A file with the instruction that A is given.")
@click.option("--prompt-b", type=RUN, help="The same for B.")
@click.option("--judge", help="The local model that compares: model, profile or GGUF file.")
@click.option("--judge-url", "url", help="A server that compares, by OpenAI's interface.")
@click.option("--judge-model", "model", help="The model to ask there.")
@click.option("--by-hand", is_flag=True, help="You compare, without seeing whose answer is whose.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def pairwise(
    *,
    data: Path,
    limit: int | None,
    one: str,
    other: str,
    prompt_a: Path | None,
    prompt_b: Path | None,
    judge: str | None,
    url: str | None,
    model: str | None,
    by_hand: bool,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Compare the answers of two readers, or to two prompts, on the same evidence.

    The judge sees both orders; a preference counts only where it holds in both. With --judge-url
    the questions, quotes and answers of the sets are sent there; MEMEX_JUDGE_KEY is the key.
    """
    if bool(url) != bool(model) or sum(map(bool, (judge, url, by_hand))) != 1:
        raise click.UsageError(
            "Say who compares: --judge NAME, --judge-url with --judge-model, or --by-hand."
        )
    module = import_module("evals.pairwise")
    sides = (module.Reader(one, prompt_a), module.Reader(other, prompt_b))
    chooser = judge if url is None else module.endpoint(url, model)
    module.run(data, limit, sides, chooser, cache, json_file)


@evals.command()
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=CACHE)
@_json
def followups(cache: Path, json_file: Path | None) -> None:
    """Ask the project's follow-ups by themselves and after what was asked before them."""
    import_module("evals.followups").run(cache, json_file)


@evals.command()
@_json
def own(json_file: Path | None) -> None:
    """Score what your own memory finds for your own cases (`memex evals`)."""
    import_module("evals.own").run(json_file)


@evals.command()
@click.argument("first", type=RUN)
@click.argument("second", type=RUN)
@click.option("--method", default="memex", show_default=True, help="The row that is compared.")
@_json
def compare(first: Path, second: Path, method: str, json_file: Path | None) -> None:
    """Compare two runs that `recall --json` wrote, question by question."""
    import_module("evals.compare").run(first, second, method, json_file)


@evals.command()
@click.argument("runs", type=RUN, nargs=-1, required=True)
@click.option("--out", type=FILE, default="report.html", show_default=True)
def report(runs: tuple[Path, ...], out: Path) -> None:
    """Make a page of runs that `recall --json` wrote: one HTML file, with plots.

    Of a set that several RUNS have, the last is shown, compared with those before. What
    `answers --json` wrote brings coverage against risk; `memex evals judge --json` the judges.
    """
    import_module("evals.report_page").run(runs, out)


@evals.command()
@click.argument("name", type=click.Choice(SETS), metavar="SET")
@click.argument("files", type=RUN, nargs=-1, required=True)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def convert(name: str, files: tuple[Path, ...], out: Path) -> None:
    """Make a set that `recall` reads, in the folder OUT, of a public one as published.

    SET is locomo, realtalk, qmsum, friendsqa, beir (SciFact), spoken-squad or longmemeval.
    """
    import_module("evals.published.convert").run(name, files, out)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="The folder with the manifests.")
@click.option("--set", "name", required=True, help="The manifest NAME.jsonl in it.")
@click.option("--model", help="Name of a speech model; default: the configured one.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N recordings.")
@click.option("--reference", is_flag=True, help="Measure bare faster-whisper, too.")
@_json
def asr(
    data: Path,
    name: str,
    model: str | None,
    limit: int | None,
    json_file: Path | None,
    *,
    reference: bool,
) -> None:
    """Score recognition: word error rate, invented words, real-time factor."""
    run = import_module("evals.asr").run
    run(data, name, model, limit, json_file, reference=reference)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="The folder with the manifests.")
@click.option("--set", "name", default="read", show_default=True, help="The manifest NAME.jsonl.")
@click.option("--names", "said", type=FILE, required=True, help="Names that are said, one a line.")
@click.option("--others", type=FILE, required=True, help="Names that are not said, one a line.")
@click.option("--model", help="Name of a speech model; default: the configured one.")
@_json
def names(
    data: Path, name: str, said: Path, others: Path, model: str | None, json_file: Path | None
) -> None:
    """Score how names are heard, by how many and which ones the recogniser is told."""
    import_module("evals.names").run(data, name, (said, others), model, json_file)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="The folder with the manifests.")
@click.option("--model", help="Name of a speech model; default: the configured one.")
@_json
def overheard(data: Path, model: str | None, json_file: Path | None) -> None:
    """Score how a playing podcast, and what two devices hear, is told from conversations."""
    import_module("evals.overheard").run(data, model, json_file)


@evals.command()
@click.option("--data", type=FOLDER, required=True, help="The folder with the manifests.")
@click.option("--model", help="Name of a speech model; default: the configured one.")
@_json
def diarization(data: Path, model: str | None, json_file: Path | None) -> None:
    """Score who speaks: diarization error rate, recognising people by their voice."""
    import_module("evals.diarization").run(data, model, json_file)


@evals.command()
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(BENCHMARKS),
    help="Run only this one; may be repeated.",
)
@click.option(
    "--data",
    type=FOLDER,
    default="../shared",
    show_default=True,
    envvar="MEMEX_SHARED",
    help="A folder with audio/ and recall/ in it.",
)
@click.option("--live", is_flag=True, help="Only what is heard live: `--only live`.")
@click.option("--minutes", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--passages", type=click.IntRange(min=1), default=100_000, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the memories that are searched here between runs.",
)
@click.option("--scale", is_flag=True, help="Compare memories of several sizes, in one table.")
@click.option("--sizes", default="10000,100000,1000000", show_default=True, help="For --scale.")
@_json
def bench(
    *,
    scale: bool,
    sizes: str,
    only: tuple[str, ...],
    data: Path,
    live: bool,
    minutes: int,
    passages: int,
    rounds: int,
    home: Path | None,
    json_file: Path | None,
) -> None:
    """Measure speed and memory against the bare libraries, within one run.

    MINUTES is the length of the recording, PASSAGES the size of the index that
    is searched, ROUNDS how often what is compared is repeated in turns.
    """
    run = import_module("evals.bench.run").run
    if scale:
        counts = _counts(sizes)
        import_module("evals.bench.run").run_scale(counts, data, rounds, home, json_file)
        return
    chosen = (*only, *(["live"] if live else [])) or BENCHMARKS
    run(chosen, data, (minutes, passages, rounds), home, json_file)


def _counts(sizes: str) -> list[int]:
    counts = [int(size) for size in sizes.split(",") if size.strip().isdigit()]
    if len(counts) != sizes.count(",") + 1 or min(counts) < 1:
        raise click.BadParameter("numbers with commas between them", param_hint="--sizes")
    return counts


@evals.command()
@click.option("--kills", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", type=int, help="Of the script; it is printed where none is named.")
@click.option("--minutes", type=float, help="Break off after so long, and compare.")
@click.option(
    "--fault",
    multiple=True,
    type=click.Choice(FAULTS),
    help="Besides: calls fail with EIO; the disk is full now and then; the clock is set back.",
)
@click.option("--real", is_flag=True, help="Real models, started as users start them: slower.")
@_json
def torture(
    kills: int,
    seed: int | None,
    minutes: float | None,
    fault: tuple[str, ...],
    json_file: Path | None,
    *,
    real: bool,
) -> None:
    """Kill the daemons again and again while files come and go; then nothing may be
    missing, and nothing there twice.
    """
    import_module("evals.torture.run").run(kills, seed, minutes, fault, json_file, real=real)
