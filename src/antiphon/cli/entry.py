"""Where `antiphon` starts: nothing is imported before Ctrl-C is one line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from antiphon.cli.app import main as run
    except KeyboardInterrupt:
        print("antiphon: interrupted", file=sys.stderr)
        sys.exit(130)
    run()
