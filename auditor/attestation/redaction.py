"""Withholding customers' questions and answers from a bundle that still proves that they are in it.

What is chosen is chosen by question: every answer to it, by whomever and in whichever run of the ledger, is
withheld. With an answer goes what could quote it: the exhibits of findings that cannot be worked out without
it, the exhibits of all findings of other runs, the content of probes that do not come with the tool, and the
reports that were sealed. Reports of what is left take their place.

Three things stay visible: how many answers there are and in which order, what a finding says in its reason
and its facts, and the plan. The plan names a probe's content by a plain digest over all of it, so that who
knows all items of a log but one can check a guess of that one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor import content
from auditor.attestation.bundle import EVIDENCE, PROBES, REPORTS, Bundle, probe_members
from auditor.attestation.likeness import difference
from auditor.attestation.statement import SEALED_REPORTS
from auditor.digest import canonical_json
from auditor.error import EvidenceIntegrityError, UsageError
from auditor.ledger import Ledger
from auditor.probe.protocol import Method
from auditor.probe.registry import load_suites, method, suites
from auditor.probe.spec import ProbeSpec
from auditor.record.codec import decode, encode
from auditor.record.finding import Finding
from auditor.record.observation import Answer, Observations
from auditor.record.request import request_digest
from auditor.record.scan import Scan
from auditor.report.write import render
from auditor.scan.conduct import measured
from auditor.scan.weighing import METHOD

REDACTION = "redaction.json"
#: Reports of redacted evidence, beside which the sealed ones are told apart by name.
REDACTED_REPORT = f"{REPORTS}redacted."
#: Chooses every answer.
EVERYTHING = "all"
#: Texts of fewer characters stand in other places by chance, and are not searched for there.
SHORTEST = 16
#: Kind of the questions to a judge.
_GRADE = "grade"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is missing from a bundle.

    Attributes:
        answers: Number of answers that are withheld.
        findings: Number of findings whose exhibits are withheld.
        taken: Fingerprints of the run's findings that cannot be worked out again for that, and are taken as
            recorded.
        contents: Probes whose content is withheld as well.
    """

    answers: int
    findings: int
    taken: tuple[str, ...]
    contents: tuple[str, ...]


def read_redaction(bundle: Bundle) -> Redaction | None:
    """What a bundle says of its own redaction; None where it says nothing.

    Raises:
        EvidenceIntegrityError: If it is malformed.
    """
    data = bundle.get(REDACTION)
    if data is None:
        return None
    try:
        value = json.loads(data)
    except ValueError as error:
        raise EvidenceIntegrityError(f"it is no JSON: {error}", where=REDACTION) from error
    return decode(Redaction, value, where=REDACTION)


def hidden_requests(
    scan: Scan, probes: Mapping[str, ProbeSpec], ledger: Ledger, named: Sequence[str], listed: Path | None
) -> frozenset[str]:
    """Digests of the requests whose answers are to be withheld.

    Args:
        scan: The run.
        probes: Its probes, by digest.
        ledger: The evidence.
        named: Probes by their names, for all that they ask; or ``all``.
        listed: A file with the digest of a request on every line.

    Raises:
        UsageError: If there is no such probe or request, or nothing that was answered is chosen.
    """
    asked = {
        str(json.loads(body).get("request_digest", ""))
        for _, _, kind, body in ledger.records()
        if kind == "observation"
    }
    chosen: set[str] = set()
    by_name = {one.probe: one for one in scan.plan.probes if one.method != METHOD}
    for name in named:
        if name == EVERYTHING:
            chosen |= asked
        elif name in by_name:
            spec = probes[by_name[name].digest]
            chosen |= questions_of(spec, method(spec.file.method), scan.observations)
        else:
            raise UsageError(
                f"the run has no probe {name} to redact", fix=f"name {EVERYTHING} or {', '.join(by_name)}"
            )
    if listed is not None:
        chosen |= _listed(listed, asked)
    if not chosen & asked:
        raise UsageError("nothing that was answered is chosen to be redacted", fix="choose by --redact all")
    return frozenset((chosen | _grades(ledger, chosen)) & asked)


