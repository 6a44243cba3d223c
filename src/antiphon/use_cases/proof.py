"""`antiphon proof`: a listening study on a piece of one's own. Does the response answer this guide, or any?

Held against each other, over the same memory, by the same rules and at the same loudness: the agent; its deaf twin; the
agent with the guide at the wrong time; the best opponent. A study of ratings has also what was really played, as hidden
reference, and an answer of classes drawn at random, as anchor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from antiphon import audio
from antiphon.action.rendering.loudness import loudness, true_peak, with_gain
from antiphon.agent import Agent
from antiphon.checkpoint import save_json
from antiphon.errors import BadData, SettingsError
from antiphon.evaluation.contenders import by_opponent, deaf, hearing, rivals, turned
from antiphon.files import claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.listening.study import ANALYSIS, ANSWERS, MOST_TRIALS, SOUNDS, STUDY, Condition, Kind, Study, Trial
from antiphon.listening.study import write_study as write
from antiphon.types import Audio
from antiphon.use_cases.memory_files import files_of

PROOF = "proof.json"
"""How the sounds of a study were made."""

STUDY_FILES = (STUDY, PROOF, SOUNDS, ANSWERS, ANALYSIS)
"""What the folder of a study may hold."""

HEARING, DEAF, SHIFTED, PARTNER, RANDOM = "hearing", "deaf", "shifted", "partner", "random"
"""Names of the conditions, beside that of the best opponent."""

SHORTEST, LONGEST = 2.0, 120.0
"""Seconds of a passage."""

PEAK_DBTP = -1.0
"""No passage is louder than this, in any of its conditions."""

FADE_SECONDS = 0.02


@dataclass(frozen=True)
class ProofOptions:
    """What is asked of a study: its kind, how many passages of how many seconds each, and the seed of all draws."""

    kind: Kind = "2afc"
    passages: int = 8
    seconds: float = 12.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.passages <= MOST_TRIALS:
            raise SettingsError(f"passages must be 1 to {MOST_TRIALS}, got {self.passages}")
        if not SHORTEST <= self.seconds <= LONGEST:
            raise SettingsError(f"seconds must be {SHORTEST:g} to {LONGEST:g}, got {self.seconds:g}")


@dataclass(frozen=True, eq=False)
class Answered:
    """A way in which the whole guide was answered."""

    condition: Condition
    audio: Audio


@dataclass(frozen=True)
class Proof:
    """The study that was made, and in words what it could not have, and what was left out."""

    study: Study
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Passage:
    """A passage in all conditions, at one loudness: the guide alone and each mix; and by what each answer was turned
    for it, in dB."""

    start: float
    guide: Audio
    mixes: Mapping[str, Audio]
    gains: Mapping[str, float]


def proof(
    guides: Sequence[Path],
    memories: Sequence[Path],
    agent: Agent,
    output: Path,
    *,
    partner: Path | None = None,
    wanted: ProofOptions | None = None,
    progress: Progress = no_progress,
) -> Proof:
    """Render the conditions over a guide, cut passages of them and write the folder of a study, whole or not at all.

    `partner` is what was really played to the guide. The same files, agent and seed give the same study. Raises
    SettingsError where `output` holds one already, whose answers are not thrown away; BadData where no passage sounds
    in all conditions, or there is nothing to hold the agent against.
    """
    wanted = wanted or ProofOptions()
    if (output / STUDY).exists() or (output / ANSWERS).exists():
        raise SettingsError(f"{output} holds a study, whose answers are not thrown away; choose another name")
    with claimed(output, STUDY_FILES, overwrite=False, holding="a study") as claim:
        files = files_of(memories)
        heard = audio.mixed([audio.read(path) for path in guides])
        played = None if partner is None else audio.read(partner)
        if loudness([heard]) is None:
            raise BadData(f"{guides[0]}: nothing sounds in the guide, so that nobody can tell what answers it")
        answers, remarks, facts = answered(agent, heard, files, wanted, progress)
        if played is not None and wanted.kind == "rating":
            about = "what was really played to the guide"
            answers.insert(0, Answered(Condition(name=PARTNER, role="reference", about=about), played))
        elif played is not None:
            remarks.append("the partner is the hidden reference of a study of ratings; this one holds two by two")
        passages = _passages(heard, answers, wanted, remarks)
        study = _study(answers, passages, wanted)
        with whole_directory(claim.target, STUDY_FILES) as inside:
            (inside / SOUNDS).mkdir()
            for trial, passage in zip(study.trials, passages, strict=True):
                assert trial.guide is not None
                audio.write(inside / trial.guide, passage.guide)
                for name, file in trial.sounds.items():
                    audio.write(inside / file, passage.mixes[name])
            write(inside, study)
            made = [{"start": passage.start, "gains_db": dict(passage.gains)} for passage in passages]
            told = {"options": asdict(wanted), "passages": made, "remarks": remarks, **facts}
            save_json(inside / PROOF, told)
            claim.confirm()
    return Proof(study, tuple(remarks))


def answered(
    agent: Agent, guide: Audio, memories: Sequence[Path], wanted: ProofOptions, progress: Progress
) -> tuple[list[Answered], list[str], dict[str, object]]:
    """The guide in all conditions that this agent can have, remarks on those that it cannot, and how they were made."""
    seed, remarks, steps = wanted.seed, [], 6
    place = agent.hear(guide, agent.memory_of(memories))
    progress("proof", 1, steps)
    found = [_answer(HEARING, "the agent, hearing the guide", hearing(agent, place, seed).audio)]
    progress("proof", 2, steps)
    unheard = deaf(agent, place, seed)
    if unheard is None:
        remarks.append("this agent keeps no deaf twin, so that nobody plays without hearing")
    else:
        found.append(_answer(DEAF, "a network that learned the same without hearing a guide", unheard.audio))
    late, segments = turned(place, seed)
    found.append(_answer(SHIFTED, "the agent, hearing the guide at the wrong time", hearing(agent, late, seed).audio))
    progress("proof", 4, steps)
    others = rivals(agent)
    facts: dict[str, object] = {"timing": place.timing, "shifted_segments": segments}
    if others is None:
        remarks.append("this agent keeps nothing of its training, so that no opponent could be fitted")
    else:
        best = others.best
        about = f"{best.name}: the best of the simpler models, fitted on the same music"
        found.append(_answer(best.name, about, by_opponent(agent, place, best, seed).audio))
        facts |= {"opponent": best.name, "opponent_bits": others.bits}
        if wanted.kind == "rating":
            drawn = by_opponent(agent, place, others.uniform, seed).audio
            about = "classes drawn at random, played by the agent's rules"
            found.append(Answered(Condition(name=RANDOM, role="anchor", about=about), drawn))
    progress("proof", steps, steps)
    return found, remarks, facts


def _answer(name: str, about: str, sound: Audio) -> Answered:
    return Answered(Condition(name=name, about=about), sound)


def _study(answers: Sequence[Answered], passages: Sequence[_Passage], wanted: ProofOptions) -> Study:
    numbers = {each.condition.name: number for number, each in enumerate(answers, 1)}
    trials = tuple(
        Trial(
            name=f"passage {row}",
            guide=f"{SOUNDS}/{row:03d} guide.flac",
            sounds={
                name: f"{SOUNDS}/{row:03d} {number}.flac" for name, number in numbers.items() if name in passage.mixes
            },
        )
        for row, passage in enumerate(passages, 1)
    )
    pair = wanted.kind == "2afc"
    return Study(
        kind=wanted.kind,
        title="Does it answer this guide?",
        question="Which of the two answers this guide?" if pair else "How well does each answer this guide?",
        tested=HEARING,
        conditions=tuple(each.condition for each in answers),
        trials=trials,
        seed=wanted.seed,
        told=True,
    )


def _passages(
    guide: Audio, answers: Sequence[Answered], wanted: ProofOptions, remarks: list[str]
) -> tuple[_Passage, ...]:
    """Passages that lie evenly over the time that all conditions last, and sound in each of them."""
    if len(answers) < 2:
        raise BadData("there is nothing to hold this agent against")
    lasting = min(guide.duration, *(each.audio.duration for each in answers))
    length = min(wanted.seconds, lasting)
    count = min(wanted.passages, max(int(lasting / length), 1))
    found, alike = [], 0
    for start in np.linspace(0, lasting - length, count).tolist():
        passage = _passage(guide, answers, float(start), length)
        if passage is not None and wanted.kind == "2afc":
            passage, same = _told_apart(passage)
            alike += same
        if passage is not None:
            found.append(passage)
    if alike:
        remarks.append(f"{alike} answers were left out that are the same as the one they would be held against")
    if count < wanted.passages:
        remarks.append(f"{lasting:.1f} s hold {count} passages of {length:g} s, of {wanted.passages} asked for")
    if len(found) < count:
        why = "in which the guide or an answer is silent, or all are alike"
        remarks.append(f"{count - len(found)} passages were left out, {why}")
    if not found:
        raise BadData("in no passage do the guide and all answers sound; take longer ones, or another memory")
    return tuple(found)


def _passage(guide: Audio, answers: Sequence[Answered], start: float, length: float) -> _Passage | None:
    """One passage, every answer as loud as the guide; None where the guide or an answer does not sound."""
    asked = _cut(guide, start, length)
    wanted = loudness([asked])
    if wanted is None:
        return None
    mixes, gains = {}, {}
    for each in answers:
        piece = _cut(each.audio, start, length)
        found = loudness([piece])
        if found is None:
            return None
        gains[each.condition.name] = wanted - found
        even = with_gain(piece, 10 ** ((wanted - found) / 20))
        mixes[each.condition.name] = audio.mixed([even, asked])
    highest = max(true_peak([sound]) for sound in (asked, *mixes.values()))
    down = min(1.0, 10 ** (PEAK_DBTP / 20) / highest)
    turned_down = {name: _faded(with_gain(sound, down)) for name, sound in mixes.items()}
    return _Passage(start, _faded(with_gain(asked, down)), turned_down, gains)


def _told_apart(passage: _Passage) -> tuple[_Passage | None, int]:
    """The passage without answers that are the very sound of the one that is tested, and how many those were; None
    where no other is left."""
    tested = passage.mixes[HEARING].samples
    same = [name for name, mix in passage.mixes.items() if name != HEARING and np.array_equal(mix.samples, tested)]
    mixes = {name: mix for name, mix in passage.mixes.items() if name not in same}
    return (replace(passage, mixes=mixes) if len(mixes) > 1 else None), len(same)


def _cut(sound: Audio, start: float, length: float) -> Audio:
    """A stretch as a listener hears it: in mono where it has more channels than two ears."""
    first = round(start * sound.sample_rate)
    samples = np.asarray(sound.samples[first : first + round(length * sound.sample_rate)])
    found = Audio(samples, sound.sample_rate)
    return found if found.channels <= 2 else audio.mono(found)


def _faded(sound: Audio) -> Audio:
    """In and out over FADE_SECONDS, so that a passage begins and ends without a click."""
    count = min(round(FADE_SECONDS * sound.sample_rate), len(sound.samples) // 2)
    rise = np.sin(np.pi / 2 * (np.arange(count) + 0.5) / max(count, 1)) ** 2
    samples = np.array(sound.samples)
    samples[:count] *= rise[:, None].astype(np.float32)
    samples[len(samples) - count :] *= rise[::-1, None].astype(np.float32)
    return Audio(samples, sound.sample_rate)
