"""Waivers: strict files, dated acceptance of one violation, and nothing forgotten."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.error import PolicyError
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import load_policy
from auditor.policy.waiver import load_waivers, waivers_digest
from auditor.record.codec import decode, encode
from auditor.record.verdict import RuleState, Status, Verdict, WaiverStatus

TODAY = date(2026, 6, 15)


@pytest.fixture
def write_waiver(tmp_path, digest_of):
    def write(**changes):
        fields = {
            "rule": "R-1",
            "subject": digest_of("S"),
            "reason": "the teacher is our own earlier model",
            "ticket": "GOV-12",
            "approver": "Ada",
            "second_approver": "Grace",
            "approved_on": "2026-06-01",
            "expires": "2026-06-30",
            **changes,
        }
        lines = [f"{key}: {value}" for key, value in fields.items() if value is not None]
        path = tmp_path / "waivers.yaml"
        path.write_text("waivers:\n  - " + "\n    ".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def judged(write_pack, make_plan, make_finding, write_waiver):
    def run(*, today=TODAY, findings=None, plan=None, rule=None, **changes):
        pack = load_policy(write_pack(rule or {}))
        plan = plan or make_plan()
        findings = findings or (make_finding(outcome="supports", p=0.01),)
        waivers = load_waivers(write_waiver(**changes))
        verdict = evaluate(pack, plan, findings, waivers=waivers, today=today)
        (note,) = verdict.waivers
        return verdict, note

    return run


def test_a_waived_violation_is_shown_and_does_not_fail(judged):
    verdict, note = judged()
    (rule,) = verdict.rules
    assert (verdict.status, rule.state) == (Status.PASS, RuleState.WAIVED)
    assert rule.message == "it fired."
    for part in ("our own earlier model", "GOV-12", "Ada and Grace", "2026-06-30"):
        assert part in rule.waiver
    assert rule.findings
    assert note.status is WaiverStatus.APPLIED


@pytest.mark.parametrize(
    ("today", "applies"),
    [
        (date(2026, 5, 31), False),
        (date(2026, 6, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
        (None, False),
    ],
)
def test_both_ends_of_its_time_are_inside(judged, today, applies):
    verdict, note = judged(today=today)
    assert verdict.status is (Status.PASS if applies else Status.FAIL)
    expired = today == date(2026, 7, 1)
    expected = WaiverStatus.EXPIRED if expired else WaiverStatus.REFUSED
    assert note.status is (WaiverStatus.APPLIED if applies else expected)


def test_the_longest_time_is_the_packs(judged):
    assert judged(expires="2026-08-30")[0].status is Status.PASS
    verdict, note = judged(expires="2026-08-31")
    assert (verdict.status, note.status) == (Status.FAIL, WaiverStatus.REFUSED)
    assert "more than the 90 days" in note.note
    assert "before it was approved" in judged(expires="2026-05-01")[1].note


@pytest.mark.parametrize("second", [None, "Ada", " ada "])
def test_high_severity_needs_two_people(judged, second):
    quoted = None if second is None else f"'{second}'"
    verdict, note = judged(second_approver=quoted)
    assert (verdict.status, note.status) == (Status.FAIL, WaiverStatus.REFUSED)
    assert judged(second_approver=quoted, rule={"severity": "medium"})[0].status is Status.PASS


def test_it_covers_one_model_one_rule_and_one_finding(judged, make_plan, make_finding, digest_of):
    assert judged(subject=digest_of("S with other weights"))[1].note == "it is about another model"
    assert judged(rule={"id": "R-2"})[1].note == "this policy has no rule 'R-1'"
    findings = (
        make_finding(outcome="supports", p=0.001),
        make_finding(teacher="U", outcome="supports", p=0.001),
    )
    plan = make_plan(teachers=("T", "U"))
    verdict, note = judged(findings=findings, plan=plan, finding=findings[0].fingerprint)
    assert (verdict.status, note.status) == (Status.FAIL, WaiverStatus.APPLIED)
    assert verdict.rules[0].findings == (findings[1].fingerprint,)
    assert judged(findings=findings, plan=plan)[0].status is Status.PASS
    for changes in (
        {"subject": digest_of("S with other weights")},
        {"rule": {"id": "R-2"}},
        {"finding": digest_of("a finding of another scan")},
    ):
        assert judged(**changes)[1].status is WaiverStatus.UNMATCHED
    assert "no finding with this fingerprint" in judged(finding=digest_of("another"))[1].note


@pytest.mark.parametrize("outcome", ["inconclusive", "failed", "not_applicable"])
def test_what_is_undecided_cannot_be_waived(judged, make_finding, outcome):
    verdict, note = judged(findings=(make_finding(outcome=outcome),))
    assert verdict.status is Status.INCONCLUSIVE
    assert note.status is WaiverStatus.UNUSED


def test_an_unused_waiver_is_reported(judged, make_finding):
    verdict, note = judged(findings=(make_finding(outcome="does_not_support", p=0.5),))
    assert (verdict.status, note.status) == (Status.PASS, WaiverStatus.UNUSED)
    assert "found nothing" in note.note


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"expires": None}, "expires: this key is missing"),
        ({"approved_on": None}, "approved_on: this key is missing"),
        ({"expires": "2026-06-31"}, "waivers.0.expires"),
        ({"expires": "never"}, "YYYY-MM-DD"),
        ({"expires": "20260630"}, "YYYY-MM-DD"),
        ({"ticket": None}, "ticket: this key is missing"),
        ({"reason": "''"}, "waivers.0.reason"),
        ({"approver": "  "}, "waivers.0.approver"),
        ({"subject": "sha256:abc"}, "waivers.0.subject"),
        ({"finding": "everything"}, "waivers.0.finding"),
        ({"forever": "true"}, "forever: this key is unknown"),
    ],
)
def test_malformed_waivers(write_waiver, changes, says):
    with pytest.raises(PolicyError) as caught:
        load_waivers(write_waiver(**changes))
    assert says in str(caught.value)
    assert "waivers.yaml:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_without_waivers(tmp_path):
    path = tmp_path / "waivers.yaml"
    path.write_text("waivers: []\n")
    assert load_waivers(path) == ()
    path.write_text("")
    with pytest.raises(PolicyError, match="the waiver file is malformed"):
        load_waivers(path)


def test_the_verdict_keeps_what_was_written_and_its_digest(judged, digest_of):
    verdict, note = judged(finding=None)
    assert (note.rule, note.subject, note.finding, note.line) == ("R-1", digest_of("S"), None, 2)
    assert (note.reason, note.ticket) == ("the teacher is our own earlier model", "GOV-12")
    assert (note.approver, note.second_approver) == ("Ada", "Grace")
    assert (note.approved_on, note.expires) == ("2026-06-01", "2026-06-30")
    assert note.summary in verdict.rules[0].waiver
    assert decode(Verdict, encode(verdict), where="here") == verdict


def test_the_digest_is_of_the_words_and_not_of_the_file(write_waiver):
    path = write_waiver()
    first = waivers_digest(load_waivers(path))
    path.write_text("# agreed in June\n" + path.read_text())
    assert waivers_digest(load_waivers(path)) == first
    assert waivers_digest(load_waivers(write_waiver(expires="2026-06-29"))) != first
    assert waivers_digest(()) == ""


def test_a_second_waiver_of_the_same_violation_is_unused(write_pack, make_plan, make_finding, write_waiver):
    path = write_waiver()
    text = path.read_text()
    path.write_text(text + text.removeprefix("waivers:\n").replace("GOV-12", "GOV-13"))
    verdict = evaluate(
        load_policy(write_pack({})),
        make_plan(),
        (make_finding(outcome="supports", p=0.01),),
        waivers=load_waivers(path),
        today=TODAY,
    )
    assert [one.status for one in verdict.waivers] == [WaiverStatus.APPLIED, WaiverStatus.UNUSED]
    assert verdict.waivers[1].note.endswith("beside what another waiver covers")


def test_a_verdict_that_was_recorded_without_waivers_is_read(judged):
    verdict, _ = judged()
    old = {key: value for key, value in encode(verdict).items() if not key.startswith("waivers")}
    assert decode(Verdict, old, where="an older ledger").waivers == ()