def _grades(ledger: Ledger, chosen: set[str]) -> set[str]:
    """Digests of what a judge was asked about answers to the chosen requests: it quotes both."""
    observed = [json.loads(body) for _, _, kind, body in ledger.records() if kind == "observation"]
    said = {
        (prompt, one["answer"].get("text"))
        for one in observed
        if one["request_digest"] in chosen
        for prompt in _strings(one["request"])
    }
    return {
        one["request_digest"]
        for one in observed
        if one["request"]["kind"] == _GRADE and (one["request"]["prompt"], one["request"]["answer"]) in said
    }


def questions_of(spec: ProbeSpec, chosen: Method, seen: Observations) -> set[str]:
    """Digests of all requests that a probe asked to arrive at what was seen, asked again in its own order."""
    answers: dict[tuple[str, str], Answer] = {}
    found: set[str] = set()
    while True:
        asked = chosen.plan(spec, Observations(seen.subjects, seen.seed, answers))
        keys = {(one.subject_digest, request_digest(one.request)) for one in asked}
        found |= {request for _, request in keys}
        new = {key: seen.answers[key] for key in keys if key in seen.answers and key not in answers}
        if not new:
            return found
        answers |= new


def redact(
    members: Mapping[str, bytes], scan: Scan, ledger: Ledger, hidden: frozenset[str], room: Path
) -> dict[str, bytes]:
    """The members of a bundle without the answers to ``hidden``, and without what may quote them.

    Args:
        members: The members of the whole bundle; neither its evidence nor its reports are used.
        scan: The run.
        ledger: The evidence.
        hidden: Digests of requests.
        room: An empty folder for files on the way.

    Raises:
        UsageError: If a text that is to be withheld stands in another place too, or in a record without salt.
    """
    probes = Bundle(members).probes()
    shipped = _shipped()
    secret = _secret(scan, probes, hidden, shipped)
    taken = _taken(scan, probes, hidden, frozenset(secret.values()))

    def chosen(kind: str, run: str, value: Mapping[str, Any]) -> bool:
        if kind == "observation":
            return value["request_digest"] in hidden
        return run != scan.run or decode(Finding, value, where=run).fingerprint in taken

    copy = room / EVIDENCE
    withheld = ledger.copy_redacted(copy, chosen)
    left = {name: data for name, data in members.items() if not name.startswith((PROBES, REPORTS))}
    left |= probe_members(one for one in probes.values() if one.digest not in secret)
    with Ledger.open(copy, create=False, readonly=True) as redacted:
        rest = redacted.scan(scan.run)
        _refuse_leaks(ledger, redacted, hidden, left, shipped)
    left[EVIDENCE] = copy.read_bytes()
    left |= {f"{REDACTED_REPORT}{name}": render(rest, name).encode() for name in SEALED_REPORTS}
    left[REDACTION] = canonical_json(
        encode(
            Redaction(
                answers=withheld.get("observation", 0),
                findings=withheld.get("finding", 0),
                taken=taken,
                contents=tuple(secret.values()),
            )
        )
    )
    return left


def _secret(
    scan: Scan, probes: Mapping[str, ProbeSpec], hidden: frozenset[str], shipped: Mapping[str, ProbeSpec]
) -> dict[str, str]:
    """Probes whose content is the user's own and holds what was asked: digest -> name."""
    return {
        spec.digest: spec.id
        for spec in probes.values()
        if spec.digest not in shipped
        and not hidden.isdisjoint(questions_of(spec, method(spec.file.method), scan.observations))
    }


