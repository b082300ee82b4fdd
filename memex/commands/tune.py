"""`memex tune`."""

from __future__ import annotations

import click

from memex.client import Client
from memex.commands.common import connect, echo_json, json_option
from memex.commands.stages import progress
from memex.protocols import Step
from memex.wire import Json


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@click.option("--reset", is_flag=True, help="Go back to the weights that ship.")
@json_option
@click.pass_context
def command(context: click.Context, *, dry_run: bool, reset: bool, as_json: bool) -> None:
    """Learn from what you called right how results are to be ranked.

    The new weights are taken only if they are surely better on questions that they were not
    learnt from. At least 30 questions must have a result that is marked right.
    """
    if dry_run and reset:
        raise click.UsageError("--reset learns nothing: leave --dry-run out.")
    client = connect(context)
    if reset:
        _reset(client, as_json=as_json)
        return
    tuned = _tuned(client, dry_run=dry_run)
    if as_json:
        echo_json(tuned)
    else:
        _show(tuned)


def _reset(client: Client, *, as_json: bool) -> None:
    done = client.reset_weights()
    if as_json:
        echo_json({"reset": done})
    elif done:
        click.echo("The weights that ship are used again.")
    else:
        click.echo("The weights that ship are used already.")


def _tuned(client: Client, *, dry_run: bool) -> Json:
    """The outcome, while it is shown how far it is."""
    outcome: Json = {}
    with progress() as tell:
        for item in client.tune(dry_run=dry_run):
            if isinstance(item, Step):
                tell(item)
            else:
                outcome = item
    return outcome


def _show(tuned: Json) -> None:
    labelled, trial = tuned["labelled"], tuned["trial"]
    click.echo(_labelled(labelled))
    if trial is None:
        click.echo(
            f"Kept as they are: it is known of {labelled['teach']} what is right, and at least"
            f" {labelled['least']} are needed."
        )
        return
    old, new = trial["old"], trial["new"]
    click.echo("Of questions left out of learning, old and new:")
    click.echo(f"  right one first   {_change(100 * old['first'], 100 * new['first'], 1)} %")
    click.echo(f"  MRR               {_change(100 * old['mrr'], 100 * new['mrr'], 1)}")
    click.echo("Weights, old and new:")
    for name, worth in tuned["old"].items():
        click.echo(f"  {name:<16}  {_change(worth, tuned['new'][name], 2)}")
    click.echo(_verdict(tuned))


def _labelled(labelled: Json) -> str:
    """How many questions are labelled, and why some of them teach nothing."""
    reasons = {
        "no_right": "nothing is called right",
        "not_found": "what is right is not found, or all is right",
        "quoted": "words are quoted",
    }
    left_out = [f"in {labelled[name]} {why}" for name, why in reasons.items() if labelled[name]]
    said = f"{labelled['all']} labelled question{'s' if labelled['all'] != 1 else ''}"
    return (
        f"{said}, of which {labelled['teach']} teach ({'; '.join(left_out)})."
        if left_out
        else f"{said}."
    )


def _change(old: float, new: float, digits: int) -> str:
    return f"{old:6.{digits}f} → {new:6.{digits}f}"


def _verdict(tuned: Json) -> str:
    """Whether they are taken, and by how much they are better."""
    found = tuned["trial"]["difference"]
    mean, low, high = (100 * found[name] for name in ("mean", "low", "high"))
    chance = "p < 0.001" if found["p"] < 0.001 else f"p {found['p']:.3f}"
    by = f"MRR {mean:+.1f} [{low:+.1f}, {high:+.1f}], {chance}"
    if tuned["taken"]:
        return f"Taken: better by {by}."
    if tuned["trial"]["better"]:
        return f"Better by {by}; nothing was changed."
    return f"Kept as they are: not significantly better, {by}."
