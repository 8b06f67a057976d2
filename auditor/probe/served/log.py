"""A log of answers that a teacher served: its rows, and the prompts that they are grouped under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.record.request import Message, Prompt, user

_NUMBERS = ("temperature", "top_p", "max_tokens")
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How an answer was drawn; redrawing it takes the very same."""

    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One served answer.

    Attributes:
        prompt: What was asked.
        answer: What was served, without blanks at its ends.
        account: Who asked; empty where the log does not say.
        decoding: How it was drawn.
        revision: Revision of the teacher that served it; empty where the log does not say.
    """

    prompt: Prompt
    answer: str
    account: str
    decoding: Decoding
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPrompt:
    """A prompt with everything that was served for it in the same way.

    Attributes:
        prompt: What was asked.
        decoding: How the answers were drawn.
        answers: The served answers, in the order of the log.
        accounts: Who was served each of them.
    """

    prompt: Prompt
    decoding: Decoding
    answers: tuple[str, ...]
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedLog:
    """What of a log can be tested, and what was set aside.

    Attributes:
        prompts: Prompts in an order that their content alone fixes.
        rows: Rows of the file.
        greedy: Rows drawn without randomness, which says nothing.
        blank: Rows without an answer.
        other_revision: Rows that another revision of the teacher served.
        copies: Rows that repeat another one entirely, account and time included.
        beyond: Rows of prompts beyond the number that is asked for.
        unstated: Rows that do not say at which temperature they were drawn.
    """

    prompts: tuple[LoggedPrompt, ...]
    rows: int
    greedy: int = 0
    blank: int = 0
    other_revision: int = 0
    copies: int = 0
    beyond: int = 0
    unstated: int = 0

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts in alphabetical order; rows without one are not among them."""
        return tuple(sorted({one for prompt in self.prompts for one in prompt.accounts if one}))


def read_log(
    items: Sequence[Mapping[str, Any]],
    usual: Decoding,
    *,
    chat: bool,
    revision: str | None,
    most: int,
    where: str,
) -> ServedLog:
    """Group the rows of a log by prompt and decoding.

    Args:
        items: The rows as read from a file: ``prompt`` (text or messages), ``answer``, and where known
            ``account``, ``time``, ``temperature``, ``top_p``, ``max_tokens``, ``revision``.
        usual: Decoding of rows that do not state theirs.
        chat: Whether a prompt in plain text was a user's turn, or text to continue.
        revision: Today's revision of the teacher, where it has one.
        most: Prompts to keep. They are chosen by their digest, which neither the answers nor the order of
            the log can sway.
        where: Named in errors.

    Raises:
        ContentError: If a row is malformed.
    """
    counts = dict.fromkeys(("greedy", "blank", "other_revision", "copies", "unstated"), 0)
    groups: dict[tuple[Prompt, Decoding], list[LogRow]] = {}
    seen: set[str] = set()
    for number, item in enumerate(items, start=1):
        row = _row(item, usual, chat=chat, where=f"{where}, row {number}")
        reason = _set_aside(row, item, revision, seen)
        if reason:
            counts[reason] += 1
            continue
        counts["unstated"] += item.get("temperature") is None
        groups.setdefault((row.prompt, row.decoding), []).append(row)
    ordered = sorted(groups.items(), key=lambda one: place_of(*one[0]))
    return ServedLog(
        prompts=tuple(
            LoggedPrompt(
                prompt=prompt,
                decoding=decoding,
                answers=tuple(row.answer for row in rows),
                accounts=tuple(row.account for row in rows),
            )
            for (prompt, decoding), rows in ordered[:most]
        ),
        rows=len(items),
        beyond=sum(len(rows) for _, rows in ordered[most:]),
        **counts,
    )


def _set_aside(row: LogRow, item: Mapping[str, Any], revision: str | None, seen: set[str]) -> str:
    if not row.answer:
        return "blank"
    if row.decoding.temperature == 0:
        return "greedy"
    if revision and row.revision and row.revision != revision:
        return "other_revision"
    # The same line twice is one answer written down twice; the same answer at another time is two draws.
    identity = digest_json({str(key): repr(value) for key, value in item.items()})
    if (item.get("id") is not None or item.get("time") is not None) and identity in seen:
        return "copies"
    seen.add(identity)
    return ""


def place_of(prompt: Prompt, decoding: Decoding) -> str:
    """Digest of a prompt with its decoding: its place among the others, and the origin of its seeds."""
    text = prompt if isinstance(prompt, str) else [[one.role, one.text] for one in prompt]
    return digest_json([text, decoding.temperature, decoding.top_p, decoding.max_tokens])


def _row(item: Mapping[str, Any], usual: Decoding, *, chat: bool, where: str) -> LogRow:
    answer = item.get("answer")
    if not isinstance(answer, str):
        raise ContentError(
            "a logged answer is missing or no text", where=where, fix="give each row 'prompt' and 'answer'"
        )
    numbers: dict[str, Any] = {}
    for name in _NUMBERS:
        value = item.get(name)
        if value is None:
            numbers[name] = getattr(usual, name)
        elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ContentError(f"'{name}' is not a number of at least 0: {value!r}", where=where)
        else:
            numbers[name] = value
    return LogRow(
        prompt=_prompt(item.get("prompt"), chat=chat, where=where),
        answer=answer.strip(),
        account=str(item.get("account") or ""),
        decoding=Decoding(
            temperature=float(numbers["temperature"]),
            top_p=float(numbers["top_p"]),
            max_tokens=int(numbers["max_tokens"]),
        ),
        revision=str(item.get("revision") or ""),
    )


def _prompt(found: object, *, chat: bool, where: str) -> Prompt:
    if isinstance(found, str) and found:
        return user(found) if chat else found
    if isinstance(found, list) and found:
        return tuple(_message(one, where) for one in found)
    raise ContentError(
        "a logged prompt is missing",
        where=where,
        fix="give its text, or a list of messages with role and content",
    )


def _message(found: object, where: str) -> Message:
    if isinstance(found, dict) and found.get("role") in _ROLES and isinstance(found.get("content"), str):
        return Message(role=found["role"], text=found["content"])
    raise ContentError("a message of a logged prompt has no role and content in text", where=where)
