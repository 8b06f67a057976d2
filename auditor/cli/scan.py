"""``auditor scan``: ask, measure, judge, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from auditor.cli.perform import perform
from auditor.cli.replicate import replicated
from auditor.cli.settings import given, with_settings
from auditor.error import UsageError
from auditor.scan.plan_file import Access, ControlEntry, Declared, PlanFile, TwinEntry, load_plan_file

EXAMPLES = """
[bold]Examples[/bold]

  One model alone, with whatever the ledger already knows:
    auditor scan ./student

  Against two candidate teachers, with its base and two controls:
    auditor scan ./student --teacher ./teacher --teacher org/other@v2 --base ./base \\
      --control same-base=./control-1 --control ./control-2 --report audit.html

  A model behind an API, and answers that already exist:
    auditor scan openai:student@http://127.0.0.1:8000/v1 --teacher recorded:teacher.jsonl

  Did it learn from exactly the answers that our API served? Stop at 100 to 1:
    auditor scan ./student --teacher ./teacher --served log.jsonl --stop-at 100 -s lineage/served-outputs

  Has it seen the items of a benchmark? Three controls or more show what is usual:
    auditor scan ./student --benchmark mmlu.jsonl --control ./other-1 --control ./other-2 \\
      --control ./other-3 --suite benchmark

  Does it still refuse, and answer, what your own sets of prompts ask? And under pressure?
    auditor scan ./student --teacher ./teacher --prompts xstest_prompts.csv --prompts safe=harmless.csv
    auditor scan ./student --teacher ./teacher --suite pressure

  Recorded answers alone, among hundreds of recorded models:
    auditor scan recorded:student.jsonl --population population.csv

  How strong is all of it together? By a calibration that `auditor validate` wrote:
    auditor scan ./student --teacher ./teacher -s world-lineage --calibration calibration.json

  A release check, from a plan file:
    auditor scan --plan plan.yaml

  Somebody's audit: do the models, which lie here, answer again as its bundle says?
    auditor scan ./student --replicate audit.zip --key audit.pub.pem --teacher ./teacher
