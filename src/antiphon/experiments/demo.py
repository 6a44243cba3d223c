"""The main job, once, on real music: chorales from scores to a held-out guide's response (paper figure 2, from end to
end).

The corpus is made on the user's machine: scores from the installed music21, sound from an installed soundfont.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from antiphon.action.export import RESPONSE_FILES
from antiphon.agent import Agent
from antiphon.audio import read, with_channels, write
from antiphon.config import Settings, TrainingSettings
from antiphon.corpus.manifest import read_manifest
from antiphon.corpus.splits import divide
from antiphon.corpus.synthesis.chorale_scores import VOICES
from antiphon.corpus.synthesis.chorales import ChoraleSettings, build_chorales, render_chorale
from antiphon.corpus.track_audio import read_track
from antiphon.errors import SettingsError
from antiphon.evaluation.regeneration import Summary
from antiphon.files import owned, refuse_foreign
from antiphon.interfaces import Progress, no_progress
from antiphon.training.pipeline import train
from antiphon.types import Audio, Multitrack
from antiphon.use_cases.respond import Answer, answer, write_result

FEWEST_PIECES = 24
"""With fewer there is not enough to learn from, nor to hold out."""

TEMPO_BPM = 120.0
"""A quarter note is then one segment of the default 0.5 s."""

EPOCHS = 8
"""Short of convergence, and well ahead of every opponent by bits per token: nobody waits longer in a demo."""

MEMORY_PROGRAM = 24
"""General MIDI, from 0: nylon guitar. Plucked, so unlike every sustained timbre that the corpus is made of."""

MEMORY_RATE = 48000
"""Another rate than the corpus has: a response takes the memory's."""

DEMO_FILES = ("corpus", "agent", "guide.wav", "memory.wav", *RESPONSE_FILES)
"""What a demo's directory holds."""


@dataclass(frozen=True, eq=False)
class Demo:
    """What a demo made: the agent, its answer, and the table of held-out pieces."""

    agent: Agent
    answer: Answer
    guide_name: str
    memory_name: str
    summary: tuple[Summary, ...]

    def as_dict(self) -> Mapping[str, Any]:
        """The result in plain values."""
        return {
            "guide": self.guide_name,
            "memory": self.memory_name,
            "response": asdict(self.answer.statistics),
            "held_out": [asdict(row) for row in self.summary],
        }


def demo(
    directory: Path,
    *,
    pieces: int = 80,
    seed: int = 0,
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> Demo:
    """Build, learn, answer, and write everything below `directory`; what was built or learned before is gone on with.

    Writes guide.wav, memory.wav, response.wav, mix.wav, specification.json, provenance.json and index.html, beside the
    `corpus` and the `agent`. Raises MissingExtra without the extra `scores`.
    """
    if pieces < FEWEST_PIECES:
        raise SettingsError(f"the demo needs {FEWEST_PIECES} pieces or more, got {pieces}")
    refuse_foreign(directory, DEMO_FILES)
    settings = settings or Settings(training=TrainingSettings(max_epochs=EPOCHS))
    with owned(directory):
        return _played(directory, pieces, seed, settings, progress)


def _played(directory: Path, pieces: int, seed: int, settings: Settings, progress: Progress) -> Demo:
    """As `demo`, into a directory that nobody else fills."""
    build = ChoraleSettings(pieces=pieces, tempo_bpm=TEMPO_BPM, seed=seed)
    corpus = read_manifest(build_chorales(directory / "corpus", build, progress).manifest)
    agent = train(corpus, directory / "agent", settings=settings, overwrite=True, progress=progress)
    guided, remembered = _held_out(corpus.multitracks, settings, seed)
    write(directory / "guide.wav", read_track(guided.tracks[0]))
    write(directory / "memory.wav", _recording(remembered, build))
    memory = agent.memory(read(directory / "memory.wav"))
    result = answer(agent, read(directory / "guide.wav"), memory, seed)
    summary = TypeAdapter(tuple[Summary, ...]).validate_python(agent.training["summary"])
    write_result(directory, result, agent, summary=summary)
    return Demo(agent, result, f"{guided.name}, {guided.tracks[0].name}", remembered.name, summary)


def _held_out(multitracks: tuple[Multitrack, ...], settings: Settings, seed: int) -> tuple[Multitrack, Multitrack]:
    """A piece for the guide and another for the memory, of different tunes, neither of them learned from."""
    division = divide(multitracks, settings.corpus)
    guided = [window.multitrack for window in division["test"]]
    others = [window.multitrack for window in (*division["test"], *division["validation"])]
    order = np.random.default_rng(seed)
    guide = guided[order.integers(len(guided))]
    candidates = [each for each in others if each.piece != guide.piece]
    return guide, candidates[order.integers(len(candidates))]


def _recording(multitrack: Multitrack, build: ChoraleSettings) -> Audio:
    """The piece's voices one after the other in stereo, played on one instrument that the corpus does not hold."""
    played = replace(build, programs=dict.fromkeys(VOICES, MEMORY_PROGRAM), sample_rate=MEMORY_RATE)
    voices = render_chorale(multitrack.name, played).values()
    return with_channels(Audio(np.concatenate([voice.samples for voice in voices]), MEMORY_RATE), 2)
