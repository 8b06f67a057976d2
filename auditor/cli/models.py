"""``auditor models``: what a model is, before it is asked anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

app = typer.Typer(no_args_is_help=True, help="Look at models.", rich_markup_mode="rich")


@app.command(
    epilog="[bold]Examples[/bold]\n\n  auditor models inspect ./student\n\n"
    "  auditor models inspect demo:suspect --json"
)
def inspect(
    model: Annotated[str, typer.Argument(help="Locator, as for `auditor scan`.")],
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle", help="Accept pickled weights.")] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Accept a model's own code.")
    ] = False,
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds an endpoint's key.")
    ] = None,
    system_prompt: Annotated[
        str | None, typer.Option(help="System prompt; it is part of the digest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Show access, digest, card and licence of a model. Weights are hashed, not loaded."""
    from auditor.target.open import open_target
    from auditor.target.protocol import OpenOptions

    options = OpenOptions(
        dtype=dtype,
        device=device,
        allow_pickle=allow_pickle,
        trust_remote_code=trust_remote_code,
        api_key_env=api_key_env,
        system_prompt=system_prompt,
    )
    target = open_target(model, options)
    known = target.description
    target.close()
    facts = {
        "name": known.name,
        "kind": known.kind.value,
        "access": known.access.label,
        "digest": known.digest,
        "tokenizer digest": known.tokenizer_digest or "hidden",
        "revision": known.revision or "-",
        **dict(known.details),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return 0
    console = Console(soft_wrap=True)
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        console.print(f"[bold]{escape(name.ljust(width))}[/bold]  {escape(value)}", highlight=False)
    return 0


@app.command(
    epilog="[bold]Examples[/bold]\n\n  auditor models manifest ./student --out student.manifest.json\n\n"
    "  auditor models manifest ./student --check student.manifest.json\n\n"
    "  auditor models manifest ./student --check ./student/model.sig"
)
def manifest(
    folder: Annotated[Path, typer.Argument(help="Folder of a model.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to a file.")] = None,
    check: Annotated[
        Path | None, typer.Option(help="Manifest or model signature to compare with; nothing is written.")
    ] = None,
) -> int:
    """List every file of a model by digest, as OpenSSF model signing does, or say what changed since.

    Whether a signature is valid is for the tool that signed; here files are compared with what it states.
    """
    from auditor.attestation.model_manifest import manifest_of, read_manifest

    now = manifest_of(folder)
    if check is not None:
        changes = read_manifest(check).changes(now)
        for line in changes:
            typer.echo(line)
        typer.echo(f"sha256:{now.digest}  {len(now.files)} files, {len(changes)} changes")
        return 4 if changes else 0
    text = json.dumps(now.statement(), indent=1) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return 0
    out.write_text(text, encoding="utf-8")
    typer.echo(f"sha256:{now.digest}  {len(now.files)} files")
    return 0
