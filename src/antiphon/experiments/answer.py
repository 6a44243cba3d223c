"""Files in, a response as files out: several guides are mixed, several memories are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.action.export import RESPONSE_FILES, write_response
from antiphon.action.statistics import ResponseStatistics, response_statistics
from antiphon.agent import Agent
from antiphon.audio import mixed, read
from antiphon.evaluation.regeneration import Summary
from antiphon.evaluation.report import write_page
from antiphon.files import refuse_foreign, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Audio, Memory, Response


@dataclass(frozen=True, eq=False)
class Answer:
    """A response, what it answers, what it is made of, and its numbers."""

    response: Response
    guide: Audio
    memory: Memory
    statistics: ResponseStatistics


def answer(agent: Agent, guide: Audio, memory: Memory, seed: int = 0) -> Answer:
    """Respond, and measure the response."""
    response = agent.respond(guide, memory, seed=seed)
    return Answer(response, guide, memory, response_statistics(response, memory))


def answer_files(
    guides: Sequence[Path],
    memories: Sequence[Path],
    agent: Agent,
    output: Path,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Answer:
    """Respond to files and write the directory `output`, whole or not at all."""
    refuse_foreign(output, RESPONSE_FILES)
    steps = len(guides) + len(memories) + 2
    sounds = []
    for path in (*guides, *memories):
        sounds.append(read(path))
        progress("respond", len(sounds), steps)
    guide = mixed(sounds[: len(guides)])
    result = answer(agent, guide, agent.memory(*sounds[len(guides) :]), seed)
    progress("respond", steps - 1, steps)
    with whole_directory(output, RESPONSE_FILES) as inside:
        write_answer(inside, result, agent)
    progress("respond", steps, steps)
    return result


def write_answer(directory: Path, result: Answer, agent: Agent, summary: Sequence[Summary] = ()) -> None:
    """response.wav, mix.wav, specification.json, provenance.json and index.html into an existing directory."""
    mix = write_response(directory, result.response, result.guide, agent.alphabet)
    write_page(
        directory / "index.html",
        result.response,
        result.guide,
        mix,
        result.memory,
        rest=agent.alphabet.rest,
        about=_about(result, agent),
        summary=summary,
    )


def _about(result: Answer, agent: Agent) -> Mapping[str, str]:
    numbers, settings = result.statistics, result.response.settings
    return {
        "Guide": result.guide.source or "a mix",
        "Memory": ", ".join(dict.fromkeys(Path(part.source).name for part in result.memory.parts)),
        "Alphabet": f"{agent.alphabet.size} classes of {result.response.guide.durations[0]:g} s, {agent.alphabet.id}",
        "Sampling": ", ".join(f"{key} {value}" for key, value in settings["sampling"].items()),
        "Seed": str(settings["seed"]),
        "Level": f"{numbers.rms_dbfs:.1f} dBFS RMS, peak {numbers.peak:.3f}, {numbers.clipped_samples} samples clipped",
        "Silence": f"{100 * numbers.silent_share:.1f} % of the response",
        "Copies": f"{numbers.runs} unbroken copies, {numbers.hard_joints} hard joints, "
        f"{numbers.shared_context_joints} with shared context",
        "Substitutes": f"{numbers.substitutes} labels that the memory lacks",
    }
