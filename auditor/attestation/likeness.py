"""Whether a record that was worked out again is the one that was recorded.

Another processor adds up in another order, so that numbers may differ in their last digits, in a record's
fields and in its sentences alike. Everything else must be the same.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest
from typing import Any

#: Relative and absolute difference between numbers that counts as none.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
_NUMBER = re.compile(r"[+−-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def difference(recorded: Any, again: Any, path: str = "") -> str:
    """The first place where two encoded records differ, with both values; empty where they agree."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        for name in sorted({*recorded, *again}):
            if name not in recorded or name not in again:
                return f"{path}{name} is there only once"
            if found := difference(recorded[name], again[name], f"{path}{name}."):
                return found
        return ""
    if isinstance(recorded, list) and isinstance(again, list):
        if len(recorded) != len(again):
            return f"{path.rstrip('.')} has {len(recorded)} entries, and {len(again)} when worked out again"
        for place, (one, other) in enumerate(zip(recorded, again, strict=True)):
            if found := difference(one, other, f"{path}{place}."):
                return found
        return ""
    if _same(recorded, again):
        return ""
    return f"{path.rstrip('.')} is {recorded!r}, and {again!r} when worked out again"


def _same(recorded: Any, again: Any) -> bool:
    if isinstance(recorded, bool) or isinstance(again, bool):
        return recorded is again
    if isinstance(recorded, (int, float)) and isinstance(again, (int, float)):
        return recorded == again or math.isclose(recorded, again, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    if isinstance(recorded, str) and isinstance(again, str):
        return recorded == again or _same_sentence(recorded, again)
    return bool(recorded == again)


def _same_sentence(recorded: str, again: str) -> bool:
    """Whether two sentences differ in nothing but the last printed digit of some numbers."""
    if _NUMBER.sub("#", recorded) != _NUMBER.sub("#", again):
        return False
    pairs = zip_longest(_NUMBER.findall(recorded), _NUMBER.findall(again), fillvalue="")
    return all(one == other or _last_digit_apart(one, other) for one, other in pairs)


def _last_digit_apart(one: str, other: str) -> bool:
    digits = max(len(text.partition("e")[0].partition(".")[2]) for text in (one, other))
    exponent = max((int(text.partition("e")[2] or 0) for text in (one, other)), default=0)
    values = [float(text.replace("−", "-")) for text in (one, other)]
    return digits > 0 and abs(values[0] - values[1]) <= 1.01 * 10.0 ** (exponent - digits)
