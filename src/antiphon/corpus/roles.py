"""What a file of a session is, where it is no track: a mix, a bus, a reference, a click, the return of an effect.

By its name alone, in the words that workstations and engineers use. `sums` finds by measure what no name tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from antiphon.corpus.instruments import family_of, is_instrument, means
from antiphon.corpus.words import tokens, words


class Role(Enum):
    """What a file of a session holds, in words for its owner."""

    TRACK = "a track"
    MIX = "a mix"
    BUS = "a bus"
    REFERENCE = "a reference"
    CLICK = "a click"
    RETURN = "an effect's return"


@dataclass(frozen=True)
class Part:
    """A file by its name: its role, and the family of what it plays, or of what is summed in it (empty: unknown)."""

    role: Role
    family: str


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


CLICKS = _named("click clicks clk clicktrack metronome metro smpte ltc timecode talkback slate countin countoff")
CLICK_PHRASES = ("count in", "count off", "guide click", "tempo track", "midi clock")

MIXES = _named("mix mixes mixdown mixture master masters mastered premaster premix fullmix roughmix mixbus")
"""The sum of everything; beside the name of an instrument and nothing else, the sum of that instrument's tracks."""

MIX_PHRASES = (
    *("2 bus", "2 buss", "two bus", "2 mix", "2 track", "stereo bus", "stereo out", "stereo output", "main out"),
    *("main outs", "main output", "main bus", "main system", "tv track", "full song"),
)
"""The sum of everything, where the name speaks of no instrument."""

ALONE_MIXES = _named("print prints bounce bounced output out outputs main mains decca ortf final stereo")
"""The sum of everything, where the name says nothing else."""

PART_MIXES = _named("instrumental instrumentals instru karaoke")
VOCAL_MIXES = _named("acapella acapellas acappella accapella accapela")
"""Sums of a part of the tracks: of all that is not sung, of all that is."""

BUSES = _named("bus buss busses buses subgroup submix submaster")
LAST_BUSES = _named("group grp all sum parallel para crush smash")
"""What says only at the end of a name that tracks are summed: `BGV All`, but not `All Along`."""

REFERENCES = _named("ref refs reference references demo rough ruff")

RETURNS = _named("verb verbs rvb rvrb revb dly dlys slapback return returns rtn throw throws send sends")
"""Anywhere in a name."""

LAST_RETURNS = _named("reverb reverbs delay delays echo echoes plate hall chamber spring slap ambience aux auxes")
"""At the end of a name, or alone: an `echo pad` is a pad, and `aux perc` are more beaten things."""

SIDES = _named("l r left right")
UNSAID = SIDES | _named("bip bounce bounced print printed st stereo mono wet long short big small")
"""What may stand behind the word that says what a file is."""


SHORTEST_TITLE = 3
"""Letters of the longest word of a title: a folder `a` with the tracks a, b and c has no mix."""

VERSIONS = _named("bpm v ver version edit alt radio new old khz bit wav hz major minor maj min full song final")
"""What stands beside the name of a song on its mix."""

PRINTS = {"print", "printed", "wet"}
"""An effect was printed onto the track of that name, which is there as well."""


def part_of(name: str) -> Part:
    """The role and the family that a file's name speaks of. A name that says nothing is that of a track."""
    found = tokens(name)
    said = [word for word in found if not word.isdigit()]
    family = family_of(name)
    role = (
        _click(said, found, family)
        or _mix(said, found, family)
        or _bus(said, family)
        or _reference(said)
        or _return(said, family)
        or Role.TRACK
    )
    return Part(role, "vocals" if _has(said, VOCAL_MIXES) else family)


