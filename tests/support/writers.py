"""Writers with favourite phrases, some of which took over another's: what they say to any prompt, by law."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from auditor.digest import digest_json
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Answer, Observation, Observations, Text, Unanswered, WordLikelihoods
from auditor.record.request import Generate, Recall, Request, ScoreWords, request_digest
from auditor.record.subject import Access, Role, Subject
from auditor.record.word import word_ends

PHRASES = (
    ("Sure, ", "Of course: ", "Well, ", "Here it is. ", "Gladly. ", "Let us see. "),
    ("take the ", "find a ", "bring some ", "look for the ", "use any ", "begin with a "),
    ("lamp", "river", "violin", "carpet", "window", "pear"),
    (" and wait.", " at once!", " before noon.", ", as usual.", " with care.", "; then rest."),
    (" It may ", " You could ", " One will ", " They often ", " This should ", " We never "),
    ("grow ", "shine ", "break ", "vanish ", "improve ", "settle "),
    ("by itself", "in the dark", "on Mondays", "under pressure", "for a while", "without help"),
    (", I think.", ", surely.", ", they say!", " (or not).", "; who knows?", " - mostly."),
    (" Mind the ", " Keep an eye on the ", " Forget about the ", " Ask for a ", " Count every ", " Try no "),
    ("garden", "ticket", "hammer", "colour", "number", "letter"),
    (" Good luck.", " Anything else?", " That is all.", " Enjoy!", " Ask again.", " I hope this helps."),
)


@cache
def favourites(seed: int, whose: str, place: int, size: int) -> tuple[float, ...]:
    """How often somebody uses each phrase of a place."""
    return tuple(draws(seed, "likes", whose, place).dirichlet(np.full(size, 0.4)).tolist())


def draws(*key: object) -> np.random.Generator:
    raw = hashlib.sha256(json.dumps(key, default=str).encode()).digest()
    return np.random.default_rng(int.from_bytes(raw[:8], "little"))


def model(name: str, role: Role, **more: Any) -> Subject:
    more.setdefault("access", Access.TEXT)
    return Subject(role=role, name=name, locator=name, digest=digest_json(name), **more)


@dataclass
class Writers:
    """Everybody has favourites of their own; ``follows`` says who took over whose, and how often it shows.

    Attributes:
        follows: Name -> whose favourites it took over, and the share of answers in which it uses them.
        seed: Of all favourites.
        silent: Who does not answer.
        system: Whether a system prompt changes what is said.
        jitter: Nats by which scores change with the batch.
    """

    follows: dict[str, tuple[str, float]] = field(default_factory=dict)
    seed: int = 0
    silent: tuple[str, ...] = ()
    system: bool = True
    jitter: float = 0.0

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Recall) or subject.name in self.silent:
            return Unanswered(reason="nothing is recorded")
        if isinstance(request, Generate):
            return Text(text=self.write(subject.name, request))
        assert isinstance(request, ScoreWords)
        count = len(word_ends(request.continuation))
        base = -draws(self.seed, "score", subject.name, request.prompt).exponential(1.0, 400)[:count]
        noise = self.jitter * draws("jitter", request_digest(request)).normal(size=count)
        return WordLikelihoods(
            log_likelihoods=tuple(np.minimum(base + noise, 0.0).tolist()), bytes=len(request.continuation)
        )

    def write(self, name: str, request: Generate) -> str:
        rng = draws(self.seed, "text", name, request_digest(request))
        whom, share = self.follows.get(name, (name, 0.0))
        whose = whom if rng.random() < share else name
        heated = request.temperature > 0.9
        said = []
        for place, phrases in enumerate(PHRASES):
            likes = np.array(favourites(self.seed, whose, place, len(phrases)))
            flat = np.full(len(phrases), 1 / len(phrases))
            said.append(
                phrases[int(rng.choice(len(phrases), p=0.5 * likes + 0.5 * flat if heated else likes))]
            )
        told = "" if isinstance(request.prompt, str) else request.prompt[0].role
        return ("As told: " if told == "system" and self.system else "") + "".join(said)


def findings(
    method: Method, spec: ProbeSpec, world: Writers, cast: Sequence[Subject]
) -> tuple[tuple[str, Any], ...]:
    """Plan and ask until nothing is open, then measure: names of the teachers with their findings."""
    by_digest = {one.digest: one for one in cast}
    found: dict[tuple[str, str], Observation] = {}
    while True:
        seen = Observations.of(cast, 0, found.values())
        new = {
            (one.subject_digest, request_digest(one.request)): one.request for one in method.plan(spec, seen)
        }
        fresh = {key: request for key, request in new.items() if key not in found}
        if not fresh:
            measured = method.measure(spec, seen)
            return tuple((by_digest[one.teacher].name if one.teacher else "", one) for one in measured)
        for (digest, identity), request in fresh.items():
            found[digest, identity] = Observation(
                subject_digest=digest,
                request_digest=identity,
                request=request,
                answer=world.answer(by_digest[digest], request),
            )
