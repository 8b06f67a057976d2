"""HTTP to one server: bounded, patient with a busy server, and silent about the key."""

from __future__ import annotations

import contextlib
import email.utils
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from auditor.digest import well_formed
from auditor.error import EndpointError, UsageError
from auditor.target.endpoint_address import is_loopback

if TYPE_CHECKING:
    import httpx

_LARGEST_BODY = 32 << 20
_LONGEST_WAIT = 60.0
_LONGEST_BACKOFF = 20.0
_LONGEST_MESSAGE = 300
# Shorter keys are placeholders such as "EMPTY"; blotting those out of answers would damage the answers.
_SECRET_LENGTH = 16


class UnreachableError(EndpointError):
    """The server is down, hangs or stays busy, which says nothing about what it could do."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer below status 500: its status and its JSON object, empty where it was none."""

    status: int
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the server did what was asked."""
        return self.status == 200

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object of the OpenAI form, or an empty one."""
        error = self.body.get("error", self.body.get("detail"))
        if isinstance(error, Mapping):
            return error
        message = error or self.body.get("message", "")
        return {"message": message if isinstance(message, str) else json.dumps(message)}

    @property
    def message(self) -> str:
        """The server's own words about an error, on one line, cut to a readable length."""
        words = " ".join(well_formed(str(self.error.get("message", ""))).split())
        return words if len(words) <= _LONGEST_MESSAGE else words[:_LONGEST_MESSAGE] + "..."


