"""A session comes back from the musician: what was edited stays, to the sample, and the rest is answered anew."""

from __future__ import annotations

import math
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from antiphon.action.export import PROVENANCE, RESPONSE_FILES, read_provenance
from antiphon.action.export.edits import Edits, edits_of, put_back
from antiphon.action.export.formats import known_formats, session_of
from antiphon.action.export.provenance_file import (
    MEDIA,
    Inputs,
    Provenance,
    SourceFile,
    found_file,
    require_same,
    source_files,
    testified_file,
)
from antiphon.action.export.reaper import SESSION, identity_of, merged, relocated, without_regions
from antiphon.action.export.rpp import Block, read_project, words, write_project
from antiphon.action.export.testimony import within_seed
from antiphon.action.rendering.loudness import with_gain
from antiphon.action.statistics import response_statistics
from antiphon.agent import Agent
from antiphon.audio import Testified, duration_of, mixed, resampled, testified, with_channels, witnessed
from antiphon.config import MOST_SEED, Settings, validated
from antiphon.errors import AntiphonError, AntiphonWarning, BadData, SettingsError
from antiphon.files import Claim, claimed, sha256, whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.reading import real
from antiphon.types import Audio, Edited, Laid, Memory, MemoryPart, Run
from antiphon.use_cases.explain import with_candidate_costs
from antiphon.use_cases.registers import known_register, register_prices
from antiphon.use_cases.respond import ANSWER_FILES, Answer, RespondOptions, handed, write_result

AUDIBLE_DB = 0.1
"""Changes of level below this are not worth a word."""


@dataclass(frozen=True, eq=False)
class _Opened:
    """An edited session, the folder of the response it was made for, that response, and where its files are now."""

    path: Path
    root: Block
    folder: Path
    record: Provenance
    guides: tuple[Path, ...]
    memories: tuple[Path, ...]


def respond_from_session(
    session: Path, agent: Agent, output: Path, *, wanted: RespondOptions, progress: Progress = no_progress
) -> Answer:
    """Respond again around the edits of a session and write the directory `output`, which is not the session's.

    The session that is written holds all that was in the edited one, but for the items and regions that gave way. What
    of it cannot be rendered is said by an AntiphonWarning each; `Answer.notes` tells what else was understood.
    """
    opened = _opened(session)
    for folder in (session.parent, opened.folder):
        if real(output) == real(folder):
            raise AntiphonError(f"{session} lies in {output}, and is not written over; choose another directory")
    with claimed(output, ANSWER_FILES, overwrite=wanted.overwrite, holding="a response") as claim:
        return _responded(opened, agent, claim, wanted, progress)


def _responded(opened: _Opened, agent: Agent, claim: Claim, wanted: RespondOptions, progress: Progress) -> Answer:
    """As `respond_from_session`, into an output that is claimed."""
    if not opened.guides:
        raise BadData(f"{opened.folder / PROVENANCE}: names no guide")
    given = _sounds(opened, opened.guides, opened.record.inputs.guides)
    guide = mixed([each.audio for each in given])
    memory, played = witnessed(opened.memories, lambda: agent.memory_of(opened.memories))
    memory = agent.at_rates(memory, [source.rate for source in opened.record.inputs.memories])
    require_same(opened.memories, played, opened.record.inputs.memories, opened.folder)
    lengths = [duration_of(path) for path in opened.guides]
    edits = edits_of(
        *(opened.root, opened.record, str(opened.path)), rest=agent.alphabet.rest, parts=_parts(opened), guides=lengths
    )
    pins = _pins(edits, opened.record, memory)
    laid, own, missing = _laid(edits, opened, memory)
    heard, register = agent.hear(guide, memory, may_stretch=False), opened.record.settings.get("register")
    dearer = None if register is None else register_prices(guide, heard.memory, known_register(register))
    edited = Edited(laid, _in_memory(edits.refused, opened.record, memory), dearer=dearer)
    response, *others = agent.takes_of(heard, wanted.takes, seed=wanted.seed, pins=pins, edited=edited)
    if register is not None:
        response = replace(response, settings={**response.settings, "register": register})
    memory = heard.memory
    if wanted.explained:
        response = with_candidate_costs(
            agent, response, memory, pins=pins, edited=edited, seed=wanted.seed, progress=progress
        )
    response = replace(response, audio=with_gain(response.audio, edits.mixing.factor))
    statistics = response_statistics(response, memory)
    notes = (*edits.notes, *_turned(response.gain, opened.record.gain))
    result = Answer(response, guide, memory, statistics, tuple(others), edits.tempo, edits.mixing, notes)
    result = replace(result, names=wanted.names_for(agent, opened.record.names))
    _write(opened, edits, result, agent, claim, own=own, wanted=wanted)
    for each in (*edits.lost, *missing):
        warnings.warn(f"not rendered, kept in the session: {each}", AntiphonWarning, stacklevel=3)
    return result


