"""One multitrack after the other, each for itself: what cannot be encoded is told of and costs no other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from antiphon.config import CorpusSettings
from antiphon.dataset.encoding import EncodedTrack, assembled, encoded_track
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import no_progress
from antiphon.perception.perception import Perception
from antiphon.types import Multitrack


@dataclass(frozen=True)
class Trouble:
    """What could not be encoded, and why: a track, or where its name is empty something about its multitrack."""

    multitrack: str
    track: str
    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class EncodedMultitrack:
    """What could be encoded of a multitrack, nothing where that is less than two tracks; and what could not."""

    multitrack: Multitrack
    tracks: tuple[EncodedTrack, ...]
    troubles: tuple[Trouble, ...]


def encode_multitrack(multitrack: Multitrack, perception: Perception, settings: CorpusSettings) -> EncodedMultitrack:
    """One multitrack as `dataset.encode` encodes it: what that refuses, or leaves out with a warning, is a trouble."""
    results: list[tuple[str, EncodedTrack]] = []
    troubles: list[Trouble] = []
    for track in multitrack.tracks:
        try:
            results.append((multitrack.name, encoded_track(track, perception, settings)))
        except BadData as error:
            troubles.append(Trouble(multitrack.name, track.name, str(track.path), str(error)))
    if len(results) < 2:
        troubles.append(Trouble(multitrack.name, "", "", "left out: fewer than two tracks can be read"))
        return EncodedMultitrack(multitrack, (), tuple(troubles))
    together: dict[str, tuple[EncodedTrack, ...]] = {}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", AntiphonWarning)
        try:
            together = assembled(results, perception, settings, 1, no_progress)
        except BadData as error:
            troubles.append(Trouble(multitrack.name, "", "", str(error)))
    troubles += [Trouble(multitrack.name, "", "", str(each.message)) for each in said]
    return EncodedMultitrack(multitrack, together.get(multitrack.name, ()), tuple(troubles))
