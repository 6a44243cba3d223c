"""A listening study as a folder: study.json and the sounds that it names. It may come from a stranger.

Two kinds: `2afc` asks which of two answers goes with a guide; `rating` asks how well each of several does, on a scale
of 0 to 100 as in ITU-R BS.1534-3 (MUSHRA), with a hidden reference and an anchor where there are such.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from antiphon.checkpoint import save_json
from antiphon.errors import BadData
from antiphon.reading import first_fault, json_file, open_regular

STUDY = "study.json"
SOUNDS = "sounds"
ANSWERS = "answers"
ANALYSIS = "analysis"
"""What a study's folder holds: itself, its sounds, what listeners answered, and what that shows."""

STUDY_VERSION: Literal[1] = 1

MOST_STUDY_BYTES = 8 << 20
MOST_SOUND_BYTES = 256 << 20
MOST_TRIALS = 400
MOST_CONDITIONS = 12

SUFFIXES = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
"""Sounds that every browser plays."""

BETWEEN = " | "
"""Between a trial and a condition in the name of a question."""

Kind = Literal["2afc", "rating"]
Role = Literal["system", "reference", "anchor"]

# A name begins with a letter or a digit, so that no spreadsheet takes it for a formula; no sign of it ends a line.
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\W_][\w ().|,+-]*$")]
SoundFile = Annotated[str, Field(min_length=5, max_length=200, pattern=r"^sounds/[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
Text = Annotated[str, Field(max_length=2000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Condition(_Part):
    """A way in which a guide was answered. A `reference` is the true partner, an `anchor` what should be rated low."""

    name: Name
    role: Role = "system"
    about: Text = ""


class Trial(_Part):
    """One passage: its guide alone, and with it the answer of every condition, by the condition's name."""

    name: Name
    sounds: dict[Name, SoundFile] = Field(min_length=2, max_length=MOST_CONDITIONS)
    guide: SoundFile | None = None


class Study(_Part):
    """What listeners are asked. `tested` is the condition that is held against each of the others.

    `seed` orders trials and sides, with the listener's name. `told` lets a listener see the own result at the end.
    """

    version: Literal[1] = STUDY_VERSION
    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=200)]
    question: Annotated[str, Field(min_length=1, max_length=300)]
    about: Text = ""
    tested: Name
    conditions: tuple[Condition, ...] = Field(min_length=2, max_length=MOST_CONDITIONS, strict=False)
    trials: tuple[Trial, ...] = Field(min_length=1, max_length=MOST_TRIALS, strict=False)
    seed: int = Field(0, ge=0, le=2**32 - 1)
    told: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Study:
        names = [condition.name for condition in self.conditions]
        trials = [trial.name for trial in self.trials]
        if len(set(names)) < len(names) or len(set(trials)) < len(trials):
            raise ValueError("two conditions, or two trials, have one name")
        if self.tested not in names:
            raise ValueError(f"no condition is called {self.tested!r}")
        if clash := next((name for name in trials if BETWEEN in name), None):
            raise ValueError(f"a trial's name holds {BETWEEN!r}: {clash!r}")
        for trial in self.trials:
            if unknown := sorted(set(trial.sounds) - set(names)):
                raise ValueError(f"trial {trial.name!r} has a condition that is not listed: {unknown[0]!r}")
            if self.kind == "2afc" and self.tested not in trial.sounds:
                raise ValueError(f"trial {trial.name!r} lacks the condition that is tested, {self.tested!r}")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """Every sound, once."""
        named = [file for trial in self.trials for file in (trial.guide, *trial.sounds.values()) if file]
        return tuple(dict.fromkeys(named))

    @property
    def others(self) -> tuple[str, ...]:
        """The conditions that the tested one is held against: in a 2AFC no anchor needs to be."""
        return tuple(each.name for each in self.conditions if each.name != self.tested)

    @property
    def identity(self) -> str:
        """The same for the same study: what listeners answered belongs to it and no other."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def read_study(folder: Path) -> Study:
    """The study in a folder. Raises BadData, naming the file, where it is none that can be asked: every sound has to be
    there, a regular file of the folder, of a kind and a size that a browser plays."""
    path = folder / STUDY
    if not path.is_file():
        raise BadData(f"{folder}: no study (it has no {STUDY}); antiphon proof makes one")
    try:
        study = Study.model_validate(json_file(path, MOST_STUDY_BYTES))
    except ValidationError as error:
        raise BadData(f"{path}: {first_fault(error)}") from error
    for name in study.files:
        sound_path(folder, name)
    return study


def sound_path(folder: Path, name: str) -> Path:
    """Where a sound that a study names lies. Raises BadData for a link, and for what no browser plays."""
    path = folder / name
    if path.suffix.lower() not in SUFFIXES:
        raise BadData(f"{path}: not played by every browser; take {', '.join(SUFFIXES)}")
    if (folder / SOUNDS).is_symlink() or path.is_symlink():
        raise BadData(f"{path}: a link, which may lead out of the study")
    with open_regular(path, MOST_SOUND_BYTES):
        pass
    return path


def write_study(folder: Path, study: Study) -> None:
    """Write study.json, whole or not at all, into a folder that holds the sounds."""
    save_json(folder / STUDY, study.model_dump(mode="json"))
