"""Where the reviewable content is: probes, policies and report templates.

In an installed package it lies beside the code; in a checkout it is the repository itself.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from auditor.error import ContentError

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder that holds ``probes``, ``policies`` and ``reports/templates``.

    Raises:
        ContentError: If the package was installed without its content.
    """
    packed = _PACKAGE / "_content"
    if packed.is_dir():
        return packed
    checkout = _PACKAGE.parent
    project = checkout / "pyproject.toml"
    if project.is_file():
        with project.open("rb") as stream:
            name = tomllib.load(stream).get("project", {}).get("name")
        if name == "distillation-auditor":
            return checkout
    raise ContentError(
        "the probes, policies and templates of this installation are missing",
        where=str(_PACKAGE),
        fix="install the package again",
    )


def probes() -> Path:
    """The folder of shipped probe suites."""
    return root() / "probes"


def policies() -> Path:
    """The folder of shipped policy packs."""
    return root() / "policies"


def templates() -> Path:
    """The folder of report templates."""
    return root() / "reports" / "templates"
