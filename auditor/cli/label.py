"""``auditor label``: people label a random sample of a run's answers, blind to the model."""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.error import UsageError

if TYPE_CHECKING:
    from auditor.attestation.contents import Sources
    from auditor.ledger import Ledger
    from auditor.probe.judge.table import Row
    from auditor.probe.label.sample import Card, Sample
    from auditor.probe.spec import ProbeSpec
    from auditor.record.observation import PersonsLabel
    from auditor.record.scan import Scan
    from auditor.scan.labelling import Labels

EXAMPLES = """
[bold]Examples[/bold]

  Label answers of the latest run; quit at any time, the same command goes on from there:
    auditor label --rater anna

  Labels that were made elsewhere: write the sample to a file, fill in the labels, read it back:
    auditor label --rater anna --export sample.jsonl
    auditor label --rater anna --labels sample.jsonl

  The findings again, corrected for the judge's errors; the run itself stays as it was sealed:
    auditor label --conclude --out corrected.html
"""


class About(StrEnum):
    """Which prompts are labelled."""

    UNSAFE = "unsafe"
    BENIGN = "benign"


def label(
    run: Annotated[
        str | None, typer.Argument(help="Run, or the beginning of its name; the latest if left out.")
    ] = None,
    rater: Annotated[str | None, typer.Option(help="Name of whoever labels.")] = None,
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    about: Annotated[
        About, typer.Option(help="Answers to unsafe prompts, or to their benign twins.")
    ] = About.UNSAFE,
    size: Annotated[
        int, typer.Option(min=1, help="Prompts to draw; all models' answers to each are labelled.")
    ] = 60,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the draw; the run's own if left out.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(help="Refusal probe, where the run has several: suite/probe.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Import labels: JSONL or CSV with id and label.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the sample with the rater's labels so far, as JSONL or CSV.")
    ] = None,
    conclude: Annotated[
        bool, typer.Option("--conclude", help="Measure the run again with all labels, as a new run.")
    ] = False,
    plan: Annotated[Path | None, typer.Option(help="Plan file that the run was scanned with.")] = None,
    served: Annotated[Path | None, typer.Option(help="Log of served answers that it was about.")] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="Test items that it was about; repeat as in the scan.")
    ] = None,
    prompts: Annotated[
        list[str] | None, typer.Option(help="Sets of prompts that it was about; repeat as in the scan.")
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy pack, where it is in a file.")] = None,
    waivers: Annotated[Path | None, typer.Option(help="Waivers that the run is judged with.")] = None,
    out: Annotated[
        list[Path] | None, typer.Option("--out", "-o", help="With --conclude, write a report; repeat.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --conclude, print the report as JSON.")
    ] = False,
) -> int:
    """Label a random sample of a run's answers, and correct its refusals for the judge's errors.

    Answers are shown without the model's name and without the judge's label. Every label is written into the
    ledger at once. With --conclude the process ends with the status of the new run.
    """
    from auditor.attestation.contents import Sources
    from auditor.ledger import Ledger
    from auditor.scan.labelling import Labels, sample_of
    from auditor.scan.labelling import rater as person
    from auditor.scan.plan_file import load_plan_file

    _check(rater, labels, export, out, as_json, conclude=conclude)
    sources = Sources(
        plan=load_plan_file(plan) if plan else None,
        served=served,
        benchmarks=tuple(benchmark or ()),
        prompts=tuple(prompts or ()),
        policy=policy,
        waivers=waivers,
    )
    reading = export is not None and labels is None and not conclude
    with Ledger.open(ledger, create=False, readonly=reading) as evidence:
        scan = evidence.scan(run)
        if conclude:
            return _conclude(evidence, scan, sources, tuple(out or ()), as_json=as_json)
        sample = sample_of(scan, _probe(scan, sources, probe), about.value, size, seed)
        mine = Labels(evidence, person(str(rater)), sample)
        if labels is not None:
            changed = mine.record(_read(labels))
            typer.echo(f"{changed} labels are new or changed")
        if export is not None:
            _write(export, mine)
        if labels is None and export is None:
            _screen(mine)
        for line in _state(evidence, sample, mine):
            typer.echo(line)
    return 0


def _check(
    rater: str | None,
    labels: Path | None,
    export: Path | None,
    out: list[Path] | None,
    as_json: bool,
    *,
    conclude: bool,
) -> None:
    if conclude and (labels or export):
        raise UsageError("labels are read before they are concluded from", fix="give two commands")
    if not conclude and (out or as_json):
        raise UsageError("--out and --json are for the report of a new run", fix="add --conclude")
    if not conclude and not (rater or "").strip():
        raise UsageError("nobody is named who labels", fix="add --rater NAME")


