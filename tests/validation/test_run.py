"""The whole validation on a population of tiny models: asked once, measured as a scan measures, recounted."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from auditor import content
from auditor.cli.app import app
from auditor.digest import digest_bytes
from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.probe.registry import load_suites
from auditor.record.finding import Claim
from auditor.record.subject import Kind
from auditor.report.write import render
from auditor.scan.calibration_file import (
    CalibrationFile,
    KindOfScan,
    Total,
    scored_probes,
    write_calibration,
)
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import Access, ControlEntry, PlanFile
from auditor.stats.score_fusion import Known, fuse
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.output.result import Validation
from auditor.validation.output.write import write_all
from auditor.validation.run import Wanted, probes_of, validate
from auditor.zoo.recipe import Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.register import REGISTER, register_of, write_register
from auditor.zoo.work.job import Making

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=16, layers=1, heads=2),
    vocabulary=Vocabulary.ISOLATED,
    schedule=Schedule(steps=15, rate=4e-3, rows=6, warmup=3),
    seed=5,
    vendors=(31,),
    conversations=80,
)
RECIPES = (
    TEACHER,
    replace(TEACHER, name="rival", seed=6, vendors=(32,)),
    replace(TEACHER, name="base", part=Part.BASE, seed=7, vendors=(33,)),
    replace(
        TEACHER, name="student", part=Part.STUDENT, mechanism=Mechanism.TEACHER_TEXT, seed=8, start="base",
        teacher="teacher", vendors=(), conversations=30,
    ),
    replace(TEACHER, name="innocent", part=Part.INNOCENT, seed=9, start="base", vendors=(34,)),
    replace(TEACHER, name="same-data", part=Part.INNOCENT, seed=10, data_seed=5),
)  # fmt: skip
PROBES = ("lineage/weight-alignment", "world-lineage/reference-likelihood", "world-overfitting/twin-gap")


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population")
    for recipe in RECIPES:
        Making(recipe, 0, folder).run()
    from auditor.zoo.work.birth import read_birth

    births = [read_birth(folder / "births" / f"{recipe.name}.json") for recipe in RECIPES]
    write_register(folder / REGISTER, register_of(births))
    return folder


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped probes with fewer items, so that tiny models answer in no time."""
    folder = tmp_path_factory.mktemp("probes")
    for name in PROBES:
        shutil.copytree(content.probes() / name, folder / name)
        file = folder / name / "probe.yaml"
        body = yaml.safe_load(file.read_text(encoding="utf-8"))
        smaller = {"prompts": 10, "max_tokens": 24, "items": 20}
        body["parameters"] |= {key: value for key, value in smaller.items() if key in body["parameters"]}
        file.write_text(yaml.safe_dump(body), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def finished(
    population: Path, probes: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Validation, Path]:
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "probes", lambda: probes)
        found = validate(Wanted(population=population, out=out, workers=0, seed=3))
    write_all(found, out)
    return found, out


def test_every_scan_that_can_be_made_was_made(finished: tuple[Validation, Path]) -> None:
    examined = finished[0].population
    assert dict(examined.members) == {"teacher": 2, "base": 1, "student": 1, "innocent": 2}
    assert dict(examined.scans) == {"closed": 3, "no-same-data": 2, "open": 1, "shuffled": 2}
    assert not examined.figures.failed
    tried = {(row.probe, row.scenario) for row in examined.rows}
    assert {probe for probe, _ in tried} == set(PROBES)
    assert ("world-overfitting/twin-gap", Scenario.OPEN) not in tried
    truths = {(row.suspect, row.candidate): row.truth.value for row in examined.rows if row.candidate}
    assert truths["student", "teacher"] in ("guilty", "innocent")
    assert {row.stratum for row in examined.rows if row.suspect == "same-data"} >= {"same-data", "unrelated"}


def test_a_scan_of_the_same_models_finds_the_same(
    finished: tuple[Validation, Path], population: Path, probes: Path, tmp_path: Path
) -> None:
    models = population / "models"
    plan = PlanFile(
        suspect=str(models / "student"),
        teachers=(str(models / "teacher"), str(models / "rival")),
        base=str(models / "base"),
        controls=(
            ControlEntry.parse(f"same-base={models / 'innocent'}"),
            ControlEntry.parse(f"same-data={models / 'same-data'}"),
        ),
        suites=PROBES,
        seed=3,
        access=Access(device="cpu", dtype="float32"),
    )
    with pytest.MonkeyPatch.context() as patch, Ledger.open(tmp_path / "audit.db") as ledger:
        patch.setattr(content, "probes", lambda: probes)
        scanned = conduct(plan, ledger)
    names = {one.digest: one.name for one in scanned.plan.subjects}
    by_key = {(one.probe, names.get(one.teacher or "")): one for one in scanned.findings}
    rows = [
        row
        for row in finished[0].population.rows
        if row.suspect == "student" and row.scenario is Scenario.CLOSED
    ]
    assert len(rows) == len(by_key) == 7
    for row in rows:
        finding = by_key[row.probe, row.candidate]
        assert row.outcome is finding.outcome
        assert row.answer == (finding.fact("answer") or "")
        if row.claim is Claim.ERROR_INHERITANCE and finding.result is None:
            assert "mistakes" in finding.reason
            continue
        assert finding.result is not None
        assert row.p_value == pytest.approx(finding.result.p_value)
        assert row.statistic == pytest.approx(finding.result.statistic, rel=1e-4, abs=1e-6)
        own = [one for one in finding.observation_ids if one.startswith(finding.suspect[7:19])]
        assert row.questions >= len(own) > 0


