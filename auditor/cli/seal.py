"""``auditor seal``: sign a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from auditor.error import UsageError

EXAMPLES = """
[bold]Examples[/bold]

  Make a key once, and give the public half to whoever is to check:
    auditor seal --new-key audit.pem

  Seal the latest run:
    auditor seal --key audit.pem --out seal.json

  Have somebody else say when that was:
    auditor seal --key audit.pem --timestamp http://tsa.example.org
"""


def seal(
    run: Annotated[
        str | None, typer.Argument(help="Run, or the beginning of its name; the latest if left out.")
    ] = None,
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    key: Annotated[Path | None, typer.Option(help="Private key, Ed25519 in PEM.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the seal.")] = Path("seal.json"),
    waivers: Annotated[Path | None, typer.Option(help="Waivers that the run was judged with.")] = None,
    timestamp: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this RFC 3161 time-stamp authority for the time."),
    ] = None,
    tsa_certificate: Annotated[
        Path | None, typer.Option(help="Check its time stamp at once by this root certificate, in PEM.")
    ] = None,
    new_key: Annotated[Path | None, typer.Option(help="Make a key in this file and leave.")] = None,
) -> int:
    """Sign a finished run: its evidence, its plan, its verdict and its reports.

    The seal is a DSSE envelope around an in-toto statement, so that other tools can read it. Whoever has the
    public key can tell with [bold]auditor verify[/bold] whether anything was changed since.

    Without --timestamp the time of a seal is the word of whoever sealed. With it an authority, which is told
    a digest and nothing else, states that the seal existed; its token is kept beside the seal (seal.tsr) and
    goes into the bundle with it.
    """
    from auditor.attestation.envelope import sign
    from auditor.attestation.key import new_key as make_key
    from auditor.attestation.statement import sealed_run, statement_of
    from auditor.attestation.timestamp import stamp, token_path
    from auditor.ledger import Ledger

    console = Console()
    if new_key is not None:
        public = make_key(new_key)
        console.print(f"Private key: {new_key} (keep it)", markup=False, highlight=False)
        console.print(f"Public key:  {public} (give it to whoever checks)", markup=False, highlight=False)
        return 0
    if key is None:
        raise UsageError("no key is named", fix="give --key FILE.pem, or make one with --new-key FILE.pem")
    if tsa_certificate is not None and timestamp is None:
        raise UsageError("there is no time stamp to check", fix="name its authority with --timestamp URL")
    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        evidence.verify()
        scan = evidence.scan(run)
    try:
        waived = waivers.read_bytes() if waivers is not None else None
    except OSError as error:
        raise UsageError(f"the waivers cannot be read: {error.strerror}", where=str(waivers)) from error
    sealed = sealed_run(scan, waived)
    envelope = sign(statement_of(scan, sealed), key)
    # Before anything is written: a seal that was to have a time has one, or is not there.
    token = stamp(envelope, timestamp, tsa_certificate) if timestamp is not None else None
    beside = token_path(out)
    try:
        out.write_bytes(envelope)
        if token is not None:
            beside.write_bytes(token)
        else:
            beside.unlink(missing_ok=True)  # of the seal that was here before
    except OSError as error:
        raise UsageError(f"the seal cannot be written: {error.strerror}", where=str(out)) from error
    console.print(f"Run {sealed.run} is sealed in {out}", markup=False, highlight=False)
    if token is not None:
        console.print(f"Its time stamp is in {beside}", markup=False, highlight=False)
    console.print(f"Root {sealed.root}", markup=False, highlight=False)
    return 0