"""

ROLES, ASKED, JUDGED = "Who takes part", "What is asked", "How it is judged"
OPENING, OUTPUT = "Opening models", "Output"


def scan(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL-ID]",
            help="The suspect: a folder, a .gguf file, a hub id with optional @revision, openai:MODEL@URL, "
            "recorded:FILE or demo:NAME.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", "-p", help="Plan file (see `auditor init`); flags win over it.", rich_help_panel=ASKED
        ),
    ] = None,
    teacher: Annotated[
        list[str] | None, typer.Option(help="Candidate teacher; repeat for several.", rich_help_panel=ROLES)
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="The suspect's checkpoint before the suspected distillation.", rich_help_panel=ROLES
        ),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[STRATUM[:TEACHER]=]MODEL",
            help="Model known not to derive from a teacher; strata: same-base, same-data, "
            "sibling-student, unrelated. TEACHER is whose data or sibling it knows, where there are several.",
            rich_help_panel=ROLES,
        ),
    ] = None,
    twin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TEACHER=]MODEL",
            help="Model of a teacher's own recipe and data with another seed; eight or more tell the teacher "
            "from what else shares its data.",
            rich_help_panel=ROLES,
        ),
    ] = None,
    panel: Annotated[
        list[Path] | None, typer.Option(help="File of recorded controls.", rich_help_panel=ROLES)
    ] = None,
    population: Annotated[
        Path | None,
        typer.Option(
            help="Table of recorded models (CSV, JSONL or YAML): candidate teachers and yardsticks for "
            "what text alone can tell.",
            rich_help_panel=ROLES,
        ),
    ] = None,
    only_named: Annotated[
        bool,
        typer.Option(
            "--only-named",
            help="Leave out teachers and controls that only the ledger knows.",
            rich_help_panel=ROLES,
        ),
    ] = False,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            "-s",
            help="Suite, or single probe as suite/probe; repeat for several.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    probe_folder: Annotated[
        list[Path] | None, typer.Option(help="Folder of further suites.", rich_help_panel=ASKED)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SUITE/PROBE.PARAMETER=VALUE",
            help="Replace a parameter of a probe.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SIDE=]FILE",
            help="Safe and unsafe prompts (CSV or JSONL), in the layout of XSTest, HarmBench, StrongREJECT, "
            "JailbreakBench, OR-Bench, AILuminate or your own (prompt, label); SIDE is safe or unsafe, where "
            "the file does not say. Repeat for several.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Test items (JSONL, CSV, Parquet or hub:NAME:CONFIG:SPLIT): were they seen in training? "
            "Repeat for several.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    served: Annotated[
        Path | None,
        typer.Option(
            metavar="LOG",
            help="Answers that the first teacher served (JSONL or CSV): did the suspect learn from them?",
            rich_help_panel=ASKED,
        ),
    ] = None,
    stop_at: Annotated[
        float | None,
        typer.Option(
            min=2,
            metavar="E",
            help="Ask in rounds and stop once the evidence is E to 1, or cannot get there any more.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of fresh items; drawn when the scan begins if left out.", rich_help_panel=ASKED
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="JUDGE",
            help="Who says whether an answer refuses: embedding (the default), rules, hf:MODEL or "
            "openai:MODEL@URL.",
            rich_help_panel=JUDGED,
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="calibration.json of `auditor validate`: states one likelihood ratio for each candidate.",
            rich_help_panel=JUDGED,
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Shipped policy pack or file.", rich_help_panel=JUDGED)
    ] = None,
    waivers: Annotated[Path | None, typer.Option(help="Waiver file.", rich_help_panel=JUDGED)] = None,
    replicate: Annotated[
        Path | None,
        typer.Option(
            metavar="BUNDLE",
            help="Ask the models of a sealed audit again, by its own plan, and compare; needs --key.",
            rich_help_panel=ASKED,
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Public key of who sealed the bundle of --replicate.", rich_help_panel=ASKED),
    ] = None,
    declared_teacher: Annotated[
        list[str] | None,
        typer.Option(help="Teacher or base that the suspect's maker declares.", rich_help_panel=JUDGED),
    ] = None,
    declared_licence: Annotated[
        str | None, typer.Option(help="Licence that the suspect's maker declares.", rich_help_panel=JUDGED)
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=OPENING)
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="auto, float32, bfloat16 or float16.", rich_help_panel=OPENING)
    ] = None,
    allow_pickle: Annotated[
        bool,
        typer.Option(
            "--allow-pickle",
            help="Load weights that only exist as pickles (they can run code).",
            rich_help_panel=OPENING,
        ),
    ] = False,
    trust_remote_code: Annotated[
        bool,
        typer.Option(
            "--trust-remote-code", help="Run code that comes with a model.", rich_help_panel=OPENING
        ),
    ] = False,
    api_key_env: Annotated[
        str | None,
        typer.Option(help="Environment variable that holds an endpoint's key.", rich_help_panel=OPENING),
    ] = None,
    system_prompt: Annotated[
        str | None, typer.Option(help="System prompt before every conversation.", rich_help_panel=OPENING)
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Sequences at once; chosen if left out.", rich_help_panel=OPENING),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Requests under way at an endpoint.", rich_help_panel=OPENING)
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Evidence ledger (SQLite); audit.db if left out.", rich_help_panel=OUTPUT),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            "--out",
            "-r",
            "-o",
            help="Write a report: .html, .md, .json, .sarif, .xml (JUnit), .cdx.json or .txt; repeat.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON.", rich_help_panel=OUTPUT)
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print nothing; the exit status tells.", rich_help_panel=OUTPUT),
    ] = False,
) -> int:
    """Audit a model: ask it and its candidate teachers, measure, judge against a policy, report.

    The same command after an interruption goes on where it stood and asks nothing twice.
    """
    wanted = load_plan_file(plan) if plan else PlanFile()
    roles: dict[str, Any] = {
        "suspect": model,
        "teachers": tuple(teacher or ()),
        "base": base,
        "controls": tuple(ControlEntry.parse(one) for one in control or ()),
        "twins": tuple(TwinEntry.parse(one) for one in twin or ()),
        "panels": tuple(panel or ()),
        "population": population,
        "suites": tuple(suite or ()),
        "probe_folders": tuple(probe_folder or ()),
        "prompts": tuple(prompts or ()),
        "benchmarks": tuple(benchmark or ()),
        "served": served,
        "stop_at": stop_at,
        "judge": judge,
        "calibration": calibration,
        "policy": policy,
        "waivers": waivers,
        "ledger": ledger,
        "seed": seed,
    }
    opening = {
        "device": device,
        "dtype": dtype,
        "allow_pickle": allow_pickle,
        "trust_remote_code": trust_remote_code,
        "api_key_env": api_key_env,
        "system_prompt": system_prompt,
        "batch_size": batch_size,
        "concurrency": concurrency,
    }
    flags = {name: value for name, value in roles.items() if value not in (None, ())}
    access = Access(**{**wanted.access.model_dump(), **given(opening)})
    if replicate is not None:
        others = {"plan": plan, "declared-teacher": declared_teacher, "declared-licence": declared_licence}
        flags |= given({**others, "set": set_, "only-named": only_named})
        outputs = tuple(report or ())
        return replicated(replicate, key, flags, access.options(), outputs, as_json=as_json, quiet=quiet)
    if key is not None:
        raise UsageError("--key belongs to --replicate", fix="to seal a run, see `auditor seal`")
    flags["access"] = access
    flags["declared"] = Declared(
        teachers=tuple(declared_teacher or wanted.declared.teachers),
        licence=declared_licence or wanted.declared.licence,
    )
    flags["parameters"] = with_settings(wanted.parameters, set_ or ())
    if only_named:
        flags["from_ledger"] = False
    return perform(wanted.model_copy(update=flags), tuple(report or ()), as_json=as_json, quiet=quiet)
