from __future__ import annotations

from memex.index import Candidate
from memex.recall.fuse import Fused, fuse


def found(**scores: float) -> list[Candidate]:
    return [Candidate(ord(name), score) for name, score in scores.items()]


def order(fused: list[Fused]) -> str:
    return "".join(chr(hit.row) for hit in fused)


def test_a_list_that_is_sure_of_its_first_hit_keeps_it_first() -> None:
    # By ranks b would win: it is first and second, a first and fourth.
    lexical = found(a=20, b=8)
    vector = found(b=0.50, c=0.49, d=0.48, a=0.40)
    assert order(fuse({"lexical": lexical, "vector": vector}))[0] == "a"


def test_where_the_words_are_undecided_the_sense_decides() -> None:
    lexical = found(a=20, b=18)
    vector = found(b=0.7, c=0.5, a=0.3)
    assert order(fuse({"lexical": lexical, "vector": vector})) == "bac"


def test_the_length_of_the_question_and_its_bm25_do_not_matter() -> None:
    vector = found(c=0.6, b=0.5, a=0.3)
    small = fuse({"lexical": found(a=2, b=1.5), "vector": vector})
    large = fuse({"lexical": found(a=200, b=150), "vector": vector})
    assert small == large


def test_a_passage_that_is_not_among_the_nearest_counts_as_the_last_of_them() -> None:
    lexical = found(a=20, b=19.9)
    vector = found(c=0.8, b=0.4)
    assert order(fuse({"lexical": lexical, "vector": vector})) == "abc"


def test_one_list_alone_keeps_its_order() -> None:
    assert order(fuse({"lexical": found(a=3, b=2, c=1), "vector": []})) == "abc"
    assert order(fuse({"lexical": [], "vector": found(a=0.3, b=0.1, c=-0.1)})) == "abc"
    assert fuse({"lexical": [], "vector": []}) == []


def test_a_hit_tells_its_place_in_every_list() -> None:
    first, second = fuse({"lexical": found(a=3, b=2), "vector": found(a=0.5)})
    assert first.ranks == {"lexical": 1, "vector": 1}
    assert second.ranks == {"lexical": 2}
