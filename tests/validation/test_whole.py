"""All methods together, against a recount by hand."""

from __future__ import annotations

from dataclasses import replace

from tried import register, rows

from auditor.record.finding import Outcome
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth
from auditor.validation.figure.detection import ALL
from auditor.validation.figure.whole import LIKELIHOODS, TEXT_ONLY, TWINS, wholes

KNOWN = register()
FIRST = [row for row in rows(KNOWN, 1) if row.candidate is not None]
SECOND = [replace(row, method="surprisal_residuals", probe="b") for row in rows(KNOWN, 2) if row.candidate]
WITH_TWINS = [replace(row, method="twin_contrast", probe="c") for row in rows(KNOWN, 3) if row.candidate]


def accused(*tables: list[Row], truth: Truth) -> set[str]:
    return {
        row.suspect
        for table in tables
        for row in table
        if row.scenario is Scenario.CLOSED
        and row.truth is truth
        and row.outcome is Outcome.SUPPORTS
        and (truth is Truth.GUILTY or row.part in ("innocent", "control"))
    }


def test_a_suspect_is_found_if_any_method_finds_it() -> None:
    both, all_three = wholes([*FIRST, *SECOND, *WITH_TWINS])
    assert (both.access, all_three.access) == (LIKELIHOODS, TWINS)
    assert both.methods == ("reference_likelihood", "surprisal_residuals")
    for whole, tables in ((both, (FIRST, SECOND)), (all_three, (FIRST, SECOND, WITH_TWINS))):
        assert whole.seen[0].mechanism == ALL
        assert whole.seen[0].found.count == len(accused(*tables, truth=Truth.GUILTY))
        innocents = [
            one for one in whole.accusations
            if (one.scenario, one.group, one.stratum) == (Scenario.CLOSED, "innocents", "any stratum")
        ]  # fmt: skip
        assert innocents[0].suspects.count == len(accused(*tables, truth=Truth.INNOCENT))
    assert all_three.seen[0].found.count > both.seen[0].found.count
    assert sum(one.found.n for one in both.seen[1:]) == both.seen[0].found.n


def test_weaker_words_of_one_method_do_not_hide_the_stronger_of_another() -> None:
    weak = [
        replace(
            row, outcome=Outcome.INCONCLUSIVE, answer="from this teacher or something that shares its data",
            untrue=False,
        )
        for row in SECOND
    ]  # fmt: skip
    (found,) = wholes([*FIRST, *weak])
    (alone,) = wholes(
        [*FIRST, *[replace(row, outcome=Outcome.DOES_NOT_SUPPORT, answer="") for row in SECOND]]
    )
    assert found.seen[0].found == alone.seen[0].found
    assert found.seen[0].pointed.count == found.seen[0].pointed.n


def test_methods_that_read_texts_alone_are_counted_by_themselves() -> None:
    texts = [
        replace(row, access="text", method=name, probe=name)
        for seed, name in ((4, "style_attribution"), (5, "identity_claims"))
        for row in rows(KNOWN, seed)
        if row.candidate
    ]
    text, likelihoods = wholes([*FIRST, *texts])
    assert (text.access, likelihoods.access) == (TEXT_ONLY, LIKELIHOODS)
    assert set(text.methods) == {"style_attribution", "identity_claims"}
    assert set(likelihoods.methods) == {"reference_likelihood", *text.methods}


def test_one_method_alone_is_no_whole() -> None:
    assert wholes(FIRST) == ()
