"""`memex evals judge`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import click
from click.exceptions import UsageError
from rich.console import Console
from rich.progress import track

from memex import __version__
from memex.agreement import LEAST, LEAST_EACH, MODERATE, Agreement, agreement, counted
from memex.client import Client
from memex.commands.common import connect, echo_json, json_option
from memex.endpoint import KEY, Endpoint
from memex.errors import NotFound
from memex.judging import (
    EXAMPLES,
    ByExamples,
    Judge,
    Sample,
    distinct,
    sample_of,
    sample_to_json,
    verdicts,
)
from memex.wire import Json

RULE: Final = (
    f"The rule: at least {LEAST} labelled answers, {LEAST_EACH} of them right and {LEAST_EACH}"
    f" wrong, and the lower end of kappa's 95 % interval at {MODERATE} or above."
)


@dataclass(slots=True)
class DaemonJudge:
    """The local model, by the daemon."""

    client: Client
    name: str = "the local model"

    def judge(self, sample: Sample, examples: Sequence[Sample]) -> bool | None:
        """Whether it is right; None where the model does not say."""
        said = self.client.judge(sample_to_json(sample), [sample_to_json(x) for x in examples])
        self.name = said["model"]
        right = said["right"]
        return None if right is None else bool(right)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge said of the user's answers."""

    judge: str
    agreement: Agreement
    """With the labels."""
    silent: int
    """Labelled answers of which the judge said neither yes nor no."""
    unlabelled: int
    right: int | None
    """Unlabelled answers that the judge calls right; None where it is not trusted."""
    wrong: int | None


@click.command()
@click.option("--judge-url", "url", help="Ask this server, by OpenAI's interface, instead.")
@click.option("--judge-model", "model", help="The model to ask there.")
@click.option("--yes", is_flag=True, help="Send without asking first.")
@json_option
@click.pass_context
def command(
    context: click.Context, *, url: str | None, model: str | None, yes: bool, as_json: bool
) -> None:
    """Have a model judge your answers, and say how far it agrees with your labels.

    The model is the local one; it is shown labelled answers with your critiques, none of them
    about the question that it judges. What it says of answers without a label counts only where
    it agrees with the labels well enough. With --judge-url questions, answers and quotes leave
    this machine: what is sent, and where, is said first. MEMEX_JUDGE_KEY is the server's key.
    """
    if bool(url) != bool(model):
        raise UsageError("--judge-url and --judge-model go together.")
    endpoint = Endpoint(url, model, os.environ.get(KEY, "")) if url and model else None
    client = connect(context)
    samples = distinct(filter(None, map(sample_of, client.whole_traces())))
    labelled = [sample for sample in samples if sample.right is not None]
    left = [sample for sample in samples if sample.right is None]
    if not labelled:
        raise NotFound("No answer has a label yet.", "Give some: `memex evals label`.")
    if endpoint and not yes:
        _warn(endpoint, len(labelled), len(left))
    judged = _judged(ByExamples(endpoint) if endpoint else DaemonJudge(client), labelled, left)
    if as_json:
        echo_json(judged_to_json(judged))
    else:
        _tell(judged)


def _warn(endpoint: Endpoint, labelled: int, left: int) -> None:
    """Say what will be sent, and where; break off unless the user agrees."""
    where = "on this machine" if endpoint.is_here else "NOT on this machine"
    click.echo(
        f"To {endpoint.server} ({where}) go, for the model {endpoint.model}:\n"
        f"  labelled questions with answers, quotes from your documents, labels and critiques:"
        f" {labelled};\n"
        f"  and, only if it agrees with the labels well enough, questions without a label with"
        f" answers and quotes: {left}.",
        err=True,
    )
    click.confirm("Send that?", abort=True, err=True)


def _judged(judge: Judge, labelled: Sequence[Sample], left: Sequence[Sample]) -> Judged:
    """Of what has no label nothing is asked where the judge is not trusted."""
    said = list(verdicts(judge, _shown(labelled, "Labelled answers"), labelled))
    pairs = [
        (sample.right, right)
        for sample, right in said
        if sample.right is not None and right is not None
    ]
    found = agreement(counted(pairs))
    counts = None
    if found.trusted:
        others = verdicts(judge, _shown(left, "Answers without a label"), labelled)
        counts = Counter(right for _, right in others)
    return Judged(
        judge=judge.name,
        agreement=found,
        silent=len(said) - len(pairs),
        unlabelled=len(left),
        right=None if counts is None else counts[True],
        wrong=None if counts is None else counts[False],
    )


def _shown(samples: Sequence[Sample], what: str) -> Iterable[Sample]:
    """The samples, while it is shown how many are done."""
    console = Console(stderr=True)
    return track(samples, what, console=console, transient=True, disable=not console.is_terminal)


def judged_to_json(judged: Judged) -> Json:
    """Figures alone: nothing of what was asked (`docs/json.md`)."""
    found = judged.agreement
    return {
        "eval": "judge",
        "versions": {"memex": __version__, "judge": judged.judge},
        "results": [
            {
                "judge": judged.judge,
                "labels": asdict(found.table),
                "silent": judged.silent,
                "agreed": found.table.observed,
                "kappa": found.kappa,
                "low": found.low,
                "high": found.high,
                "trusted": found.trusted,
                "doubt": found.doubt,
                "unlabelled": judged.unlabelled,
                "right": judged.right,
                "wrong": judged.wrong,
            }
        ],
    }


def _tell(judged: Judged) -> None:
    found, table = judged.agreement, judged.agreement.table
    click.echo(f"Judge: {judged.judge}, with up to {EXAMPLES} labelled answers as examples.")
    click.echo("                 judge: right  wrong")
    click.echo(f"  you: right  {table.both_right:>14} {table.right_wrong:>6}")
    click.echo(f"  you: wrong  {table.wrong_right:>14} {table.both_wrong:>6}")
    if judged.silent:
        click.echo(f"Of {judged.silent} it said neither yes nor no.")
    if table.observed is not None:
        click.echo(f"The same: {100 * table.observed:.1f} %")
    click.echo(f"Cohen's kappa: {_kappa(found)}")
    click.echo(_word(judged))
    click.echo(RULE)


def _kappa(found: Agreement) -> str:
    if found.kappa is None or found.low is None or found.high is None:
        return "cannot be told, where everything was called the same"
    return f"{found.kappa:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f}"


def _word(judged: Judged) -> str:
    """Whether the judge may be trusted, and what it says if so."""
    if judged.right is None or judged.wrong is None:
        return f"Not trusted: {judged.agreement.doubt}. Its verdicts are not counted."
    silent = judged.unlabelled - judged.right - judged.wrong
    said = f"{judged.right} right and {judged.wrong} wrong"
    return (
        f"Trusted. Of {judged.unlabelled} answers without a label it calls {said}"
        f"{f', {silent} neither' if silent else ''}."
    )
