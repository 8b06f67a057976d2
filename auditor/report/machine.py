"""The JSON report: the records themselves, losslessly, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from auditor.digest import well_formed
from auditor.record.codec import encode
from auditor.record.observation import Arrays, Transcript
from auditor.record.scan import Scan
from auditor.report.attribution import attribution
from auditor.report.cast import Cast
from auditor.report.dossier import limits
from auditor.report.lede import build_lede
from auditor.report.rules import rule_lines
from auditor.report.wording import strength

SCHEMA = "distillation-auditor/report/1"


def render_json(scan: Scan) -> str:
    """The report as JSON: keys sorted, ASCII only, an answer or question a line, one newline at the end.

    Numbers that JSON cannot express (an open end of an interval) are ``null``; lone surrogates are U+FFFD;
    every other character of a model's answer is kept as it was, escaped. Arrays are named by shape,
    and transcripts by the number of their answers: both are in the ledger in full.
    """
    cast = Cast.of(scan)
    bounds = limits(scan)
    lede = build_lede(scan, cast, rule_lines(scan, cast), bounds)
    who = attribution(scan, cast)
    body = {
        "schema": SCHEMA,
        "run": scan.run,
        "started_at": scan.started_at,
        "finished_at": scan.finished_at,
        "summary": {"status": lede.state, "headline": lede.headline, "reason": lede.reason},
        "verdict": encode(scan.verdict) if scan.verdict is not None else None,
        "findings": [
            {**encode(one), "fingerprint": one.fingerprint, "strength": strength(one)}
            for one in scan.findings
        ],
        "attribution": None if who is None else asdict(who),
        "advice": list(scan.advice),
        "limits": list(bounds),
        "plan": encode(scan.plan),
        "plan_digest": scan.plan_digest,
        "root": scan.root,
        "environment": encode(scan.environment),
        "asked": scan.asked,
        "reused": scan.reused,
        "answers": _lines("[]", [_line(one) for one in _answers(scan)]),
        "requests": _lines(
            "{}",
            [f"{_line(digest)}: {_line(encode(scan.requests[digest]))}" for digest in sorted(scan.requests)],
        ),
    }
    members = (
        f" {_line(name)}: {value if isinstance(value, _Written) else _indented(value)}"
        for name, value in sorted(body.items())
    )
    return "{\n" + ",\n".join(members) + "\n}\n"


class _Written(str):
    """A part of the document that is JSON already."""

    __slots__ = ()


def _lines(brackets: str, lines: Sequence[str]) -> _Written:
    """A list or an object of one line for each member: what there may be tens of thousands of."""
    return _Written(f"{brackets[0]}\n  " + ",\n  ".join(lines) + f"\n {brackets[1]}" if lines else brackets)


def _line(value: Any) -> str:
    try:
        text = json.dumps(value, sort_keys=True, allow_nan=False)
    except ValueError:  # a number that JSON cannot express
        text = ""
    # A surrogate, be it half of a pair or a lone one, wants a closer look.
    return text if text and "\\ud" not in text else json.dumps(_plain(value), sort_keys=True, allow_nan=False)


def _indented(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, indent=1, allow_nan=False)
    return text.replace("\n", "\n ")


def _answers(scan: Scan) -> list[dict[str, Any]]:
    rows = []
    for subject, request in sorted(scan.observations.answers):
        answer = scan.observations.answers[subject, request]
        if isinstance(answer, Arrays):
            value: Any = {
                "kind": answer.kind,
                "arrays": [
                    {"name": one.name, "dtype": one.dtype, "shape": list(one.shape)} for one in answer.arrays
                ],
            }
        elif isinstance(answer, Transcript):
            value = {"kind": answer.kind, "recorded": len(answer.answers)}
        else:
            value = encode(answer)
        rows.append({"subject": subject, "request": request, "answer": value})
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return well_formed(value) if isinstance(value, str) else value
