"""Notes to sound: a General MIDI soundfont, played by `midirenderer` in the process or by the program `fluidsynth`; or
without any, by harmonics alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import soundfile

from antiphon import audio
from antiphon.corpus.synthesis.additive import ADDITIVE_VERSION, played_additively
from antiphon.corpus.synthesis.extras import scores_extra
from antiphon.corpus.synthesis.instruments import program_name
from antiphon.corpus.synthesis.performance import PlayedNote
from antiphon.errors import BadData, MissingExtra
from antiphon.files import temporary_directory
from antiphon.reading import bytes_of
from antiphon.types import Audio

RendererName = Literal["midirenderer", "fluidsynth", "additive"]

RENDERERS: tuple[RendererName, ...] = get_args(RendererName)
"""What turns notes to sound: two that play a soundfont, and harmonics computed by this program."""

SUSTAIN_PEDAL = 64
"""A controller whose release changes nothing: the renderer stops at the last event, so one marks the end."""

VOLUME = 7
"""The controller of a channel's volume."""

LOUDEST = 100
"""Volume of a General MIDI channel that nobody has turned down."""

GRID_BPM, GRID_TICKS = 120.0, 220
"""Tempo of every MIDI file, and ticks to its quarter: notes lie on a grid of 2.3 ms, on which those of a score at 120
quarters a minute lie exactly, down to sixteenths."""

FULL_SCALE = 1 - 2.0**-15
"""A 16-bit sample at or above this has been clipped."""

FLUIDSYNTH_RATE = 48000
"""Rate asked of fluidsynth, that of midirenderer."""


class Clipped(BadData):
    """A rendering passed full scale inside the renderer; lower, it would not."""


MOST_BYTES = 4 * 2**30
"""Size of the largest soundfont."""


@dataclass(frozen=True)
class Synthesizer:
    """A renderer and a soundfont; no soundfont: the one inside pretty_midi."""

    renderer: RendererName = "midirenderer"
    soundfont: Path | None = None

    @property
    def path(self) -> Path:
        """The soundfont."""
        return self.soundfont or Path(scores_extra("pretty_midi").__file__).with_name("TimGM6mb.sf2")

    def identity(self) -> str:
        """Renderer, version and soundfont, as far as sound depends on them.

        Raises MissingExtra where the renderer is not installed, BadData where the soundfont is none.
        """
        if self.renderer == "additive":
            return f"additive {ADDITIVE_VERSION}"
        if self.renderer == "midirenderer":
            scores_extra("midirenderer")
            version = importlib.metadata.version("midirenderer")
        else:
            version = _fluidsynth_version()
        soundfont = hashlib.sha256(_bytes(self.path)).hexdigest()
        self.play((PlayedNote(0.0, 0.1, 60, 80),), 0, 0.2)
        return f"{self.renderer} {version}, soundfont {soundfont}"

    def play(self, notes: Sequence[PlayedNote], program: int, seconds: float, volume: int = LOUDEST) -> Audio:
        """Mono sound of the notes at the renderer's own rate, `seconds` long or a little more.

        Raises BadData where the soundfont clips, is silent, or is none.
        """
        if self.renderer == "additive":
            return played_additively(notes, program, seconds)
        midi = _midi(notes, program, seconds, volume)
        sound = self._by_midirenderer(midi) if self.renderer == "midirenderer" else self._by_fluidsynth(midi)
        loudest = audio.peak(sound)
        if loudest == 0:
            raise BadData(f"{self.path}: program {program} ({program_name(program)}) is silent")
        if loudest >= FULL_SCALE:
            raise Clipped(f"{self.path}: program {program} ({program_name(program)}) clips; choose a lower velocity")
        return audio.mono(sound)

    def _by_midirenderer(self, midi: bytes) -> Audio:
        try:
            wave = scores_extra("midirenderer").render_wave_from(_bytes(self.path), midi)
        except RuntimeError as error:
            raise BadData(f"{self.path}: {error}") from error
        samples, rate = soundfile.read(io.BytesIO(bytes(wave)), dtype="float32", always_2d=True)
        return Audio(samples, rate, str(self.path))

    def _by_fluidsynth(self, midi: bytes) -> Audio:
        _bytes(self.path)
        with temporary_directory("score") as folder:
            score, wave = folder / "score.mid", folder / "sound.wav"
            score.write_bytes(midi)
            options = ("-q", "-n", "-i", "-R", "0", "-C", "0", "-T", "wav", "-O", "float", "-r", str(FLUIDSYNTH_RATE))
            command = (_fluidsynth(), *options, "-F", str(wave), str(self.path), str(score))
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            if done.returncode != 0 or not wave.is_file() or "rror" in done.stderr:
                reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
                raise BadData(f"{self.path}: fluidsynth cannot play it ({reason})")
            return audio.read(wave)


def _midi(notes: Sequence[PlayedNote], program: int, seconds: float, volume: int) -> bytes:
    pretty_midi = scores_extra("pretty_midi")
    instrument = pretty_midi.Instrument(program)
    instrument.notes = [
        pretty_midi.Note(note.velocity, note.pitch, note.onset, note.onset + note.duration) for note in notes
    ]
    instrument.control_changes = [pretty_midi.ControlChange(SUSTAIN_PEDAL, 0, seconds)]
    if volume != LOUDEST:
        instrument.control_changes.insert(0, pretty_midi.ControlChange(VOLUME, volume, 0.0))
    score = pretty_midi.PrettyMIDI(initial_tempo=GRID_BPM, resolution=GRID_TICKS)
    score.instruments.append(instrument)
    stream = io.BytesIO()
    score.write(stream)
    return stream.getvalue()


def _fluidsynth() -> str:
    found = shutil.which("fluidsynth")
    if found is None:
        raise MissingExtra("fluidsynth is not installed: apt install fluidsynth, or leave the renderer at midirenderer")
    return found


@cache
def _fluidsynth_version() -> str:
    shown = subprocess.run((_fluidsynth(), "--version"), capture_output=True, text=True, check=False).stdout
    return shown.split("\n")[0].split()[-1]


@cache
def _bytes(path: Path) -> bytes:
    return bytes_of(path, MOST_BYTES)
