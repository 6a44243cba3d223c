"""Which instrument a name means, however it is written, and which instruments a setting means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from antiphon.corpus.vocabulary import (
    ABBREVIATIONS,
    ATTRIBUTES,
    BEATEN,
    COMPOUNDS,
    FAMILIES,
    LIKELY_LENGTH,
    OTHERS,
    PLACES,
    SURE_ABBREVIATIONS,
)
from antiphon.corpus.words import words

Degree = Literal["sure", "likely", "loose"]

DEGREES: tuple[Degree, ...] = ("sure", "likely", "loose")

WINNERS = ("effects", *BEATEN)
"""What a name is of, whatever else it says."""

SHORTEST_PART = 3
"""Letters of an instrument's name inside a longer word: `bassdi`, `leadvox`."""


@dataclass(frozen=True)
class _Word:
    """One word of a name in full, and whether it was written so short that it could be another."""

    text: str
    is_short: bool = False


def family_of(name: str) -> str:
    """The family that a track's name speaks of, one of `FAMILIES` or `OTHERS`; empty where it speaks of none.

    Effects and what is beaten win over what they are mixed with, as the taxonomies of corpora have it; of other words
    the last is what the name is about (a `string pad` is a pad), except that a bass may be played on anything. Loose
    words for what is beaten win over nothing: `acoustic room` is a guitar.
    """
    found = list(_full_words(name))
    for degree in DEGREES:
        families = [family for word in found for family in _families(word, degree)]
        if degree == "loose":
            families = [family for family in families if family not in WINNERS] or families
        for winner in WINNERS:
            if winner in families:
                return winner
        if "bass" in families and families[-1] in ("guitar", "keys", "bowed strings"):
            return "bass"
        if families:
            return families[-1]
    return ""


def is_wanted(instrument: str, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether an instrument stays: it is one of `include` where there are any, else none of `exclude`."""
    chosen = list(include)
    return any(means(each, instrument) for each in chosen or exclude) == bool(chosen)


def is_instrument(name: str) -> bool:
    """Whether a name is that of an instrument and nothing else: `other keys` is, `string quartet` is not."""
    found = list(_full_words(name))
    named = [any(_families(word, degree) for degree in ("sure", "likely")) for word in found]
    return any(named) and all(known or word.text in ATTRIBUTES for known, word in zip(named, found, strict=True))


def is_known(word: str) -> bool:
    """Whether a single word, lower case, is one of an instrument's."""
    return any(_families(each, degree) for each in _in_full(word) for degree in DEGREES)


def means(wanted: str, instrument: str) -> bool:
    """Whether `instrument` is what a setting calls `wanted`: a family means its members, any other name means what has
    all its words, in the singular or the plural, in full or as the studio writes them."""
    family = next((each for each in FAMILIES if _singulars(each) == _singulars(wanted)), None)
    if family is not None and _is_member(instrument, family):
        return True
    parts = {word.text for word in _full_words(wanted)}
    return bool(parts) and family is None and parts <= {word.text for word in _full_words(instrument)}


def _is_member(instrument: str, family: str) -> bool:
    own = family_of(instrument)
    shared = own in BEATEN and family in BEATEN
    return own == family or (shared and any(family in _families(word, "sure") for word in _full_words(instrument)))


def _full_words(name: str) -> Iterator[_Word]:
    """The words of a name in full and in the singular; compounds are one."""
    parts = [part for word in words(name) for part in _parts(word)]
    while parts:
        pair = " ".join(_singular(part) for part in parts[:2])
        expanded = " ".join(word.text for part in parts[:2] for word in _in_full(part))
        compound = COMPOUNDS.get(pair) or COMPOUNDS.get(expanded)
        if compound and len(parts) > 1:
            yield from map(_Word, compound.split())
            parts = parts[2:]
        else:
            yield from _in_full(parts.pop(0))


def _in_full(word: str) -> list[_Word]:
    """`gtrs` is a guitar, `bgv` a backing vocal."""
    for form in (word, _singular(word)):
        if form in ABBREVIATIONS:
            is_short = len(form) <= LIKELY_LENGTH and form not in SURE_ABBREVIATIONS
            return [_Word(part, is_short) for part in ABBREVIATIONS[form].split()]
    return [_Word(_singular(word))]


def _parts(word: str) -> Sequence[str]:
    """A word that holds others without a space: `kickin`, `leadvox`, `overheadl`; itself where it holds none."""
    if any(_families(each, degree) for each in _in_full(word) for degree in DEGREES):
        return [word]
    if word[-1:] in ("l", "r") and len(word) >= SHORTEST_PART and is_known(word[:-1]):
        return [word[:-1], word[-1]]
    for cut in range(2, len(word)):
        head, tail = word[:cut], word[cut:]
        for instrument, place in ((head, tail), (tail, head)):
            if len(instrument) >= SHORTEST_PART and is_known(instrument) and _is_place(place):
                return [head, tail]
    return [word]


def _is_place(word: str) -> bool:
    return word in PLACES or (len(word) >= SHORTEST_PART and is_known(word))


def _families(word: _Word, degree: Degree) -> list[str]:
    """The families to which a word says it belongs, to that degree."""
    found = []
    for name, family in FAMILIES.items():
        sure = _in(word.text, family.sure)
        likely = (sure and word.is_short) or word.text in family.likely
        degrees = {"sure": sure and not word.is_short, "likely": likely, "loose": word.text in family.loose}
        if degrees[degree]:
            found.append(name)
    return found or ([word.text] if degree == "sure" and word.text in OTHERS else [])


def _in(word: str, members: frozenset[str]) -> bool:
    return word in members or any(member.endswith("*") and word.startswith(member[:-1]) for member in members)


def _singulars(name: str) -> list[str]:
    return [_singular(word) for word in words(name)]


def _singular(word: str) -> str:
    """Without the plural's s, also that of an abbreviation (`bvs`, `ohs`)."""
    is_plural = word.endswith("s") and not word.endswith(("ss", "us"))
    return word[:-1] if is_plural and (len(word) > 3 or word[:-1] in ABBREVIATIONS) else word
