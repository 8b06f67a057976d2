"""Every single answer behind a finding, question by question, within a budget that keeps the page light."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.record.finding import SideBySide
from auditor.record.observation import (
    Answer,
    Arrays,
    Choice,
    Distribution,
    Embedding,
    Inputs,
    Likelihood,
    Rated,
    Text,
    TokenLikelihoods,
    TopTokens,
    Transcript,
    Unanswered,
    WordLikelihoods,
    observation_id,
)
from auditor.record.request import (
    Catalogue,
    Choose,
    Embed,
    Fill,
    Generate,
    Grade,
    Inspect,
    NextTokens,
    Predict,
    Prompt,
    Rating,
    Recall,
    Request,
    Score,
    ScoreTokens,
    ScoreWords,
)
from auditor.record.scan import Scan
from auditor.report.cast import Cast, short
from auditor.report.inert import Passage, allowance, inert, one_line, passage, weight
from auditor.report.numerals import count, number, percent
from auditor.report.wording import ROLES

#: Bytes of a page that questions and answers may take, and what each costs beside its text.
_PAGE_BUDGET = 1_700_000
_CELL_COST = 110
_QUESTION_COST = 200
_PAIR_COST = 480
_LEAST_TEXT = 150_000
#: Single answers in a page; a pair side by side counts for `_PAIR_CELLS`.
_MOST_CELLS = 5_000
_PAIR_CELLS = 5
_MOST_PAIRS = 400
_LONGEST = 1_800
_PROMPT = 600
_ASKED = {"system": "System", "user": "User", "assistant": "Assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one subject answered to one question."""

    name: str
    role: str
    answer: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question with everyone's answer."""

    number: str
    question: Passage
    kind: str
    digest: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The answers behind one probe; ``note`` says what was left out."""

    title: str
    questions: tuple[Asked, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much text the page may quote: bytes of one passage, pairs of one exhibit, cells of one probe."""

    passage: int
    pairs: int
    cells: int


Key = tuple[str, str]


def keys_by_probe(scan: Scan) -> dict[str, tuple[Key, ...]]:
    """The observations behind each probe's findings, each once, in the order the findings name them."""
    known = {observation_id(*key): key for key in scan.observations.answers}
    found: dict[str, dict[Key, None]] = {}
    for finding in scan.findings:
        seen = found.setdefault(finding.probe, {})
        for one in finding.observation_ids:
            if one in known:
                seen[known[one]] = None
    return {probe: tuple(keys) for probe, keys in found.items()}


