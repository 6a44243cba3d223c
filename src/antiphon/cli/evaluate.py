"""`antiphon evaluate`: the re-generation task on what an agent has not learned from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from antiphon.cli import terminal
from antiphon.cli.agents import loaded
from antiphon.cli.arguments import Folders, Json, OptionalOutput, Pair, Probe, Seed
from antiphon.cli.printing import print_gain, print_json, print_probe, print_relations, print_summary, put
from antiphon.errors import SettingsError


def evaluate(
    agent: Path,
    corpus: Path | None = None,
    /,
    *,
    pair: Pair = None,
    paired_folders: Folders = None,
    seed: Seed = 0,
    probe: Probe = False,
    output: OptionalOutput = None,
    as_json: Json = False,
) -> None:
    """The re-generation task on the held-out part of a corpus: the agent against every baseline.

    Of a pair also what its B has to do with its A, in words, or that no relation was found.

    Parameters
    ----------
    agent
        A trained agent.
    corpus
        A manifest or a folder; its division is that of the agent's settings.
    probe
        Also tell what the classes stand for, wherever the corpus holds notes.json beside its sound, and which class of
        the guide goes with which of its partner, how much later.
    output
        Write all of it here, as one page and one JSON; goes with --probe.
    """
    from antiphon.corpus.opening import open_given
    from antiphon.use_cases.evaluate import evaluate as run
    from antiphon.use_cases.evaluate import write_evaluation

    with _held(output, probe), terminal.progress() as progress:
        player = loaded(agent)
        given = open_given(corpus, pair, paired_folders, player.settings.corpus)
        evaluation = run(player, given, seed=seed, probed=probe, progress=progress)
        if output is not None:
            write_evaluation(output, evaluation)
    if as_json:
        print_json(evaluation.as_dict())
    else:
        _print(evaluation.as_dict(), probe, output)


def _held(output: Path | None, probe: bool) -> AbstractContextManager[object]:
    """Before anything is computed: an output is for a probe, its folder holds nothing of others, and none of them
    writes there meanwhile."""
    from antiphon.files import claimed
    from antiphon.use_cases.evaluate import EVALUATION_FILES

    if output is None:
        return nullcontext()
    if not probe:
        raise SettingsError("--output writes what --probe finds: pass both")
    return claimed(output, EVALUATION_FILES, overwrite=True, holding="an evaluation")


def _print(found: Mapping[str, Any], probe: bool, output: Path | None) -> None:
    print_summary(found["summary"])
    print_gain(found["gain"])
    if found["pair"] is not None:
        from antiphon.agent.pair_verdict import pair_verdict

        put(pair_verdict(found["pair"]))
    print_probe(found["probe"])
    if probe:
        print_relations(found["relations"])
    if output is not None:
        put(f"look: {output / 'index.html'}")
