"""Settings of the corpus: which audio, and how it is divided (paper 5.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from antiphon.config.section import RandomSeed, Section, Share

LayoutName = Literal[
    "auto", "folders", "instruments", "pairs", "takes", "moisesdb", "musdb18", "musdb18-hq", "slakh2100", "medleydb"
]
"""The layouts of a corpus on disk (`corpus/layouts/`, one module each)."""


class CorpusSettings(Section):
    """Which audio, and how it is divided (paper 5.1)."""

    layout: LayoutName = "auto"
    """How a folder of audio is laid out; found by itself unless named."""

    window_seconds: float = Field(15.0, ge=0.1, le=3600)
    """Length of a training window (paper 5.1)."""
    hop_seconds: float = Field(10.0, ge=0.05, le=3600)
    """From one window to the next: 5 s of overlap (paper 5.1)."""
    train_share: Share = 0.8
    """Share of the pieces to learn from (paper 5.1)."""
    validation_share: Share = 0.1
    """Share of the pieces that decide when to stop (paper 5.1)."""
    include: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """If given, these instruments and no others, whatever `exclude` says."""
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = ("drums", "percussion", "effects")
    """Instruments left out (paper 5.1: drums, percussion and effects), by name or by family (`corpus/instruments`)."""
    guides: Literal["tracks", "mix"] = "tracks"
    """What is listened to: every other track by itself (paper 5.1), or the mix of all others."""
    targets: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """If given, only these tracks answer, by name, instrument or family; the others are guides alone. Unset each track
    answers each other one (paper 5.1), and which of two a guide is, only its timbre tells."""
    both_ways: bool = True
    """Whether of two files or folders that are given as a pair each answers the other (paper 5.1), or only the second
    the first. `train --pair` and `--paired-folders` teach one way unless this is set."""
    skip_unreadable: bool = False
    """Whether a scan goes on without what it cannot read, and says so, instead of refusing the whole corpus."""
    leave_out_sums: bool = True
    """Whether a track that is the sum of others (a bus, a mix), as measured, is left out: it holds the answer."""
    silence_dbfs: float = Field(-60.0, ge=-400, le=100)
    """A track that never reaches this level holds nothing to learn from, and is left out by name."""
    split_by: Literal["piece", "artist", "take"] = "piece"
    """What is never on two sides of the division: a piece (paper 5.1), all of an artist, or only a take."""
    seed: RandomSeed = 0
    """Seed of the division into train, validation and test."""

    @model_validator(mode="after")
    def _leave_room_for_a_test(self) -> CorpusSettings:
        if self.train_share + self.validation_share > 1:
            raise ValueError("train_share + validation_share must not exceed 1")
        if self.train_share == 0:
            raise ValueError("train_share must be above 0")
        return self
