"""Files in, a response as files out: several guides are mixed, several memories are joined."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from antiphon import audio
from antiphon.action.export import RESPONSE_FILES, write_response
from antiphon.action.export.class_names import known_names
from antiphon.action.export.formats import Handed, hand_over, known_formats, with_media
from antiphon.action.export.provenance_file import (
    TEMPO,
    Inputs,
    Mixing,
    Provenance,
    Take,
    TempoPoint,
    copies_of,
    provenance_of,
    source_files,
)
from antiphon.action.export.tempo import tempo_points
from antiphon.action.statistics import ResponseStatistics, response_statistics
from antiphon.agent import Agent
from antiphon.agent.opening import noted
from antiphon.audio import mixed, testified, witnessed
from antiphon.errors import AntiphonWarning, SettingsError
from antiphon.evaluation.regeneration import Summary
from antiphon.files import Claim, claimed, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.pages.response import Sounds, write_page
from antiphon.types import Audio, Grid, Memory, Response
from antiphon.use_cases.explain import with_candidate_costs
from antiphon.use_cases.memory_files import files_of

MOST_TAKES = 16
"""Takes that one directory holds."""

TAKE_FILES = tuple(f"take-{number}.wav" for number in range(2, MOST_TAKES + 1))
"""Where the takes after the first one go."""

ANSWER_FILES = (*RESPONSE_FILES, *TAKE_FILES)
"""What a directory of `antiphon respond` may hold."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A response, what it answers, what it is made of, its numbers, and other takes of it, the best first.

    `tempo` is that of its session, `mixing` what a musician set there; `notes` says what was understood of an edited
    one; `names` are those that a musician gave to classes.
    """

    response: Response
    guide: Audio
    memory: Memory
    statistics: ResponseStatistics
    alternates: tuple[Response, ...] = ()
    tempo: tuple[TempoPoint, ...] = TEMPO
    mixing: Mixing = field(default_factory=Mixing)
    notes: tuple[str, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RespondOptions:
    """What is asked of a response: its seed, how many takes, whether every segment testifies, what is exported, whether
    a response that is there already may be replaced, the beats of the guide for its session, and what a musician calls
    classes, by the id of their alphabet."""

    seed: int = 0
    takes: int = 1
    explained: bool = True
    export: tuple[str, ...] = ()
    overwrite: bool = False
    grid: Grid | None = None
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.takes <= MOST_TAKES:
            raise SettingsError(f"takes must be 1 to {MOST_TAKES}, got {self.takes}")
        known_formats(self.export)

    def names_for(self, agent: Agent, before: Mapping[int, str] | None = None) -> dict[int, str]:
        """What the agent's classes are called: as is asked for, else as they were called `before`."""
        return known_names({**(before or {}), **self.names.get(agent.alphabet.id, {})})


def answer(
    agent: Agent,
    guide: Audio,
    memory: Memory,
    seed: int = 0,
    *,
    takes: int = 1,
    explained: bool = True,
    progress: Progress = no_progress,
) -> Answer:
    """Respond, let every segment testify if `explained`, and measure the response. Warns of takes that do not exist."""
    response, *others = agent.takes(guide, memory, takes, seed=seed)
    if len(others) + 1 < takes:
        _warn_of_takes(takes, len(others) + 1)
    memory = response.memory or memory
    if explained:
        response = with_candidate_costs(agent, response, memory, seed=seed, progress=progress)
    return Answer(response, guide, memory, response_statistics(response, memory), tuple(others))


MOSTLY_SILENT = 0.5
"""A guide that rests for more of its length is worth a word."""


def _notes(result: Answer, agent: Agent) -> tuple[str, ...]:
    """What a musician should know of a response beside its numbers: a guide that rests, and settings that gave way."""
    found = []
    guide = result.response.guide
    if agent.alphabet.has_rest:
        resting = guide.ids == agent.alphabet.rest
        share = float(guide.durations[resting].sum() / guide.durations.sum()) if len(guide) else 0.0
        if share > MOSTLY_SILENT:
            follows = result.response.settings["sampling"]["rests"] == "follow"
            rests = ", and the response rests with it (--sampling.rests fill plays on)" if follows else ""
            found.append(f"the guide is silent for {100 * share:.0f} % of its length{rests}")
    if agent.settings.action.grid == "beats" and result.response.grid is None:
        found.append(result.response.timing)
    if result.response.selection.relaxed:
        found.append(f"no path keeps all settings: {'; '.join(result.response.selection.relaxed)}")
    return tuple(found)


def _warn_of_takes(asked: int, found: int) -> None:
    """Fewer takes than were asked for are no error, and not passed over either."""
    ways = "one way" if found == 1 else f"{found} ways"
    warnings.warn(
        f"{asked} takes were asked for; the memory has {ways} to play what was decided; another --seed decides anew",
        AntiphonWarning,
        stacklevel=3,
    )


