"""Numbers as a reader wants them: rounded to what they can bear, never a false zero."""

from __future__ import annotations

import math

from auditor.record.result import TestResult

_MINUS = "−"


def number(value: float | int | str | bool | None, digits: int = 3) -> str:
    """A plain number with ``digits`` significant digits; integers whole, words as they are."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace("-", _MINUS)
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else f"{_MINUS}∞")
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size >= 9:
        return _exponent(f"{value:.{digits - 1}e}")
    text = decimal(value, max(0, digits - 1 - size))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(text: str) -> str:
    mantissa, _, power = text.partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(power)}".replace("-", _MINUS, 1 if text.startswith("-") else 0)


def decimal(value: float, places: int) -> str:
    """A number with a fixed number of decimals and no negative zero."""
    if not math.isfinite(value):
        return number(value)
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def places_for(low: float, high: float) -> int:
    """Decimals that show the width of an interval to two significant digits, or nearly so."""
    width = high - low
    if not math.isfinite(width) or width <= 0:
        return 3
    return min(8, max(0, 1 - math.floor(math.log10(width / 1.2))))


def interval(low: float, high: float) -> str:
    """``0.22 to 0.40``, rounded to what the width can bear."""
    places = places_for(low, high)
    return f"{decimal(low, places)} to {decimal(high, places)}"


def effect(value: float, ends: tuple[float, float] | None) -> str:
    """An estimate rounded like its interval."""
    return number(value) if ends is None else decimal(value, places_for(*ends))


def percent(share: float) -> str:
    """A share in percent, ``95 %``."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"


def p_value(p: float | None, log10_p: float | None = None) -> str:
    """``= 0.024``, ``= 3e-7``, ``< 1e-300`` or ``> 0.99``; empty where there is none."""
    exponent = log10_p
    if exponent is None and p is not None and p > 0:
        exponent = math.log10(p)
    if exponent is None:
        return "" if p is None else "< 1e-300"
    if math.isnan(exponent):
        return ""
    if exponent < -300:
        return "< 1e-300"
    if exponent < -4:
        whole = math.floor(exponent)
        mantissa = round(10 ** (exponent - whole), 1)
        if mantissa >= 10:
            mantissa, whole = 1.0, whole + 1
        return f"= {mantissa:g}e{whole}"
    p = 10**exponent if p is None else p
    if p >= 1:
        return "= 1"
    if p > 0.99:
        return "> 0.99"
    return f"= {decimal(p, max(2, 1 - math.floor(math.log10(p))) if p >= 0.001 else 4)}"


def p_words(result: TestResult) -> str:
    """``p = 0.024``, or the e-value where that is what the method makes, or empty."""
    written = p_value(result.p_value, result.log10_p_value)
    if written:
        return f"p {written}"
    return f"e = {number(result.e_value)}" if result.e_value is not None else ""


def attainable(result: TestResult) -> str:
    """The smallest p-value that the design could have returned, or empty."""
    return p_value(result.smallest_attainable_p).removeprefix("= ")


def count(n: int, one: str, many: str = "") -> str:
    """``1 control`` or ``40 controls``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