def _turned(gain: float, before: float) -> tuple[str, ...]:
    """What is said where the level of the whole response changed, and its fader with it."""
    change = 20 * math.log10(gain / before) if gain > 0 and before > 0 else 0.0
    if abs(change) < AUDIBLE_DB:
        return ()
    return (f"the whole response is {change:+.1f} dB, for its peaks or its loudness: so is the fader of its track",)


def record_of(session: Path) -> Provenance:
    """The provenance of a session: beside it, or beside the media that it plays where it was saved elsewhere."""
    return read_provenance(_folder(session, _project(session)) / PROVENANCE)


def session_agent(session: Path) -> Path | None:
    """Folder or packed file of the agent that answered last, None for the base agent. Raises BadData where it is gone;
    nothing is fetched because a record names an address."""
    noted = record_of(session).inputs.agent
    if not noted:
        return None
    if not Path(noted).exists():
        raise BadData(f"{noted}: the agent that answered is not there any more; name it with --agent")
    return Path(noted)


def session_settings(session: Path, base: Settings) -> Settings:
    """The settings with which the session was answered, over those of its agent."""
    return settings_of_record(record_of(session), base, session)


def settings_of_record(record: Provenance, base: Settings, place: Path) -> Settings:
    """The settings with which a response was answered, over those of its agent; an error names its `place`."""
    tree = base.model_dump()
    try:
        for section in ("sampling", "action"):
            tree[section] |= record.settings.get(section, {})
        return validated(tree)
    except (SettingsError, TypeError, ValueError) as error:
        raise BadData(f"{place}: the settings in its {PROVENANCE} cannot be used ({error})") from error


def session_seed(session: Path) -> int:
    """The seed with which the session was answered."""
    seed = record_of(session).settings.get("seed", 0)
    if not within_seed(seed, MOST_SEED):
        raise BadData(f"{session}: the seed in its {PROVENANCE} is none ({seed!r})")
    return int(seed)


def _project(session: Path) -> Block:
    if not session.is_file():
        raise BadData(f"{session}: no such file")
    return read_project(session)


def _opened(session: Path) -> _Opened:
    root = _project(session)
    folder = _folder(session, root)
    record = read_provenance(folder / PROVENANCE)
    beside = _media_folders(session, root)
    guides, memories = (
        tuple(found_file(source, folder, beside) for source in sources)
        for sources in (record.inputs.guides, record.inputs.memories)
    )
    return _Opened(session, root, folder, record, guides, memories)


def _folder(session: Path, root: Block) -> Path:
    """The folder of the response that a session was made for. Raises BadData where it is not found."""
    wanted = identity_of(root)
    folders = dict.fromkeys(
        place for folder in (session.parent, *_media_folders(session, root)) for place in (folder, folder.parent)
    )
    there = [folder for folder in folders if (folder / PROVENANCE).is_file()]
    if not there:
        raise BadData(
            f"{session.parent / PROVENANCE}: no such file, nor beside the media of the session; put the session back "
            "beside it"
        )
    if not wanted:
        return there[0]
    for folder in there:
        if read_provenance(folder / PROVENANCE).identity == wanted:
            return folder
    raise BadData(f"{there[0] / PROVENANCE}: tells of another response than {session} was made for")


