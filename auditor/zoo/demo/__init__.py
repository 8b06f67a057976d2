"""What the demo ships: five small models, recorded controls, and the plan of two audits.

``models/NAME``, ``panel.jsonl.gz``, ``births.json`` and ``manifest.json`` are written by ``auditor zoo build
--preset demo``. No scan reads the certificates in ``births.json``.
"""

from __future__ import annotations

from pathlib import Path

#: The plan that both audits follow; only the suspect differs.
PLAN_FILE = Path(__file__).resolve().parent / "plan.yaml"

#: The models that are audited: one distilled from teacher-a, one innocent.
SUSPECTS = ("demo:suspect", "demo:innocent")
