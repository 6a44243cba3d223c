"""`antiphon finetune`: an agent and a pair to an agent that knows the pair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.agents import loaded
from antiphon.cli.arguments import Json, Output, Overwrite, Seed
from antiphon.cli.printing import print_json, print_table, put


def finetune(
    agent: Path,
    /,
    *,
    pair: Annotated[tuple[Path, Path], Parameter(negative=())],
    output: Output,
    overwrite: Overwrite = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Re-construction: specialise on a pair, without losing what the agent knew.

    Parameters
    ----------
    agent
        A trained agent. It is not changed.
    pair
        Two recordings that sound together: the guide, and what shall be answered to it.
    """
    from antiphon.agent.directory import description
    from antiphon.use_cases.adapt import finetune_to_files

    before = loaded(agent)
    with terminal.progress() as progress:
        found = finetune_to_files(before, pair, output, seed=seed, overwrite=overwrite, progress=progress)
    after, example = found.agent, found.example
    if as_json:
        print_json(description(after))
        return
    course = [row for row in after.history if row["model"] == "finetune"]
    head = ("step", "TPP on the pair, %", "half of the guide mistaken", "bits on what was known")
    rows = [(f"{row['step']}", *(f"{row[name]:.{digits}f}" for name, digits in _COLUMNS.items())) for row in course]
    print_table(head, rows)
    from antiphon.agent.pair_verdict import pair_verdict

    put(pair_verdict(after.training))
    if example is not None:
        put(f"hear it, A left and B right: {example}")
    put(f"agent: {output}")


_COLUMNS = {"tpp": 1, "tpp_mistaken": 1, "kept_bits": 3}
"""What the table of a fine-tuning shows, with how many digits."""
