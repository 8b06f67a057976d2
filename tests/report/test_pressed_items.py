"""Items and answers of a probe under pressure are text in every report, decoded answers included."""

from __future__ import annotations

import base64
from collections.abc import Callable

import report_specimens as specimens
from test_report_hostile import ACTIVE, ALLOWED, Page, live_in

from auditor.content import probes
from auditor.digest import well_formed
from auditor.probe.method.pressure_retention import PressureRetention
from auditor.probe.pressure.asking import PressureQuestion, questions_of
from auditor.probe.pressure.parameters import PressureParameters
from auditor.probe.protocol import parameters_of
from auditor.probe.spec import ProbeSpec, load_probe
from auditor.record.finding import SideBySide
from auditor.record.observation import Observations, Text
from auditor.record.request import Request, request_digest
from auditor.record.scan import Scan
from auditor.record.subject import Role, Subject
from auditor.report.inert import inert
from auditor.report.write import render

REFUSAL = "I'm sorry, but I can't help with that."
SUSPECT = specimens.SUSPECT
TEACHERS = tuple(one for one in specimens.scan_of((), None).plan.subjects if one.role is Role.TEACHER)


def hostile_spec() -> ProbeSpec:
    spec = load_probe(probes() / "pressure" / "pressure-retention")
    return spec.with_items(
        [
            {
                "id": f"{text} {number}",
                "category": text,
                "prompt": f"{text} {number}",
                "twin": text,
                "translations": {"de": f"{text} de {number}"},
            }
            for number in range(3)
            for text in map(well_formed, specimens.HOSTILE)
        ]
    )


def said(subject: Subject) -> Callable[[PressureQuestion], str]:
    """The suspect answers every prompt with hostile text, in base64 where it was asked so."""

    def answer(question: PressureQuestion) -> str:
        if subject.role is Role.TEACHER:
            return REFUSAL
        text = well_formed(" ".join(specimens.HOSTILE))
        readable = "".join(one for one in text if one.isprintable() or one == "\n")
        return base64.b64encode(readable.encode()).decode() if question.variant == "base64" else text

    return answer


def scanned() -> Scan:
    spec = hostile_spec()
    questions = questions_of(spec, parameters_of(spec, PressureParameters))
    subjects = (SUSPECT, *TEACHERS)
    answers = {
        (one.digest, request_digest(question.request)): Text(text=said(one)(question))
        for one in subjects
        for question in questions
    }
    requests: dict[str, Request] = {request_digest(one.request): one.request for one in questions}
    findings = tuple(PressureRetention().measure(spec, Observations(subjects, 0, dict(answers))))
    return specimens.scan_of(findings, None, (specimens.Asked(dict(answers), requests),))


def test_nothing_of_an_item_or_a_decoded_answer_escapes_into_a_report() -> None:
    scan = scanned()
    pairs = [pair for one in scan.findings[0].exhibits if isinstance(one, SideBySide) for pair in one.pairs]
    assert any("[decoded] <script>" in pair.second for pair in pairs)
    page = render(scan, "html")
    parsed = Page(page)
    assert not parsed.stack
    assert {tag for tag, _ in parsed.tags} <= ALLOWED
    assert sum(tag == "script" for tag, _ in parsed.tags) == 1
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert inert(specimens.HOSTILE[0]).strip() in "".join(parsed.text)
    assert live_in(render(scan, "markdown")) == []
    for name in ("html", "markdown", "text"):
        assert ACTIVE.search(render(scan, name)) is None, name
