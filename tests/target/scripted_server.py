"""A small real HTTP server on loopback that answers as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Out:
    """One answer: JSON or raw bytes, after a delay in seconds."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def chat(text: str, finish: str = "stop", **more: Any) -> Out:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return Out(body={"model": "m", "choices": [choice], "usage": {"completion_tokens": 3}, **more})


def completion(text: str, logprobs: Any = None, finish: str = "stop") -> Out:
    choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": logprobs}
    return Out(body={"model": "m", "choices": [choice]})


def error(status: int, message: str, headers: dict[str, str] | None = None, **more: Any) -> Out:
    return Out(status, {"error": {"message": message, **more}}, headers or {})


MODELS = Out(body={"object": "list", "data": [{"id": "m", "owned_by": "somebody", "created": 1}]})


def plain(seen: Seen) -> Out:
    """A server that only chats, without any log-probabilities."""
    if seen.path == "/v1/models":
        return MODELS
    if seen.path == "/v1/chat/completions":
        return chat("Hello.")
    return error(404, "unknown path")


@dataclass
class Server:
    """A running server: its address, what it was asked, and how many requests were in it at once."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    most: int = 0
    script: Callable[[Seen], Out] = plain

    def asked(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]


@contextmanager
def serving(script: Callable[[Seen], Out] = plain) -> Iterator[Server]:
    lock, inside = threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = Seen(self.command, self.path, json.loads(raw or b"{}"), dict(self.headers.items()))
            with lock:
                server.seen.append(seen)
                inside[0] += 1
                server.most = max(server.most, inside[0])
            out = server.script(seen)
            time.sleep(out.delay)
            with lock:
                inside[0] -= 1
            try:
                self.send_response(out.status)
                for name, value in out.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(out.data)))
                self.end_headers()
                self.wfile.write(out.data)
            except OSError:
                self.close_connection = True  # the client gave up, as some tests want it to

        do_GET = do_POST = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of the tests."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server = Server(f"http://127.0.0.1:{http.server_address[1]}/v1", script=script)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
