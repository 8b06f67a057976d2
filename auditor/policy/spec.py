"""Policy packs: the schema of ``policies/<pack>.yaml``, and rules with compiled conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator, model_validator
from pydantic import Field as Constraint

from auditor import content
from auditor.digest import digest_json
from auditor.error import PolicyError
from auditor.policy.condition import Condition, ConditionError, compile_condition
from auditor.policy.document import Document, IsoDate, read_document
from auditor.policy.message import Message, MessageError, compile_message
from auditor.policy.vocabulary import Kind, fields_for
from auditor.record.finding import Claim
from auditor.record.result import Guarantee
from auditor.record.verdict import Mode, RuleState, Severity

_KIND = "the policy pack"
_FIX = "see `auditor policy explain` for the keys of a rule"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9-]*:\S(.*\S)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requires(_Strict):
    """The evidence that a rule needs before it can be decided.

    Attributes:
        claim: The claim that the findings must be about.
        guarantee: The weakest guarantee that counts.
        each_teacher: Whether every candidate teacher needs a finding of its own, as soon as the findings
            are about teachers at all.
    """

    claim: Claim
    guarantee: Guarantee
    each_teacher: bool = True


class RuleFile(_Strict):
    """One rule as it is written; see :class:`Rule` for the meaning of each key."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,63}$")]
    title: Text
    severity: Severity
    mode: Mode
    effective_on: IsoDate | None = None
    requires: Requires | None = None
    on_missing: Literal["inconclusive", "fail"] = "inconclusive"
    on_not_applicable: Literal["inconclusive", "not_applicable"] | None = None
    on_fire: Literal["fail", "inconclusive"] = "fail"
    when: Text
    message: Text
    why: Text
    decisive: str = ""
    maps: tuple[Reference, ...] = ()

    @model_validator(mode="after")
    def _evidence_suffices(self) -> RuleFile:
        if self.mode is Mode.DENY and self.requires and self.requires.guarantee is Guarantee.INDICATIVE:
            raise ValueError("indicative evidence has no null, so a rule in mode deny cannot rest on it")
        return self


class LicenceTerm(_Strict):
    """What a licence says about learning from a model's outputs.

    Attributes:
        licence: Identifier as model cards write it.
        outputs: Whether other models may learn from outputs: forbidden, conditional or allowed.
        dated: Date of the text that was read.
        source: Where that text is.
        note: The condition, in a few words.
    """

    licence: Text
    outputs: Literal["forbidden", "conditional", "allowed"]
    dated: Text
    source: Text
    note: str = ""


