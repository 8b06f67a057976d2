"""Cases of a policy pack: a scan in a few words for each rule, and what the rule has to make of it.

A folder of cases has a file ``RULE.yaml`` for each rule, a list of cases::

    - name: supported, and nobody declared it
      expect: fires            # fires, quiet or undecided
      says: is not among       # part of the message; optional
      plan: {declared: [org/Other]}
      findings:
        - {claim: distilled_from, p: 0.01, facts: {controls: 20}}

Models are called by letters: the suspect S, one teacher T unless the case says otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from auditor.digest import digest_bytes
from auditor.error import PolicyError
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import PolicyPack
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Plan, PlannedProbe
from auditor.record.subject import Access, Role, Subject
from auditor.record.verdict import RuleState

Expectation = Literal["fires", "quiet", "undecided"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelInWords(_Strict):
    """A model; what is left out is as usual.

    Attributes:
        name: Its short name.
        locator: What was typed to reach it; ``org/NAME`` if left out.
        digest: Its digest; one of its name if left out.
        access: How deep it can be looked into.
        tokenizer_digest: Digest of its tokenizer; null where it is hidden.
        details: Named facts such as ``base_model`` and ``licence``.
    """

    name: str = "S"
    locator: str | None = None
    digest: str | None = None
    access: Literal["text", "top-logprobs", "logprobs", "hidden", "weights"] = "weights"
    tokenizer_digest: str | None = "known"
    details: dict[str, str] = {}

    def subject(self, role: Role) -> Subject:
        """The same as a subject of a scan."""
        return Subject(
            role=role,
            name=self.name,
            locator=self.locator or f"org/{self.name}",
            digest=self.digest or digest_of(self.name),
            access=Access[self.access.upper().replace("-", "_")],
            tokenizer_digest=self.tokenizer_digest and digest_of(self.tokenizer_digest),
            details=tuple(self.details.items()),
        )


class PlanInWords(_Strict):
    """Who takes part and what was promised.

    Attributes:
        suspect: The suspect.
        teachers: Candidate teachers.
        bases: Models given as the suspect's base.
        controls: How many controls there are.
        declared: Teachers that the maker declared.
        probes: Probes that were promised.
    """

    suspect: ModelInWords = ModelInWords()
    teachers: tuple[str | ModelInWords, ...] = ("T",)
    bases: tuple[str | ModelInWords, ...] = ()
    controls: int = 0
    declared: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    def plan(self, policy: str, policy_digest: str) -> Plan:
        """The same as the plan of a scan."""
        named = ((Role.TEACHER, self.teachers), (Role.BASE, self.bases))
        controls = (ModelInWords(name=f"C{number}") for number in range(self.controls))
        return Plan(
            subjects=(
                self.suspect.subject(Role.SUSPECT),
                *(_model(one).subject(role) for role, some in named for one in some),
                *(one.subject(Role.CONTROL) for one in controls),
            ),
            probes=tuple(
                PlannedProbe(probe=one, title=one, method="m", digest=digest_of(one), items=1)
                for one in self.probes
            ),
            seed=1,
            seed_origin="drawn",
            policy=policy,
            policy_digest=policy_digest,
            declared_teachers=self.declared,
        )


class FindingInWords(_Strict):
    """A finding; what is left out is as usual.

    Attributes:
        claim: What is claimed.
        outcome: What the method concluded.
        teacher: Short name of the teacher that it is about, or null.
        suspect: Short name of the suspect.
        probe: ``suite/probe-id``.
        p: P-value.
        guarantee: What stands behind it; null where no test was made.
        smallest: The smallest p-value that the design could have given.
        facts: What the method attached.
        reason: What was seen.
        decisive: What would decide it.
    """

    claim: Claim = Claim.DISTILLED_FROM
    outcome: Outcome = Outcome.SUPPORTS
    teacher: str | None = "T"
    suspect: str = "S"
    probe: str = "lineage/probe"
    p: float | None = None
    guarantee: Guarantee | None = Guarantee.CALIBRATED
    smallest: float | None = None
    facts: dict[str, bool | int | float | str] = {}
    reason: str = "it was measured"
    decisive: str = ""

    def finding(self) -> Finding:
        """The same as a finding of a scan."""
        return Finding(
            claim=self.claim,
            probe=self.probe,
            method="m",
            suspect=digest_of(self.suspect),
            teacher=digest_of(self.teacher) if self.teacher else None,
            outcome=self.outcome,
            reason=self.reason,
            decisive=self.decisive,
            result=None if self.guarantee is None else self._result(self.guarantee),
            facts=tuple(Fact(name=name, value=value) for name, value in self.facts.items()),
        )

    def _result(self, guarantee: Guarantee) -> TestResult:
        return TestResult(
            method="m",
            null="nothing",
            alternative="something",
            statistic=1.0,
            statistic_name="a number",
            effect=1.0,
            effect_unit="points",
            n=100,
            unit_of_replication="items",
            guarantee=guarantee,
            assumptions=(),
            source="",
            p_value=self.p,
            smallest_attainable_p=self.smallest,
        )


class Case(_Strict):
    """One case of a rule.

    Attributes:
        name: What is the matter, in a few words.
        expect: Whether the rule fires, is quiet, or cannot be decided.
        says: Part of what it says.
        plan: Who takes part.
        findings: What was found.
    """

    name: str
    expect: Expectation
    says: str = ""
    plan: PlanInWords = PlanInWords()
    findings: tuple[FindingInWords, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A case that was tried.

    Attributes:
        rule: The rule.
        case: The case.
        came: What the rule made of it.
        message: What it said.
        complaint: What is wrong; empty where nothing is.
    """

    rule: str
    case: Case
    came: Expectation
    message: str
    complaint: str


