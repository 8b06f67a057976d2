"""The evidence probe by probe: the test with its null, the plots, the exhibits, the limits, the answers."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.finding import Estimates, Fact, Finding, SideBySide, Table
from auditor.record.result import TestResult
from auditor.record.scan import PlannedProbe, Scan
from auditor.report.answers import Budget, Key, Sheet, sheet
from auditor.report.cast import Cast
from auditor.report.claims import ClaimLine, claim_line
from auditor.report.forest import Forest, forest
from auditor.report.inert import Passage, one_line, passage
from auditor.report.lede import Entry
from auditor.report.numerals import attainable, count, number, p_value
from auditor.report.plot import Strip, strip
from auditor.report.wording import CLAIMS, GUARANTEES, amount, effect_words, sentence

_MOST_ROWS = 300
_CELL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A table in printable cells; ``numeric`` says which columns align to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two answers to one prompt."""

    item: str
    category: str
    prompt: Passage
    first: Passage
    first_label: str
    second: Passage
    second_label: str
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsView:
    """Answers side by side, worst first."""

    title: str
    first_name: str
    second_name: str
    pairs: tuple[PairView, ...]
    harmful: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding with everything needed to doubt it."""

    line: ClaimLine
    anchor: str
    says: str
    beware: str
    decisive: str
    strip: Strip | None
    test: tuple[Entry, ...]
    assumptions: tuple[str, ...]
    facts: tuple[Entry, ...]
    tables: tuple[TableView, ...]
    forests: tuple[Forest, ...]
    sides: tuple[PairsView, ...]
    limits: tuple[str, ...]
    fingerprint: str
    answers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSection:
    """A probe with its findings and answers."""

    anchor: str
    answers_anchor: str
    title: str
    probe: str
    about: str
    digest: str
    findings: tuple[FindingView, ...]
    sheet: Sheet | None


def probe_sections(
    scan: Scan, cast: Cast, keys: dict[str, tuple[Key, ...]], budget: Budget
) -> tuple[ProbeSection, ...]:
    """One section for each probe that was planned or that left a finding, in the order of the plan."""
    planned = {one.probe: one for one in scan.plan.probes}
    order = dict.fromkeys([*planned, *(one.probe for one in scan.findings)])
    sections = []
    for place, probe in enumerate(order, start=1):
        findings = tuple(
            _finding(finding, f"finding-{n}", cast, budget)
            for n, finding in enumerate(scan.findings, start=1)
            if finding.probe == probe
        )
        known = planned.get(probe)
        sections.append(
            ProbeSection(
                anchor=f"probe-{place}",
                answers_anchor=f"answers-{place}",
                title=known.title if known else probe,
                probe=probe,
                about=_about(known, findings),
                digest=known.digest if known else "",
                findings=findings,
                sheet=sheet(scan, cast, keys.get(probe, ()), budget),
            )
        )
    return tuple(sections)


def _about(probe: PlannedProbe | None, findings: tuple[FindingView, ...]) -> str:
    if probe is None:
        return "Not in the sealed plan."
    items = f"{count(probe.items, 'item')}, " if probe.items else ""
    nothing = "" if findings else " No finding was recorded."
    return f"{items}method {probe.method}.{nothing}"


def _finding(finding: Finding, anchor: str, cast: Cast, budget: Budget) -> FindingView:
    words = CLAIMS[finding.claim]
    result = finding.result
    exhibits = finding.exhibits
    return FindingView(
        line=claim_line(finding, anchor, cast),
        anchor=anchor,
        says=words.says,
        beware=words.beware,
        decisive=cast.sentence(finding.decisive),
        strip=strip(finding, cast.suspect),
        test=_test(result) if result is not None else (),
        assumptions=result.assumptions if result is not None else (),
        facts=tuple(_fact(fact) for fact in finding.facts),
        tables=tuple(_table(one) for one in exhibits if isinstance(one, Table)),
        forests=tuple(
            drawn for one in exhibits if isinstance(one, Estimates) and (drawn := forest(one)) is not None
        ),
        sides=tuple(_pairs(one, budget) for one in exhibits if isinstance(one, SideBySide)),
        limits=finding.limits,
        fingerprint=finding.fingerprint,
        answers=count(len(finding.observation_ids), "answer") if finding.observation_ids else "",
    )


def _fact(fact: Fact) -> Entry:
    return Entry(label=fact.meaning or fact.name.replace("_", " "), value=amount(fact))


def _test(result: TestResult) -> tuple[Entry, ...]:
    p = p_value(result.p_value, result.log10_p_value)
    least = attainable(result)
    rows = [
        Entry(label="Null", value=sentence(result.null)),
        Entry(label="Sensitive to", value=sentence(result.alternative)),
        Entry(label="Statistic", value=f"{number(result.statistic, 4)} ({result.statistic_name})"),
        Entry(label="Effect", value=effect_words(result)),
    ]
    if p:
        rows.append(Entry(label="p-value", value=p.removeprefix("= ")))
    if least:
        rows.append(Entry(label="Smallest attainable p", value=least))
    if result.e_value is not None:
        rows.append(Entry(label="e-value", value=number(result.e_value)))
    rows += [
        Entry(label="Replicated", value=f"{result.n:,} {result.unit_of_replication}"),
        Entry(label="Guarantee", value=GUARANTEES[result.guarantee]),
        Entry(label="Method", value=result.method, code=True),
        Entry(label="Source", value=result.source),
    ]
    return tuple(row for row in rows if row.value)


def _table(table: Table) -> TableView:
    kept = table.rows[:_MOST_ROWS]
    cut = len(table.rows) - len(kept)
    notes = [table.note, f"{count(cut, 'further row')} in the ledger." if cut else ""]
    numeric = tuple(
        bool(kept)
        and all(
            (isinstance(row[n], (int, float)) and not isinstance(row[n], bool)) or row[n] is None
            for row in kept
            if n < len(row)
        )
        for n in range(len(table.columns))
    )
    return TableView(
        title=table.title,
        columns=table.columns,
        rows=tuple(tuple(_cell(one) for one in row) for row in kept),
        numeric=numeric,
        note=" ".join(note for note in notes if note),
    )


def _cell(value: str | float | int | bool | None) -> str:
    if isinstance(value, str):
        return value if len(value) <= _CELL else f"{value[:_CELL]}…"
    return number(value)


def _pairs(side: SideBySide, budget: Budget) -> PairsView:
    kept = side.pairs[: budget.pairs]
    cut = len(side.pairs) - len(kept)
    return PairsView(
        title=one_line(side.title),
        first_name=one_line(side.first_name),
        second_name=one_line(side.second_name),
        harmful=side.harmful,
        note=f"{count(cut, 'further pair')} in the ledger and not on this page." if cut else "",
        pairs=tuple(
            PairView(
                item=one_line(pair.item[:_CELL]),
                category=one_line(pair.category[:_CELL]),
                prompt=passage(pair.prompt, budget.passage),
                first=passage(pair.first, budget.passage),
                first_label=one_line(pair.first_label[:_CELL]),
                second=passage(pair.second, budget.passage),
                second_label=one_line(pair.second_label[:_CELL]),
                flagged=pair.flagged,
            )
            for pair in kept
        ),
    )