class PackFile(_Strict):
    """A policy pack as it is written."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Text
    version: Text
    description: Text
    alpha: Annotated[float, Constraint(gt=0.0, le=0.5, allow_inf_nan=False)]
    max_waiver_days: Annotated[int, Constraint(ge=1, le=3660, strict=True)] = 90
    licence_terms: tuple[LicenceTerm, ...] = ()
    facts: dict[Claim, dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")], Kind]] = {}
    rules: Annotated[tuple[RuleFile, ...], Constraint(min_length=1)]

    @field_validator("licence_terms")
    @classmethod
    def _one_term_each(cls, terms: tuple[LicenceTerm, ...]) -> tuple[LicenceTerm, ...]:
        seen: set[str] = set()
        for term in terms:
            if term.licence.casefold() in seen:
                raise ValueError(f"the licence '{term.licence}' is listed twice")
            seen.add(term.licence.casefold())
        return terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that is ready to be evaluated.

    Attributes:
        id: Identity within the pack, for waivers and reports.
        title: One line for people.
        severity: How much it weighs when it fires.
        mode: Whether a fired rule fails the scan, warns or informs.
        effective_on: Before this day it is shown and has no effect; None means it is in force.
        requires: The evidence it needs; None for a rule about the scan as a whole.
        on_missing: Its state where required evidence, or a value of its condition, is missing.
        on_not_applicable: Its state where no probe of the claim could be applied.
        on_fire: Its state where it fires: a violation, or evidence that does not suffice.
        condition: True means the rule fires.
        message: What a reader is told when it fires.
        why: Why the rule exists, for a reader who is no engineer.
        decisive: What would decide it.
        maps: Identifiers in public frameworks, as ``FRAMEWORK:identifier``.
        line: Its line in the pack.
    """

    id: str
    title: str
    severity: Severity
    mode: Mode
    effective_on: IsoDate | None
    requires: Requires | None
    on_missing: RuleState
    on_not_applicable: RuleState
    on_fire: RuleState
    condition: Condition
    message: Message
    why: str
    decisive: str
    maps: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPack:
    """A loaded pack.

    Attributes:
        name: Name of the pack.
        title: One line for people.
        version: Version of its content.
        description: What the pack is for.
        alpha: Level at which p-values are believed, after multiplicity.
        max_waiver_days: Longest time from a waiver's approval to its expiry.
        licence_terms: What licences say about learning from outputs.
        rules: The rules, in the order of the file.
        digest: Digest of the content; layout and comments of the file do not matter.
        path: The file it was read from.
    """

    name: str
    title: str
    version: str
    description: str
    alpha: float
    max_waiver_days: int
    licence_terms: tuple[LicenceTerm, ...]
    rules: tuple[Rule, ...]
    digest: str
    path: Path = field(compare=False)

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            PolicyError: If the pack has none.
        """
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise PolicyError(
            f"there is no rule '{rule_id}'",
            where=str(self.path),
            fix=f"choose one of {', '.join(rule.id for rule in self.rules)}",
        )


def shipped_policies() -> tuple[str, ...]:
    """Names of the packs that come with this tool."""
    return tuple(sorted(path.stem for path in content.policies().glob("*.yaml")))


def load_policy(path_or_name: str | Path) -> PolicyPack:
    """Load a shipped pack by name, or a file by its path.

    A name with a suffix or a path separator, and every :class:`~pathlib.Path`, is a file.

    Raises:
        PolicyError: If there is no such pack, or anything in it is malformed: unknown or repeated keys,
            conditions that do not type-check, placeholders that nothing fills. The message names file,
            line and rule.
    """
    document = read_document(_locate(path_or_name))
    pack = document.parse(PackFile, kind=_KIND, fix=_FIX)
    seen: dict[str, int] = {}
    rules: list[Rule] = []
    for index, written in enumerate(pack.rules):
        line = document.line(("rules", index))
        if written.id in seen:
            raise PolicyError(
                f"the rule id '{written.id}' is already used in line {seen[written.id]}",
                where=document.where(("rules", index, "id")),
                fix="give each rule an id of its own, because waivers refer to it",
            )
        seen[written.id] = line
        rules.append(_compile(written, pack.facts, document, index))
    return PolicyPack(
        name=pack.name,
        title=pack.title,
        version=pack.version,
        description=pack.description,
        alpha=pack.alpha,
        max_waiver_days=pack.max_waiver_days,
        licence_terms=pack.licence_terms,
        rules=tuple(rules),
        digest=digest_json(pack.model_dump(mode="json")),
        path=document.path,
    )


def _locate(path_or_name: str | Path) -> Path:
    if isinstance(path_or_name, Path):
        return path_or_name
    named = Path(path_or_name)
    if named.suffix in {".yaml", ".yml"} or len(named.parts) != 1 or named.is_file():
        return named
    shipped = shipped_policies()
    if path_or_name in shipped:
        return content.policies() / f"{path_or_name}.yaml"
    raise PolicyError(
        f"there is no policy pack '{path_or_name}'",
        fix=f"choose one of {', '.join(shipped) or 'none shipped'}, or give the path of a YAML file",
    )


def _compile(
    written: RuleFile, facts: Mapping[Claim, Mapping[str, Kind]], document: Document, index: int
) -> Rule:
    fields = fields_for(written.requires.claim if written.requires else None, facts)
    note = f"rule {written.id}"
    try:
        condition = compile_condition(written.when, fields)
    except ConditionError as error:
        raise PolicyError(
            str(error), where=document.where(("rules", index, "when"), note), fix="mend the condition"
        ) from error
    try:
        message = compile_message(written.message, fields)
    except MessageError as error:
        raise PolicyError(
            str(error), where=document.where(("rules", index, "message"), note), fix="mend the message"
        ) from error
    lenient = RuleState.INCONCLUSIVE if written.mode is Mode.DENY else RuleState.NOT_APPLICABLE
    return Rule(
        id=written.id,
        title=written.title,
        severity=written.severity,
        mode=written.mode,
        effective_on=written.effective_on,
        requires=written.requires,
        on_missing=RuleState(written.on_missing),
        on_not_applicable=RuleState(written.on_not_applicable) if written.on_not_applicable else lenient,
        on_fire=RuleState(written.on_fire),
        condition=condition,
        message=message,
        why=" ".join(written.why.split()),
        decisive=" ".join(written.decisive.split()),
        maps=written.maps,
        line=document.line(("rules", index)),
    )
