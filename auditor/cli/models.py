"""``auditor models``: what a model is, before it is asked anything."""

from __future__ import annotations

import json
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
