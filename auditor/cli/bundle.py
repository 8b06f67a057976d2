"""``auditor bundle``: a sealed run in one file, for whoever is to check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from auditor.error import UsageError

EXAMPLES = """
[bold]Examples[/bold]

  The latest run, sealed before:
    auditor seal --key audit.pem && auditor bundle --seal seal.json --out audit.zip

  A run that was scanned with a plan file, or with a log:
    auditor bundle 3f9a1c --plan plan.yaml --out audit.zip
    auditor bundle --served log.jsonl --policy extraction-investigation --out audit.zip

  Without the customers' questions and answers, which are still proven to be in the evidence:
    auditor bundle --served log.jsonl --redact lineage/served-outputs --out audit.zip
"""


def bundle(
    run: Annotated[
        str | None, typer.Argument(help="Run, or the beginning of its name; the latest if left out.")
    ] = None,
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    seal: Annotated[Path, typer.Option(help="Its seal.")] = Path("seal.json"),
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the bundle.")] = Path("audit.zip"),
    plan: Annotated[Path | None, typer.Option(help="Plan file that it was scanned with.")] = None,
    served: Annotated[Path | None, typer.Option(help="Log of served answers that it was about.")] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="Test items that it was about; repeat as in the scan.")
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option(metavar="[SIDE=]FILE", help="Sets of prompts that it was about; repeat as in the scan."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy pack, where it is in a file.")] = None,
    waivers: Annotated[Path | None, typer.Option(help="Waivers that it was judged with.")] = None,
    calibration: Annotated[Path | None, typer.Option(help="Calibration of its ratios.")] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(help="Withhold all that this probe asked, and the answers; or `all`. Repeat."),
    ] = None,
    redact_requests: Annotated[
        Path | None, typer.Option(help="Withhold the answers to the requests of these digests, one a line.")
    ] = None,
) -> int:
    """Pack a sealed run: evidence, probes, policy and reports, so that it can be checked offline.

    The bundle holds the whole ledger, with every run and answer in it: keep a ledger of its own (--ledger)
    for what is to be handed out, or withhold what is not to be shown (--redact). What is withheld leaves a
    salted digest: that it is in its place can be checked, and whoever is given it later can tell that it is
    the same. What cannot be worked out without it is named by [bold]auditor verify[/bold].
    """
    from auditor.attestation import redaction
    from auditor.attestation.bundle import EVIDENCE, REPORTS, SEAL, TOKEN, Bundle, pack
    from auditor.attestation.contents import Sources, members_of
    from auditor.attestation.statement import SEALED_REPORTS
    from auditor.attestation.timestamp import token_path
    from auditor.attestation.workroom import workroom
    from auditor.ledger import Ledger
    from auditor.report.write import render
    from auditor.scan.plan_file import load_plan_file

    sources = Sources(
        plan=load_plan_file(plan) if plan is not None else None,
        served=served,
        benchmarks=tuple(benchmark or ()),
        prompts=tuple(prompts or ()),
        policy=policy,
        waivers=waivers,
        calibration=calibration,
    )
    try:
        envelope = seal.read_bytes()
        beside = token_path(seal)
        token = beside.read_bytes() if beside.exists() else None
    except OSError as error:
        raise UsageError(
            f"the seal cannot be read: {error.strerror}", where=str(seal), fix="make it with `auditor seal`"
        ) from error
    if not out.parent.is_dir():
        raise UsageError("there is no folder for the bundle", where=str(out.parent), fix="make it first")
    with Ledger.open(ledger, create=False, readonly=True) as evidence, workroom(out) as room:
        scan = evidence.scan(run)
        members = members_of(scan.plan, sources)
        if redact or redact_requests:
            probes = Bundle(members).probes()
            hidden = redaction.hidden_requests(scan, probes, evidence, redact or (), redact_requests)
            members = redaction.redact(members, scan, evidence, hidden, room)
        else:
            copy = room / EVIDENCE
            evidence.copy_to(copy)
            members[EVIDENCE] = copy.read_bytes()
            for name in SEALED_REPORTS:
                members[f"{REPORTS}report.{name}"] = render(scan, name).encode()
        members[SEAL] = envelope
        if token is not None:
            members[TOKEN] = token
        part = room / "bundle.zip"
        part.write_bytes(pack(members))
        part.replace(out)
    Console().print(f"{out}: {len(members)} files, {out.stat().st_size:,} bytes", markup=False)
    return 0