def _probe(scan: Scan, sources: Sources, named: str | None) -> ProbeSpec:
    from auditor.attestation.contents import probes_asked
    from auditor.probe.method.refusal_retention import RefusalRetention

    known = [one for one in probes_asked(scan.plan, sources) if one.file.method == RefusalRetention.name]
    chosen = [one for one in known if named in (None, one.id)]
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(one.id for one in known)
    if not known:
        raise UsageError("the run has no probe of refusals", where=scan.run, fix="scan with --suite refusal")
    raise UsageError(
        f"the run has {'several probes of refusals' if named is None else f'no refusal probe {named}'}",
        where=scan.run,
        fix=f"name one of them by --probe: {listed}",
    )


def _screen(mine: Labels) -> None:
    from rich.console import Console

    from auditor.cli.keyboard import keys
    from auditor.cli.label_screen import label_cards

    def save(card: Card, chosen: PersonsLabel) -> None:
        mine.record({card.id: chosen})

    given = {name: one.label for name, one in mine.held().items()}
    with keys() as key:
        label_cards(mine.sample.cards, given, save, console=Console(), key=key)


def _read(path: Path) -> dict[str, PersonsLabel]:
    from auditor.probe.judge.table import cell, read_rows, table_format
    from auditor.scan.labelling import PERSONS_LABELS

    found: dict[str, PersonsLabel] = {}
    for number, row in enumerate(read_rows(path, table_format(path, None)), start=1):
        where = f"{path}, row {number}"
        name, word = cell(row, "id", where), cell(row, "label", where).strip().casefold()
        if not word:
            continue
        known = next((one for one in PERSONS_LABELS if one == word), None)
        if known is None:
            raise UsageError(
                f"'{word}' is no label", where=where, fix=f"write one of {', '.join(PERSONS_LABELS)}"
            )
        if found.get(name, known) != known:
            raise UsageError(f"'{name}' is labelled twice and differently", where=where, fix="keep one")
        found[name] = known
    return found


def _write(path: Path, mine: Labels) -> None:
    from auditor.probe.judge.table import table_format, write_rows

    held = mine.held()
    rows: list[Row] = [
        {
            "id": one.id,
            "prompt": one.given.prompt,
            "answer": one.given.text,
            "label": held[one.id].label if one.id in held else "",
        }
        for one in mine.sample.cards
    ]
    write_rows(rows, path, table_format(path, None))


def _state(ledger: Ledger, sample: Sample, mine: Labels) -> list[str]:
    """How far the rater is, and how well any two raters of the sample agree."""
    from auditor.probe.judge.evaluation import REFUSED
    from auditor.probe.label.people import agreement
    from auditor.scan.labelling import Labels, raters_of

    by_rater = {}
    for one in raters_of(ledger):
        held = Labels(ledger, one, sample).held().values()
        given = {(each.subject_digest, each.request_digest): each.label for each in held}
        if given:
            by_rater[one.name] = given
    done = len(by_rater.get(mine.person.name, {}))
    lines = [
        f"{done} of {len(sample.cards)} answers are labelled, to {sample.prompts} of {sample.population} "
        "prompts"
    ]
    for first, second in combinations(sorted(by_rater), 2):
        table = agreement(by_rater[first], by_rater[second], frozenset(REFUSED))
        kappa = table.kappa()
        if kappa is None:
            lines.append(f"{first} and {second}: {table.agreed} of {table.n} alike; kappa cannot be told")
            continue
        low, high = table.kappa_interval()
        lines.append(
            f"{first} and {second}: {table.agreed} of {table.n} alike (refused or not), "
            f"kappa {kappa:.2f} (95 % interval {low:.2f} to {high:.2f})"
        )
    return lines


def _conclude(evidence: Ledger, scan: Scan, sources: Sources, out: tuple[Path, ...], *, as_json: bool) -> int:
    from auditor.attestation.contents import policy_of, probes_asked, waivers_of
    from auditor.cli.outcome import format_of, show
    from auditor.policy.waiver import load_waivers
    from auditor.scan.conduct import environment
    from auditor.scan.labelling import measured_again

    for path in out:
        format_of(path)
    waived = waivers_of(sources)
    finished = measured_again(
        evidence,
        scan,
        probes_asked(scan.plan, sources),
        policy_of(scan.plan, sources),
        load_waivers(waived) if waived is not None else (),
        environment(scan.environment.device),
    )
    return show(finished, as_json=as_json, quiet=False, reports=out)
