"""`antiphon --install-completion`: the shell completes verbs and flags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from antiphon.cli.docstrings import read_once
from antiphon.cli.printing import put
from antiphon.errors import SettingsError

Shell = Literal["bash", "zsh", "fish", "powershell"]


def completion_of(app: App) -> Callable[..., None]:
    """The command that installs the completion of `app`."""

    def install(
        *, shell: Shell | None = None, output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    ) -> None:
        """Install the completion of verbs and flags for your shell.

        Parameters
        ----------
        shell
            Which one; the one this runs in unless given.
        output
            Write the script there and touch nothing else; unless given, it goes to the shell's own place, and the
            shell's startup file reads it.
        """
        from cyclopts.completion.detect import ShellDetectionError

        read_once()
        try:
            written = app.install_completion(shell=shell, output=output, add_to_startup=output is None)
        except ShellDetectionError:
            raise SettingsError("which shell this is cannot be told; name it with --shell") from None
        put(f"completion: {written}" if output else f"completion: {written}; a new shell knows it")

    return install
