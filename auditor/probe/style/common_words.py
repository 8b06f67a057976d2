"""The words of English that carry grammar and habit rather than content; our own list.

They are what is kept when an opening is stripped of its subject: articles, pronouns, auxiliaries,
prepositions, conjunctions, adverbs of degree and the small talk of assistants. Contractions stand as their
parts do after tokenisation on letters and apostrophes.
"""

from __future__ import annotations

_ARTICLES = "a an the this that these those some any each every either neither no all both"
_PRONOUNS = (
    "i you he she it we they me him her us them my your his its our their mine yours who whom whose which "
    "what someone something anyone anything everyone everything one ones itself yourself themselves"
)
_AUXILIARIES = (
    "am is are was were be been being do does did have has had having can could may might must shall should "
    "will would let"
)
_PREPOSITIONS = (
    "of in on at to for from by with without about into onto over under between among through during before "
    "after against within across around as like than per via"
)
_CONJUNCTIONS = "and or but nor so yet if because while although though unless until since whether then else"
_ADVERBS = (
    "not very too also just only even still more most less least much many few several other another such "
    "same how why when where here there now again always often never ever however therefore first next "
    "finally well quite rather really"
)
_MANNERS = (
    "yes sure certainly absolutely okay please thank thanks sorry hello hi dear great good happy glad "
    "understand here's it's that's there's i'm i'd i'll i've you're let's don't can't isn't cannot unable "
    "following below based step help important"
)

COMMON_WORDS: frozenset[str] = frozenset(
    " ".join((_ARTICLES, _PRONOUNS, _AUXILIARIES, _PREPOSITIONS, _CONJUNCTIONS, _ADVERBS, _MANNERS)).split()
)