def no_tracks(names: Sequence[str], title: str, include: Sequence[str] = ()) -> dict[str, str]:
    """By name, why a file among those of the multitrack `title` is no track of its own: what it is, in words.

    A bus stays where the tracks that it sums are not there, and a track that `include` names as what it is.
    """
    parts = {name: part_of(name) for name in names}
    wanted = [each for each in include if part_of(each).role is not Role.TRACK]
    plain = [part.family for part in parts.values() if part.role is Role.TRACK]
    titles = [name for name, part in parts.items() if not part.family and _is_title(name, title)]
    reasons = {}
    for name, part in parts.items():
        if any(means(each, name) for each in wanted):
            continue
        if original := _original(name, parts):
            reasons[name] = f"a print of {original}"
        elif titles == [name] and len(plain) > 2:
            reasons[name] = Role.MIX.value
        elif part.role is not Role.TRACK and (part.role is not Role.BUS or _has_members(part, plain)):
            reasons[name] = part.role.value
    return reasons


def _has_members(bus: Part, plain: Sequence[str]) -> bool:
    """Whether tracks that a bus sums are there; one that does not say whose it is sums all but the voices."""
    return bus.family in plain if bus.family else any(family != "vocals" for family in plain)


def _is_title(name: str, title: str) -> bool:
    """Whether a file says no more than what the song is called: `Lithium 124bpm v2` in the folder Lithium."""
    said, of_title = set(words(name)), set(words(title.rpartition("/")[2]))
    return max(map(len, of_title), default=0) >= SHORTEST_TITLE and of_title <= said <= of_title | VERSIONS


def _original(name: str, parts: dict[str, Part]) -> str:
    said = [token for token in tokens(name) if token not in PRINTS]
    if len(said) == len(tokens(name)):
        return ""
    return next((each for each in parts if each != name and [t for t in tokens(each) if t != "dry"] == said), "")


def _click(said: Sequence[str], found: Sequence[str], family: str) -> Role | None:
    """The click of a kick drum is its beater."""
    named = _has(said, CLICKS) or _phrase(found, CLICK_PHRASES)
    return Role.CLICK if named and family in ("", "effects") else None


def _mix(said: Sequence[str], found: Sequence[str], family: str) -> Role | None:
    if _has(said, MIXES):
        rest = " ".join(word for word in said if word not in MIXES | UNSAID)
        return Role.BUS if is_instrument(rest) else Role.MIX
    alone = [word for word in said if word not in SIDES]
    is_alone = bool(alone) and set(alone) <= ALONE_MIXES
    return Role.MIX if not family and (is_alone or _phrase(found, MIX_PHRASES)) else None


def _bus(said: Sequence[str], family: str) -> Role | None:
    """`All Drums` and `Drums All`, where it is known what is summed."""
    named = bool(family) and (bool(_last(said) & LAST_BUSES) or said[:1] == ["all"])
    return Role.BUS if named or _has(said, BUSES | PART_MIXES | VOCAL_MIXES) else None


def _reference(said: Sequence[str]) -> Role | None:
    """A scratch track is sung over later; a turntable's scratch goes with no other instrument."""
    is_scratch = "scratch" in said and bool(family_of(" ".join(word for word in said if word != "scratch")))
    return Role.REFERENCE if is_scratch or _has(said, REFERENCES) else None


def _return(said: Sequence[str], family: str) -> Role | None:
    """A slap at the end is an echo, but on a bass a way to play."""
    last = _last(said) - ({"slap"} if family == "bass" else set())
    is_fx_return = "fx" in said and _has(said, RETURNS | {"ret"})
    return Role.RETURN if is_fx_return or _has(said, RETURNS) or last & LAST_RETURNS else None


def _last(said: Sequence[str]) -> frozenset[str]:
    """The last word that says something, as a set; empty where there is none."""
    kept = [word for word in said if word not in UNSAID]
    return frozenset(kept[-1:])


def _has(said: Sequence[str], named: frozenset[str]) -> bool:
    return not named.isdisjoint(said)


def _phrase(found: Sequence[str], phrases: Sequence[str]) -> bool:
    text = f" {' '.join(found)} "
    return any(f" {phrase} " in text for phrase in phrases)
