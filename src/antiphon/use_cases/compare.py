"""Two agents, one guide, one memory, one seed: both responses, and where what they learned differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from antiphon import arrays
from antiphon.action.export.provenance_file import Inputs, source_files
from antiphon.agent import Agent
from antiphon.agent.known_pairs import recalling
from antiphon.agent.opening import noted
from antiphon.analysis.agent_summary import differing_settings, facts
from antiphon.analysis.differences import (
    AGREEMENTS,
    Differences,
    Heard,
    Spans,
    UnderGuide,
    chroma_of,
    common_spans,
    differences,
    moments,
    placed,
    under_guide,
)
from antiphon.audio import mixed, testified
from antiphon.checkpoint import save_json
from antiphon.config import EncoderSettings, PerceptionSettings
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.scoring import score
from antiphon.errors import SettingsError
from antiphon.files import claimed, whole_directory
from antiphon.interfaces import DecisionModel, Progress, no_progress
from antiphon.pages.comparison import Side, account, compare_page, moment
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.perception.perception import Perception
from antiphon.reading import real
from antiphon.types import Audio, Ids, Seconds
from antiphon.use_cases.memory_files import files_of
from antiphon.use_cases.respond import Answer, answer, write_result

COMPARE_FILES = ("compare.json", "index.html", "first", "second")
"""What a directory of `antiphon compare` holds."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Both agents' answers to one guide, the settings in which they differ (first's and second's value), what they
    learned from, and where they differ in what they play: span by span, by the guide's pitch class, and the moments at
    which most (spans). `identical`: the responses are the same, sample by sample."""

    sides: tuple[Side, Side]
    answers: tuple[Answer, Answer]
    settings: Mapping[str, tuple[Any, Any]]
    guide: Heard
    found: Differences
    rows: tuple[UnderGuide, ...]
    moments: tuple[int, ...]
    identical: bool

    @property
    def said(self) -> list[str]:
        """What was found, in words."""
        return list(account(self.sides, self.found, self.rows, self.identical))

    @property
    def told_moments(self) -> list[str]:
        """The moments at which the two differ most, in words."""
        return [moment(self.sides, self.guide, self.found, index) for index in self.moments]

    def as_dict(self) -> dict[str, Any]:
        """Plain values; what is not a number is None."""
        shares = {name: self.found.share(name) for name in AGREEMENTS}
        spans = self.found.spans
        return {
            "said": self.said,
            "identical": self.identical,
            "agents": [_side_as_dict(side) for side in self.sides],
            "settings": {name: list(values) for name, values in self.settings.items()},
            "agreement": {**shares, "together": self.found.together, "together by chance": _plain(self.found.chance)},
            "harmony_alike": _plain(_mean(self.found.harmony, spans.durations)),
            "level_apart_db": _plain(_mean(np.abs(self.found.louder), spans.durations)),
            "under_guide": [{name: _plain(value) for name, value in asdict(row).items()} for row in self.rows],
            "most_different": self.told_moments,
            "spans": [
                {
                    "start": float(start),
                    "end": float(end),
                    "agreement": AGREEMENTS[self.found.agreement[index]],
                    "harmony_alike": _plain(self.found.harmony[index]),
                    "louder_db": _plain(self.found.louder[index]),
                    "places": [_place_as_dict(side, index) for side in self.sides],
                    "guide_worth_bits": [_plain(side.worth[index]) for side in self.sides],
                }
                for index, (start, end) in enumerate(spans.intervals)
            ],
        }


def compare(
    agents: tuple[Agent, Agent],
    guide: Audio,
    memories: Sequence[Audio],
    *,
    names: tuple[str, str] = ("first", "second"),
    seed: int = 0,
    explained: bool = True,
    progress: Progress = no_progress,
) -> Comparison:
    """Let two agents answer one guide from the same recordings with one seed, each by its own settings, and set side by
    side what they play. Raises BadData as `Agent.memory` does."""
    answers = []
    for done, agent in enumerate(agents):
        progress("compare", done, len(agents) + 1)
        answers.append(answer(agent, guide, agent.memory(*memories), seed, explained=explained))
    first, second = answers
    grids = [each.response.guide.intervals for each in answers]
    spans = common_spans(*grids)
    listener = _Listener()
    segments = (spans.first, spans.second)
    sides = tuple(
        _side(name, agent, each, (spans, indices), listener)
        for name, agent, each, indices in zip(names, agents, answers, segments, strict=True)
    )
    heard = listener.hear(guide, spans.intervals)
    reach = max(float(np.median(each.response.guide.durations)) for each in answers)
    both = (sides[0], sides[1])
    found = differences(spans, (both[0].placed, both[1].placed), (both[0].heard, both[1].heard), reach)
    identical = arrays.are_equal(first.response.audio.samples, second.response.audio.samples)
    progress("compare", len(agents) + 1, len(agents) + 1)
    return Comparison(
        both,
        (first, second),
        differing_settings(*agents),
        heard,
        found,
        under_guide(spans, heard, (both[0].heard, both[1].heard)),
        moments(found),
        identical,
    )


def compare_files(
    directories: tuple[Path, Path],
    guides: Sequence[Path],
    memories: Sequence[Path],
    output: Path,
    *,
    seed: int = 0,
    explained: bool = True,
    progress: Progress = no_progress,
) -> Comparison:
    """Compare agents on files and write `output`, whole or not at all: both responses in folders of their own, each as
    `antiphon respond` writes it, compare.json and one self-contained page. Raises AntiphonError where another program
    writes there."""
    if not guides or not memories:
        raise SettingsError("a comparison needs a guide and a memory")
    with claimed(output, COMPARE_FILES, overwrite=True, holding="a comparison"):
        return _compared(directories, guides, files_of(memories), output, how=(seed, explained), progress=progress)


def _compared(
    directories: tuple[Path, Path],
    guides: Sequence[Path],
    memories: Sequence[Path],
    output: Path,
    *,
    how: tuple[int, bool],
    progress: Progress,
) -> Comparison:
    """`how`: the seed, and whether the responses are explained."""
    agents = Agent.load(directories[0]), Agent.load(directories[1])
    heard, played = [testified(path) for path in guides], [testified(path) for path in memories]
    guide, sounds = mixed([each.audio for each in heard]), [each.audio for each in played]
    names = real(directories[0]).name, real(directories[1]).name
    if names[0] == names[1]:
        names = str(directories[0]), str(directories[1])
    found = compare(agents, guide, sounds, names=names, seed=how[0], explained=how[1], progress=progress)
    listened = source_files(guides, [each.sha256 for each in heard])
    remembered = source_files(memories, [each.sha256 for each in played])
    with whole_directory(output, COMPARE_FILES) as inside:
        for name, directory, agent, each in zip(("first", "second"), directories, agents, found.answers, strict=True):
            (inside / name).mkdir()
            inputs = Inputs(listened, remembered, noted(directory))
            write_result(inside / name, each, agent, inputs=inputs)
        save_json(inside / "compare.json", found.as_dict())
        (inside / "index.html").write_text(page_of(found, guide), encoding="utf-8")
    return found


def page_of(found: Comparison, guide: Audio) -> str:
    """The page of a comparison."""
    sounds = (guide, *(each.response.audio for each in found.answers))
    return compare_page(
        found.sides, sounds, (found.guide, found.found, found.rows), (found.said, found.told_moments), found.settings
    )


def guide_worth(agent: Agent, answered: Answer) -> Seconds:
    """By how many bits each segment's token (n,) was more probable to an agent under the guide than under none.

    The past is given, as it was played. Without the guide it is the same network, where that has learned to do without
    one, and else the deaf model; not a number where there is neither.
    """
    response = answered.response
    ids = response.specification.tokens.ids
    if agent.settings.training.hide_guide > 0:
        without: DecisionModel = recalling(agent, NeuralDecision(agent.network, hidden=True))
    elif agent.deaf is not None:
        without = NeuralDecision(agent.deaf)
    else:
        return np.full(len(ids), np.nan)
    durations = response.guide.durations[None] if agent.settings.decision.durations else None
    hearing, deaf = (
        score(model, response.guide.ids[None], ids[None], agent.context, durations)[0]
        for model in (agent.decision, without)
    )
    return np.asarray((hearing - deaf) / np.log(2))


def _side(name: str, agent: Agent, answered: Answer, spans: tuple[Spans, Ids], listener: _Listener) -> Side:
    """What there is to say of one agent over the spans, which lie in these segments of its answer."""
    times, segments = spans
    worth = guide_worth(agent, answered)
    return Side(
        name=name,
        heard=listener.hear(answered.response.audio, times.intervals),
        placed=placed(answered.response, answered.memory, times.intervals[:, 0], segments),
        worth=worth[segments],
        mean_worth=float(worth.mean()),
        files=tuple(Path(part.source).name or "memory" for part in answered.memory.parts),
        facts=facts(agent),
    )


class _Listener:
    """What any sound is in pitch classes and level, whatever the agents' own encoders are."""

    def __init__(self) -> None:
        self._settings = PerceptionSettings(encoder=EncoderSettings(name="notes"))
        self._encoder = NotesEncoder(self._settings.encoder)
        self._perception = Perception(self._settings, self._encoder)

    def hear(self, sound: Audio, intervals: Seconds) -> Heard:
        """Level and chroma in spans (n, 2)."""
        found, _ = self._perception.segments(sound, intervals)
        weight = self._settings.encoder.pitch_class_weight
        chroma = chroma_of(found.vectors, self._encoder.pitch_class_dimensions, weight)
        return Heard(found.level.astype(np.float64), chroma)


def _side_as_dict(side: Side) -> dict[str, Any]:
    return {"name": side.name, **side.facts, "guide_worth_bits": _plain(side.mean_worth)}


def _place_as_dict(side: Side, index: int) -> dict[str, Any] | None:
    part = int(side.placed.part[index])
    if part < 0:
        return None
    return {"file": side.files[part], "second": round(float(side.placed.second[index]), 6)}


def _mean(values: Seconds, durations: Seconds) -> float:
    known = np.isfinite(values)
    return float(np.average(values[known], weights=durations[known])) if known.any() else np.nan


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
