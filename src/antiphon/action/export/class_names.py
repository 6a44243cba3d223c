"""What a musician calls classes, as exports and pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from antiphon.names import for_page

Names = Mapping[int, str]
"""Names of classes by their ids; a class that has none goes by its number."""

NAMELESS: Names = {}

LONGEST_NAME = 60
"""Letters of a name that are shown."""

MOST_IN_TITLE = 3
"""Names that the title of an item spells out."""


def known_names(names: Names) -> dict[int, str]:
    """Names as they are shown, whoever wrote them: in one line, without what cannot be seen; empty ones are none."""
    shown = {token: " ".join(for_page(name).split())[:LONGEST_NAME] for token, name in names.items()}
    return {token: name for token, name in shown.items() if name}


def named_classes(played: Sequence[int], names: Names) -> list[str]:
    """What a run of classes is called: its names, none twice, as one text; nothing where none has a name."""
    found = list(dict.fromkeys(names[token] for token in played if token in names))
    more = " ..." if len(found) > MOST_IN_TITLE else ""
    return [", ".join(found[:MOST_IN_TITLE]) + more + ":"] if found else []
