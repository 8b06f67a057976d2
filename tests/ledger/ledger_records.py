"""Records that the tests of the ledger write: a plan, its subjects, questions and answers."""

from __future__ import annotations

from auditor.ledger import Ledger
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome, Table
from auditor.record.observation import Answer, Likelihood, Observation, Text
from auditor.record.request import Generate, Request, Score, request_digest, user
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.scan import Environment, Plan, PlannedProbe
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.record.verdict import Mode, RuleResult, RuleState, Severity, Status, Verdict

HERE = Environment(python="3.11.7", platform="linux", device="cpu", packages=(("numpy", "2.0"),))


def subject(name: str, role: Role = Role.SUSPECT, *, locator: str = "") -> Subject:
    return Subject(
        role=role,
        name=name,
        locator=locator or f"models/{name}",
        digest=f"sha256:{name.encode().hex():0<64}",
        access=Access.LOGPROBS,
        stratum=Stratum.UNRELATED if role is Role.CONTROL else None,
    )


SUSPECT = subject("suspect")
TEACHER = subject("teacher", Role.TEACHER)
CONTROL = subject("control", Role.CONTROL)


def plan(seed: int = 7, *, seed_origin: str = "drawn", suspect: Subject = SUSPECT) -> Plan:
    return Plan(
        subjects=(suspect, TEACHER, CONTROL),
        probes=(PlannedProbe(probe="a/b", title="A", method="m", digest="sha256:1", items=3),),
        seed=seed,
        seed_origin="given" if seed_origin == "given" else "drawn",
        policy="release-gate",
        policy_digest="sha256:2",
    )


def question(number: int) -> Request:
    if number % 2:
        return Score(prompt=f"Question {number}:", continuation=" yes")
    return Generate(prompt=user(f"Say {number} in words."), max_tokens=16)


def answer(number: int) -> Answer:
    if number % 2:
        return Likelihood(log_likelihood=-number / 7, bytes=4, tokens=1)
    return Text(text=f"It is {number}. \u200f\x00\x1b[31m", tokens=5)


def observation(number: int, of: Subject = SUSPECT) -> Observation:
    request = question(number)
    return Observation(
        subject_digest=of.digest,
        request_digest=request_digest(request),
        request=request,
        answer=answer(number),
    )


def observations(start: int, stop: int, of: Subject = SUSPECT) -> list[Observation]:
    return [observation(number, of) for number in range(start, stop)]


def finding() -> Finding:
    result = TestResult(
        method="m",
        null="no shared ancestry",
        alternative="shared ancestry",
        statistic=2.5,
        statistic_name="mean",
        effect=1e-7,
        effect_unit="nats",
        n=3,
        unit_of_replication="models",
        guarantee=Guarantee.CALIBRATED,
        assumptions=("exchangeable",),
        source="nobody",
        p_value=0.05,
        interval=(0.25, 1.75),
        controls=(ControlValue(name="control", stratum="unrelated", value=0.125),),
    )
    rows = (Estimate(label="x", value=1.5, low=1.25, high=1.75, n=9),)
    return Finding(
        claim=Claim.ANCESTRY,
        probe="a/b",
        method="m",
        suspect=SUSPECT.digest,
        teacher=TEACHER.digest,
        outcome=Outcome.SUPPORTS,
        reason="it does",
        result=result,
        facts=(Fact(name="share", value=0.5), Fact(name="word", value="yes"), Fact(name="flag", value=True)),
        exhibits=(
            Table(title="T", columns=("a", "b"), rows=(("x", 1.5), (None, True))),
            Estimates(title="E", unit="nats", rows=rows, reference=1.0),
        ),
        observation_ids=(observation(0).id,),
    )


def verdict(status: Status = Status.FAIL) -> Verdict:
    rule = RuleResult(
        rule="DR-1",
        title="t",
        severity=Severity.HIGH,
        mode=Mode.DENY,
        state=RuleState.FAIL,
        message="no",
        findings=(finding().fingerprint,),
    )
    return Verdict(
        policy="release-gate", policy_title="t", policy_digest="sha256:2", status=status, rules=(rule,)
    )


def finish(ledger: Ledger, run: str, *, asked: int = 0, reused: int = 0) -> None:
    ledger.conclude(run, [finding()], verdict(), ["add a base"], asked=asked, reused=reused)
