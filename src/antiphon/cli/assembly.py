"""The flags of a verb are assembled once for each run: cyclopts asks for them twice, a hundred settings each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from cyclopts import App, ArgumentCollection, Parameter

_ASSEMBLED: Final[ContextVar[dict[Any, ArgumentCollection] | None]] = ContextVar("assembled", default=None)
"""What this run has assembled so far; None outside a run."""


@contextmanager
def assembled_once() -> Iterator[None]:
    """Within this block, one run, the flags of a verb are assembled once, until something was bound to them."""
    token = _ASSEMBLED.set({})
    try:
        yield
    finally:
        _ASSEMBLED.reset(token)


class VerbApp(App):
    """An app of cyclopts, which looks a verb's flags up to tell them from those of all verbs, and then binds them: here
    the same ones."""

    def assemble_argument_collection(
        self, *, default_parameter: Parameter | None = None, parse_docstring: bool = False
    ) -> ArgumentCollection:
        """The flags of this verb: within `assembled_once` those of an earlier call, if nothing was bound to them."""
        kept = _ASSEMBLED.get()
        key = (id(self), self.app_stack.default_parameter, default_parameter, parse_docstring)
        if kept is not None and key in kept and not kept[key].filter_by(has_tokens=True):
            return kept[key]
        found = super().assemble_argument_collection(
            default_parameter=default_parameter, parse_docstring=parse_docstring
        )
        if kept is not None:
            kept[key] = found
        return found
