"""The worst queries of the report: what was asked, what answers it, what was served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evals.report_html import Html, join, tag
from evals.results import SERVED, Case, SetResult

OPEN: Final = 1
"""Sets whose queries are unfolded at first."""
EXPLAINED: Final = (
    "By nDCG@10 of what is served; of equals, those first that another method answers. "
    "Hits that bring new evidence are marked."
)


def worst_queries(results: Sequence[SetResult]) -> list[Html]:
    """A folded list for each set; nothing where no set has any."""
    folded = [
        tag(
            "details",
            tag("summary", f"{result.name}: {len(result.worst)} of {result.n} questions"),
            *map(_case, result.worst),
            open="" if at < OPEN else None,
        )
        for at, result in enumerate(one for one in results if one.worst)
    ]
    return [tag("p", EXPLAINED), *folded] if folded else []


def _case(case: Case) -> Html:
    about = [case.question.category, case.question.source, case.question.id]
    scores = ", ".join(f"{name} {100 * score:.0f}" for name, score in case.scores.items())
    parts = [
        tag("h4", case.question.text),
        tag("p", " · ".join(filter(None, about)), class_="soft"),
        tag("p", f"nDCG@10: {scores}. {_lost(case.stages)}", class_="soft"),
    ]
    if case.answer:
        parts.append(tag("p", tag("strong", "Answer: "), case.answer))
    parts += [tag("blockquote", tag("span", text, class_="text")) for text in case.evidence if text]
    hits = [
        tag(
            "li",
            tag("small", hit.title),
            tag("span", hit.text, class_="text"),
            class_="relevant" if hit.relevant else None,
        )
        for hit in case.hits
    ]
    parts.append(tag("ol", *hits) if hits else tag("p", f"{SERVED} found nothing."))
    return tag("article", join(parts))


def _lost(stages: Mapping[str, float]) -> str:
    """In which stage its evidence stayed behind."""
    if not stages:
        return ""
    missing = 1 - stages["candidates"]
    losses = {
        "in no list": missing,
        "left by ranking": stages["ranking_loss"],
        "dropped by serving": stages["serving_loss"],
    }
    said = ", ".join(f"{100 * share:.0f} % {name}" for name, share in losses.items() if share > 0)
    return f"Of its evidence {said}." if said else "All its evidence is in the first ten hits."
