"""The program ``elseface``: whoever presses Ctrl-C while it still starts gets a line, too."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; importing it takes a while."""
    try:
        from elseface.scripts.cli import app

        app()
    except KeyboardInterrupt:
        print("elseface: stopped", file=sys.stderr)
        sys.exit(130)  # as shells have it
