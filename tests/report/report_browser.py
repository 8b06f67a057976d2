"""One page opened in a real browser, with everything it complained of or asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

SIZES = {"phone": (390, 844), "small": (360, 740), "desk": (1280, 800), "wide": (1400, 1000)}
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def chromium() -> str:
    """Path of the browser; without one the test is skipped, or fails where continuous integration runs it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no chromium on the PATH: install it to check the page in a browser"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Visit:
    """One page opened, with everything it complained of or asked for."""

    def __init__(
        self,
        browser: Any,
        path: Path,
        size: str,
        scheme: str = "light",
        script: bool = True,
        policy: bool = True,
    ) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            bypass_csp=not policy,
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.set_default_timeout(60_000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
