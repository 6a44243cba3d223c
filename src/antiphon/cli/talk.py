"""`--quiet` and `--verbose`: flags of every verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

from cyclopts import Group, Parameter

from antiphon.cli import terminal
from antiphon.cli.terminal import Talk
from antiphon.errors import SettingsError

MESSAGES = Group("Messages", sort_key=3)
"""What stderr says; stdout is the same with every flag of this group."""

Switch = Annotated[bool, Parameter(group=MESSAGES, negative=(), show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True)
class TalkFlags:
    """How much a verb says on stderr."""

    quiet: Switch = False
    """Only errors and warnings on stderr: no progress, no notes."""
    verbose: Switch = False
    """Also what differs from the default settings, how long each stage took, and the traceback of an error."""

    def talk(self) -> Talk:
        """What is asked for; not both."""
        if self.quiet and self.verbose:
            raise SettingsError("--quiet and --verbose exclude each other")
        if self.quiet:
            return Talk.QUIET
        return Talk.VERBOSE if self.verbose else Talk.NORMAL


AS_USUAL = TalkFlags()
"""Neither flag."""


@contextmanager
def timed() -> Iterator[None]:
    """Say at the end how long the whole verb took, where details are asked for."""
    start = perf_counter()
    try:
        yield
    finally:
        terminal.detail(f"all: {perf_counter() - start:.2f} s")
