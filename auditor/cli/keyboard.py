"""Keys of a terminal, one at a time and without the enter key."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditor.error import UsageError

#: More bytes than any key sends at once, those of a cursor key or of one character in UTF-8 included.
_LONGEST = 32


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """A function that waits for a key and returns what it sends; empty where the terminal was closed.

    Keys that are pressed before they are waited for are kept. Ctrl-C interrupts as ever.

    Raises:
        UsageError: If there is no terminal to press keys on.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to label on",
            fix="write the sample with --export, and read it with --labels",
        )
    if sys.platform == "win32":
        import msvcrt

        yield msvcrt.getwch
        return
    import termios
    import tty

    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)
    try:
        tty.setcbreak(place, termios.TCSADRAIN)
        yield _one_by_one(lambda: os.read(place, _LONGEST).decode("utf-8", "replace"))
    finally:
        termios.tcsetattr(place, termios.TCSADRAIN, before)


def _one_by_one(read: Callable[[], str]) -> Callable[[], str]:
    """Keys apart where several were pressed before they were read; what begins with escape is one key."""
    waiting = ""

    def key() -> str:
        nonlocal waiting
        waiting = waiting or read()
        length = len(waiting) if waiting.startswith("\x1b") else 1
        pressed, waiting = waiting[:length], waiting[length:]
        return pressed

    return key
