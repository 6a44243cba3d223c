"""`antiphon reproduce`: the paper's study on a corpus, in one command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import cyclopts
from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.arguments import AllSettings, Config, Json, Output, Seed, settings_from
from antiphon.cli.printing import print_json
from antiphon.errors import SettingsError

Number = TypeVar("Number", int, float)


def reproduce(
    corpus: Path,
    /,
    *,
    output: Output,
    durations: str = "0.25,0.35,0.5",
    sizes: str = "16,64,256",
    quick: Annotated[bool, Parameter(negative=())] = False,
    pieces: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0))] = 0,
    consensus: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0))] = 32,
    consensus_of: str = "antiphon,p(b|a),bigram,trigram,counts with guide",
    figures: bool = True,
    workers: Annotated[int | None, Parameter(validator=cyclopts.validators.Number(gte=1))] = None,
    seed: Seed = 0,
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
    durations
        Lengths of a segment in seconds, with commas between them.
    sizes
        Sizes of the alphabet, K, with commas between them.
    quick
        Minutes instead of hours: a small network, few epochs, some of the pieces.
    pieces
        Take so many pieces of the corpus; 0 takes all.
    consensus
        Samples of the consensus column; 0 leaves it out.
    consensus_of
        Models that have this column, with commas between them: each is decoded so many times.
    figures
        Draw the figures, which needs matplotlib (the extra `eval`).
    workers
        Cells done side by side; if not given, what cores and memory allow.
    """
    from antiphon.experiments.reproduce import Study
    from antiphon.experiments.reproduce import quick as quickened
    from antiphon.experiments.reproduce import reproduce as run
    from antiphon.experiments.reproduce.plan import Plan

    study = Study(
        settings=settings_from(config, settings),
        durations=_numbers(durations, "--durations", float),
        sizes=_numbers(sizes, "--sizes", int),
        pieces=pieces,
        consensus=consensus,
        consensus_of=tuple(part.strip() for part in consensus_of.split(",") if part.strip()),
        seed=seed,
    )

    def tell(plan: Plan) -> None:
        for line in plan.lines():
            terminal.say(line)

    with terminal.progress() as progress:
        result = run(
            corpus,
            output,
            quickened(study) if quick else study,
            workers=workers,
            draw=figures,
            told=tell,
            progress=progress,
        )
    if as_json:
        print_json(result.table)
        return
    print((output / "table.md").read_text(encoding="utf-8"), end="")


def _numbers(text: str, flag: str, kind: Callable[[str], Number]) -> tuple[Number, ...]:
    try:
        return tuple(kind(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(f"{flag} takes numbers with commas between them, got {text!r}") from error
