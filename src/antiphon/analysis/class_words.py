"""Classes and their relations in words, as far as the truth of a corpus is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from antiphon.action.export.sounds import PITCH_CLASSES, pitch_name
from antiphon.analysis.probe import LEFT_OUT, LOUDNESS_STEP_DB, ProbedTrack
from antiphon.analysis.relations import Found, Habit, Relations
from antiphon.types import Ids

MOSTLY = 0.5
"""From this share of a class' segments on, a truth is what the class mostly is."""

DENSE = 1.5
"""From so many onsets in a segment on, their number is worth a word."""


def class_words(tracks: Sequence[ProbedTrack], size: int) -> dict[int, str]:
    """For each class that occurs what it mostly is: pitch or chord, level, onsets, instrument, wherever it is known."""
    ids = np.concatenate([np.zeros(0, dtype=np.int64), *(track.ids for track in tracks)])
    instruments = np.concatenate([np.zeros(0, dtype=np.str_), *(_everywhere(track) for track in tracks)])
    truth = {
        name: np.concatenate([track.truth.get(name, np.full(len(track.ids), LEFT_OUT)) for track in tracks])
        for name in sorted({name for track in tracks for name in track.truth})
    }
    several = len(set(instruments.tolist())) > 1
    words = {}
    for token in np.unique(ids).tolist():
        here = ids == token
        if token >= size:
            words[token] = "the rest"
            continue
        said = _sound({name: labels[here] for name, labels in truth.items()})
        player, share = _commonest(instruments[here].tolist())
        if several and share >= MOSTLY:
            said.append(f"on {player}")
        words[token] = ", ".join(said)
    return words


def class_pitches(tracks: Sequence[ProbedTrack]) -> dict[int, float]:
    """The mean pitch of each class, where the truth has one: what classes are put in order by."""
    together: dict[int, list[int]] = {}
    for track in tracks:
        pitches = track.truth.get("pitch")
        if pitches is not None:
            for token, pitch in zip(track.ids.tolist(), pitches.tolist(), strict=True):
                if pitch != LEFT_OUT:
                    together.setdefault(token, []).append(pitch)
    return {token: float(np.mean(pitches)) for token, pitches in together.items()}


def sentence(found: Found, words: Mapping[int, str], seconds: float | None) -> str:
    """A relation as a musician would say it."""
    habit = found.habit
    said = (
        f"Where the guide plays {_named(found.guide, words)}, the partner plays {_named(found.partner, words)} "
        f"{when(found.lag, seconds)}: {_share(habit)}, {habit.times} times in "
        f"{found.pieces} piece{'' if found.pieces == 1 else 's'}."
    )
    if found.held_out is None:
        return said
    return f"{said} Held out: {_share(found.held_out)}, {found.held_out.times} times."


def when(lag: int, seconds: float | None) -> str:
    """A lag in words."""
    if lag == 0:
        return "at the same time"
    count = abs(lag)
    amount = f"{count * seconds:g} s" if seconds is not None else f"{count} segment{'' if count == 1 else 's'}"
    return f"{amount} {'later' if lag > 0 else 'earlier'}"


def heading(relations: Relations) -> str:
    """What was found by lag, in one sentence."""
    best = next(each for each in relations.information if each.lag == relations.best)
    over = f"{relations.pairs} pairs of tracks in {relations.pieces} piece{'' if relations.pieces == 1 else 's'}"
    if not relations.stands:
        return f"No lag says more than chance, over {over}."
    lag = when(best.lag, relations.seconds)
    return (
        f"What the guide plays says most about what the partner plays {lag}: {best.local:.3f} bits a segment above a "
        f"guide that is circularly shifted (chance stays below {best.bound:.3f}), over {over}."
    )


def as_dict(relations: Relations, words: Mapping[int, str]) -> dict[str, Any]:
    """Plain values, the table of counts left out; not a number is None."""
    return {
        "pieces": relations.pieces,
        "pairs": relations.pairs,
        "pairs_too_short": relations.left_out,
        "segment_seconds": relations.seconds,
        "best_lag": relations.best,
        "stands_out": relations.stands,
        "said": heading(relations),
        "by_lag": [{**asdict(each), "local": each.local} for each in relations.information],
        "strongest": [
            {
                **asdict(each),
                "habit": _plain(each.habit),
                "held_out": None if each.held_out is None else _plain(each.held_out),
                "said": sentence(each, words, relations.seconds),
            }
            for each in relations.found
        ],
    }


def _plain(habit: Habit) -> dict[str, Any]:
    plain = asdict(habit)
    shifted = plain.pop("shifted")
    return {**plain, "turned": shifted if np.isfinite(shifted) else None, "lift": habit.lift}


def _named(token: int, words: Mapping[int, str]) -> str:
    said = words.get(token, "")
    return said if said == "the rest" else f"class {token}" + (f" ({said})" if said else "")


def _share(habit: Habit) -> str:
    return f"{100 * habit.share:.0f} % of the time, {habit.lift:.1f} x chance"


def _everywhere(track: ProbedTrack) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.full(len(track.ids), track.instrument)


def _sound(truth: Mapping[str, Ids]) -> list[str]:
    said = []
    for name, spoken in (("pitch", pitch_name), ("pitch class", PITCH_CLASSES.__getitem__), ("chord", _chord)):
        known = [each for each in truth.get(name, np.zeros(0, dtype=np.int64)).tolist() if each != LEFT_OUT]
        label, share = _commonest(known)
        if known and share >= MOSTLY:
            said.append(f"mostly {spoken(label)}")
            break
    onsets = truth.get("onsets", np.zeros(0))
    if len(onsets) and onsets.mean() >= DENSE:
        said.append(f"{onsets.mean():.1f} notes a segment")
    if "loudness" in truth:
        said.append(f"{(np.median(truth['loudness']) - 100) * LOUDNESS_STEP_DB:.0f} dBFS")
    return said


def _chord(label: int) -> str:
    return " ".join(name for number, name in enumerate(PITCH_CLASSES) if label >> number & 1)


def _commonest(values: Sequence[Any]) -> tuple[Any, float]:
    """The commonest value, of equals the smallest, and its share."""
    if not len(values):
        return None, 0.0
    value, count = min(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return value, count / len(values)
