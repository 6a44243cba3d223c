"""The data card of a set of planted worlds: what each is, how large, what can be reached, how to score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from antiphon.corpus.planted.bounds import attribute_bound, bound
from antiphon.corpus.planted.relations import relation_of
from antiphon.corpus.planted.settings import LICENCE, PlantedSettings

CARD_VERSION = 1
"""Version of the card; raised whenever a field changes its meaning."""

CARD_FILE, CARD_TEXT_FILE = "pairbench.json", "README.md"
"""The card for programs, and for readers."""

SCORING = """\
Track a is the guide, track b the partner to be predicted; train, validation and test are given in each manifest.
An id is planted part x free classes + free part (density x pitches + pitch, energy x 3 + colour; of chords, root x 3 +
inversion); the rest of call and response is the last id.

- Free-running TPP: predict the whole b of a test piece from its a alone, and count the percentage of equal tokens.
- Teacher-forced bits per token: the mean of -log2 p(b(t) | b before t, all of a) over the test pieces.
- Bounds are the expectations of the best possible predictor, exact for the generating process. A score on the few test
  pieces may pass them by its sampling error; by more, it has been told something that it should not know.
- Where b is partly free, map predicted and true tokens to the planted attribute (`attribute`) and score that alone.
- From audio, tokens are what an ear makes of the sound: report beside the score the `ceiling`, the agreement of two
  renderings of the true b in that ear (the second lies in `again`). The bounds hold for the true tokens of
  `tokens.jsonl`.
"""

COLUMNS = ("world", "TPP bound", "bits bound", "planted attribute", "its TPP bound", "its bits bound")


def card_tree(worlds: Mapping[str, PlantedSettings]) -> dict[str, Any]:
    """The card as JSON values; TPP in percent, bits per token, seconds."""
    return {
        "name": "PairBench",
        "version": CARD_VERSION,
        "licence": LICENCE,
        "how_to_score": SCORING,
        "worlds": {name: _world(settings) for name, settings in worlds.items()},
    }


def card_text(worlds: Mapping[str, PlantedSettings]) -> str:
    """The card as Markdown."""
    seconds = sum(each.pieces * each.segments * each.segment_seconds for each in worlds.values())
    rows = "".join(
        f"| {name} | {relation_of(each).formula} | {relation_of(each).classes} | {each.pieces} x {each.segments} "
        f"| {each.late:g} | {each.slip:g} | {each.seed} |\n"
        for name, each in worlds.items()
    )
    return (
        f"# PairBench\n\nPairs of tracks whose relation is known. {len(worlds)} worlds, {seconds / 60:.0f} minutes of "
        f"each track. Licence: {LICENCE}; all of it is generated.\n\n## How to score\n\n{SCORING}\n"
        f"## Bounds\n\n{bounds_table(worlds)}\n## Worlds\n\n"
        "| world | relation | classes | pieces x segments | late | slip | seed |\n|---|---|---|---|---|---|---|\n"
        f"{rows}"
    )


def bounds_table(worlds: Mapping[str, PlantedSettings]) -> str:
    """The bounds as a Markdown table, a world a line."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for name, settings in worlds.items():
        whole, planted = bound(settings), attribute_bound(settings)
        cells = (
            name,
            f"{whole.tpp:.2f}",
            f"{whole.bits:.3f}",
            relation_of(settings).attribute_name,
            f"{planted.tpp:.2f}",
            f"{planted.bits:.3f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _world(settings: PlantedSettings) -> dict[str, Any]:
    relation = relation_of(settings)
    return {
        "formula": relation.formula,
        "classes": relation.classes,
        "settings": asdict(settings),
        "bound": asdict(bound(settings)),
        "attribute": {
            "name": relation.attribute_name,
            "classes": relation.planted.answers,
            "of_token": relation.attribute.tolist(),
            "bound": asdict(attribute_bound(settings)),
        },
    }