_CASES = TypeAdapter(tuple[Case, ...])


def load_cases(folder: Path, pack: PolicyPack) -> dict[str, tuple[Case, ...]]:
    """The cases of a pack, by rule.

    Raises:
        PolicyError: If the folder has no cases, or one is malformed or about a rule that the pack lacks.
    """
    found: dict[str, tuple[Case, ...]] = {}
    known = {one.id for one in pack.rules}
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in known:
            raise PolicyError(f"the pack {pack.name} has no rule {path.stem}", where=str(path))
        try:
            found[path.stem] = _CASES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise PolicyError(f"the cases cannot be read: {error}", where=str(path)) from error
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the file"
            raise PolicyError(f"a case is malformed at {field}: {first['msg']}", where=str(path)) from error
    if not found:
        raise PolicyError(
            "there are no cases", where=str(folder), fix="write RULE.yaml for each rule (see policies/cases)"
        )
    return found


def try_case(pack: PolicyPack, rule_id: str, case: Case, today: date) -> Tried:
    """What a rule makes of a case, through the very evaluation that judges scans."""
    findings = [one.finding() for one in case.findings]
    verdict = evaluate(pack, case.plan.plan(pack.name, pack.digest), findings, today=today)
    result = next(one for one in verdict.rules if one.rule == rule_id)
    rule = pack.rule(rule_id)
    literal = max((part for part, _, _ in rule.message.parts), key=len).strip()
    came: Expectation = (
        "quiet"
        if result.state in (RuleState.PASS, RuleState.NOT_APPLICABLE)
        else "fires"
        if literal in result.message
        else "undecided"
    )
    complaint = ""
    if came != case.expect:
        complaint = f"{came}, and {case.expect} was expected"
    elif case.says not in result.message:
        complaint = f"it does not say '{case.says}'"
    return Tried(rule=rule_id, case=case, came=came, message=result.message, complaint=complaint)


def try_all(pack: PolicyPack, cases: dict[str, tuple[Case, ...]], today: date) -> Iterator[Tried]:
    """Every case of a pack."""
    for rule, its in cases.items():
        for case in its:
            yield try_case(pack, rule, case, today)


def untried(pack: PolicyPack, cases: dict[str, tuple[Case, ...]]) -> tuple[str, ...]:
    """Rules without a case that fires, or without one that does not."""
    sorts: dict[str, set[str]] = defaultdict(set)
    for rule, its in cases.items():
        sorts[rule] |= {one.expect for one in its}
    return tuple(one.id for one in pack.rules if not {"fires", "quiet"} <= sorts[one.id])


def digest_of(name: str) -> str:
    """Digest of whatever is called by this name in a case."""
    return digest_bytes(name.encode())


def _model(given: str | ModelInWords) -> ModelInWords:
    return ModelInWords(name=given) if isinstance(given, str) else given


def cases_of(pack: str, folder: Path | None, shipped: Path) -> Path:
    """The folder of a pack's cases: as given, beside the pack's file, or among the shipped ones."""
    if folder is not None:
        return folder
    path = Path(pack)
    return path.parent / "cases" / path.stem if path.is_file() else shipped / "cases" / pack
