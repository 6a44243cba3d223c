"""What the process that works holds, because it is slow to load or to hear: an agent, a response's guide and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antiphon.action.export import PROVENANCE, read_provenance
from antiphon.action.export.provenance_file import Provenance, found_file
from antiphon.agent import Agent
from antiphon.agent.playing import Hearing
from antiphon.config import Settings
from antiphon.config.presets import with_preset as preset_over
from antiphon.errors import BadData, SettingsError
from antiphon.files import identity
from antiphon.reading import real
from antiphon.studio.dials import REGISTER, turned
from antiphon.studio.marks import presets
from antiphon.studio.project import Project
from antiphon.types import Specification
from antiphon.use_cases.registers import known_register
from antiphon.use_cases.respond_again import Marks, Reopened, Wished, heard_again, reopened
from antiphon.use_cases.respond_from_session import settings_of_record

MOST_HEARD = 3
"""Ways of hearing one response (beats, seconds, stretched) that are held."""

Asked = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Player:
    """A response that is to be answered anew, its record, and the agent with the settings that are asked for."""

    folder: Path
    record: Provenance
    agent: Agent
    name: str


@dataclass
class Decided:
    """What was decided of a response last: it stays where only the way through the memory is asked for anew."""

    key: tuple[object, ...]
    specification: Specification | None = None


@dataclass
class Bench:
    """A project, and what was used last of it."""

    project: Project
    agents: dict[tuple[object, ...], Agent] = field(default_factory=dict)
    opened: dict[tuple[object, ...], Reopened] = field(default_factory=dict)
    heard: dict[tuple[object, ...], Hearing] = field(default_factory=dict)
    last: list[Decided] = field(default_factory=list)

    def agent(self, name: str) -> Agent:
        """The agent of a name, the base agent where it is empty."""
        directory = self.project.agent(name)
        key = (name, None if directory is None else identity(directory / "config.json"))
        if key not in self.agents:
            self.agents.clear()
            self.agents[key] = Agent.base() if directory is None else Agent.load(directory)
        return self.agents[key]

    def player(self, asked: Asked) -> Player:
        """Who answers a response anew: its agent with its settings, and over them the dials that are turned."""
        folder = self.project.response(asked["response"])
        record = read_provenance(folder / PROVENANCE)
        agent = self.agent(agent_name(self.project, record.inputs.agent))
        settings = with_preset(
            self.project, settings_of_record(record, agent.settings, folder), asked.get("preset", "")
        )
        regions = region_texts(folder, record, asked.get("regions", {}))
        settings = turned(settings, asked.get("dials", {}), regions)
        return Player(folder, record, agent.with_settings(settings), asked["response"])

    def reopened(self, player: Player) -> Reopened:
        """Guide and memory of a response, read and heard once."""
        action = player.agent.settings.action
        told = (player.name, player.record.identity, player.agent.alphabet.id)
        key = (*told, action.follows_guide, action.activity > 0, action.boundary_cost > 0)
        if key not in self.opened:
            self.opened.clear()
            self.heard.clear()
            self.last.clear()
            self.opened[key] = reopened(player.folder, player.agent, self.project.inside)
        return self.opened[key]

    def hearing(self, player: Player, marked: bool) -> tuple[Reopened, Hearing]:
        """The same, in time as the settings ask for it."""
        opened, action = self.reopened(player), player.agent.settings.action
        may_differ = action.stretch > 0 or any(source.rate != 1 for source in player.record.inputs.memories)
        key = (action.grid, action.tempo_bpm, action.stretch, marked and may_differ)
        if key not in self.heard:
            for old in list(self.heard)[: -MOST_HEARD + 1]:
                del self.heard[old]
            self.heard[key] = heard_again(player.agent, opened, same_rates=marked)
        return opened, self.heard[key]

    def decided(self, player: Player, asked: Asked) -> Decided:
        """What was decided with the same guide, memory, settings of the decision, seed and marks; empty if nothing was.

        What may be played is part of it: regions, and the class that a segment has to match.
        """
        settings = player.agent.settings
        action = (settings.action.grid, settings.action.tempo_bpm, settings.action.stretch, settings.action.match)
        regions = (settings.action.allowed_regions, settings.action.taboo_regions)
        marks = tuple(repr(asked.get(kind, ())) for kind in ("kept", "asked"))
        marked = any(asked.get(kind) for kind in ("kept", "rejected", "asked"))
        key = (
            player.name,
            settings.sampling.model_dump_json(),
            action,
            regions,
            marks,
            marked,
            asked["seed"],
            asked.get("take", 1),
        )
        found = next((each for each in self.last if each.key == key), None)
        if found is None:
            found = Decided(key)
            self.last = [*self.last[-MOST_HEARD:], found]
        return found


def with_preset(project: Project, settings: Settings, name: str) -> Settings:
    """The settings with a preset, the musician's own or Antiphon's, laid over them; as they are for an empty name."""
    if not name:
        return settings
    own = presets(project)
    return turned(settings, own[name], {}) if name in own else preset_over(settings, name)


def wished_of(record: Provenance, asked: Asked) -> Wished:
    """The marks that are asked for, of which take they are said, and the register, which stays what it was where no
    dial says anything of it."""
    register = asked.get("dials", {}).get(REGISTER, record.settings.get(REGISTER))
    spans = {kind: tuple((start, end) for start, end in asked.get(kind, ())) for kind in ("kept", "rejected")}
    classes = tuple((step, token) for step, token in asked.get("asked", ()))
    marks = Marks(spans["kept"], spans["rejected"], classes)
    return Wished(marks, None if register is None else known_register(register), asked.get("take", 1))


def region_texts(
    folder: Path, record: Provenance, regions: Mapping[str, Sequence[Sequence[float]]]
) -> dict[str, list[str]]:
    """Regions as the settings write them, of (number of the memory's file, start, end). Raises SettingsError for a file
    that the memory does not have."""
    if not any(regions.values()):
        return {kind: [] for kind in regions}
    paths = [found_file(source, folder) for source in record.inputs.memories]
    last = [path.name for path in paths]
    called = [path.name if last.count(path.name) == 1 else str(path) for path in paths]
    found: dict[str, list[str]] = {}
    for kind, spans in regions.items():
        if any(not 0 <= part < len(called) for part, _, _ in spans):
            raise SettingsError("a region of a file that the memory does not have")
        found[kind] = [f"{called[int(part)]}:{start:.6f}-{end:.6f}" for part, start, end in spans]
    return found


def agent_name(project: Project, noted: str) -> str:
    """What the page calls the agent that a response tells of. Raises BadData where it is not in the project."""
    if not noted:
        return ""
    try:
        name = project.name_of(real(Path(noted)))
        project.agent(name)
    except ValueError as error:
        raise BadData(
            f"{noted}: the agent lies outside the project; copy it into the folder, and answer again"
        ) from error
    return name
