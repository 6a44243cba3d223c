"""The names of instruments as musicians and corpora write them, and which of them a setting means.

The families are those of the taxonomies of MedleyDB and MoisesDB, whose percussion includes what has a pitch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MIXES = frozenset({"mix", "mixture", "mixdown", "master", "main system"})
"""Names of the sum of all others, which is no track (`main system`: MedleyDB's recording of a whole ensemble)."""


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


FAMILIES: Mapping[str, frozenset[str]] = {
    "drums": _named("drum* kick snare tom hat hihat cymbal* overhead bongo conga darbuka doumbek tabla timpani"),
    "percussion": _named(
        "perc* triangle bell cowbell cabasa gong guiro chime castanet clap snap rattle shaker maraca tambourine gu "
        "tamburine xylophone vibraphone marimba glockenspiel whistle bongo conga darbuka doumbek tabla timpani"
    ),
    "effects": _named("effect fx sfx scratch* click metronome foley"),
    "vocals": _named("vocal* vox voice singer singing rapper choir speaker beatbox*"),
    "keys": _named("key piano organ harpsichord clavinet celesta rhodes wurlitzer accordion synth*"),
    "bowed strings": _named("violin viola cello violoncello contrabass fiddle erhu string"),
    "wind": _named(
        "wind brass reed flute piccolo recorder oboe clarinet bassoon sax saxophone horn trumpet trombone tuba cornet "
        "flugelhorn euphonium panpipe bagpipe dizi harmonica"
    ),
}
"""What the members of a family are called, one word each; a star stands for any ending (`perc*`: percusion as well)."""

OTHERS = _named("bass guitar harp banjo mandolin ukulele lute oud sitar theremin sampler")
"""Instruments that are a family of their own."""

ATTRIBUTES = _named(
    "electric acoustic clean distorted lead rhythm backing background male female bowed plucked other double grand "
    "upright slide pedal section soprano alto tenor baritone english french"
)
"""Words that go with an instrument's name."""


def words(text: str) -> list[str]:
    """The words of a name, lower case, without numbers and signs."""
    return re.findall(r"[^\W\d_]+", text.lower())


def is_mix(name: str) -> bool:
    """Whether a track is the mixdown of the others."""
    return " ".join(words(name)) in MIXES


def is_wanted(instrument: str, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether an instrument stays: it is one of `include` where there are any, else none of `exclude`."""
    chosen = list(include)
    return any(_means(each, instrument) for each in chosen or exclude) == bool(chosen)


def is_instrument(name: str) -> bool:
    """Whether a name is that of an instrument and nothing else: `other keys` is, `string quartet` is not."""
    found = words(name)
    return bool(found) and all(
        word in ATTRIBUTES or any(_in(word, members) for members in (*FAMILIES.values(), OTHERS)) for word in found
    )


def _means(wanted: str, instrument: str) -> bool:
    """A family means its members; any other name means what has all its words, in the singular or the plural."""
    found = words(instrument)
    family = next((members for name, members in FAMILIES.items() if _singular(name) == _singular(wanted)), None)
    if family is not None and any(_in(word, family) for word in found):
        return True
    parts = [_stem(word) for word in words(wanted)]
    return bool(parts) and set(parts) <= {_stem(word) for word in found}


def _in(word: str, members: frozenset[str]) -> bool:
    return _stem(word) in members or any(
        member.endswith("*") and word.startswith(member.rstrip("*")) for member in members
    )


def _singular(name: str) -> list[str]:
    return [_stem(word) for word in words(name)]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word
