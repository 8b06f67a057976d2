"""From answers to a finding on shared mistakes, in words."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool

from auditor.array import NDArray
from auditor.probe.inherited.answers import KeyedAnswers
from auditor.probe.inherited.asking import FEWEST_ITEMS, KeyedAsking, KeyedParameters
from auditor.probe.panel.controls import panel_of, stratum_of
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Access, Role, Subject
from auditor.stats.calibration import probabilities
from auditor.stats.conformal import ConformalTest, conformal_test, controls_needed, critical_value
from auditor.stats.error_agreement import (
    Agreement,
    SharedMistakes,
    agreement,
    agreement_interval,
    shared_mistakes,
)
from auditor.stats.multiplicity import holm

METHOD = "monoculture"
#: Share of the items that a control must have answered.
_SHARE_ANSWERED = 0.9
_SHOWN = 12
#: Wrong short answers there are to choose among: so many that chance does not bring two models together.
_SHORT_ANSWERS = 2**53


class MonocultureParameters(KeyedParameters):
    """Parameters of the comparison of mistakes.

    Attributes:
        alpha: Level over all candidate teachers together; a rank takes 1 / alpha - 1 controls to reach it.
    """

    alpha: float = 0.05


@dataclass(frozen=True)
class _Ranked:
    """One candidate: how the suspect agrees with it, and how controls do."""

    teacher: Subject
    own: Agreement
    controls: tuple[float, ...]
    test: ConformalTest
    mistakes: SharedMistakes


@dataclass(frozen=True)
class MonocultureFindings:
    """Turns answers into one finding for each candidate teacher.

    Attributes:
        asking: The questions, with the answers.
        parameters: Parameters of the probe.
    """

    asking: KeyedAsking
    parameters: MonocultureParameters

    def all(self) -> tuple[Finding, ...]:
        """One finding for each candidate; a single one where there is none."""
        if not self.asking.spec.items:
            return (self._open(None, "no benchmark was given", "--benchmark FILE"),)
        if not self.asking.teachers:
            return (self._open(None, "no candidate teacher is named", "--teacher MODEL"),)
        if self._used.sum() < FEWEST_ITEMS:
            reason = (
                f"{int(self._used.sum())} items were answered by suspect, candidates and controls, "
                f"and {FEWEST_ITEMS} are the least"
            )
            return tuple(self._open(one, reason, "more items") for one in self.asking.teachers)
        ranked = [self._ranked(one) for one in self.asking.teachers]
        adjusted = holm([one.test.p_value for one in ranked])
        return tuple(self._concluded(one, p_value) for one, p_value in zip(ranked, adjusted, strict=True))

    def forecast(self) -> tuple[str, ...]:
        """Which rank so many controls can give, before anything is asked."""
        if not self.asking.spec.items or not self.asking.teachers:
            return ()
        controls, teachers = len(self.asking.seen.of_role(Role.CONTROL)), len(self.asking.teachers)
        needed = controls_needed(self.parameters.alpha / teachers)
        return (
            f"{controls} controls rank a suspect at p {min(1.0, teachers / (controls + 1)):.3f} at best; "
            f"{needed} of one stratum reach {self.parameters.alpha:g}",
        )

    @cached_property
    def _answers(self) -> KeyedAnswers:
        return KeyedAnswers(self.asking)

    @cached_property
    def _controls(self) -> tuple[Subject, ...]:
        """Controls that may stand in the suspect's place and answered nearly everything."""
        members = panel_of(self.asking.seen, Access.TEXT, self.asking.teachers).members
        return tuple(one for one in members if self._answers.answered(one).mean() >= _SHARE_ANSWERED)

    @cached_property
    def _everybody(self) -> tuple[Subject, ...]:
        return (self.asking.seen.suspect, *self.asking.teachers, *self._controls)

    @cached_property
    def _used(self) -> Bool[NDArray[np.bool_], " items"]:
        """Items that everybody answered, with two options or more, or none."""
        answered = np.all([self._answers.answered(one) for one in self._everybody], axis=0)
        used: Bool[NDArray[np.bool_], " items"] = answered & (self._answers.options != 1)
        return used

    @cached_property
    def _listed(self) -> Bool[NDArray[np.bool_], " used"]:
        """Which of the used items have options; the others have short answers."""
        listed: Bool[NDArray[np.bool_], " used"] = self._answers.options[self._used] >= 2
        return listed

    @cached_property
    def _weighed(self) -> bool:
        """Whether everybody weighed the options; answers alone are compared otherwise."""
        answers, used = self._answers, self._used
        return all(bool(answers.weighs(one)[used][self._listed].all()) for one in self._everybody)

    @cached_property
    def _shares(self) -> dict[str, NDArray[np.float64]]:
        """What each model gives to each option, or to each short answer that anybody gave."""
        found, listed, used = self._answers.written(self._everybody), self._listed, self._used
        width = max(2, int(self._answers.options.max()), *(one.shape[1] for one in found.values()))
        shares = {}
        for one in self._everybody:
            written = found[one.digest][used]
            given = np.zeros((len(written), width))
            given[:, : written.shape[1]] = written
            if listed.any():
                given[listed] = 0.0
                own = self._answers.scores(one) if self._weighed else self._answers.chosen(one)
                options = probabilities(own[used][listed]) if self._weighed else own[used][listed]
                given[listed, : options.shape[1]] = options
            shares[one.digest] = given
        return shares

    @cached_property
    def _keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place of the right answer of each used item, and the number of answers there are."""
        options = self._answers.options[self._used]
        return np.maximum(self._answers.keys[self._used], 0), np.where(self._listed, options, _SHORT_ANSWERS)

    def _agreement(self, first: Subject, second: Subject) -> Agreement:
        return agreement(self._shares[first.digest], self._shares[second.digest], *self._keys)

    def _mistakes(self, first: Subject, second: Subject) -> SharedMistakes:
        wrong = ~self._answers.right(first) & ~self._answers.right(second) & self._used
        pairs = zip(self._answers.said(first), self._answers.said(second), strict=True)
        return shared_mistakes(wrong, np.array([bool(one) and one == other for one, other in pairs]))

    def _ranked(self, teacher: Subject) -> _Ranked:
        own = self._agreement(self.asking.seen.suspect, teacher)
        values = tuple(self._agreement(one, teacher).kappa for one in self._controls)
        strata: dict[str, list[float]] = defaultdict(list)
        for control, value in zip(self._controls, values, strict=True):
            strata[stratum_of(control)].append(value)
        mistakes = self._mistakes(self.asking.seen.suspect, teacher)
        return _Ranked(teacher, own, values, conformal_test(own.kappa, strata), mistakes)

    def _concluded(self, ranked: _Ranked, p_value: float) -> Finding:
        alpha, own, teacher = self.parameters.alpha, ranked.own, ranked.teacher
        above = sum(value >= own.kappa for value in ranked.controls)
        seen = (
            f"suspect and {teacher.name} agree by {own.kappa:.2f} beyond what their accuracies explain (1 is "
            f"always), and of {ranked.mistakes.both_wrong} items that both get wrong they answer alike "
            f"{ranked.mistakes.same}; {above} of {len(ranked.controls)} controls agree with it as much"
        )
        attainable = ranked.test.smallest_attainable * len(self.asking.teachers)
        if p_value <= alpha:
            outcome, decisive = Outcome.SUPPORTS, ""
        elif attainable > alpha:
            outcome = Outcome.INCONCLUSIVE
            needed = controls_needed(alpha / len(self.asking.teachers))
            decisive = f"{needed} controls in every stratum, so that a rank can reach {alpha:g}"
        else:
            outcome, decisive = Outcome.DOES_NOT_SUPPORT, ""
            threshold = critical_value(ranked.controls, alpha / len(self.asking.teachers))
            seen += f"; agreement above {threshold:.2f} would have been found"
        return Finding(
            claim=Claim.MONOCULTURE,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=teacher.digest,
            outcome=outcome,
            reason=seen,
            decisive=decisive,
            result=self._result(ranked, p_value),
            facts=self._facts(ranked, above),
            exhibits=(self._pairs(), self._alike(teacher)),
            observation_ids=self.asking.observation_ids((self.asking.seen.suspect, teacher)),
            limits=(
                "Shared mistakes are a risk in themselves: who checks the one with the other finds less. "
                "They do not say who learned from whom, nor that anybody did.",
                "Items with a wrong key, or with one tempting wrong option, bring all together; controls "
                "of like ability show how far.",
                *(
                    ()
                    if self._listed.all()
                    else (
                        "Chance is not expected to bring short answers together; controls show if it does.",
                    )
                ),
                *(
                    ()
                    if self._weighed
                    else ("Not everybody weighed the options, so that answers alone are compared.",)
                ),
            ),
        )

    def _interval(self, teacher: Subject) -> tuple[float, float]:
        suspect = self.asking.seen.suspect
        rng = np.random.default_rng([self.asking.seen.seed, zlib.crc32(teacher.digest.encode())])
        shares = self._shares
        return agreement_interval(shares[suspect.digest], shares[teacher.digest], *self._keys, rng)

    def _result(self, ranked: _Ranked, p_value: float) -> TestResult:
        return TestResult(
            method=METHOD,
            null="the suspect agrees with the candidate no more than one further control would",
            alternative="the suspect makes the candidate's mistakes",
            statistic=ranked.own.kappa,
            statistic_name="agreement with the candidate beyond accuracy, kappa",
            effect=ranked.own.kappa - (float(np.median(ranked.controls)) if ranked.controls else 0.0),
            effect_unit="kappa above the middle control" if ranked.controls else "kappa",
            p_value=p_value,
            smallest_attainable_p=min(1.0, ranked.test.smallest_attainable * len(self.asking.teachers)),
            n=len(ranked.controls) + 1,
            unit_of_replication="models",
            guarantee=Guarantee.CALIBRATED if ranked.controls else Guarantee.INDICATIVE,
            assumptions=("controls are as able as the suspect and owe the candidate nothing",),
            source="CAPA (Goel et al. 2025); conformal ranks (Vovk, Gammerman and Shafer 2005); Holm (1979)",
            controls=tuple(
                ControlValue(name=one.name, stratum=stratum_of(one), value=value)
                for one, value in zip(self._controls, ranked.controls, strict=True)
            ),
        )

    def _facts(self, ranked: _Ranked, above: int) -> tuple[Fact, ...]:
        low, high = self._interval(ranked.teacher)
        share = f"of {ranked.mistakes.both_wrong} items that both get wrong"
        return (
            Fact(name="selection_inside_null", value=True, meaning="p is corrected for all candidates"),
            Fact(name="kappa", value=ranked.own.kappa, meaning="agreement beyond accuracy, 1 for always"),
            Fact(name="kappa_low", value=low, meaning="lower end of its interval over items"),
            Fact(name="kappa_high", value=high, meaning="upper end of its interval over items"),
            Fact(
                name="observed_agreement", value=ranked.own.observed, meaning="chance that both say the same"
            ),
            Fact(
                name="expected_agreement", value=ranked.own.expected, meaning="the same by accuracies alone"
            ),
            Fact(name="both_wrong", value=ranked.mistakes.both_wrong, meaning="items that both get wrong"),
            Fact(name="same_wrong", value=ranked.mistakes.same, meaning=f"same wrong answer, {share}"),
            Fact(name="controls_as_alike", value=above, meaning="controls that agree with it as much"),
            Fact(name="controls", value=len(ranked.controls), meaning="controls that were ranked"),
            Fact(name="items", value=int(self._used.sum()), meaning="items that all answered"),
        )

    def _pairs(self) -> Table:
        """How all pairs agree, the suspect's and the candidates' among them."""
        suspect, teachers = self.asking.seen.suspect, self.asking.teachers
        population = [
            self._agreement(one, other).kappa
            for place, one in enumerate(self._controls)
            for other in self._controls[place + 1 :]
        ]
        rows = []
        for teacher in teachers:
            own, mistakes = self._agreement(suspect, teacher), self._mistakes(suspect, teacher)
            below = sum(value < own.kappa for value in population)
            controls = [self._agreement(one, teacher).kappa for one in self._controls]
            rows.append(
                (
                    teacher.name,
                    round(own.kappa, 3),
                    round(float(np.median(controls)), 3) if controls else None,
                    round(max(controls), 3) if controls else None,
                    f"{mistakes.same} of {mistakes.both_wrong}",
                    f"{below} of {len(population)}",
                )
            )
        return Table(
            title="Agreement beyond accuracy, by candidate",
            columns=(
                "candidate",
                "suspect",
                "middle control",
                "highest control",
                "same wrong answer",
                "pairs of controls less alike",
            ),
            rows=tuple(rows),
        )

    def _alike(self, teacher: Subject) -> Table:
        """Mistakes in common, those that fewest controls make first."""
        suspect = self.asking.seen.suspect
        wrong = ~self._answers.right(suspect) & ~self._answers.right(teacher) & self._used
        said = {one.digest: self._answers.said(one) for one in self._everybody}
        own, theirs = said[suspect.digest], said[teacher.digest]
        places = [place for place in np.flatnonzero(wrong) if own[place] and own[place] == theirs[place]]
        others = {
            place: sum(said[one.digest][place] == own[place] for one in self._controls) for place in places
        }
        rows = tuple(
            (
                self.asking.items[place].published.question[:240],
                self.asking.items[place].published.answer[:120],
                str(own[place])[:120],
                others[place],
            )
            for place in sorted(places, key=lambda one: (others[one], one))[:_SHOWN]
        )
        return Table(
            title=f"Mistakes in common with {teacher.name}",
            columns=("question", "right", "both say", f"of {len(self._controls)} controls"),
            rows=rows,
            note="How many controls give this wrong answer stands last.",
        )

    def _open(self, teacher: Subject | None, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.MONOCULTURE,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=None if teacher is None else teacher.digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
        )