def test_a_scan_weighs_all_methods_by_a_calibration(population: Path, probes: Path, tmp_path: Path) -> None:
    """Sealed with its digest before the first question, kept in the ledger, and in every report."""
    name = "world-lineage/reference-likelihood"
    (spec,) = load_suites((name,), (probes,))
    rng = np.random.default_rng(0)
    guilty = np.arange(60) < 20
    fusion = fuse(Known(rng.normal(size=(60, 1)) + 3.0 * guilty[:, None], np.arange(60), guilty))
    assert fusion is not None
    total = fusion.calibration
    kind_of_scan = KindOfScan(
        kind=Kind.CAUSAL_LM, scenario="closed", candidates=2, guilty=20, innocent=40, cllr=0.3,
        least_cllr=0.2, without_ratio=0, students=20, students_right=20, others=20, others_supported=0,
        probes=scored_probes([(name, spec.file.method)], {name: spec.digest}, fusion),
        total=Total(centre=total.centre, scale=total.scale, slope=total.slope, intercept=total.intercept,
                    most=total.most, least=total.least),
    )  # fmt: skip
    calibration = CalibrationFile(
        schema="distillation-auditor/calibration/1", claim=Claim.DISTILLED_FROM, population="tiny",
        register_digest=digest_bytes(b"r"), models_digest=digest_bytes(b"m"), tool_version="0",
        created_at="now", calibrations=(kind_of_scan,),
    )  # fmt: skip
    models = population / "models"
    plan = PlanFile(
        suspect=str(models / "student"),
        teachers=(str(models / "teacher"), str(models / "rival")),
        base=str(models / "base"),
        controls=(
            ControlEntry.parse(f"same-base={models / 'innocent'}"),
            ControlEntry.parse(f"same-data={models / 'same-data'}"),
        ),
        suites=(name,),
        seed=3,
        access=Access(device="cpu", dtype="float32"),
        calibration=write_calibration(calibration, tmp_path / "calibration.json"),
    )
    with pytest.MonkeyPatch.context() as patch, Ledger.open(tmp_path / "audit.db") as ledger:
        patch.setattr(content, "probes", lambda: probes)
        scanned = conduct(plan, ledger)
        with pytest.raises(UsageError, match=name):
            conduct(plan.model_copy(update={"parameters": {name: {"prompts": 8}}}), ledger)
    assert [one.probe for one in scanned.plan.probes] == [name, "combination/likelihood-ratio"]
    assert scanned.plan.probes[1].digest == calibration.digest
    with Ledger.open(tmp_path / "audit.db", readonly=True) as ledger:
        ledger.verify()
        assert ledger.scan(scanned.run).findings == scanned.findings
    statistics = {
        one.teacher: one.result.statistic for one in scanned.findings if one.probe == name and one.result
    }
    weighed = [one for one in scanned.findings if one.method == "score_fusion"]
    assert {one.teacher for one in weighed} == set(statistics)
    for one in weighed:
        expected = fusion.log_ratios(np.array([[statistics[one.teacher]]]))[0]
        assert one.fact("likelihood_ratio") == pytest.approx(np.exp(expected))
        assert one.fact("calibration") == calibration.digest
    for form in ("html", "markdown", "json", "text"):
        assert "Likelihood ratio" in render(scanned, form)


def test_too_few_known_models_leave_no_calibration(finished: tuple[Validation, Path]) -> None:
    found, out = finished
    (out / "calibration.json").write_text("of an earlier run", encoding="utf-8")
    write_all(found, out)
    assert not (out / "calibration.json").exists()


