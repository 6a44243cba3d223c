"""`antiphon alphabet`: what each class of an agent's alphabet sounds like."""

from __future__ import annotations

from pathlib import Path

from antiphon.cli import terminal
from antiphon.cli.agents import loaded
from antiphon.cli.arguments import Folders, Json, Output, Pair
from antiphon.cli.printing import print_json, print_table, put


def alphabet(
    agent: Path,
    corpus: Path | None = None,
    /,
    *,
    output: Output,
    pair: Pair = None,
    paired_folders: Folders = None,
    as_json: Json = False,
) -> None:
    """What each class sounds like: an audible, measured sheet, one page and one JSON.

    Parameters
    ----------
    agent
        Whose alphabet.
    corpus
        A manifest or a folder of multitracks, in which the classes are looked for; or else --pair or --paired-folders.
    """
    from antiphon.analysis.alphabet_sheet import sheet_of
    from antiphon.corpus.opening import open_given
    from antiphon.files import claimed
    from antiphon.pages.alphabet_sheet import SHEET_FILES, as_dict, write_sheet

    with claimed(output, SHEET_FILES, overwrite=True, holding="a sheet"), terminal.progress() as progress:
        player = loaded(agent)
        given = open_given(corpus, pair, paired_folders, player.settings.corpus)
        sheet = sheet_of(player, given, progress)
        write_sheet(output, sheet)
    if as_json:
        print_json(as_dict(sheet))
        return
    print_table(("alphabet", ""), [(name, f"{value:.3g}") for name, value in vars(sheet.account).items()])
    put(f"listen and look: {output / 'index.html'}")
