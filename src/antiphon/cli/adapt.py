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
    from antiphon.agent.directory import AGENT_FILES, description
    from antiphon.agent.pair_verdict import finetuning_verdict, memory_verdict, pair_verdict
    from antiphon.cli.agents import loaded
    from antiphon.files import claimed

    if not pair:
        raise SettingsError("--pair is missing: two files that sound together, the guide first")
    with claimed(output, AGENT_FILES, overwrite=overwrite, holding="an agent") as claim:
        after = with_pairs(_base() if agent is None else loaded(agent), pair, finetune=finetune)
        claim.confirm()
        after.save(output)
    if as_json:
        print_json(description(after))
        return
    for verdict in (finetuning_verdict, memory_verdict, pair_verdict):
        if said := verdict(after.training):
            put(said)
    put(f"agent: {output}")


def with_pairs(agent: Agent, pairs: Sequence[tuple[Path, Path]], *, finetune: bool = False) -> Agent:
    """The agent with recordings of guides and targets remembered, and its network fine-tuned where that helps."""
    from antiphon.audio import read
    from antiphon.training.remembering import remember

    with terminal.progress() as progress:
        return remember(agent, [(read(guide), read(target)) for guide, target in pairs], progress, finetune=finetune)


def _base() -> Agent:
    from antiphon.agent import Agent

    return Agent.base()