def _media_folders(session: Path, root: Block) -> tuple[Path, ...]:
    """The session's folder, and those of the files that it plays."""
    found = (_resolved(name, session.parent).parent for name in _files(root))
    return tuple(dict.fromkeys((session.parent, *found)))


def _resolved(name: str, folder: Path) -> Path:
    """A path in a project, which may have been written on another system."""
    return folder / PureWindowsPath(name).as_posix() if "\\" in name else folder / name


def _parts(opened: _Opened) -> dict[str, MemoryPart]:
    """Which paths in the project are which file of the memory: by place, and by name where no other file is there."""
    places = {real(path): part for path, part in zip(opened.memories, opened.record.parts, strict=True)}
    hashes = {sha256(path): part for path, part in zip(opened.memories, opened.record.parts, strict=True)}
    names = {PurePosixPath(part.source).name: part for part in reversed(opened.record.parts)}
    found: dict[str, MemoryPart] = {}
    for name in _files(opened.root):
        path = _resolved(name, opened.path.parent)
        if real(path) in places:
            found[name] = places[real(path)]
        elif path.is_file():
            if path.name in names and sha256(path) in hashes:
                found[name] = hashes[sha256(path)]
        elif path.name in names:
            found[name] = names[path.name]
    return found


def _sounds(opened: _Opened, paths: Sequence[Path], sources: Sequence[SourceFile]) -> list[Testified]:
    """Files of the response, whose bytes are those that it was made of."""
    return [testified_file(path, source, opened.folder) for path, source in zip(paths, sources, strict=True)]


def _pins(edits: Edits, record: Provenance, memory: Memory) -> tuple[Run, ...]:
    """The pins, reading from `memory`, which has to be the one that the record tells of."""
    if [part.end for part in record.parts] != [part.end for part in memory.parts]:
        raise BadData("the memory is not as long as it was when the session was made")
    return _in_memory(tuple(pin.run for pin in edits.pins), record, memory)


def _in_memory(runs: Sequence[Run], record: Provenance, memory: Memory) -> tuple[Run, ...]:
    parts = dict(zip(record.parts, memory.parts, strict=True))
    return tuple(replace(run, part=parts[run.part]) if run.part else run for run in runs)


def _laid(edits: Edits, opened: _Opened, memory: Memory) -> tuple[tuple[Laid, ...], dict[Path, Testified], list[str]]:
    """The items to be heard, the files beside the memory that they play, and what of them could not be read."""
    laid: list[Laid] = []
    own: dict[Path, Testified] = {}
    missing: list[str] = []
    numbers = {part: number for number, part in enumerate(opened.record.parts)}
    for kept in edits.kept:
        lay = kept.lay
        if lay is None or (lay.part is None and not lay.file):
            continue
        if lay.part is not None:
            number = numbers[lay.part]
            part = memory.parts[number]
            sound = Audio(memory.audio.samples[part.start : part.end], memory.audio.sample_rate)
        else:
            path = _resolved(lay.file, opened.path.parent)
            if path not in own:
                try:
                    own[path] = testified(path)
                except BadData as error:
                    missing.append(str(error))
                    continue
            sound = with_channels(resampled(own[path].audio, memory.audio.sample_rate), memory.audio.channels)
            number = len(numbers) + list(own).index(path)
        laid.append(Laid(lay.start, lay.end, lay.source, sound, number, lay.gain, lay.fade_in, lay.fade_out, lay.loop))
    return tuple(laid), own, missing