def _taken(
    scan: Scan, probes: Mapping[str, ProbeSpec], hidden: frozenset[str], secret: frozenset[str]
) -> tuple[str, ...]:
    """Fingerprints of the findings that do not follow from what is left."""
    answers = {key: one for key, one in scan.observations.answers.items() if key[1] not in hidden}
    kept = Observations(scan.observations.subjects, scan.observations.seed, answers)
    taken: dict[str, None] = {}
    for planned in scan.plan.probes:
        recorded = [one for one in scan.findings if one.probe == planned.probe]
        if planned.probe in secret or (planned.method == METHOD and secret):  # weighing takes every content
            taken |= dict.fromkeys(one.fingerprint for one in recorded)
        elif planned.method != METHOD:
            spec = probes[planned.digest]
            lost = _not_following(recorded, spec, kept)
            # What did not follow from all answers either is left for whoever verifies to find.
            taken |= dict.fromkeys(lost - _not_following(recorded, spec, scan.observations) if lost else ())
    return tuple(taken)


def _not_following(recorded: Sequence[Finding], spec: ProbeSpec, seen: Observations) -> set[str]:
    """Fingerprints of the findings of a probe that do not follow from some answers."""
    again: dict[str, list[Finding]] = {}
    for one in measured(spec, method(spec.file.method), seen, {}):
        again.setdefault(one.fingerprint, []).append(one)
    first: dict[str, list[Finding]] = {}
    for one in recorded:
        first.setdefault(one.fingerprint, []).append(one)
    return {
        name
        for name, found in first.items()
        if difference([encode(one) for one in found], [encode(one) for one in again.get(name, [])])
    }


def _shipped() -> dict[str, ProbeSpec]:
    folders = (content.probes(),)
    return {one.digest: one for one in load_suites(tuple(suites(folders)), folders)}


def _listed(path: Path, asked: set[str]) -> set[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list of requests cannot be read: {error}", where=str(path)) from error
    found: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not (digest := line.strip()):
            continue
        where = f"{path}:{number}"
        if not _DIGEST.fullmatch(digest):
            raise UsageError(
                "this is no digest of a request", where=where, fix="write one sha256:… on every line"
            )
        if digest not in asked:
            raise UsageError("the ledger holds no answer to this request", where=where)
        found.add(digest)
    return found


def _refuse_leaks(
    whole: Ledger,
    redacted: Ledger,
    hidden: frozenset[str],
    members: Mapping[str, bytes],
    shipped: Mapping[str, ProbeSpec],
) -> None:
    """Look for withheld texts in what is left; those of the tool's own probes are known to everybody."""
    public = {text for spec in shipped.values() for text in _texts(list(spec.items))}
    asked, answered = (found - public for found in _withheld_texts(whole, hidden))
    concluded = {name: data.decode("utf-8", "replace") for name, data in members.items()}
    for seq, _, kind, body in redacted.records():
        if kind != "observation":
            concluded[f"record {seq}"] = body
            continue
        value = json.loads(body)
        texts = set(_texts(value))
        if asked & texts:
            raise UsageError(
                "a question that is to be withheld is asked or quoted in an answer that is not",
                where=str(value.get("request_digest")),
                fix="withhold that one as well: add it to the file of --redact-requests, or --redact all",
            )
        answered -= texts  # somebody gave this answer to a question that is shown, too
    for name, text in concluded.items():
        if any(_quoted(one) in text or one in text for one in asked | answered):
            raise UsageError(
                "a text that is to be withheld stands in what is not",
                where=name,
                fix=f"--redact {EVERYTHING}, or a ledger of its own for what is to be handed out",
            )


def _withheld_texts(ledger: Ledger, hidden: frozenset[str]) -> tuple[set[str], set[str]]:
    asked: set[str] = set()
    answered: set[str] = set()
    for _, _, kind, body in ledger.records():
        if kind == "observation" and (value := json.loads(body)).get("request_digest") in hidden:
            request = dict(value["request"])
            if request["kind"] == _GRADE:  # a question about an answer
                answered.update(_texts(request.pop("answer")))
            asked.update(_texts(request))
            answered.update(_texts(value["answer"]))
    return asked, answered


def _texts(value: Any) -> Iterator[str]:
    return (one for one in _strings(value) if len(one) >= SHORTEST)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
