"""The validation as JSON, for programs and for recounting."""

from __future__ import annotations

import json
import math
from typing import Any

from auditor.digest import well_formed
from auditor.record.codec import encode
from auditor.validation.output.result import Validation

SCHEMA = "distillation-auditor/validation/1"


def render_json(validation: Validation) -> str:
    """All rows and figures: keys sorted, ASCII only, one newline at the end; infinite numbers are null."""
    body = {"schema": SCHEMA, **encode(validation)}
    return json.dumps(_plain(body), sort_keys=True, indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return well_formed(value) if isinstance(value, str) else value
