"""Which English words and emojis carry feeling, and which words turn it round or strengthen it.

The valences are VADER's (C. J. Hutto and E. Gilbert, ICWSM 2014), each the mean of ten people's ratings from
-4 to 4, as the package nltk-vader-sentiment publishes them. People rated words of tweets; the few that mean
something else in what is said to software are adjusted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

_THINGS: Final = """
    accept accepted agreement assets block blocks certain challenge challenges charge charged create
    created creates creating dear demand energy ensure ensures ensuring error errors feeling free
    grant granted hand help helping important increase increased increases intelligence interest
    invite join kill kills limited lower matter natural negative no number original party pay play
    please positive pressure prevent prevents promise promises protect protected reject rejected
    resolve resolved resolves restrict save saved saves security share shared shares sharing
    significant solution solutions solve solves solving sure true value values vision want warning
    warnings
"""
"""Rated words that name things, or are polite, in what people ask of software ("please share my values")."""

_ADDED: Final[Mapping[str, float]] = {
    "works": 1.2,
    "worked": 1.2,
    "bug": -1.2,
    "bugs": -1.2,
    "buggy": -1.9,
    "crashes": -1.7,
    "crashing": -1.7,
    "glitch": -1.2,
    "glitchy": -1.6,
    "hallucinated": -1.5,
    "hallucinating": -1.6,
    "incorrect": -1.5,
    "incorrectly": -1.5,
    "laggy": -1.6,
    "like": 0.7,
    "overpriced": -1.8,
    "slow": -1.1,
    "unhelpful": -1.9,
    "unusable": -2.2,
    "outdated": -1.2,
}
"""Words that people use of software and that VADER does not rate, by analogy with those that it does; "like",
which mostly compares or asks ("I would like"), is rated lower than by VADER.
"""

_ADDED_NEGATIONS: Final = frozenset({"nobody", "no"})

_EMOJIS: Final[Mapping[str, float]] = {
    "👍": 1.8,
    "👎": -1.8,
    "👏": 1.6,
    "🙏": 1.2,
    "💔": -2.2,
    "😡": -2.6,
    "🤬": -2.8,
    "🙄": -1.4,
    "😤": -1.6,
    "🤮": -2.4,
    "💩": -1.8,
    "🤦": -1.5,
    "😬": -0.8,
    "🥳": 2.4,
    "🤩": 2.6,
    "💯": 1.6,
}
"""Emojis whose descriptions say what they show and not how it is meant."""

_ONLY_NEGATED: Final[Mapping[str, float]] = {
    "help": 1.6,
    "helping": 1.6,
    "load": 1.0,
    "loading": 1.0,
    "work": 1.6,
    "working": 1.6,
}
"""Of no feeling as they stand; that something does not work is a complaint."""

_LARGEST: Final = 3.5
_VARIATION: Final = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Words:
    """What words do.

    Attributes:
        valences: how positive (to 4) or negative (to -4) words and emoticons are, in lower case.
        only_negated: words that have a valence after a negation only.
        boosters: what a word before it adds to a positive valence, and takes from a negative one.
        negations: words that turn the valence of what follows.
        emojis: valences of single characters.
    """

    valences: Mapping[str, float]
    only_negated: Mapping[str, float]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    emojis: Mapping[str, float]


@cache
def english() -> Words:
    """The words, read when they are needed first: only the processes that classify hold them."""
    from vader import SentimentIntensityAnalyzer
    from vader.data.emoji import EMOJI

    vader = SentimentIntensityAnalyzer()
    things = frozenset(_THINGS.split())
    valences = {word: valence for word, valence in vader.lexicon.items() if word not in things}
    return Words(
        valences={**valences, **_ADDED},
        only_negated=_ONLY_NEGATED,
        boosters=dict(vader.booster),
        negations=vader.negations | _ADDED_NEGATIONS,
        emojis={**_emojis(EMOJI, vader.lexicon), **_EMOJIS},
    )


def words_version() -> str:
    """Version of the published word list."""
    return version("nltk-vader-sentiment")


def _emojis(descriptions: Mapping[str, str], valences: Mapping[str, float]) -> dict[str, float]:
    """The feeling of emojis, from the words that describe them: "smiling face with heart-eyes"."""
    found = {}
    for emoji, description in descriptions.items():
        character = emoji.removesuffix(_VARIATION)
        valence = sum(valences.get(word, 0.0) for word in description.replace("-", " ").split())
        if len(character) == 1 and valence:
            found[character] = max(-_LARGEST, min(_LARGEST, valence))
    return found
