"""The reports of a validation on disk."""

from __future__ import annotations

import os
from pathlib import Path

from auditor.error import ReportError
from auditor.scan.calibration_file import CALIBRATION, write_calibration
from auditor.validation.output.calibration import calibration_of
from auditor.validation.output.json_document import render_json
from auditor.validation.output.markdown import render_markdown
from auditor.validation.output.page import render_html
from auditor.validation.output.result import Validation

FORMATS = {
    "validation.json": render_json,
    "validation.html": render_html,
    "validation.md": render_markdown,
}


def write_all(validation: Validation, out: Path) -> tuple[Path, ...]:
    """Write every report into ``out``, each whole or not at all, and the calibration where there is one.

    A calibration of an earlier run in the same folder that this one could not renew is taken away.

    Raises:
        ReportError: If one cannot be rendered or written.
    """
    paths = []
    for name, render in FORMATS.items():
        path = out / name
        part = path.with_name(f".{name}.{os.getpid()}.part")
        content = render(validation).encode("utf-8")
        try:
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ReportError(
                f"the report cannot be written: {error.strerror or error}", where=str(path)
            ) from error
        paths.append(path)
    calibration = calibration_of(validation)
    if calibration is None:
        (out / CALIBRATION).unlink(missing_ok=True)
    else:
        paths.append(write_calibration(calibration, out / CALIBRATION))
    return tuple(paths)