def _write(
    opened: _Opened,
    edits: Edits,
    result: Answer,
    agent: Agent,
    claim: Claim,
    *,
    own: Mapping[Path, Testified],
    wanted: RespondOptions,
) -> None:
    """The files of the new response, and the edited session with it."""
    record, session = opened.record, opened.path
    inputs = Inputs(
        _sources(opened.guides, record.inputs.guides),
        _sources(opened.memories, record.inputs.memories),
        record.inputs.agent,
        _own_sources(own, result.memory),
    )
    formats = known_formats((*wanted.export, "reaper"))
    louder = result.response.gain / record.gain if record.gain else 1.0
    carried = _carried(opened.root, session.parent, {real(path) for path in (*opened.guides, *opened.memories, *own)})
    names = (*ANSWER_FILES, *sorted({PurePosixPath(name).parts[0] for name in carried.values()} - set(RESPONSE_FILES)))
    with whole_directory(claim.target, names) as inside:
        inputs = write_result(inside, result, agent, inputs=inputs, export=formats)
        given = handed(result, agent, inputs)
        for number, kept in enumerate(edits.kept):
            put_back(kept, number, louder)
        paths = _new_paths(opened, own, inputs, carried)
        relocated(opened.root, paths)
        bare = without_regions(opened.root, record, agent.alphabet.rest)
        write_project(inside / SESSION, merged(bare, session_of(inside, given), edits.ours, edits.track, louder))
        for path, name in carried.items():
            if not (inside / name).exists():
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, inside / name)
        claim.confirm()


def _sources(paths: Sequence[Path], before: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """Files as they lie now, which remember where they came from at first."""
    return tuple(
        SourceFile(
            real(path).as_posix(),
            then.sha256,
            origin=then.origin or (then.path if Path(then.path).is_absolute() else ""),
        )
        for path, then in zip(paths, before, strict=True)
    )


def _own_sources(own: Mapping[Path, Testified], memory: Memory) -> tuple[SourceFile, ...]:
    rate = memory.audio.sample_rate
    return tuple(
        replace(source, samples=len(resampled(sound.audio, rate).samples))
        for sound, source in zip(
            own.values(), source_files(list(own), [each.sha256 for each in own.values()]), strict=True
        )
    )


def _new_paths(opened: _Opened, own: Iterable[Path], inputs: Inputs, carried: dict[Path, str]) -> dict[str, str]:
    """What each path in the project becomes in the folder of the new response."""
    now = (*inputs.guides, *inputs.memories, *inputs.own)
    media = {
        real(path): source.path for path, source in zip((*opened.guides, *opened.memories, *own), now, strict=True)
    }
    parts = dict(zip(opened.record.parts, opened.memories, strict=True))
    playing = _parts(opened)
    found: dict[str, str] = {}
    for name in _files(opened.root):
        path = _resolved(name, opened.path.parent)
        place = real(parts[playing[name]]) if name in playing else real(path)
        if place in media:
            found[name] = media[place]
        elif path in carried:
            found[name] = carried[path]
        elif path.is_file():
            found[name] = real(path).as_posix()
        elif guide := [each for each in opened.guides if each.name == path.name]:
            found[name] = media[real(guide[0])]
    return found


def _carried(root: Block, folder: Path, media: set[Path]) -> dict[Path, str]:
    """Files inside the session's folder that the project plays, and where they lie in the new one: they move with it.

    What has the name of a file that is written anew goes to the media.
    """
    found: dict[Path, str] = {}
    for name in _files(root):
        path = _resolved(name, folder)
        place = PurePosixPath(PureWindowsPath(name).as_posix() if "\\" in name else name)
        if place.is_absolute() or ".." in place.parts or not path.is_file() or real(path) in media:
            continue
        found[path] = f"{MEDIA}/before-{place.name}" if str(place) in ANSWER_FILES else str(place)
    return found


def _files(block: Block) -> Iterator[str]:
    """The paths in a project, each once."""
    found = (words(line)[1:2] for line in block.lines() if words(line)[:1] == ["FILE"])
    yield from dict.fromkeys(name for names in found for name in names if name)
