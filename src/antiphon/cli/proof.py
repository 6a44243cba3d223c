"""`antiphon proof`: a listening study on a piece of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.agents import loaded_or_base
from antiphon.cli.arguments import Json, Output, Seed
from antiphon.cli.printing import print_json, put

if TYPE_CHECKING:
    from antiphon.use_cases.proof import Proof


def proof(
    guide: list[Path],
    /,
    *,
    memory: Annotated[list[Path], Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())],
    output: Output,
    agent: Path | None = None,
    partner: Path | None = None,
    kind: Literal["2afc", "rating"] = "2afc",
    passages: int = 8,
    seconds: float = 12.0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make a listening test of a piece that the agent has not learned from: does it answer this guide, or any?

    Its response is held against that of its deaf twin, against its own to the guide at the wrong time, and against the
    best simpler model's: the same memory, the same rules, the same loudness. `antiphon listen` asks listeners.

    Parameters
    ----------
    guide
        What is listened to; several are mixed.
    memory
        What may be played; several are joined, and a folder means every recording in it.
    agent
        A trained agent; without one, the base agent that comes with Antiphon.
    partner
        What was really played to the guide: the hidden reference of a study of ratings.
    kind
        Choose one of two (2afc), or rate several at once on sliders (rating).
    passages
        How many passages of the piece are heard.
    seconds
        How long each of them is.
    """
    from antiphon.use_cases.proof import ProofOptions
    from antiphon.use_cases.proof import proof as run

    wanted = ProofOptions(kind, passages, seconds, seed)
    player = loaded_or_base(agent)
    with terminal.progress() as progress:
        made = run(guide, memory, player, output, partner=partner, wanted=wanted, progress=progress)
    _print_proof(made, output, as_json=as_json)


def _print_proof(made: Proof, output: Path, *, as_json: bool) -> None:
    for remark in made.remarks:
        terminal.note(remark)
    names = [condition.name for condition in made.study.conditions]
    if as_json:
        told = {"conditions": names, "trials": len(made.study.trials), "remarks": list(made.remarks)}
        print_json({"output": str(output), **told})
        return
    put(f"{len(made.study.trials)} passages, each by {', '.join(names)}")
    put(f"ask: antiphon listen {output}")
