"""Every error that a user can meet, with the exit status it ends the process with.

The tree::

    AuditorError                      5  the tool failed
    ├── UsageError                    2  the command, plan file or arguments are wrong
    │   ├── ContentError              2  a probe, suite or template is missing or malformed
    │   └── PolicyError               2  a policy pack or waiver file is malformed
    ├── TargetError                   5  a model could not be asked
    │   ├── TargetNotFoundError       2  there is no model at this locator
    │   ├── UnsafeTargetError         2  opening it would run untrusted code
    │   ├── MalformedTargetError      2  its files or records cannot be read
    │   └── EndpointError             5  a server is down, refuses, or answers nonsense
    ├── LedgerError                   5  evidence could not be written or read
    │   ├── LedgerBusyError           5  another process writes to this ledger
    │   └── EvidenceIntegrityError    4  the evidence does not match its own digests
    ├── TimestampError                5  a time-stamp authority gave no time stamp
    └── ReportError                   5  a report could not be rendered or written

A message says what is wrong, where, and what to do next, in one line.
"""

from __future__ import annotations

from typing import ClassVar


class AuditorError(Exception):
    """The root of the tree.

    Args:
        what: What is wrong, as a clause without a full stop.
        where: The file, address, item or record it is wrong in.
        fix: What the user can do about it, as an imperative clause.
    """

    exit_status: ClassVar[int] = 5

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        remedy = f"; {self.fix}" if self.fix else ""
        return " ".join(f"{self.what}{place}{remedy}".split())


class UsageError(AuditorError):
    """The command, the plan file or an argument is wrong."""

    exit_status = 2


class ContentError(UsageError):
    """A probe, a suite or a template is missing or malformed."""


class PolicyError(UsageError):
    """A policy pack or a waiver file is malformed."""


class TargetError(AuditorError):
    """A model could not be asked."""


class TargetNotFoundError(TargetError):
    """There is no model at this locator."""

    exit_status = 2


class UnsafeTargetError(TargetError):
    """Opening this model would unpickle or run code that nobody vouched for."""

    exit_status = 2


class MalformedTargetError(TargetError):
    """The files or records of a model cannot be read."""

    exit_status = 2


class EndpointError(TargetError):
    """A server is down, refuses the request, or answers something that is no answer."""


class LedgerError(AuditorError):
    """Evidence could not be written or read."""


class LedgerBusyError(LedgerError):
    """Another process is writing to this ledger."""


class EvidenceIntegrityError(LedgerError):
    """The evidence does not match its own digests."""

    exit_status = 4


class TimestampError(AuditorError):
    """A time-stamp authority is down, refuses, or answers something else than it was asked."""


class ReportError(AuditorError):
    """A report could not be rendered or written."""
