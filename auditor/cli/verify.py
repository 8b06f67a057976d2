"""``auditor verify``: check a bundle without models, network or trust."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

EXAMPLES = """
[bold]Examples[/bold]

  With the public key of whoever made the audit:
    auditor verify audit.zip --key audit.pub.pem

  The time as well, by the root certificate of the authority that stamped it:
    auditor verify audit.zip --key audit.pub.pem --tsa-certificate root.pem
"""


def verify(
    file: Annotated[Path, typer.Argument(help="The bundle.")],
    key: Annotated[Path, typer.Option(help="Public key of the signer, Ed25519 in PEM.")],
    tsa_certificate: Annotated[
        Path | None,
        typer.Option(help="Root certificate of a time-stamp authority, PEM: check the time by it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Check a bundle in five steps; leaves with status 4 at the first thing that is not as it was sealed.

    The signature, and with --tsa-certificate the time that an authority attests; every record, the chain and
    the root; the statistics, worked out again from the answers; the verdict, from the statistics and the
    policy; the reports, rendered again. Loads no model and needs no network.
    """
    from auditor.attestation.verify import Step, verify_bundle

    console = Console()

    def told(step: Step) -> None:
        console.print(f"[green]✓[/green] {step.title}:", step.found, highlight=False, soft_wrap=True)

    verified = verify_bundle(file, key, (lambda _step: None) if as_json else told, authority=tsa_certificate)
    if as_json:
        steps = [asdict(step) for step in verified.steps]
        time = asdict(verified.attested) if verified.attested else None
        redaction = asdict(verified.redaction) if verified.redaction else None
        said = {"sealed": asdict(verified.sealed), "timestamp": time, "redaction": redaction, "steps": steps}
        typer.echo(json.dumps(said, indent=2))
    elif verified.redaction is not None:
        console.print(
            "[yellow]Verified in part:[/yellow] answers are withheld; what rests on them was not checked.",
            highlight=False,
        )
    return 0
