"""Irregular forms of English verbs: "made" says what "make" says, which no stemmer knows.

A question asks "What did she make?", its answer begins with "She made".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from memex.words import content_stems, stem

VERBS: Final = """
become became; begin began begun; bend bent; bite bit bitten; bleed bled; blow blew blown
break broke broken; bring brought; build built; burn burnt; buy bought; catch caught
choose chose chosen; come came; creep crept; dig dug; draw drew drawn; dream dreamt
drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen; feed fed; feel felt
fight fought; find found; fly flew flown; forget forgot forgotten; forgive forgave forgiven
freeze froze frozen; get got gotten; give gave given; go went gone; grow grew grown; hang hung
hear heard; hide hid hidden; hold held; keep kept; know knew known; lay laid; lead led
learn learnt; leave left; lend lent; lie lain; light lit; lose lost; make made; mean meant
meet met; pay paid; ride rode ridden; ring rang rung; rise rose risen; run ran; say said
see saw seen; seek sought; sell sold; send sent; sew sewn; shake shook shaken; shine shone
shoot shot; show shown; sing sang sung; sink sank sunk; sit sat; sleep slept; slide slid
speak spoke spoken; spend spent; spill spilt; spin spun; stand stood; steal stole stolen
stick stuck; sting stung; strike struck; swear swore sworn; sweep swept; swim swam swum
swing swung; take took taken; teach taught; tear tore torn; tell told; think thought
throw threw thrown; understand understood; wake woke woken; wear wore worn; weave wove woven
weep wept; win won; wind wound; write wrote written
"""
"""Each verb with its past forms, where these are others."""


def _verbs() -> Mapping[str, str]:
    verbs = [verb.split() for verb in VERBS.replace("\n", ";").split(";") if verb.strip()]
    return {form: first for first, *others in verbs for form in others}


VERB_OF: Final = _verbs()
"""Of each form its verb."""
_BASES: Final = {stem(form): stem(verb) for form, verb in VERB_OF.items()}


def base(form: str) -> str:
    """The stem of the verb of whose forms one has this stem; otherwise the stem itself."""
    return _BASES.get(form, form)


def content_bases(text: str) -> list[str]:
    """The stems of the words of content, as `content_stems`, of verbs of their base forms."""
    return [base(form) for form in content_stems(text)]
