"""One record of a file of answers: which of the known forms it has, and what it says.

Known forms, told apart record by record:

- this tool's own: ``request`` and ``answer`` as it encodes them;
- samples of an Inspect log, as ``sample_record`` puts them;
- lm-eval samples: ``arguments`` and ``resps`` (likelihoods and generations);
- input and ``probabilities``, a mapping from labels or a list of ``label`` and ``score``; an input named
  ``state`` makes the model a policy, and ``text`` or any of the names of a prompt a classifier;
- prompt and answer under one of their usual names, with ``model`` or ``generator`` and sampling fields
  where there are any; AlpacaEval's ``instruction``, ``output``, ``generator`` is one spelling of it.

Source: the log of samples of lm-eval 0.4 (EleutherAI); AlpacaEval's model outputs (Li et al. 2023).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from auditor.digest import well_formed
from auditor.error import EvidenceIntegrityError
from auditor.record.codec import decode
from auditor.record.observation import Answer, Distribution, Text, Unanswered
from auditor.record.request import Generate, Prompt, Request
from auditor.target.endpoint_reply import finish_of
from auditor.target.inspect_log import InspectSample

_PROMPTS = ("messages", "prompt", "instruction", "question", "input")
#: Names of what a prediction is about.
_INPUTS = ("state", "text", *_PROMPTS)
#: How far recorded probabilities may be from summing to one.
_ROUNDING = 0.02
_ANSWERS = ("answer", "output", "response", "completion")
_MODELS = ("model", "generator")
_SAMPLING = ("temperature", "top_p", "seed")


class EntryError(ValueError):
    """A record of no known form; the message is a clause that says why."""


@dataclass(frozen=True, slots=True)
class TextEntry:
    """An answer in words to a prompt, with the sampling fields that the record states."""

    prompt: str
    answer: Text
    model: str | None = None
    stated: tuple[tuple[str, float], ...] = ()

    def agrees(self, request: Generate) -> bool:
        """Whether nothing that the record states contradicts ``request``."""
        return all(getattr(request, name) == value for name, value in self.stated)


@dataclass(frozen=True, slots=True)
class LikelihoodEntry:
    """A log-likelihood in nats of a continuation; ``continuation`` carries the boundary's white space."""

    prompt: str
    continuation: str
    conversation: bool
    log_likelihood: float
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PredictionEntry:
    """A distribution over classes of a text, or over actions in a ``state``."""

    input: str
    state: bool
    answer: Distribution
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ReplayEntry:
    """An answer to one exact request."""

    request: Request
    answer: Answer
    model: str | None = None


Entry = TextEntry | LikelihoodEntry | PredictionEntry | ReplayEntry


def normal(text: str) -> str:
    """``text`` composed (NFC) and with every run of white space as one space."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", well_formed(text))).split())


def asked(prompt: Prompt) -> str:
    """The words that a prompt is found by: the last user turn, or the raw text."""
    if isinstance(prompt, str):
        return prompt
    return next((message.text for message in reversed(prompt) if message.role == "user"), "")


def boundary(prompt: Prompt, continuation: str) -> tuple[str, str, bool]:
    """Prompt and continuation as a likelihood is found by.

    White space between them belongs to the continuation, so that the two ways of cutting the same text
    meet; "Paris" and " Paris" after the same prompt stay apart.
    """
    words = well_formed(asked(prompt))
    conversation = not isinstance(prompt, str)
    bare = words.rstrip()
    gap = "" if conversation else words[len(bare) :]
    return normal(bare), unicodedata.normalize("NFC", gap + well_formed(continuation)), conversation


def read_entries(record: Mapping[str, Any]) -> tuple[Entry, ...]:
    """What one record says.

    Raises:
        EntryError: If it has none of the known forms.
    """
    if (
        "request" in record
        and isinstance(record["request"], Mapping)
        and isinstance(record.get("answer"), Mapping)
    ):
        return (_replay(record),)
    if record.get("probabilities") is not None:
        return (_prediction(record),)
    if "arguments" in record and "resps" in record:
        return tuple(_samples(record))
    return tuple(_written(record))


def _replay(record: Mapping[str, Any]) -> ReplayEntry:
    try:
        request: Request = decode(Request, record["request"], where="request")
        answer: Answer = decode(Answer, record["answer"], where="answer")
    except EvidenceIntegrityError as error:
        raise EntryError(f"holds a malformed {error.where}: {error.what}") from error
    return ReplayEntry(request, answer, _model(record))


def _prediction(record: Mapping[str, Any]) -> PredictionEntry:
    name = next((one for one in _INPUTS if record.get(one) not in (None, "")), None)
    if name is None:
        raise EntryError(f"has probabilities but no input (one of {', '.join(_INPUTS)})")
    asked_for = record[name] if name in ("state", "text") else _question(record[name], name)[0]
    if not isinstance(asked_for, str):
        raise EntryError(f"has a '{name}' that is no text")
    return PredictionEntry(
        well_formed(asked_for), name == "state", _distribution(record["probabilities"]), _model(record)
    )


def _distribution(value: object) -> Distribution:
    """Probabilities by label; rounding is made good, anything more is refused."""
    if isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        pairs = [(one.get("label"), one.get("score")) for one in value]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise EntryError("has 'probabilities' that are neither a mapping nor a list of label and score")
    labels = tuple(well_formed(str(label)) for label, _ in pairs)
    numbers = [one for _, one in pairs if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) < len(pairs) or len(set(labels)) < len(labels) or len(labels) < 2:
        raise EntryError("has 'probabilities' that are no numbers for two or more different labels")
    total = math.fsum(numbers) if all(0 <= one <= 1.001 for one in numbers) else math.nan
    if not abs(total - 1) <= _ROUNDING:
        raise EntryError("has 'probabilities' that are not between 0 and 1 or do not sum to one")
    return Distribution(labels=labels, probabilities=tuple(one / total for one in numbers))


def _written(record: Mapping[str, Any]) -> Iterator[TextEntry]:
    for name in _PROMPTS:
        if record.get(name) not in (None, ""):
            break
    else:
        raise EntryError(f"has no prompt (one of {', '.join(_PROMPTS)})")
    prompt, given = _question(record[name], name)
    for place in _ANSWERS:
        if record.get(place) is not None:
            given = record[place]
            break
    answers = given if isinstance(given, list) else [given]
    if not answers or not all(isinstance(one, str) for one in answers):
        raise EntryError(f"has no answer in words (one of {', '.join(_ANSWERS)})")
    stated = tuple(
        (one, record[one])
        for one in _SAMPLING
        if one in record and isinstance(record[one], int | float) and not isinstance(record[one], bool)
    )
    finish = finish_of(record.get("finish", record.get("finish_reason")))
    spent = record.get("tokens")
    tokens = spent if isinstance(spent, int) and not isinstance(spent, bool) else None
    model = _model(record)
    for one in answers:
        yield TextEntry(prompt, Text(text=well_formed(one), finish=finish, tokens=tokens), model, stated)


def _question(value: object, name: str) -> tuple[str, Any]:
    """What is asked, and the assistant's last turn where the conversation goes on to one."""
    if isinstance(value, str):
        return value, None
    if not isinstance(value, list) or not value:
        raise EntryError(f"has a '{name}' that is neither text nor a list of messages")
    question, answer = None, None
    for message in value:
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise EntryError(f"has a '{name}' with something that is no message")
        words = message.get("content", message.get("text"))
        if not isinstance(words, str):
            raise EntryError(f"has a '{name}' with a message without text")
        if message["role"] == "user":
            question, answer = words, None
        elif message["role"] == "assistant":
            answer = words
    if question is None:
        raise EntryError(f"has a '{name}' without a user's message")
    return question, answer


