"""Flags of a scan as the plan file says the same."""

from __future__ import annotations

from typing import Any

import yaml

from auditor.error import UsageError


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that were given."""
    return {name: value for name, value in options.items() if value not in (None, False)}


def with_settings(
    parameters: dict[str, dict[str, Any]], settings: list[str] | tuple[()]
) -> dict[str, dict[str, Any]]:
    """Parameters of probes with what ``--set`` replaces in them.

    Raises:
        UsageError: If a setting is malformed.
    """
    changed = {probe: dict(values) for probe, values in parameters.items()}
    for setting in settings:
        place, separator, value = setting.partition("=")
        probe, dot, name = place.rpartition(".")
        if not separator or not dot or "/" not in probe:
            raise UsageError("a setting is malformed", where=setting, fix="write SUITE/PROBE.PARAMETER=VALUE")
        changed.setdefault(probe, {})[name] = yaml.safe_load(value)
    return changed