def budget_for(scan: Scan, keys: dict[str, tuple[Key, ...]]) -> Budget:
    """Share the page among pairs and answers, so that it stays under two megabytes."""
    sides = [exhibit for one in scan.findings for exhibit in one.exhibits if isinstance(exhibit, SideBySide)]
    cells = allowance([len(one) for one in keys.values()], _MOST_CELLS, most=_MOST_CELLS)
    chosen = [one[:cells] for one in keys.values()]
    used = sum(len(one) for one in chosen)
    room = max(_MOST_CELLS - used // 2, _MOST_CELLS // 2)
    pairs = allowance([len(one.pairs) for one in sides], room // _PAIR_CELLS // 2, most=_MOST_PAIRS)
    weights = [
        weight(text[:_LONGEST])
        for side in sides
        for pair in side.pairs[:pairs]
        for text in (pair.prompt, pair.first, pair.second)
    ]
    fixed = _PAIR_COST * len(weights) // 3 + _CELL_COST * used
    for some in chosen:
        weights += [weight(_quoted(scan, key)[:_LONGEST]) for key in some]
        asked = dict.fromkeys(key[1] for key in some)
        fixed += _QUESTION_COST * len(asked)
        prompts = (_question(scan.requests[one])[:_PROMPT] for one in asked if one in scan.requests)
        weights += [min(_PROMPT, weight(prompt)) for prompt in prompts]
    text = max(_LEAST_TEXT, _PAGE_BUDGET - fixed)
    return Budget(passage=allowance(weights, text, most=_LONGEST), pairs=pairs, cells=cells)


def _quoted(scan: Scan, key: Key) -> str:
    answer = scan.observations.answers[key]
    return answer.text if isinstance(answer, Text) else ""


def sheet(scan: Scan, cast: Cast, keys: tuple[Key, ...], budget: Budget) -> Sheet | None:
    """The answers behind one probe, or None where its findings name none."""
    if not keys:
        return None
    order = {one.digest: rank for rank, one in enumerate(scan.plan.subjects)}
    by_request: dict[str, list[str]] = {}
    for subject, request in keys[: budget.cells]:
        by_request.setdefault(request, []).append(subject)
    questions = tuple(
        _asked(
            scan,
            cast,
            request,
            sorted(who, key=lambda one: (order.get(one, len(order)), one)),
            budget,
            n,
        )
        for n, (request, who) in enumerate(by_request.items(), start=1)
    )
    left_out = len(keys) - min(len(keys), budget.cells)
    title = f"{count(len(by_request), 'question')}, {count(len(keys) - left_out, 'answer')}"
    note = f"{count(left_out, 'further answer')} are in the ledger and not on this page." if left_out else ""
    return Sheet(title=title, questions=questions, note=note)


def _asked(scan: Scan, cast: Cast, request: str, subjects: list[str], budget: Budget, n: int) -> Asked:
    known = scan.requests.get(request)
    cells = []
    for digest in subjects:
        subject = cast.subjects.get(digest)
        cells.append(
            Cell(
                name=cast.name(digest) or "",
                role=ROLES[subject.role] if subject else "",
                answer=answer_words(scan.observations.answers[(digest, request)], known, budget.passage),
            )
        )
    text = _question(known) if known is not None else ""
    return Asked(
        number=f"{n:,}",
        question=passage(text, min(_PROMPT, budget.passage))
        if text
        else Passage(text=f"request {short(request)}"),
        kind=_kind(known),
        digest=short(request),
        cells=tuple(cells),
    )


def _kind(request: Request | None) -> str:
    if request is None:
        return ""
    if isinstance(request, Generate):
        drawn = "greedy" if request.temperature == 0 else f"temperature {number(request.temperature)}"
        return f"answer of up to {count(request.max_tokens, 'token')}, {drawn}"
    if isinstance(request, Score):
        return "log-likelihood of a given answer"
    if isinstance(request, ScoreWords):
        return "log-likelihood of a given answer, word by word"
    if isinstance(request, ScoreTokens):
        return "log-likelihood of a given text, token by token"
    if isinstance(request, Choose | Fill):
        return f"choice among {count(len(request.options), 'option')}"
    plain = {
        Inspect: "summary of weights",
        Embed: "vector of a text",
        Predict: "distribution over classes or actions",
        Recall: "transcript",
        Grade: "what kind of answer it is",
        Catalogue: "inputs with recorded predictions",
    }
    if isinstance(request, NextTokens):
        return f"{request.k} likeliest next tokens"
    if isinstance(request, Rating):
        return f"label by a person{', corrected' if request.revision else ''}"
    return plain[type(request)]


def _question(request: Request) -> str:
    if isinstance(request, Inspect):
        layer = "whole model" if request.layer is None else f"block {request.layer}"
        return f"{request.quantity}, {layer}"
    if isinstance(request, Recall):
        again = f", sample {request.sample + 1} of each prompt" if request.sample else ""
        return f"everything that was recorded{again}"
    if isinstance(request, Fill):
        options = "\n".join(f"({n}) {option}" for n, option in enumerate(request.options, start=1))
        return f"{request.before}[…]{request.after}\n{options}"
    if isinstance(request, Rating):
        return f"What kind of answer is {observation_id(request.subject_digest, request.request_digest)}?"
    if isinstance(request, Catalogue):
        return "Which inputs are recorded?"
    if isinstance(request, Grade):
        return f"{request.prompt}\n→ {request.answer}"
    if isinstance(request, Embed | Predict):
        return request.text if isinstance(request, Embed) else request.input
    text = _prompt(request.prompt)
    if isinstance(request, Score | ScoreWords | ScoreTokens):
        return f"{text}\n→ {request.continuation}"
    if isinstance(request, Choose):
        return "\n".join([text, *(f"({n}) {option}" for n, option in enumerate(request.options, start=1))])
    return text


def _prompt(prompt: Prompt) -> str:
    if isinstance(prompt, str):
        return prompt
    if len(prompt) == 1 and prompt[0].role == "user":
        return prompt[0].text
    return "\n".join(f"{_ASKED[turn.role]}: {turn.text}" for turn in prompt)


def answer_words(answer: Answer, request: Request | None, limit: int) -> Passage:
    """An answer of any kind as a passage."""
    if isinstance(answer, Text):
        return _text(answer, limit)
    if isinstance(answer, Likelihood):
        return Passage(
            text=f"{number(answer.per_byte)} nats per byte over {count(answer.bytes, 'byte')}, "
            f"{count(answer.tokens, 'token')}"
        )
    if isinstance(answer, WordLikelihoods | TokenLikelihoods):
        unit = "word" if isinstance(answer, WordLikelihoods) else "token"
        words = count(len(answer.log_likelihoods), unit)
        return Passage(text=f"{number(answer.per_byte)} nats per byte over {words}")
    if isinstance(answer, Choice):
        return _choice(answer, request if isinstance(request, Choose | Fill) else None)
    if isinstance(answer, TopTokens):
        pairs = zip(answer.tokens[:5], answer.log_probabilities[:5], strict=False)
        return Passage(text=", ".join(f"“{inert(token[:40])}” {percent(_exp(log))}" for token, log in pairs))
    if isinstance(answer, Arrays):
        named = ", ".join(
            f"{one_line(one.name[:60])} [{' × '.join(map(str, one.shape))}]" for one in answer.arrays[:8]
        )
        return Passage(text=f"{count(len(answer.arrays), 'array')}: {named}")
    if isinstance(answer, Transcript):
        return Passage(text=f"{count(len(answer.answers), 'recorded answer')}, in full in the ledger")
    if isinstance(answer, Distribution):
        ranked = sorted(zip(answer.probabilities, answer.labels, strict=True), reverse=True)[:5]
        return Passage(text=", ".join(f"“{inert(label[:40])}” {percent(one)}" for one, label in ranked))
    if isinstance(answer, Embedding):
        return Passage(text=f"vector of {count(answer.vector.shape[0], 'number')}")
    if isinstance(answer, Inputs):
        return Passage(text=count(len(answer.inputs), "input"))
    if isinstance(answer, Rated):
        return Passage(text=answer.label)
    return _unanswered(answer, limit)


def _text(answer: Text, limit: int) -> Passage:
    quoted = passage(answer.text, limit)
    ends = {
        "filtered": "refused by the provider's content filter",
        "length": "cut at the token limit",
        "stop": "",
    }
    remark = ends[answer.finish]
    text = quoted.text or ("" if remark else "(empty answer)")
    return Passage(text=text, more="; ".join(part for part in (quoted.more, remark) if part))


def _choice(answer: Choice, request: Choose | Fill | None) -> Passage:
    if not answer.log_likelihoods:
        return Passage(text="no options")
    ranked = sorted(range(len(answer.log_likelihoods)), key=lambda one: (-answer.log_likelihoods[one], one))
    best = ranked[0]
    named = f" “{one_line(request.options[best][:80])}”" if request and best < len(request.options) else ""
    text = f"option {best + 1}{named} likeliest, {number(answer.log_likelihoods[best])} nats"
    if len(ranked) > 1:
        text += f"; next option {ranked[1] + 1}, {number(answer.log_likelihoods[ranked[1]])} nats"
    return Passage(text=text)


def _unanswered(answer: Unanswered, limit: int) -> Passage:
    quoted = passage(answer.reason, limit)
    return Passage(text=f"not answered: {quoted.text}", more=quoted.more)


def _exp(log: float) -> float:
    return math.exp(min(log, 0.0)) if not math.isnan(log) else 0.0


def unused(scan: Scan, keys: dict[str, tuple[Key, ...]]) -> int:
    """How many answers no finding rests on."""
    used = {key for chosen in keys.values() for key in chosen}
    return len(set(scan.observations.answers) - used)