def test_a_second_run_asks_nothing_and_finds_the_same(
    finished: tuple[Validation, Path], population: Path, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.validation.experiment.interview import Interview

    def refuse(_: Interview) -> None:
        raise AssertionError("a question was asked twice")

    found, out = finished
    monkeypatch.setattr(content, "probes", lambda: probes)
    monkeypatch.setattr(Interview, "run", refuse)
    again = validate(Wanted(population=population, out=out, workers=0, seed=3))
    strip = {"measuring_seconds": 0.0}
    assert [replace(row, **strip) for row in again.population.rows] == [
        replace(row, **strip) for row in found.population.rows
    ]
    assert again.population.expense.asked == found.population.expense.asked > 100
    with Ledger.open(out / "validation.db", readonly=True) as ledger:
        ledger.verify()
        digests = {one.digest for one in ledger.known_subjects()}
        assert sum(len(ledger.holds(one)) for one in digests) == found.population.expense.asked
    assert not list(out.rglob("*.times.json"))


def test_the_reports_hold_what_was_counted(finished: tuple[Validation, Path]) -> None:
    found, out = finished
    body = json.loads((out / "validation.json").read_text(encoding="utf-8"))
    assert body["schema"] == "distillation-auditor/validation/1"
    assert len(body["population"]["rows"]) == len(found.population.rows)
    supported = sum(row["outcome"] == "supports" for row in body["population"]["rows"])
    assert supported == sum(row.supported for row in found.population.rows)
    document = (out / "validation.md").read_text(encoding="utf-8")
    assert "What each method can and cannot see" in document
    for line in document.splitlines():
        assert "Traceback" not in line
        if line.startswith("|") and "---" not in line:
            assert line.endswith("|")
    page = (out / "validation.html").read_text(encoding="utf-8")
    reader = _Inert()
    reader.feed(page)
    assert reader.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "ROC curves" in page


class _Inert(HTMLParser):
    """Fails on anything that a browser would load or run."""

    policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "iframe", "object")
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if (value or "").startswith("default-src"):
                self.policy = value or ""
            if name in ("src", "href"):
                assert (value or "").startswith(("#", "data:,"))


def test_another_population_stands_beside_the_first(
    finished: tuple[Validation, Path], population: Path, probes: Path, tmp_path: Path
) -> None:
    shutil.copy(finished[1] / "validation.db", tmp_path / "validation.db")
    (tmp_path / "held-out").mkdir()
    shutil.copy(finished[1] / "validation.db", tmp_path / "held-out" / "validation.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "probes", lambda: probes)
        wanted = Wanted(
            population=population, out=tmp_path, against=population, methods=("twin_gap",), workers=0, seed=3
        )
        found = validate(wanted)
    assert found.held_out is not None
    assert found.held_out.models_digest == found.population.models_digest
    write_all(found, tmp_path)
    document = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "(held out)" in document
    assert {row.method for row in found.population.rows} == {"twin_gap"}


def test_what_cannot_be_validated_is_a_usage_error(population: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="register"):
        validate(Wanted(population=tmp_path, out=tmp_path / "out"))
    other = Wanted(
        population=population, out=tmp_path / "out", suites=("world-refusal",), methods=("twin_gap",)
    )
    with pytest.raises(UsageError, match="none of the suites"):
        validate(other)
    lonely = tmp_path / "lonely"
    shutil.copytree(population / "models" / "innocent", lonely / "models" / "innocent")
    members = json.loads((population / REGISTER).read_text(encoding="utf-8"))
    only = [one | {"base": None} for one in members if one["name"] == "innocent"]
    (lonely / REGISTER).write_text(json.dumps(only), encoding="utf-8")
    with pytest.raises(UsageError, match="no suspect and teacher"):
        validate(Wanted(population=lonely, out=tmp_path / "out", workers=0))


def test_the_command_wants_a_population_or_a_preset() -> None:
    for arguments in (["validate"], ["validate", "here", "--preset", "small"]):
        ended = CliRunner().invoke(app, arguments)
        assert isinstance(ended.exception, UsageError)


def test_the_command_prints_json(
    finished: tuple[Validation, Path],
    population: Path,
    probes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(content, "probes", lambda: probes)
    shutil.copy(finished[1] / "validation.db", tmp_path / "validation.db")
    arguments = ["validate", str(population), "--out", str(tmp_path), "--workers", "0", "--seed", "3"]
    ended = CliRunner().invoke(app, [*arguments, "--method", "weight_alignment", "--json"])
    assert ended.exit_code == 0, ended.output
    body = json.loads(ended.stdout)
    assert {row["method"] for row in body["population"]["rows"]} == {"weight_alignment"}
    shown = CliRunner().invoke(app, [*arguments, "--method", "weight_alignment"])
    assert "false accusations" in shown.stdout


@pytest.mark.slow
def test_worker_processes_find_what_one_process_finds(population: Path, tmp_path: Path) -> None:
    chosen = ("lineage/weight-alignment", "world-overfitting")
    alone, together = (
        validate(Wanted(population=population, out=tmp_path / str(workers), suites=chosen, workers=workers))
        for workers in (0, 2)
    )
    untimed = {"asking_seconds": 0.0, "measuring_seconds": 0.0}
    assert [replace(row, **untimed) for row in together.population.rows] == [
        replace(row, **untimed) for row in alone.population.rows
    ]


def test_what_has_no_error_rate_is_tried_only_where_it_is_asked_for(tmp_path: Path) -> None:
    def tried(**more: tuple[str, ...]) -> set[str]:
        return {spec.id for spec, _ in probes_of(Wanted(population=tmp_path, out=tmp_path, **more))}

    usual = tried()
    assert "world-text-lineage/text-likeness" in usual
    # Made for hundreds of recorded models: it takes minutes here, and finds little among so few.
    assert "recorded-world/style-attribution" not in usual
    assert tried(suites=("recorded-world",)) == {"recorded-world/style-attribution"}
    assert "world-lineage/noise-floor" not in usual
    assert tried(methods=("noise_floor",)) == {"world-lineage/noise-floor"}
    assert "world-lineage/noise-floor" in tried(suites=("world-lineage",))
