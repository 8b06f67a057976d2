"""From the reading of a served log to a finding, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from auditor.probe.served.reading import FEWEST_OF_ACCOUNT, AccountReading, Drift, ServedReading
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations, observation_id
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Subject
from auditor.stats.multiplicity import holm
from auditor.stats.redraw import detectable_advantage

TRAINED = "trained on these answers"
NO_EVIDENCE = "no evidence"
UNDECIDED = "undecided"
_UNIT = "within-prompt standard deviations"
_SHOWN = 8
_MOST_ACCOUNTS = 50


def empty_finding(
    probe: str, method: str, seen: Observations, teacher: Subject | None, why: tuple[str, str]
) -> Finding:
    """Where there is nothing to test."""
    return Finding(
        claim=Claim.TRAINED_ON_SERVED,
        probe=probe,
        method=method,
        suspect=seen.suspect.digest,
        teacher=teacher.digest if teacher else None,
        outcome=Outcome.NOT_APPLICABLE,
        reason=why[0],
        decisive=why[1],
    )


@dataclass(frozen=True)
class ServedFindings:
    """Turns a reading into a finding.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The numbers.
        alpha: Level of the test.
        drift_level: Level at which the teacher counts as changed.
        stop_at: E-value at which a sequential design stops, or None for a fixed one.
        fewest: Fewest prompts that anything is said about.
    """

    probe: str
    method: str
    source: str
    reading: ServedReading
    alpha: float
    drift_level: float
    stop_at: float | None
    fewest: int

    def finding(self) -> Finding:
        """The finding on the teacher that served the log."""
        reading, redraws = self.reading, self.reading.redraws
        suspect, teacher = redraws.seen.suspect, redraws.teacher
        if len(reading.used) < self.fewest:
            return self._too_little()
        drift = reading.drifted(self.drift_level)
        outcome, answer, reason, decisive = self._conclude(drift)
        return Finding(
            claim=Claim.TRAINED_ON_SERVED,
            probe=self.probe,
            method=self.method,
            suspect=suspect.digest,
            teacher=teacher.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(),
            facts=self._facts(answer, drift),
            exhibits=(self._telling(), self._drift_table(), *self._account_tables()),
            observation_ids=self._observation_ids(),
            limits=self._limits(),
        )

    def _too_little(self) -> Finding:
        log, redraws = self.reading.redraws.log, self.reading.redraws
        greedy = log.greedy and not log.prompts
        reason = (
            f"all {log.greedy} logged answers were drawn greedily, so that the teacher would say them again"
            if greedy
            else f"only {len(self.reading.used)} of {len(log.prompts)} logged prompts can be used"
        )
        return Finding(
            claim=Claim.TRAINED_ON_SERVED,
            probe=self.probe,
            method=self.method,
            suspect=redraws.seen.suspect.digest,
            teacher=redraws.teacher.digest,
            outcome=Outcome.NOT_APPLICABLE if greedy else Outcome.INCONCLUSIVE,
            reason=reason,
            decisive="answers that were sampled at a temperature above 0"
            if greedy
            else f"at least {self.fewest} logged prompts that teacher and suspect can be asked about",
            facts=(Fact(name="answer", value=UNDECIDED, meaning="what the log lets one say"),),
            limits=self._limits(),
        )

    @property
    def _p_value(self) -> float:
        """Of the fixed design, or anytime-valid where rounds were stopped by what was seen."""
        if self.stop_at is not None:
            return math.exp(-min(self.reading.process.largest, 700.0))
        return self.reading.test.upper_p

    def _conclude(self, drift: Drift | None) -> tuple[Outcome, str, str, str]:
        reading = self.reading
        name = reading.redraws.teacher.name
        seen = (
            f"the suspect puts answers that {name} served {reading.test.mean:+.3f} {_UNIT} above what {name} "
            f"says to the same {len(reading.used)} prompts today"
        )
        strength = f"(p = {self._p_value:.2g}, e-value {reading.evidence:.3g})"
        if drift is not None:
            reason = (
                f"logged and redrawn answers differ without the suspect, by {drift.name} "
                f"(p = {drift.test.two_sided_p:.2g}): {name} or its settings have changed since the log"
            )
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, f"{name} as it was when it served the log"
        supported = (
            reading.process.reaches(self.stop_at) is not None
            if self.stop_at is not None
            else self._p_value <= self.alpha
        )
        if supported:
            return Outcome.SUPPORTS, TRAINED, f"{seen} {strength}", ""
        least = self._detectable
        if not math.isfinite(least):
            return Outcome.INCONCLUSIVE, UNDECIDED, f"{seen} {strength}", "more logged prompts"
        found = f"; a mean advantage of {least:.3f} would have been found in 4 of 5 cases"
        return Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, f"{seen} {strength}{found}", ""

    @property
    def _detectable(self) -> float:
        sizes = self.reading.groups.sizes
        level = self.alpha if self.stop_at is None else 1 / self.stop_at
        return detectable_advantage(int(self.reading.groups.logged.sum()), int(sizes.min()), level)

    def _result(self) -> TestResult:
        reading = self.reading
        scored = reading.redraws.scored
        return TestResult(
            method=self.method,
            null="the suspect never met the logged answers, so that each is one draw among its redraws",
            alternative="the suspect finds the logged answers likelier than others that the teacher gives"
            if scored
            else "the suspect's own answers are more like the logged ones than like others of the teacher",
            statistic=reading.test.mean,
            statistic_name=f"mean advantage of logged answers, in {_UNIT}, references' opinion taken off",
            effect=reading.test.mean,
            effect_unit=_UNIT,
            interval=reading.interval,
            p_value=self._p_value,
            smallest_attainable_p=reading.test.smallest_p if self.stop_at is None else None,
            e_value=math.exp(min(reading.process.final, 700.0)),
            n=len(reading.used),
            unit_of_replication="logged prompts",
            guarantee=Guarantee.EXACT,
            assumptions=(
                "the teacher and its decoding are today what they were when the log was written",
                "the log was not chosen by what the suspect says",
                "served answers were drawn independently of each other",
            ),
            source=self.source,
        )

    def _facts(self, answer: str, drift: Drift | None) -> tuple[Fact, ...]:
        reading, log = self.reading, self.reading.redraws.log
        crossed = reading.process.reaches(self.stop_at or 1 / self.alpha)
        facts = [
            Fact(name="answer", value=answer, meaning="what the log lets one say"),
            Fact(name="advantage", value=reading.test.mean, unit=_UNIT, meaning="of logged answers"),
            Fact(name="logged_prompts", value=len(reading.used), meaning="prompts that were compared"),
            Fact(name="logged_answers", value=int(reading.groups.logged.sum()), meaning="served answers"),
            Fact(name="rows", value=log.rows, meaning="rows of the log"),
            Fact(name="references", value=len(reading.references), meaning="models taken as references"),
            Fact(name="largest_e_value", value=reading.evidence, meaning="anytime-valid evidence"),
            Fact(name="teacher_changed", value=drift is not None, meaning="whether log and teacher differ"),
        ]
        if crossed is not None:
            meaning = "prompts after which the evidence sufficed"
            facts.append(Fact(name="prompts_until_evidence", value=crossed, meaning=meaning))
        if math.isfinite(self._detectable):
            meaning = "mean advantage that would have been found in 4 of 5 cases"
            name = "smallest_detectable_advantage"
            facts.append(Fact(name=name, value=self._detectable, unit=_UNIT, meaning=meaning))
        if reading.accounts:
            best = self._adjusted_accounts()[0]
            facts += [
                Fact(name="accounts", value=len(reading.accounts), meaning="accounts that were tested"),
                Fact(name="leading_account", value=best[0].account, meaning="whose traffic stands out most"),
                Fact(name="leading_account_p", value=best[1], meaning="its p-value after Holm over accounts"),
            ]
        return tuple(facts)

    def _adjusted_accounts(self) -> list[tuple[AccountReading, float]]:
        accounts = self.reading.accounts
        return list(zip(accounts, holm([one.test.upper_p for one in accounts]), strict=True))

    def _account_tables(self) -> tuple[Table, ...]:
        if not self.reading.accounts:
            return ()
        rows = tuple(
            (
                one.account,
                one.answers,
                round(one.test.mean, 4),
                float(f"{one.test.upper_p:.3g}"),
                float(f"{adjusted:.3g}"),
                float(f"{math.exp(min(one.log_e, 700.0)):.3g}"),
                "yes" if adjusted <= self.alpha else "no",
            )
            for one, adjusted in self._adjusted_accounts()[:_MOST_ACCOUNTS]
        )
        columns = ("account", "answers", f"advantage, {_UNIT}", "p", "p after Holm", "e-value", "stands out")
        note = f"Each account by itself; those with fewer than {FEWEST_OF_ACCOUNT} answers are left out."
        return (Table(title="Whose traffic was learned from", columns=columns, rows=rows, note=note),)

    def _drift_table(self) -> Table:
        rows = tuple(
            (one.name, round(one.test.mean, 4), float(f"{one.test.two_sided_p:.3g}"))
            for one in self.reading.drifts
        )
        return Table(
            title="Is the teacher what it was?",
            columns=("seen in", f"logged above redrawn, {_UNIT}", "two-sided p"),
            rows=rows,
            note="None of these knows the suspect. Where one of them tells logged from redrawn answers, the "
            "teacher or its settings have changed, and nothing is concluded.",
        )

    def _telling(self) -> Table:
        """The prompts whose logged answer stands out most."""
        reading, redraws = self.reading, self.reading.redraws
        first = reading.scores[reading.groups.starts]
        rows = []
        for place in np.argsort(-first, kind="stable")[:_SHOWN]:
            prompt = reading.prompts[reading.used[int(place)]]
            answers = redraws.answers(prompt) or ("",)
            asked = prompt.prompt if isinstance(prompt.prompt, str) else prompt.prompt[-1].text
            rows.append((asked[:240], answers[0][:240], answers[-1][:240], round(float(first[place]), 3)))
        return Table(
            title="Logged answers that the suspect prefers most",
            columns=("prompt", "served then", "drawn today", _UNIT),
            rows=tuple(rows),
            note="Single prompts prove nothing: among many, some logged answer always comes first by chance.",
        )

    def _observation_ids(self) -> tuple[str, ...]:
        keys = [
            key
            for number in self.reading.used
            for key in self.reading.redraws.observation_keys(self.reading.prompts[number])
        ]
        return tuple(dict.fromkeys(observation_id(*key) for key in keys))

    def _limits(self) -> tuple[str, ...]:
        reading, redraws, log = self.reading, self.reading.redraws, self.reading.redraws.log
        lines = [
            "It speaks of these logged answers only: a suspect that learned from other answers of the same "
            "teacher is not found by it.",
            "Whoever publishes logged answers can make others learn from them; the log says whose traffic it "
            "was, not how it reached the suspect.",
        ]
        for count, what in (
            (log.greedy, "were drawn greedily and say nothing"),
            (log.blank, "are blank"),
            (log.other_revision, "were served by another revision of the teacher"),
            (log.copies, "repeat another row entirely"),
            (log.beyond, "belong to prompts beyond the number asked about"),
        ):
            if count:
                lines.append(f"{count} of {log.rows} rows {what} and were left out.")
        if log.unstated:
            lines.append(f"{log.unstated} rows state no temperature; that of the probe was taken.")
        unused = len(reading.prompts) - len(reading.used)
        if unused:
            asked = len(reading.prompts)
            lines.append(f"{unused} of {asked} prompts lack a usable answer and were left out.")
        if not reading.references:
            lines.append("No reference model took part: the test is exact without, and less sharp.")
        if redraws.teacher.locator.startswith("recorded:"):
            lines.append(
                "The teacher speaks from a recording: its redraws must be further answers to the same "
                "prompts, drawn in the same way, and not the logged ones."
            )
        if not redraws.scored:
            lines.append("Only texts of the suspect were available; likeness sees less than likelihood.")
        return tuple(lines)
