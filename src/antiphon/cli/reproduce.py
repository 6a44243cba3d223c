"""`antiphon reproduce`: the paper's study on a corpus, in one command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import cyclopts
from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.arguments import AllSettings, Config, Json, Output, Seed, settings_from
from antiphon.cli.printing import print_json, put_text
from antiphon.config import Settings
from antiphon.errors import SettingsError

if TYPE_CHECKING:
    from antiphon.experiments.reproduce import Study
    from antiphon.experiments.reproduce.plan import Plan

Number = TypeVar("Number", int, float)


@Parameter(name="*")
@dataclass(frozen=True)
class StudyFlags:
    """What a study compares."""

    durations: str = "0.25,0.35,0.5"
    """Lengths of a segment in seconds, with commas between them."""
    sizes: str = "16,64,256"
    """Sizes of the alphabet, K, with commas between them."""
    quick: Annotated[bool, Parameter(negative=())] = False
    """Minutes instead of hours: a small network, few epochs, some of the pieces."""
    pieces: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0))] = 0
    """Take so many pieces of the corpus; 0 takes all."""
    consensus: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0))] = 32
    """Samples of the consensus column; 0 leaves it out."""
    consensus_of: str = "antiphon,p(b|a),bigram,trigram,counts with guide"
    """Models that have this column, with commas between them: each is decoded so many times."""
    seed: Seed = 0

    def study(self, settings: Settings) -> Study:
        """The study that is asked for."""
        from antiphon.experiments.reproduce import Study, quick

        study = Study(
            settings=settings,
            durations=_numbers(self.durations, "--durations", float),
            sizes=_numbers(self.sizes, "--sizes", int),
            pieces=self.pieces,
            consensus=self.consensus,
            consensus_of=tuple(part.strip() for part in self.consensus_of.split(",") if part.strip()),
            seed=self.seed,
        )
        return quick(study) if self.quick else study


def reproduce(
    corpus: Path,
    /,
    *,
    output: Output,
    study: StudyFlags = StudyFlags(),
    figures: bool = True,
    workers: Annotated[int | None, Parameter(validator=cyclopts.validators.Number(gte=1))] = None,
    config: Config = None,
    settings: AllSettings = None,
    as_json: Json = False,
) -> None:
    """The paper's study on a corpus: train, judge and draw each duration times each alphabet.

    Called again, it goes on where it was stopped.

    Parameters
    ----------
    corpus
        A manifest, or a folder of multitracks.
    figures
        Draw the figures, which needs matplotlib (the extra `eval`).
    workers
        Cells done side by side; if not given, what cores and memory allow.
    """
    from antiphon.experiments.reproduce import reproduce as run

    asked = study.study(settings_from(config, settings))
    with terminal.progress() as progress:
        result = run(corpus, output, asked, workers=workers, draw=figures, told=_tell, progress=progress)
    if as_json:
        print_json(result.table)
        return
    put_text((output / "table.md").read_text(encoding="utf-8"), end="")


def _tell(plan: Plan) -> None:
    for line in plan.lines():
        terminal.note(line)


def _numbers(text: str, flag: str, kind: Callable[[str], Number]) -> tuple[Number, ...]:
    try:
        return tuple(kind(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(f"{flag} takes numbers with commas between them, got {text!r}") from error