def respond_to_files(
    guides: Sequence[Path],
    memories: Sequence[Path],
    agent: Agent,
    output: Path,
    *,
    agent_directory: Path | None = None,
    wanted: RespondOptions | None = None,
    progress: Progress = no_progress,
) -> Answer:
    """Respond to files and write the directory `output`, whole or not at all.

    A folder among `memories` means every recording in it. `agent_directory` is noted, so that an edited session knows
    whom to ask. Raises SettingsError where `output` holds a response that may not be replaced.
    """
    wanted = wanted or RespondOptions()
    with claimed(output, ANSWER_FILES, overwrite=wanted.overwrite, holding="a response") as claim:
        return _responded(
            guides, memories, agent, claim, agent_directory=agent_directory, wanted=wanted, progress=progress
        )


def _responded(
    guides: Sequence[Path],
    memories: Sequence[Path],
    agent: Agent,
    claim: Claim,
    *,
    agent_directory: Path | None,
    wanted: RespondOptions,
    progress: Progress,
) -> Answer:
    """As `respond_to_files`, into an output that is claimed."""
    memories = files_of(memories)
    steps = len(guides) + len(memories) + 2
    heard = [testified(path) for path in guides]
    guide = mixed([each.audio for each in heard])
    progress("respond", len(guides), steps)
    memory, played = witnessed(memories, lambda: agent.memory_of(memories))
    progress("respond", steps - 2, steps)
    result = answer(
        agent, guide, memory, wanted.seed, takes=wanted.takes, explained=wanted.explained, progress=progress
    )
    result = replace(result, notes=(*result.notes, *_notes(result, agent)))
    result = replace(result, tempo=tempo_points(wanted.grid or result.response.grid), names=wanted.names_for(agent))
    progress("respond", steps - 1, steps)
    player = noted(agent_directory)
    inputs = Inputs(source_files(guides, [each.sha256 for each in heard]), source_files(memories, played), player)
    with whole_directory(claim.target, ANSWER_FILES) as inside:
        write_result(inside, result, agent, inputs=inputs, export=wanted.export)
        claim.confirm()
    progress("respond", steps, steps)
    return result


def write_result(
    directory: Path,
    result: Answer,
    agent: Agent,
    *,
    inputs: Inputs | None = None,
    export: Sequence[str] = (),
    summary: Sequence[Summary] = (),
) -> Inputs:
    """All files of an answer, with the formats of `export`, into an existing directory.

    Returns the inputs as they lie there.
    """
    inputs = inputs or Inputs()
    if "reaper" in known_formats(export):
        inputs = with_media(directory, inputs)
    given = handed(result, agent, inputs)
    write_response(
        directory, result.response, result.guide, result.memory, alphabet=agent.alphabet, record=given.provenance
    )
    for name, take in zip(TAKE_FILES, result.alternates, strict=False):
        audio.write(directory / name, take.audio)
    hand_over(directory, given, export)
    write_page(
        directory / "index.html",
        result.response,
        Sounds(result.guide, result.memory, result.alternates),
        rest=agent.alphabet.rest,
        about=_about(result, agent),
        summary=summary,
        names=result.names,
    )
    return inputs


def handed(result: Answer, agent: Agent, inputs: Inputs) -> Handed:
    """What there is to hand over of an answer."""
    response, memory = result.response, result.memory
    record: Provenance = replace(
        provenance_of(response, memory, inputs, response.settings["action"]["crossfade_seconds"]),
        takes=tuple(
            Take(name, copies_of(take, memory), take.gain)
            for name, take in zip(TAKE_FILES, result.alternates, strict=False)
        ),
        tempo=result.tempo,
        mixing=result.mixing,
        names=dict(result.names),
    )
    return Handed(record, agent.alphabet.rest)


def _about(result: Answer, agent: Agent) -> Mapping[str, str]:
    numbers, settings = result.statistics, result.response.settings
    return {
        "Guide": result.guide.source or "a mix",
        "Memory": ", ".join(dict.fromkeys(Path(part.source).name for part in result.memory.parts)),
        "Alphabet": f"{agent.alphabet.size} classes of {result.response.guide.durations[0]:g} s, {agent.alphabet.id}",
        "Sampling": ", ".join(f"{key} {value}" for key, value in settings["sampling"].items()),
        "Seed": str(settings["seed"]),
        "In time": result.response.timing,
        "Level": f"{numbers.rms_dbfs:.1f} dBFS RMS, peak {numbers.peak:.3f}, {numbers.clipped_samples} samples clipped",
        "Gain": f"{numbers.gain_db:.1f} dB over all",
        "Silence": f"{100 * numbers.silent_share:.1f} % of the response",
        "Variety": numbers.said,
        "Copies": f"{numbers.runs} unbroken copies, {numbers.hard_joints} hard joints, "
        f"{numbers.shared_context_joints} with shared context",
        "Near classes": f"{numbers.substitutes} segments of another class than the one that was drawn",
    }
