"""``calibration.json``: how scores of known models turn into likelihood ratios, for use in later scans.

The format is versioned by ``schema``. A file holds one calibration for each kind of model and kind of scan:

``probes``
    For each probe: its digest, ``centre`` and ``scale`` (median and median absolute deviation of the
    innocents' scores), ``mean`` and ``spread`` (of the innocents' compressed scores asinh((score - centre) /
    scale)), and ``weight`` (of the compressed score in spreads above the mean). A score that is missing lies
    at the mean. Without enough known scores all of these are null, and the weight is 0.
``total``
    From the weighted sum to the natural logarithm of the likelihood ratio: intercept + slope asinh((sum -
    centre) / scale), held between ``least`` and ``most``, the logarithms of the numbers of known suspects.
``guilty``, ``innocent``, ``candidates``, ``cllr``, ``least_cllr``
    Known suspects that it was fitted to, candidates that each was tried against, and what its ratios cost, in
    bits, where every suspect is judged by a fit that has seen none of its relatives.
``students``, ``students_right``, ``others``, ``others_supported``
    By the same fits: known students with a ratio, and those of them whose own teachers alone had the highest;
    pairs of a student and a candidate that is not its teacher, and those of them with a ratio of 2 or more.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from auditor.digest import digest_json
from auditor.error import ReportError, UsageError
from auditor.record.finding import Claim
from auditor.record.subject import Kind
from auditor.stats.likelihood_ratio import FEWEST, Calibration
from auditor.stats.score_fusion import Fusion, MethodScale

FORMAT = "distillation-auditor/calibration/"
VERSION = "1"
CALIBRATION = "calibration.json"
_MOST_BYTES = 4 << 20
_ROUNDING = 1e-9

Real = Annotated[float, Field(allow_inf_nan=False, ge=-1e300, le=1e300)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1e300)]
Weight = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e6)]
#: Printable, since it is shown.
Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=0, le=10_000_000)]
Count = Annotated[int, Field(ge=FEWEST, le=10_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ScoredProbe(_Strict):
    """What one probe counts; see the module."""

    probe: Name
    method: Name
    digest: Digest
    weight: Weight
    centre: Real | None
    scale: Positive | None
    mean: Real | None
    spread: Positive | None

    @model_validator(mode="after")
    def _whole(self) -> ScoredProbe:
        known = [one is not None for one in (self.centre, self.scale, self.mean, self.spread)]
        if any(known) is not all(known) or (self.weight > 0 and not all(known)):
            raise ValueError(f"the scale of {self.probe} is incomplete")
        return self

    @property
    def method_scale(self) -> MethodScale | None:
        """The scale, where it is known."""
        if self.centre is None or self.scale is None or self.mean is None or self.spread is None:
            return None
        return MethodScale(self.centre, self.scale, self.mean, self.spread)


class Total(_Strict):
    """From the weighted sum to a log likelihood ratio; see the module."""

    centre: Real
    scale: Positive
    slope: Weight
    intercept: Real
    most: Real
    least: Real


class KindOfScan(_Strict):
    """The calibration for one kind of model and one kind of scan; see the module."""

    kind: Kind = Field(strict=False)
    scenario: Name
    candidates: Annotated[int, Field(ge=1, le=100_000)]
    guilty: Count
    innocent: Count
    cllr: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None
    least_cllr: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None
    without_ratio: Number
    students: Number
    students_right: Number
    others: Number
    others_supported: Number
    probes: tuple[ScoredProbe, ...] = Field(min_length=1, max_length=200, strict=False)
    total: Total

    @model_validator(mode="after")
    def _honest(self) -> KindOfScan:
        names = [one.probe for one in self.probes]
        if len(set(names)) < len(names):
            raise ValueError("a probe is in it twice")
        if self.students_right > self.students or self.others_supported > self.others:
            raise ValueError("some of its counts are of fewer than they count")
        over = self.total.most > math.log(self.innocent) + _ROUNDING
        if over or self.total.least < -math.log(self.guilty) - _ROUNDING:
            raise ValueError("its ratios go further than the numbers of its known models")
        return self

    @property
    def fusion(self) -> Fusion:
        """The same as the statistics take it, with methods in the order of ``probes``."""
        total = self.total
        return Fusion(
            scales=tuple(one.method_scale for one in self.probes),
            weights=tuple(one.weight for one in self.probes),
            calibration=Calibration(
                total.centre, total.scale, total.slope, total.intercept, total.most, total.least
            ),
        )


class CalibrationFile(_Strict):
    """The content of ``calibration.json``; an unknown key is an error.

    Attributes:
        format: Format and its version.
        claim: The claim that the ratios are about.
        population: Name of the population that it was calibrated on.
        register_digest: Digest of that population's register.
        models_digest: Digest over the digests of its models, by name.
        tool_version: Version of the tool that wrote it.
        created_at: When, ISO 8601 in UTC.
        calibrations: One for each kind of model and kind of scan.
    """

    format: Name = Field(alias="schema")
    claim: Claim = Field(strict=False)
    population: Name
    register_digest: Digest
    models_digest: Digest
    tool_version: Name
    created_at: Name
    calibrations: tuple[KindOfScan, ...] = Field(min_length=1, max_length=50, strict=False)

    @model_validator(mode="after")
    def _once(self) -> CalibrationFile:
        held = [(one.kind, one.scenario) for one in self.calibrations]
        if len(set(held)) < len(held):
            raise ValueError("a kind of model and scan is in it twice")
        return self

    @property
    def digest(self) -> str:
        """Identity of the content, however it is laid out."""
        return digest_json(self.model_dump(mode="json", by_alias=True))


def read_calibration(path: Path) -> CalibrationFile:
    """Read and check a calibration.

    Raises:
        UsageError: If it cannot be read, is no calibration, is of another version, or contradicts itself.
    """
    body = _json(path)
    schema = body.get("schema") if isinstance(body, dict) else None
    if not isinstance(schema, str) or not schema.startswith(FORMAT):
        raise UsageError(
            "this is no calibration",
            where=str(path),
            fix=f"give the {CALIBRATION} that `auditor validate` wrote",
        )
    if schema != FORMAT + VERSION:
        version = schema.removeprefix(FORMAT)[:20]
        raise UsageError(
            f"this calibration is of version {version!r}, and this tool reads version {VERSION!r}",
            where=str(path),
            fix="make it anew with `auditor validate`",
        )
    try:
        return CalibrationFile.model_validate(body)
    except (ValidationError, OverflowError) as error:
        what = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            what = f"at {'.'.join(str(part) for part in first['loc']) or 'the file'}: {first['msg']}"
        raise UsageError(
            f"the calibration is malformed {what}",
            where=str(path),
            fix="make it anew with `auditor validate`",
        ) from error


def write_calibration(content: CalibrationFile, path: Path) -> Path:
    """Write a calibration, whole or not at all.

    Raises:
        ReportError: If it cannot be written.
    """
    body = content.model_dump(mode="json", by_alias=True)
    text = json.dumps(body, sort_keys=True, indent=1, allow_nan=False) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ReportError(
            f"the calibration cannot be written: {error.strerror or error}", where=str(path)
        ) from error
    return path


def scored_probes(
    tests: Sequence[tuple[str, str]], digests: dict[str, str], fusion: Fusion
) -> tuple[ScoredProbe, ...]:
    """The probes of a fit, given as pairs of probe and method."""
    found = []
    for (probe, method), scale, weight in zip(tests, fusion.scales, fusion.weights, strict=True):
        found.append(
            ScoredProbe(
                probe=probe,
                method=method,
                digest=digests[probe],
                weight=weight,
                centre=None if scale is None else scale.centre,
                scale=None if scale is None else scale.scale,
                mean=None if scale is None else scale.mean,
                spread=None if scale is None else scale.spread,
            )
        )
    return tuple(found)


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(
                f"the file is larger than {_MOST_BYTES >> 20} MiB, which no calibration is", where=str(path)
            )
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise UsageError(
            f"the calibration cannot be read: {error.strerror or error}",
            where=str(path),
            fix=f"give the {CALIBRATION} that `auditor validate` wrote",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the calibration is not valid JSON: {error}", where=str(path)) from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
