"""What the lexicon classifier looks at: two dozen numbers for a text.

All are bounded, and a long text counts as a short one that is as dense with feelings, so that what was fitted
on sentences holds for messages of any length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from assay.domain.sentiment.words import Words

FEATURES: Final = (
    "balance",
    "balance, either way",
    "balance, damped",
    "positive",
    "negative",
    "positive negated",
    "negative negated",
    "strongest positive",
    "strongest negative",
    "balance per word",
    "positive per word",
    "negative per word",
    "any positive",
    "any negative",
    "last",
    "exclamation marks",
    "exclamation marks with the balance",
    "a question mark",
    "question marks",
    "negations",
    "but",
    "length",
    "length with the balance",
    "all in capitals",
    "no words",
)

_REACH: Final = 3
"""Words before one with a feeling that may change it."""
_BOOST_DECAY: Final = (1.0, 0.95, 0.9)
_TURNED: Final = -0.74
"""What negation does to a valence; like the next two, and the reach, a rule of VADER."""
_CAPITALS: Final = 0.733
_TURNS: Final = ("but", "however")
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5

_ALPHA: Final = 15.0
_DAMPED_ALPHA: Final = 60.0
_FULL_LENGTH: Final = 40
"""Words; the feelings of a longer text count as if it had so many, spread as densely."""

_ADDRESS: Final = re.compile(r"https?://\S+|www\.\S+")
_EMOJI: Final = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_EMOJIS: Final = re.compile(f"{_EMOJI.pattern}(?:{_EMOJI.pattern}|[\\u200d\\ufe0f])*")
"""Emojis in a row, with what joins them and how they are to be drawn."""
_EDGES: Final = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’…"
_LONGEST_WORD: Final = 40


class _Word(NamedTuple):
    lower: str
    is_upper: bool


@dataclass(slots=True)
class _Feelings:
    """What the words of a text add up to."""

    positive: float = 0.0
    negative: float = 0.0
    positive_negated: float = 0.0
    negative_negated: float = 0.0
    strongest_positive: float = 0.0
    strongest_negative: float = 0.0
    balance: float = 0.0
    last: float = 0.0

    def add(self, valence: float, *, is_negated: bool, weight: float) -> None:
        """Count a word."""
        if is_negated:
            if valence > 0:
                self.positive_negated += valence
            else:
                self.negative_negated -= valence
            valence *= _TURNED
        elif valence > 0:
            self.positive += valence
            self.strongest_positive = max(self.strongest_positive, valence)
        else:
            self.negative -= valence
            self.strongest_negative = max(self.strongest_negative, -valence)
        self.balance += valence * weight
        self.last = valence


def features_of(text: str, words: Words) -> tuple[float, ...]:
    """The numbers of a text, in the order of `FEATURES`."""
    tokens = list(_tokens(text, words))
    found = _feelings(text, tokens, words)
    count = max(len(tokens), 1)
    share = min(1.0, _FULL_LENGTH / count)
    balance = _bounded(found.balance * share)
    length = math.log(min(count, _FULL_LENGTH)) / 4
    exclamations = min(text.count("!"), 4) / 4
    questions = text.count("?")
    return (
        balance,
        abs(balance),
        _bounded(found.balance * share, _DAMPED_ALPHA),
        _bounded(found.positive * share),
        _bounded(found.negative * share),
        _bounded(found.positive_negated * share),
        _bounded(found.negative_negated * share),
        found.strongest_positive / 4,
        found.strongest_negative / 4,
        found.balance / (count + 5),
        found.positive / (count + 5),
        found.negative / (count + 5),
        float(found.positive > 0),
        float(found.negative > 0),
        found.last / 4,
        exclamations,
        math.copysign(exclamations, found.balance) if found.balance else 0.0,
        float(questions > 0),
        float(questions > 1),
        min(sum(_negates(token.lower, words) for token in tokens), 3) / 3,
        float(any(token.lower in _TURNS for token in tokens)),
        length,
        balance * length,
        float(text.isupper()),
        float(not tokens),
    )


def _tokens(text: str, words: Words) -> Iterator[_Word]:
    """The words of a text, emoticons as they are, emojis in a row as one; no addresses or names of people."""
    for piece in _EMOJIS.sub(r" \g<0> ", _ADDRESS.sub(" ", text.replace("’", "'"))).split():
        lower = piece.lower()
        if lower in words.valences:
            yield _Word(lower, piece.isupper())
        elif piece[0] != "@" and len(piece) <= _LONGEST_WORD and (bare := lower.strip(_EDGES)):
            yield _Word(bare, piece.isupper())


def _feelings(text: str, tokens: Sequence[_Word], words: Words) -> _Feelings:
    found = _Feelings()
    stand_out = any(_shouts(token) for token in tokens) and not text.isupper()
    turn = max((at for at, token in enumerate(tokens) if token.lower in _TURNS), default=-1)
    for at, token in enumerate(tokens):
        lower = token.lower
        if (lower not in words.valences and lower not in words.only_negated) or lower in words.boosters:
            continue
        boost, is_negated = _context(tokens, at, words)
        valence = words.valences.get(lower) or (words.only_negated.get(lower, 0.0) if is_negated else 0.0)
        if not valence:
            continue
        if stand_out and _shouts(token):
            boost += _CAPITALS
        weight = 1.0 if turn < 0 else _BEFORE_BUT if at < turn else _AFTER_BUT
        found.add(valence + (boost if valence > 0 else -boost), is_negated=is_negated, weight=weight)
    for character in _EMOJI.findall(text):
        if (valence := words.emojis.get(character, 0.0)) != 0:
            found.add(valence, is_negated=False, weight=1.0)
    return found


def _shouts(token: _Word) -> bool:
    return token.is_upper and len(token.lower) > 1


def _context(tokens: Sequence[_Word], at: int, words: Words) -> tuple[float, bool]:
    """How much the words before one strengthen it, and whether they negate it."""
    boost, is_negated = 0.0, False
    for distance in range(1, min(_REACH, at) + 1):
        before = tokens[at - distance].lower
        boost += words.boosters.get(before, 0.0) * _BOOST_DECAY[distance - 1]
        is_negated = is_negated or _negates(before, words)
    return boost, is_negated


def _negates(word: str, words: Words) -> bool:
    return word in words.negations or word.endswith("n't")


def _bounded(total: float, alpha: float = _ALPHA) -> float:
    """A sum, squeezed between -1 and 1 as VADER does it."""
    return total / math.sqrt(total * total + alpha)
