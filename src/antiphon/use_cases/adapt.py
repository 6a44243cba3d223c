"""Recordings of pairs to an agent that remembers them, and the seconds that show best what they have to do with one
another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon import audio
from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_FILES
from antiphon.errors import AntiphonError, AntiphonWarning, SettingsError
from antiphon.files import claimed
from antiphon.interfaces import Progress, no_progress
from antiphon.training.finetuning import Specialising
from antiphon.training.finetuning import finetune as finetuned_on
from antiphon.training.remembering import remember
from antiphon.types import Audio

Files = Sequence[tuple[Path, Path]]


@dataclass(frozen=True, eq=False)
class Adapted:
    """The agent, and the file in which the pair shows its relation best; None where there is none to show."""

    agent: Agent
    example: Path | None


def example_of(output: Path) -> Path:
    """Where the example goes: beside the agent."""
    return output.with_name(f"{output.name}-relation.wav")


def adapt_to_files(
    agent: Agent,
    pairs: Files,
    output: Path,
    *,
    finetune: bool = False,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Adapted:
    """Write an agent that remembers `pairs` of recordings to `output`, and beside it what shows their relation best."""
    with claimed(output, AGENT_FILES, overwrite=overwrite, holding="an agent") as claim:
        refuse_example(output, overwrite)
        heard = read_pairs(pairs)
        known = len(agent.pairs)
        after = remember(agent, heard, progress, finetune=finetune)
        claim.confirm()
        after.save(output)
        return Adapted(after, write_example(output, after, heard, known))


def finetune_to_files(
    agent: Agent,
    pair: tuple[Path, Path],
    output: Path,
    *,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Adapted:
    """Write an agent that was fine-tuned on a pair of recordings to `output`, and beside it what shows their relation
    best."""
    with claimed(output, AGENT_FILES, overwrite=overwrite, holding="an agent") as claim:
        refuse_example(output, overwrite)
        guide, target = (audio.read(path) for path in pair)
        after = finetuned_on(agent, guide, target, Specialising(seed=seed), progress)
        claim.confirm()
        after.save(output)
        return Adapted(after, write_example(output, after, [(guide, target)]))


def read_pairs(pairs: Files) -> list[tuple[Audio, Audio]]:
    """The recordings of each pair."""
    return [(audio.read(guide), audio.read(target)) for guide, target in pairs]


def refuse_example(output: Path, overwrite: bool) -> None:
    """Raise SettingsError where an example is there that may not be replaced."""
    if not overwrite and example_of(output).exists():
        raise SettingsError(f"{example_of(output)}: is there already; --overwrite replaces it")


def write_example(output: Path, agent: Agent, heard: Sequence[tuple[Audio, Audio]], earlier: int = 0) -> Path | None:
    """The stretch of a pair that shows the relation best, the guide on the left, the target on the right; None where no
    relation was found, or it shows best in one of the `earlier` pairs, whose sound is not at hand.

    Where it cannot be written there is a warning: the agent is there, and is what was asked for."""
    example_of(output).unlink(missing_ok=True)
    found = agent.training.get("relation")
    if not found or not found["stands"] or not earlier <= found["best"]["pair"] < earlier + len(heard):
        return None
    best = found["best"]
    guide, target = heard[best["pair"] - earlier]
    sides = [audio.mono(each) for each in (guide, audio.resampled(target, guide.sample_rate))]
    first, last = (round(best[edge] * guide.sample_rate) for edge in ("start", "end"))
    samples = np.zeros((last - first, 2), dtype=np.float32)
    for channel, side in enumerate(sides):
        part = side.samples[first:last].reshape(-1)
        samples[: len(part), channel] = part
    try:
        audio.write(example_of(output), Audio(samples, guide.sample_rate))
    except AntiphonError as error:
        warnings.warn(f"the agent is saved, without an example of the relation: {error}", AntiphonWarning, stacklevel=2)
        return None
    return example_of(output)
