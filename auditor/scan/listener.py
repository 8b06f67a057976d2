"""Who follows a scan while it runs."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Told what a scan is doing. A terminal shows it; a library caller may ignore it."""

    def stage(self, text: str) -> None:
        """A new stage begins."""
        ...

    def asking(self, subject: str, questions: int) -> None:
        """This many questions are about to be put to a subject."""
        ...

    def answered(self, subject: str, answers: int) -> None:
        """This many more answers are committed."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should know, and that is no error."""
        ...


class Silent:
    """A listener that ignores everything."""

    def stage(self, text: str) -> None:
        """Ignore."""

    def asking(self, subject: str, questions: int) -> None:
        """Ignore."""

    def answered(self, subject: str, answers: int) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""
