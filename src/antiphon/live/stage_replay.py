"""A performance on stage again, from its record: every decision process is told what it was told, and a deck sees the
device as it was.

What is on file of a program that was killed is played again as far as it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from antiphon.action.rendering.crossfade import Crossfade
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.live.commands import Commit, LiveCommand, Play, Silence
from antiphon.live.deck import AHEAD_SECONDS, Deck
from antiphon.live.events import LiveEvent
from antiphon.live.frames import shifted
from antiphon.live.recording import RecordedSound, blocks_in, guide_sound, recorded_sound
from antiphon.live.run_file import (
    EVENTS,
    PLAYED,
    AnsweredLine,
    AroundLine,
    Blocks,
    Committed,
    DeckLine,
    EndLine,
    LaidLine,
    LostLine,
    OnLine,
    SaidLine,
    SessionLine,
    SoundedLine,
    stage_line_of,
)
from antiphon.live.session import Session
from antiphon.live.state import SessionState
from antiphon.live.watched_tape import AgainTape, OtherLooks
from antiphon.reading import text_of

MOST_AHEAD_SECONDS = 2 * AHEAD_SECONDS
"""So far behind the end of what was played a record may tell of sound."""

Line = LiveEvent | Blocks | AroundLine


@dataclass
class Again:
    """What came of a replay: whether specification, selection and sound were the same, how many seconds were played
    again and by how many decision processes, whether Antiphon played the sound, and whether the record has its end."""

    specification: bool = True
    selection: bool = True
    sound: bool = True
    seconds: float = 0.0
    processes: int = 0
    has_sound: bool = False
    is_whole: bool = False
    commits: list[Commit] = field(default_factory=list)


class StageReplay:
    """Plays the record of `session` in `directory` again, line by line. The session is at its very beginning."""

    def __init__(self, session: Session, directory: Path) -> None:
        self.found = Again()
        self._session, self._directory = session, directory
        self._state: SessionState = session.start()
        self._origin = 0
        self._commands: list[LiveCommand] = []
        self._sounding: list[Play | Silence] = []
        self._deck: Deck | None = None
        self._tape: AgainTape | None = None
        self._over = 0
        self._most = 0

    def run(self, progress: Progress = no_progress) -> Again:
        """All of it. Raises BadData for lines that no performance wrote."""
        rate = self._session.sample_rate
        lines = text_of(self._directory / EVENTS).split("\n")
        with guide_sound(self._directory) as guide, recorded_sound(self._directory / PLAYED) as played:
            self.found.has_sound = played.left > 0
            self._most = played.left + round(MOST_AHEAD_SECONDS * rate)
            for number, line in enumerate(self._lines(lines), 1):
                progress("replay", min(number, len(lines)), len(lines))
                if not self._took(line, guide, played):
                    break
        self.found.seconds = (self._origin + self._state.frame if self._deck is None else self._over) / rate
        return self.found

    def _lines(self, lines: list[str]) -> Iterator[Line]:
        """All but the last, which is empty, or half written."""
        for number, line in enumerate(lines[:-1], 1):
            yield stage_line_of(line, f"{self._directory / EVENTS}: line {number}")

    def _took(self, line: Line, guide: RecordedSound, played: RecordedSound) -> bool:
        """Do what a line tells; False where the record has no sound for it any more."""
        if isinstance(line, Blocks):
            if line.count * line.frames > guide.left:
                return False
            for block in blocks_in(line, guide):
                self._step(block)
        elif isinstance(line, AnsweredLine):
            self._answered(line)
        elif isinstance(line, SoundedLine):
            return self._sounded(line.until, played)
        elif isinstance(line, SessionLine | DeckLine | LaidLine | OnLine | LostLine):
            self._around(line, played)
        elif isinstance(line, EndLine):
            self.found.is_whole = True
        elif not isinstance(line, SaidLine):
            self._step(line)
        return True

    def _step(self, event: LiveEvent) -> None:
        self._state, commands = self._session.step(self._state, event)
        self._commands += commands

    def _answered(self, line: AnsweredLine) -> None:
        """What was committed, and whether it is what it was."""
        commands, self._commands = self._commands, []
        commits = [command for command in commands if isinstance(command, Commit)]
        self.found.commits += commits
        again = [Committed.of(commit) for commit in commits]
        self.found.specification &= [_asked(each) for each in again] == [_asked(each) for each in line.commits]
        self.found.selection &= [_selected(each) for each in again] == [_selected(each) for each in line.commits]
        moved = [shifted(command, self._origin) for command in commands]
        self._sounding = [command for command in moved if isinstance(command, Play | Silence)]

    def _around(self, line: SessionLine | DeckLine | LaidLine | OnLine | LostLine, played: RecordedSound) -> None:
        if isinstance(line, SessionLine):
            self._state, self._origin, self._commands = self._session.start(), line.origin, []
            self.found.processes += 1
            return
        if isinstance(line, LostLine):
            self._tape = None
            return
        try:
            if isinstance(line, DeckLine):
                self._new_deck(line, played)
            elif isinstance(line, LaidLine):
                self._laid(line)
            else:
                self._near(line.until)
                if self._tape is not None and self._deck is not None:
                    self._deck.go_on(line.until)
        except OtherLooks:
            self._is_other()

    def _new_deck(self, line: DeckLine, played: RecordedSound) -> None:
        memory, renderer = self._session.memory.audio, Crossfade(self._session.stock.renderer.seconds)
        if line.channels != memory.channels:
            raise BadData(
                f"{self._directory / EVENTS}: a deck of {line.channels} channels, the memory has another count"
            )
        self._near(line.first)
        if line.first > self._over and played.left:  # nothing sounds without a device
            self.found.sound &= not played.read(min(line.first - self._over, played.left)).any()
        self._over = line.first
        self._tape = AgainTape(self._session.sample_rate, line.channels, line.first)
        self._deck = Deck(self._tape, memory, renderer, self._deck)

    def _laid(self, line: LaidLine) -> None:
        self._near(max(line.looks, default=0))
        if self._tape is None or self._deck is None:
            return
        self._tape.show(line.looks)
        if line.commands:
            sounding, self._sounding = self._sounding, []
            if len(sounding) != line.commands:
                raise OtherLooks
            self._deck.obey(sounding)
        else:
            self._deck.advance()
        self._tape.all_seen()

    def _sounded(self, until: int, played: RecordedSound) -> bool:
        """What was played up to here, and whether it is what it was."""
        if self._tape is None or until <= self._over:
            return True
        count = until - self._over
        if count > played.left:
            return False
        try:
            same = np.array_equal(self._tape.heard(self._over, until), played.read(count))
            self.found.sound &= same
        except OtherLooks:
            self._is_other()
        self._over = until
        return True

    def _is_other(self) -> None:
        """The deck has been told something else: there is nothing to compare with any more."""
        self.found.sound = False
        self._tape = None

    def _near(self, frame: int) -> None:
        if frame > self._most:
            raise BadData(f"{self._directory / EVENTS}: sound at frame {frame}, long after all that was played")


def _asked(committed: Committed) -> str:
    """What belongs to the specification; as text, in which a number that is none equals itself."""
    return repr((committed.number, committed.start, committed.end, committed.token, committed.log_probability))


def _selected(committed: Committed) -> str:
    """What belongs to the selection."""
    return repr((committed.segment, committed.played, committed.cost, committed.late))
