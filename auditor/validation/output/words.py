"""What a validation says of itself in sentences."""

from __future__ import annotations

from auditor.report.numerals import count, decimal, percent
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.figure.accusation import ANY
from auditor.validation.figure.combined import Combined
from auditor.validation.figure.detection import ALL
from auditor.validation.figure.served import ServedTest
from auditor.validation.figure.summary import Lineage
from auditor.validation.output.combined_sheet import title_of
from auditor.validation.output.result import PopulationResult, Validation
from auditor.validation.output.table import NONE, share

_MIB = 1 << 20


def headline(validation: Validation) -> list[str]:
    """One sentence for each test about lineage: how many are found, how many are accused wrongly."""
    counted = validation.population.figures
    return [
        *map(_sentence, counted.lineage),
        *map(_served_sentence, counted.served),
        # Too few models of a kind to fit anything on: the tables say so, and a headline has nothing to say.
        *(_combined_sentence(one) for one in counted.combined if one.compared[0].cost is not None),
    ]


def _combined_sentence(one: Combined) -> str:
    whole, *alone = one.compared
    cost = NONE if whole.cost is None else decimal(whole.cost, 2)
    costs = [row.cost for row in alone if row.cost is not None]
    beside = f", the best method alone {decimal(min(costs), 2)}" if costs else ""
    return (
        f"{title_of(one)} in one likelihood ratio: Cllr {cost} bits{beside}; above the bar of 1 % lie "
        f"{share(whole.at_rate)} students and {share(whole.passing)} innocent models."
    )


def _served_sentence(one: ServedTest) -> str:
    found = one.recognised[0].found if one.recognised else None
    accused = one.mistaken[-1].accused if one.mistaken else None
    seen = f"finds {share(found)} students by the logs that they learned from" if found else "had no student"
    wrongly = f"accuses {share(accused)} others" if accused else "had nobody else to accuse"
    return f"{one.name} {seen} and {wrongly} before logs that they never saw."


def _sentence(one: Lineage) -> str:
    found = next((row.found for row in one.detections if row.mechanism == ALL), None)
    accused = [
        row
        for row in one.accusations
        if row.scenario is Scenario.CLOSED and row.group == "innocents"
    ]  # fmt: skip
    whole = next((row for row in accused if row.stratum == ANY), accused[0] if accused else None)
    seen = f"finds {share(found)}" if found is not None and found.n else "had nobody to find"
    wrongly = f"accuses {share(whole.suspects)} innocent models" if whole else "had no innocent to accuse"
    return f"{one.name} {seen} and {wrongly} in closed scans."


def provenance(validation: Validation) -> list[str]:
    """Tool, date, populations, expense."""
    lines = [
        f"Made by auditor {validation.tool_version} on {validation.platform}, {validation.created_at[:10]}, "
        f"seed {validation.seed}.",
        "Probes: " + ", ".join(f"{name} ({digest[7:19]})" for name, digest in validation.probes) + ".",
        *_population("Population", validation.population),
    ]
    if validation.held_out is not None:
        lines += _population("Held out", validation.held_out)
        lines.append("The held-out population is judged by thresholds and calibrations of the first.")
    failed = validation.population.figures.failed
    lines += [f"{probe} failed {number} times: {reason}" for probe, reason, number in failed]
    unjudged = validation.population.figures.unjudged
    if unjudged:
        lines.append(f"The register holds no truth about: {', '.join(unjudged)}.")
    return lines


def _population(name: str, one: PopulationResult) -> list[str]:
    members = ", ".join(f"{number} {part}" for part, number in one.members)
    scans = ", ".join(f"{number} {scenario}" for scenario, number in one.scans)
    took = one.expense
    return [
        f"{name} {one.label}: {members}; models {one.models_digest[7:19]}, "
        f"register {one.register_digest[7:19]}.",
        f"Scans: {scans}; {count(len(one.rows), 'finding')}.",
        f"{count(took.asked, 'answer')}; {decimal(took.wall_seconds, 0)} s in this run, of which measuring "
        f"{decimal(took.measuring_seconds, 0)} s; models answered for "
        f"{decimal(took.in_model_seconds, 0)} s in {count(took.workers, 'process', 'processes')}; "
        f"{percent(round(took.other_share, 3))} of all time was not inside models; at most "
        f"{decimal(took.peak_bytes / _MIB, 0)} MiB in one process.",
    ]