class Channel:
    """Requests to one server, from any number of threads.

    Args:
        url: Normalised address, with its ``/v1`` or whatever path the API lies under.
        key: Bearer token, or None.
        timeout: Seconds until an answer is given up.
        retries: Further tries after a 429, a 5xx or a broken connection.
        connections: Requests under way at most.
        first_wait: Seconds before the first further try; it doubles with each.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 120.0,
        retries: int = 5,
        connections: int = 8,
        first_wait: float = 0.5,
    ) -> None:
        self.url = url
        parts = urlsplit(url)
        self.root = urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/v1"), "", ""))
        self._key = key
        self._timeout = timeout
        self._retries = max(retries, 0)
        self._connections = max(connections, 1)
        self._first_wait = first_wait
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()
        self._closing = threading.Event()
        self._hold_until = 0.0
        self._answered = False
        self._trying = False

    def __repr__(self) -> str:
        return f"Channel({self.url!r})"

    def get(self, path: str, *, root: bool = False) -> Reply:
        """Ask for ``path`` below the address, or below the server's root."""
        return self._ask("GET", (self.root if root else self.url) + path, None)

    def post(self, path: str, body: Mapping[str, Any], *, root: bool = False) -> Reply:
        """Post JSON to ``path`` below the address, or below the server's root.

        Raises:
            EndpointError: If the server is down, stays busy, rejects the key, sends the request
                elsewhere, or answers with something that is no JSON object.
        """
        return self._ask("POST", (self.root if root else self.url) + path, body)

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """While it lasts, a 5xx is retried once only: some servers answer so to what they do not know."""
        self._trying = True
        try:
            yield
        finally:
            self._trying = False

    def close(self) -> None:
        """Drop the connections and wake whoever waits for a further try."""
        self._closing.set()
        with self._opening:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def redact(self, text: str) -> str:
        """``text`` without the key."""
        return text.replace(self._key, "***") if self._key else text

    def _redacted(self, value: Any, depth: int = 8) -> Any:
        """An error's JSON without the key, however short that is: errors are shown to people."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            return [self._redacted(one, depth - 1) for one in value] if depth else []
        if isinstance(value, dict):
            return {name: self._redacted(one, depth - 1) for name, one in value.items()} if depth else {}
        return value

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None) -> Reply:
        import httpx

        self._closing.clear()
        tries = 1 + self._retries
        timeouts = 0
        trouble: Exception | None = None
        for attempt in range(tries):
            self._wait(self._hold_until - time.monotonic())
            asked_for: float | None = None
            try:
                status, headers, data = self._exchange(method, url, body)
            except httpx.TimeoutException as error:
                trouble, timeouts = self._gave_up(error), timeouts + 1
                if timeouts > 1:  # whoever hangs twice would hang for all the retries
                    break
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise UsageError("the endpoint's address is malformed", where=self.url) from error
            except httpx.TransportError as error:
                trouble = self._down(error)
                if not self._answered and attempt >= 1:  # it was never up: a wrong address, not a hiccup
                    break
            else:
                self._answered = True
                if status != 429 and (status < 500 or status == 501):
                    return self._reply(status, data)
                reply = self._object(status, data)
                trouble = self._busy(status, reply)
                if status == 429 and reply.error.get("code") == "insufficient_quota":
                    break  # waiting brings no money
                if self._trying and status >= 500 and attempt >= 1:
                    break
                asked_for = _retry_after(headers)
            if attempt + 1 < tries:
                self._back_off(attempt, asked_for)
        assert trouble is not None
        raise trouble

    def _exchange(
        self, method: str, url: str, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request with its redirects on the same server, the answer read up to the limit."""
        import httpx

        for _ in range(3):
            ends = time.monotonic() + self._timeout
            with self._opened().stream(method, url, json=body) as response:
                if not response.is_redirect:
                    data = bytearray()
                    for block in response.iter_bytes():
                        data += block
                        if len(data) > _LARGEST_BODY:
                            raise EndpointError(
                                f"the server's answer is larger than {_LARGEST_BODY >> 20} MiB",
                                where=self.url,
                                fix="check that this is the address of an OpenAI-compatible API",
                            )
                        if time.monotonic() > ends:
                            raise httpx.ReadTimeout("the answer trickled in for too long")
                    return response.status_code, response.headers, bytes(data)
                target = urljoin(url, response.headers.get("location", ""))
                same = urlsplit(target)[:2] == urlsplit(url)[:2]
                if not same or (method == "POST" and response.status_code not in (307, 308)):
                    # following it would hand the key and the questions to somebody else
                    raise EndpointError(
                        f"the server redirects to {self.redact(urlsplit(target).netloc) or 'nowhere'}",
                        where=self.url,
                        fix="give the address that the API really has",
                    )
                url = target
        raise EndpointError("the server redirects in a circle", where=self.url, fix="check the address")

    def _opened(self) -> httpx.Client:
        import httpx

        with self._opening:
            if self._client is None:
                headers = {"Accept-Encoding": "identity", "User-Agent": "distillation-auditor"}
                if self._key:
                    headers["Authorization"] = f"Bearer {self._key}"
                self._client = httpx.Client(
                    headers=headers,
                    timeout=self._timeout,
                    follow_redirects=False,
                    # A proxy for the outside world cannot reach this very machine.
                    trust_env=not is_loopback(urlsplit(self.url).hostname or ""),
                    limits=httpx.Limits(
                        max_connections=self._connections, max_keepalive_connections=self._connections
                    ),
                )
            return self._client

    def _reply(self, status: int, data: bytes) -> Reply:
        if status in (401, 403):
            raise EndpointError(
                f"the server rejects the key (HTTP {status}): {self._object(status, data).message}",
                where=self.url,
                fix="put a valid key into an environment variable and name that with --api-key-env",
            )
        return self._object(status, data)

    def _object(self, status: int, data: bytes) -> Reply:
        if self._key and len(self._key) >= _SECRET_LENGTH:
            data = data.replace(self._key.encode("ascii"), b"***")
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            if status >= 400:
                return Reply(status, {})
            kind = "a web page" if data.lstrip()[:1] == b"<" else "something that is no JSON"
            raise EndpointError(
                f"the server answered with {kind}",
                where=self.url,
                fix="check that this is the address of an OpenAI-compatible API, with its /v1",
            ) from error
        if not isinstance(value, dict):
            if status >= 400:
                return Reply(status, {})
            raise EndpointError(
                "the server answered with JSON that is no object",
                where=self.url,
                fix="check that this is the address of an OpenAI-compatible API, with its /v1",
            )
        return Reply(status, value if status < 400 and "error" not in value else self._redacted(value))

    def _busy(self, status: int, reply: Reply) -> EndpointError:
        words = f": {reply.message}" if reply.message else ""
        kind = UnreachableError if status in (429, 503) else EndpointError
        return kind(
            f"the server keeps answering HTTP {status}{words}",
            where=self.url,
            fix="try again later or ask less at once; answers that are already recorded are kept",
        )

    def _down(self, error: Exception) -> EndpointError:
        return UnreachableError(
            f"the server cannot be reached: {self.redact(str(error)) or type(error).__name__}",
            where=self.url,
            fix="start the server or check its address; answers that are already recorded are kept",
        )

    def _gave_up(self, error: Exception) -> EndpointError:
        return UnreachableError(
            f"the server gave no answer within {self._timeout:g} s ({type(error).__name__})",
            where=self.url,
            fix="give it more time with 'timeout' in the plan file, or check that it is not stuck",
        )

    def _back_off(self, attempt: int, asked_for: float | None) -> None:
        wait = min(self._first_wait * 2**attempt, _LONGEST_BACKOFF)
        wait *= 0.5 + random.random()  # so that the waiting threads do not all come back at once
        if asked_for is not None:
            wait = min(asked_for, _LONGEST_WAIT)
            # The server asked for quiet: that holds for every thread.
            self._hold_until = max(self._hold_until, time.monotonic() + wait)
        self._wait(wait)

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._closing.wait(seconds):
            raise EndpointError("the connection was closed while it waited", where=self.url)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in a Retry-After header, which may also be a date (RFC 9110, section 10.2.3)."""
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        return max(float(raw), 0.0) if float(raw) == float(raw) else None
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(raw)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)
