"""``auditor scan --replicate``: the questions of a sealed audit put again, and both runs side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from auditor.cli.perform import INTERRUPTED
from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.scan.plan_file import ControlEntry, TwinEntry
from auditor.target.protocol import OpenOptions

if TYPE_CHECKING:
    from auditor.attestation.replicate import Replication
    from auditor.scan.agreement import AnswerAgreement

#: Flags that say where a model lies or where answers go; everything else is in the bundle's plan.
_ALLOWED = {"suspect", "teachers", "base", "controls", "twins", "ledger", "seed"}
#: Flags by the names that the plan file has for them, where these differ.
_FLAGS = {"suites": "suite", "probe_folders": "probe-folder", "benchmarks": "benchmark", "panels": "panel"}


def replicated(
    bundle: Path,
    key: Path | None,
    flags: Mapping[str, Any],
    options: OpenOptions,
    reports: tuple[Path, ...],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Replicate a bundle, show what came of it, and say how the process ends.

    Returns:
        0 where every finding stands, 1 where one turned around or a model answers otherwise, 3 where
        something is decided in one run only, or the suspect was not asked again.

    Raises:
        UsageError: If the key is missing, or a flag says what the bundle's plan says.
    """
    from auditor.attestation.replicate import Whereabouts, replicate
    from auditor.cli.follow import following
    from auditor.cli.outcome import format_of
    from auditor.report.write import write_report

    if key is None:
        raise UsageError("a bundle is replicated by its seal", fix="--key PUB, the signer's public key")
    if strange := sorted(flags.keys() - _ALLOWED):
        flag = _FLAGS.get(strange[0], strange[0]).replace("_", "-")
        raise UsageError(
            f"--{flag} cannot be combined with --replicate", fix="the bundle's own plan is asked"
        )
    for path in reports:
        format_of(path)
    where = Whereabouts(locators=_locators(flags), options=options)
    ledger = flags.get("ledger", bundle.with_name(f"{bundle.stem}.replicated.db"))
    try:
        with Ledger.open(ledger) as evidence, following(quiet=quiet or as_json) as listener:
            done = replicate(bundle, key, where, evidence, seed=flags.get("seed"), listener=listener)
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on from there", err=True)
        return INTERRUPTED
    for path in reports:
        write_report(done.scan, path, format_of(path))
    if as_json:
        typer.echo(json.dumps(_as_json(done), indent=2))
    elif not quiet:
        _show(Console(), done)
    return {"replicated": 0, "not replicated": 1}.get(done.agreement.replicated, 3)


def _locators(flags: Mapping[str, Any]) -> tuple[str, ...]:
    controls: tuple[ControlEntry, ...] = flags.get("controls", ())
    twins: tuple[TwinEntry, ...] = flags.get("twins", ())
    single: tuple[str, ...] = tuple(flags[one] for one in ("suspect", "base") if one in flags)
    known_ones = (*(one.model for one in controls), *(one.model for one in twins))
    return (*single, *flags.get("teachers", ()), *known_ones)


def _as_json(done: Replication) -> dict[str, Any]:
    return {
        "replicated": done.agreement.replicated,
        "sealed_run": done.sealed.run,
        "run": done.scan.run,
        "taken_over": list(done.taken_over),
        "recordings": list(done.recordings),
        **asdict(done.agreement),
    }


def _show(console: Console, done: Replication) -> None:
    answers = Table("Model", "Answers", "compared", "the same", "largest difference", "p", "")
    for one in done.agreement.answers:
        answers.add_row(
            f"{escape(one.subject)} [dim]{one.role}[/dim]",
            one.kind,
            str(one.compared),
            str(one.identical),
            "–" if one.largest is None else f"{one.largest:.2g} {one.unit}",
            f"{one.p_value:.2g}",
            _alike(one),
        )
    console.print(answers)
    findings = Table("Finding", "before", "again", "")
    for found in done.agreement.findings:
        about = f"{found.probe}, {found.teacher}" if found.teacher else found.probe
        style = {"stands": "green", "undecided both times": "dim", "turned around": "red"}.get(
            found.kept, "yellow"
        )
        findings.add_row(
            f"{found.claim.replace('_', ' ')}\n[dim]{escape(about)}[/dim]",
            _outcome(found.before, found.effect),
            _outcome(found.after, found.effect_again),
            f"[{style}]{found.kept}[/]",
        )
    console.print(findings)
    for name in done.taken_over:
        console.print(
            f"[dim]note:[/dim] {escape(name)} was not asked: its answers are the bundle's", highlight=False
        )
    for name in done.recordings:
        console.print(
            f"[dim]note:[/dim] {escape(name)} was read again from its recording, and that shows nothing",
            highlight=False,
        )
    style = {"replicated": "bold green", "not replicated": "bold red"}.get(
        done.agreement.replicated, "bold yellow"
    )
    console.print(
        f"[{style}]{done.agreement.replicated}[/]: run {done.sealed.run}, asked again as run {done.scan.run}"
    )


def _alike(one: AnswerAgreement) -> str:
    if not one.compared:
        return "[dim]not compared[/dim]"
    return "[green]as before[/green]" if one.alike else "[red]otherwise[/red]"


def _outcome(outcome: str | None, effect: float | None) -> str:
    words = "–" if outcome is None else outcome.replace("_", " ")
    return words if effect is None else f"{words}\n[dim]effect {effect:.3g}[/dim]"