def _samples(record: Mapping[str, Any]) -> Iterator[TextEntry | LikelihoodEntry]:
    """An lm-eval sample: one instance per option of a multiple choice, or one per generation."""
    instances, responses = _arguments(record["arguments"]), record["resps"]
    if not isinstance(responses, list) or len(responses) != len(instances):
        raise EntryError("has not one entry in 'resps' for each in 'arguments'")
    for arguments, repeats in zip(instances, responses, strict=True):
        if not arguments or not isinstance(arguments[0], str):
            raise EntryError("has 'arguments' that do not begin with a prompt")
        prompt, conversation = _context(arguments[0])
        for response in repeats if isinstance(repeats, list) else [repeats]:
            if isinstance(response, str) and not (len(arguments) > 1 and isinstance(arguments[1], str)):
                if len(arguments) > 1:  # a lone argument is a rolling likelihood, which nobody asks for
                    yield TextEntry(prompt, Text(text=well_formed(response)), _model(record))
                continue
            if len(arguments) < 2 or not isinstance(arguments[1], str):
                raise EntryError("has an answer in 'resps' that is neither text nor a likelihood")
            value = _likelihood(response)
            ends = prompt.rstrip()
            gap = "" if conversation else prompt[len(ends) :]
            yield LikelihoodEntry(
                ends,
                gap + well_formed(arguments[1]),
                conversation,
                value,
                _model(record),
            )


def sample_record(sample: InspectSample) -> dict[str, Any]:
    """A sample of an Inspect log as a prompt and its answer."""
    return {
        "prompt": sample.prompt,
        "answer": sample.answer,
        "model": sample.model,
        "finish": sample.finish,
    }


def _arguments(value: object) -> list[Sequence[Any]]:
    """Arguments of each instance, in order; lm-eval wrote lists at first and named them later."""
    if isinstance(value, Mapping):
        try:
            names = sorted(value, key=lambda name: int(str(name).rsplit("_", 1)[1]))
        except (ValueError, IndexError) as error:
            raise EntryError("has 'arguments' whose names have no number") from error
        value = [value[name] for name in names]
    if not isinstance(value, list) or not value:
        raise EntryError("has no list in 'arguments'")
    instances: list[Sequence[Any]] = []
    for one in value:
        if isinstance(one, Mapping):
            instances.append([one[f"arg_{place}"] for place in range(len(one)) if f"arg_{place}" in one])
        elif isinstance(one, list):
            instances.append(one)
        else:
            raise EntryError("has 'arguments' that are no lists")
    return instances


def _context(text: str) -> tuple[str, bool]:
    """A context as text; lm-eval writes a conversation as the JSON of its messages."""
    if text.startswith("[{"):
        try:
            messages = json.loads(text)
            question, _ = _question(messages, "arguments")
        except (ValueError, RecursionError):  # EntryError is a ValueError: then it is raw text after all
            return text, False
        return question, True
    return text, False


def _likelihood(response: object) -> float:
    pair = response if isinstance(response, list) else [response]
    try:
        value = float(cast("Any", pair[0]))
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise EntryError("has a likelihood in 'resps' that is no number") from error
    if math.isnan(value) or value > 1e-3:
        raise EntryError("has a log-likelihood in 'resps' above zero")
    return value


def _model(record: Mapping[str, Any]) -> str | None:
    for one in _MODELS:
        name = record.get(one)
        if isinstance(name, str):
            return well_formed(name) or None
    return None


def not_recorded() -> Unanswered:
    """The answer to whatever the file does not hold."""
    return Unanswered(reason="not among the recorded answers")
