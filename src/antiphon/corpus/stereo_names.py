"""Left and right of one stereo recording, found by name: `GTR L` and `GTR R`, `Room_L`, `OHL`, `Piano.L`, `05 OH-R`.

Two files are a pair where their names are the same but for one word that says the side. A number in front counts files
and may differ.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from antiphon.corpus.instruments import is_known
from antiphon.corpus.words import token_spans
from antiphon.types import Side

SIDES: Mapping[str, tuple[Side, str]] = {
    "l": ("left", "letter"),
    "r": ("right", "letter"),
    "left": ("left", "word"),
    "right": ("right", "word"),
    "lt": ("left", "short"),
    "rt": ("right", "short"),
    "lft": ("left", "three"),
    "rgt": ("right", "three"),
}
"""A side, and how it is written: both are written alike."""

HANDS = {"hand", "hands"}
"""`Piano left hand` is a part of its own."""


@dataclass(frozen=True)
class StereoPair:
    """Two names of one recording, and what is left of them without the sides: empty if they say nothing else."""

    left: str
    right: str
    base: str


@dataclass(frozen=True)
class _Reading:
    """A name read as one side: all else that it says, the number in front apart."""

    name: str
    side: Side
    key: tuple[str, ...]
    number: str
    base: str


def stereo_pairs(names: Sequence[str]) -> list[StereoPair]:
    """The pairs among the names of files that lie together, each name in one pair at most, in the order of the left."""
    by_key: dict[tuple[str, ...], list[_Reading]] = defaultdict(list)
    for name in names:
        for reading in _readings(name):
            by_key[reading.key].append(reading)
    pairs: list[StereoPair] = []
    taken: set[str] = set()
    for readings in by_key.values():
        for left, right in _matched(readings):
            if taken.isdisjoint((left.name, right.name)):
                taken |= {left.name, right.name}
                pairs.append(StereoPair(left.name, right.name, left.base))
    order = {name: index for index, name in enumerate(names)}
    return sorted(pairs, key=lambda pair: order[pair.left])


def _matched(readings: Sequence[_Reading]) -> Iterator[tuple[_Reading, _Reading]]:
    """Lefts and rights of one number first; then, where as many are left over on both sides, in their order."""
    lefts = [each for each in readings if each.side == "left"]
    rights = [each for each in readings if each.side == "right"]
    numbers: dict[str, list[_Reading]] = defaultdict(list)
    for each in rights:
        numbers[each.number].append(each)
    for left in list(lefts):
        if len(found := numbers[left.number]) == 1 and sum(each.number == left.number for each in lefts) == 1:
            yield left, found[0]
            lefts.remove(left)
            rights.remove(found[0])
    if len(lefts) == len(rights):
        yield from zip(lefts, rights, strict=True)


def _readings(name: str) -> Iterator[_Reading]:
    """Every way in which a name names a side."""
    spans = list(token_spans(name))
    tokens = [name[start:end].lower() for start, end in spans]
    number = tokens[0] if len(tokens) > 1 and tokens[0].isdigit() else ""
    for index, token in enumerate(tokens):
        start, end = spans[index]
        if token in SIDES:
            if HANDS & set(tokens[index + 1 : index + 2]):
                continue
            side, style = SIDES[token]
            rest = (*tokens[:index], f"<{style}>", *tokens[index + 1 :])
        elif token[-1] in "lr" and len(token) > 2 and is_known(token[:-1]):
            side, start = SIDES[token[-1]][0], end - 1
            rest = (*tokens[:index], token[:-1], "<glued>", *tokens[index + 1 :])
        else:
            continue
        yield _Reading(name, side, rest[1:] if number else rest, number, _without(name, start, end))


def _without(name: str, start: int, end: int) -> str:
    """The name without what stands at [start, end), and without the signs that set it off."""
    before, after = re.sub(r"[^\w)\]]*[\s_.\-(\[]*$", "", name[:start]), re.sub(r"^[)\]]", "", name[end:])
    return (before + after).strip(" _-.") if before else after.strip(" _-.")
