"""How much is lost when questions are written as people write and as recognisers hear.

Noise is deterministic: the same question becomes the same noisy one, on any machine. What
it does is what keyboards and ears do: letters swapped, left out, doubled, the key beside
(Damerau, A technique for computer detection and correction of spelling errors, CACM 7(3),
1964, found that such single slips are over 80 % of all); and sounds written otherwise.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Final

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals import metrics
from evals.corpus import Part, parts
from evals.dataset import find_sets, read_recall_set
from evals.report import write_json
from evals.searchers import Searcher, all_methods
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.models.loading import load_embedder
from memex.words import is_function_word

LONG: Final = 5
"""Letters from which on a word gets a typo: shorter ones are seldom mistyped."""
KEYS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""The rows of a keyboard."""
SOUNDS: Final = (
    ("tch", "ch"),
    ("ch", "tch"),
    ("sch", "sh"),
    ("sh", "ch"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("qu", "kw"),
    ("wh", "w"),
    ("x", "ks"),
    ("c(?=[eiy])", "s"),
    ("c(?![h])", "k"),
    ("k(?!n)", "c"),
    ("z", "s"),
    ("s(?!h)", "z"),
    ("v", "f"),
    ("f", "v"),
    ("w", "v"),
    ("g(?=[eiy])", "j"),
    ("j", "g"),
    ("b", "p"),
    ("d", "t"),
    ("m", "n"),
    ("ee", "i"),
    ("ea", "e"),
    ("oo", "u"),
    ("ou", "u"),
    ("ie", "y"),
    ("ai", "ay"),
    ("y", "i"),
    ("i", "e"),
    ("e", "a"),
    ("o", "u"),
    ("a", "o"),
    ("u", "o"),
)
"""What sounds alike, and is written for each other."""

_WORD: Final = re.compile(r"[^\W\d_]+")

Noise = Callable[[str, str], str]
"""Makes a noisy question of a question, the same for the same seed."""


def lower_case(query: str, seed: str = "") -> str:
    """All in small letters."""
    del seed
    return query.lower()


def typos(query: str, seed: str = "") -> str:
    """One slip in each long word: two letters swapped, one left out, doubled, or the key
    beside it; never the first letter, which is seldom wrong.
    """
    return _WORD.sub(lambda found: _mistyped(found.group(), seed), query)


def misheard(query: str, seed: str = "") -> str:
    """Each name (a word with a capital, but the first) with one or two of its sounds written
    otherwise, in small letters; all words where there is no name.
    """
    words = list(_WORD.finditer(query))
    names = {found.start() for found in words[1:] if _is_name(found.group())}
    chosen = names or {found.start() for found in words if _is_long(found.group())}
    return _WORD.sub(
        lambda found: heard(found.group(), seed) if found.start() in chosen else found.group(),
        query,
    )


NOISES: Final[Mapping[str, Noise]] = {
    "lower case": lower_case,
    "typos": typos,
    "misheard": misheard,
}


def _is_name(word: str) -> bool:
    return len(word) > 2 and word[0].isupper() and not word.isupper()


def _is_long(word: str) -> bool:
    return len(word) >= LONG and not is_function_word(word)


def _mistyped(word: str, seed: str) -> str:
    if not _is_long(word):
        return word
    dice = _dice("typo", word, seed)
    at = dice.randrange(1, len(word) - 1)
    slip = dice.choice(("swap", "drop", "double", "beside"))
    if slip == "swap":
        return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
    if slip == "drop":
        return word[:at] + word[at + 1 :]
    put = word[at] * 2 if slip == "double" else _beside(word[at], dice)
    return word[:at] + put + word[at + 1 :]


def _beside(letter: str, dice: random.Random) -> str:
    """A key beside a letter's; the letter itself where it has none."""
    for row in KEYS:
        at = row.find(letter.lower())
        if at >= 0:
            return dice.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return letter


def heard(word: str, seed: str) -> str:
    """A word with one sound written otherwise, two where it is longer than seven letters."""
    small = word.lower()
    dice = _dice("heard", small, seed)
    places = [
        (found.start(), found.end(), written)
        for spelt, written in SOUNDS
        for found in re.finditer(spelt, small)
    ]
    for start, end, written in _apart(dice.sample(places, len(places)), 1 + (len(word) > 7)):
        small = small[:start] + written + small[end:]
    return small


def _apart(places: Iterable[tuple[int, int, str]], most: int) -> list[tuple[int, int, str]]:
    """So many of the places that do not touch, from the last to the first."""
    taken: list[tuple[int, int, str]] = []
    for place in places:
        if len(taken) < most and all(place[1] < s or e < place[0] for s, e, _ in taken):
            taken.append(place)
    return sorted(taken, reverse=True)


def _dice(*seed: str) -> random.Random:
    digest = hashlib.sha256("\0".join(seed).encode()).digest()
    return random.Random(digest)  # noqa: S311 (no secret)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a kind of noise costs."""

    noise: str
    clean: float
    """Mean of the metric for the questions as they are, 0 to 1."""
    noisy: float

    @property
    def lost(self) -> float:
        """Of what was found, the share that is not any more."""
        return 1 - self.noisy / self.clean if self.clean else 0.0


def losses(
    queries: Sequence[str],
    score: Callable[[int, str], float],
    noises: Mapping[str, Noise] = NOISES,
) -> list[Loss]:
    """What each kind of noise costs, over all queries.

    `score(number, text)` asks question `number` in the words `text`, and says its metric
    (recall@5), 0 to 1.
    """
    if not queries:
        return []
    clean = fmean(score(number, query) for number, query in enumerate(queries))
    return [
        Loss(
            name,
            clean,
            fmean(score(number, noise(query, str(number))) for number, query in enumerate(queries)),
        )
        for name, noise in noises.items()
    ]


K: Final = 5
"""Of recall@k."""
COMPARED: Final = ("bm25", "memex")


def run(data: Path, limit: int | None, cache: Path, json_file: Path | None) -> None:
    """Measure every set of a folder, print, write. Raises `MemexError`."""
    embedder = CachedEmbedder(load_embedder(load_config()), cache)
    rows: list[tuple[str, str, Loss]] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for folder in find_sets(data):
            found = read_recall_set(folder, limit)
            (part,) = parts(found, "pooled")
            asking = len(part.queries) * (len(NOISES) + 1) * len(COMPARED)
            task = progress.add_task(found.name, total=asking)
            with all_methods(embedder, lambda _: None)(part) as searchers:
                for name in COMPARED:
                    recall = recall_of(part, searchers[name], partial(progress.advance, task))
                    found_losses = losses([query.text for query in part.queries], recall)
                    rows += [(found.name, name, loss) for loss in found_losses]
    if json_file:
        lines = [{"set": of, "method": name, **asdict(loss)} for of, name, loss in rows]
        write_json(json_file, "robustness", lines)
    _show(rows)


def _show(rows: Iterable[tuple[str, str, Loss]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=f"recall@{K}, as asked and with noise")
    for column in ("set", "method", "noise"):
        table.add_column(column)
    for column in ("as asked", "noisy", "lost"):
        table.add_column(column, justify="right")
    for of, name, loss in rows:
        clean, noisy = (f"{100 * each:.1f}" for each in (loss.clean, loss.noisy))
        table.add_row(of, name, loss.noise, clean, noisy, f"{loss.lost:.1%}")
    Console().print(table)


def recall_of(
    part: Part, searcher: Searcher, asked: Callable[[], None]
) -> Callable[[int, str], float]:
    """Recall@`K` of a question of a part in other words; `asked` is called after each."""

    def score(number: int, text: str) -> float:
        query = part.queries[number]
        hits = searcher.search(replace(query, text=text), K)
        asked()
        return metrics.recall_at([part.units(hit) for hit in hits], query.evidence, K)

    return score
