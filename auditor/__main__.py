"""Entry point of the ``auditor`` command and of ``python -m auditor``."""

from __future__ import annotations

from auditor.cli.app import run


def main() -> None:
    """Run the command line and leave with its exit status."""
    raise SystemExit(run())


if __name__ == "__main__":
    main()
