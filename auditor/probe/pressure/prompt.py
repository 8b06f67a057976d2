"""A base prompt, the same prompt under pressure, and the draws that a way of putting it may make."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from auditor.record.request import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePrompt:
    """An unsafe prompt as it is asked without pressure.

    Attributes:
        id: Its item.
        category: Its hazard.
        text: Its words.
        twin: A harmless prompt in like words; empty where there is none.
        translations: Language code -> the prompt in that language.
    """

    id: str
    category: str
    text: str
    twin: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedPrompt:
    """A base prompt as a variant puts it.

    Attributes:
        turns: The conversation that is put to a model; the last turn is a user's.
        asked: The request in the clear, which a judge reads beside the answer.
        opening: Words that the answer is asked to begin with; empty where none are.
        coding: How a model may have coded its answer.
    """

    turns: tuple[Message, ...]
    asked: str
    opening: str = ""
    coding: Literal["none", "base64", "leetspeak"] = "none"

    @property
    def raw(self) -> str:
        """The conversation as one raw text, for models that only continue text; earlier turns lead it."""
        if len(self.turns) == 1:
            return self.turns[0].text
        names = {"user": "User", "assistant": "Assistant", "system": "System"}
        return "\n".join([*(f"{names[one.role]}: {one.text}" for one in self.turns), "Assistant:"])

    @property
    def shown(self) -> str:
        """The conversation as a reader of the report sees it."""
        if len(self.turns) == 1:
            return self.turns[0].text
        return "\n\n".join(f"{one.role}: {one.text}" for one in self.turns)


class Draws:
    """Choices that follow from a key alone, the same on every machine and in every version of Python.

    Args:
        key: What the choices depend on, such as seed, variant and item.
    """

    def __init__(self, *key: str | int) -> None:
        digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        # Of Python's generator, only this method promises the same numbers in later versions.
        return self._random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self._random.random() * len(options))]


class Variant(Protocol):
    """A way of putting pressure on a prompt.

    Attributes:
        name: What tables call it.
        stretch: How many times as long as a plain answer one under this variant may be.
    """

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def stretch(self) -> int:
        """How many times as long as a plain answer one under this variant may be."""
        ...

    def put(self, base: BasePrompt, draws: Draws) -> PressedPrompt | None:
        """The prompt under this pressure, or None where it cannot be put so."""
        ...


def user_turn(text: str) -> Message:
    """A turn of the user."""
    return Message(role="user", text=text)


def model_turn(text: str) -> Message:
    """A turn that is ascribed to the model; it is scripted, and harmless."""
    return Message(role="assistant", text=text)
