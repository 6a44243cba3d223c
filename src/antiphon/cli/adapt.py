"""`antiphon adapt`: an agent and pairs of tracks to an agent that remembers them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.arguments import Json, Output, Overwrite, Pairs
from antiphon.cli.printing import print_json, put
from antiphon.errors import SettingsError

if TYPE_CHECKING:
    from antiphon.agent import Agent


def adapt(
    agent: Path | None = None,
    /,
    *,
    pair: Pairs = None,
    finetune: Annotated[bool, Parameter(negative=())] = False,
    output: Output,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Remember pairs of your own: in seconds, without training, and never much worse than without them.

    Parameters
    ----------
    agent
        A trained agent; without one, the base agent that comes with Antiphon. It is not changed.
    finetune
        Also try to train the network on the pairs, and do so where that is surely better on blocks of them that were
        held out.
    """
    from antiphon.agent.directory import description
    from antiphon.agent.pair_verdict import finetuning_verdict, following_verdict, memory_verdict, pair_verdict
    from antiphon.cli.agents import loaded, loaded_or_base
    from antiphon.use_cases.adapt import adapt_to_files

    if not pair:
        raise SettingsError("--pair is missing: two files that sound together, the guide first")
    before = loaded_or_base(None) if agent is None else loaded(agent)
    with terminal.progress() as progress:
        found = adapt_to_files(before, pair, output, finetune=finetune, overwrite=overwrite, progress=progress)
    if as_json:
        print_json(description(found.agent))
        return
    for verdict in (*((finetuning_verdict,) if finetune else ()), memory_verdict, pair_verdict, following_verdict):
        if said := verdict(found.agent.training):
            put(said)
    if found.example is not None:
        put(f"hear it, A left and B right: {found.example}")
    put(f"agent: {output}")


def with_pairs(agent: Agent, pairs: Sequence[tuple[Path, Path]]) -> Agent:
    """The agent with recordings of guides and targets remembered."""
    from antiphon.training.remembering import remember
    from antiphon.use_cases.adapt import read_pairs

    with terminal.progress() as progress:
        return remember(agent, read_pairs(pairs), progress, judged=False)
