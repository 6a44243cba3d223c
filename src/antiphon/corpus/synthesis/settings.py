"""How scores are turned into sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antiphon.corpus.synthesis.instruments import require_programs
from antiphon.corpus.synthesis.room import LONGEST_ROOM_SECONDS
from antiphon.corpus.synthesis.soundfont import RENDERERS, RendererName, Synthesizer
from antiphon.errors import SettingsError

VARIATION_VERSION = 1
"""Of what `variation` draws; raised whenever the same name would get another rendering."""


@dataclass(frozen=True)
class RenderSettings:
    """What changes the sound. Everything a recording would add is off; the gain is that of all stems alike."""

    renderer: RendererName = "midirenderer"
    soundfont: Path | None = None
    """None: TimGM6mb.sf2 from inside pretty_midi."""
    sample_rate: int = 22050
    """Half of 44,100 Hz halves the disk, and still lies above what the encoders read (16,000 and 22,050 Hz)."""
    gain_db: float = 12.0
    """A soundfont leaves room for an orchestra. Stems are turned down together, should one pass full scale."""
    programs: Mapping[str, int] = field(default_factory=dict)
    """General MIDI programs (from 0) by the name or the role of a part; the others are drawn."""
    timing_ms: float = 0.0
    """Standard deviation of the onsets, in milliseconds."""
    velocity_spread: float = 0.0
    """Standard deviation of the velocities, in MIDI steps."""
    room_seconds: float = 0.0
    """Reverberation time; 0 is no room."""
    room_level_db: float = -9.0
    """Energy of the room relative to the direct sound."""
    noise_dbfs: float | None = None
    """Root mean square of white noise; None is none."""
    varied: bool = False
    """Whether every piece is rendered in its own way, as `variation` draws it: synthesis, instruments, tempo, room."""
    soundfonts: tuple[Path, ...] = ()
    """More soundfonts beside `soundfont` for varied renderings."""
    seed: int = 0

    def __post_init__(self) -> None:
        require_programs(self.programs)
        checks = {
            f"renderer is one of {', '.join(RENDERERS)}": self.renderer in RENDERERS,
            "several soundfonts are for varied renderings": self.varied or not self.soundfonts,
            "additive plays no soundfont": self.renderer != "additive" or not (self.soundfont or self.soundfonts),
            "sample_rate must be from 8000 to 192000": 8000 <= self.sample_rate <= 192000,
            "timing_ms must not be negative": self.timing_ms >= 0,
            "velocity_spread must not be negative": self.velocity_spread >= 0,
            f"room_seconds goes from 0 to {LONGEST_ROOM_SECONDS:g}": 0 <= self.room_seconds <= LONGEST_ROOM_SECONDS,
            "noise_dbfs must be below 0": self.noise_dbfs is None or self.noise_dbfs < 0,
            "seed must not be negative": self.seed >= 0,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"rendering: {sentence}")

    @property
    def synthesizer(self) -> Synthesizer:
        """Renderer and soundfont."""
        return Synthesizer(self.renderer, self.soundfont)

    def recipe(self) -> dict[str, Any]:
        """Everything on which the sound depends, in plain values; raises as `Synthesizer.identity` does."""
        varied = {}
        if self.varied:
            more = [Synthesizer(self.renderer, each).identity() for each in self.soundfonts]
            varied = {"varied": [VARIATION_VERSION, *more]}
        return {
            **varied,
            "renderer": self.synthesizer.identity(),
            "sample_rate": self.sample_rate,
            "gain_db": self.gain_db,
            "programs": dict(sorted(self.programs.items())),
            "timing_ms": self.timing_ms,
            "velocity_spread": self.velocity_spread,
            "room_seconds": self.room_seconds,
            "room_level_db": self.room_level_db,
            "noise_dbfs": self.noise_dbfs,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class BuildSettings:
    """How much is built, and with what: pieces (None: all), processes (None: one a processor), seconds for a piece."""

    pieces: int | None = None
    processes: int | None = None
    piece_seconds: float = 300.0
    """After this a piece is given up: one monstrous score must not hold up a thousand others."""

    def __post_init__(self) -> None:
        checks = {
            "pieces must be 1 or more": self.pieces is None or self.pieces > 0,
            "processes must be 1 or more": self.processes is None or self.processes > 0,
            "piece_seconds must be above 0": self.piece_seconds > 0,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"build: {sentence}")
