"""Names of files and tracks in every format that holds them: a name is data, whatever stands in it.

One function for each format. Pages escape markup by themselves (`pages`).
"""

from __future__ import annotations

import re
import unicodedata

QUOTES = "\"'`"
"""REAPER's marks around a word; it has no way to write a mark inside itself."""

_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is not seen but does something: controls, directions, halves of pairs, ends of lines."""

_HARMLESS = "\u200c\u200d\u00ad"
"""Joiners, which scripts and emoji need, and the soft hyphen."""


def is_hidden(letter: str) -> bool:
    """Whether a letter acts without being seen."""
    return unicodedata.category(letter) in _ACTING and letter not in _HARMLESS


def for_terminal(text: str) -> str:
    """A text on one line of a terminal that obeys nothing in it: what acts unseen stands as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(letter) if is_hidden(letter) else letter for letter in text)


def for_json(text: str) -> str:
    """A JSON text that a terminal obeys nothing in: what acts unseen as JSON's own escape. Line ends stay."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(_json_escaped(letter) if is_hidden(letter) and letter not in "\n\t" else letter for letter in text)


def for_page(text: str) -> str:
    """A text for a page or a drawing, which escapes markup itself: what acts unseen, and the two letters that XML does
    not have, as their escapes. Line ends stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(letter) if letter not in "\n\t" and (is_hidden(letter) or letter in "\ufffe\uffff") else letter
        for letter in text
    )


def for_file(name: str) -> str:
    """A name that every format here can hold, and that a file can have: the name itself, or its nearest.

    What acts unseen becomes `_`, and of three kinds of quotation marks two are made one.
    """
    seen = "".join("_" if is_hidden(letter) else letter for letter in name)
    return seen.replace("`", "'") if all(mark in seen for mark in QUOTES) else seen


def for_rpp(text: str) -> str:
    """A text as one word of a REAPER project, in whichever marks it does not hold. `for_file(text)` comes back."""
    line = for_file(text)
    return next(f"{mark}{line}{mark}" for mark in QUOTES if mark not in line)


def fits_rpp(text: str) -> bool:
    """Whether a text comes back from a REAPER project as it was; a path that does not would name another file."""
    return for_file(text) == text


def for_xml(text: str) -> str:
    """A text as data of an XML file, on one line: `for_file(text)`, and `_` for the two letters that XML lacks."""
    return re.sub("[\ufffe\uffff]", "_", for_file(text))


MOST_IN_ARCHIVE = 120
"""Letters of a name in an archive, its ending included: every file system has room for them, with a folder before."""


def for_archive(name: str) -> str:
    """The name of a file in an archive that any system unpacks: what one of them cannot have becomes `_`.

    Long names lose letters before their ending. Two names may become one: put a number before them.
    """
    safe = re.sub(r'[<>:"/\\|?*]', "_", for_xml(name)).rstrip(". ")
    stem, dot, ending = safe.rpartition(".")
    if not dot or len(ending) > 8:
        return safe[:MOST_IN_ARCHIVE]
    return stem[: MOST_IN_ARCHIVE - len(ending) - 1] + dot + ending


def for_coll(name: str) -> str:
    """One symbol in a line of a Max `coll`. `for_file(name)` comes back."""
    escaped = for_file(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _json_escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[place] << 8 | units[place + 1]:04x}" for place in range(0, len(units), 2))
