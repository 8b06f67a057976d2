"""Where an endpoint is and what opens it: its address in one spelling, its key from the environment."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit, urlunsplit

from auditor.error import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def normal_url(url: str) -> str:
    """The address of an endpoint in one spelling: lower-case host, no default port, no final slash.

    Raises:
        UsageError: If it is no plain http(s) address, or carries credentials, which would end up in
            records.
    """
    shape = "write openai:MODEL@http://host:port/v1"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError("the endpoint's address is malformed", fix=shape) from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the endpoint's address carries credentials",
            where=str(parts.hostname),
            fix="put the key into an environment variable and name that with --api-key-env",
        )
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _DEFAULT_PORTS or not host or any(sign.isspace() for sign in url.strip()):
        raise UsageError("the endpoint's address is no http(s) address", fix=shape)
    if parts.query or parts.fragment:
        raise UsageError("the endpoint's address carries a query or fragment", where=host, fix=shape)
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        place = f"{place}:{port}"
    return urlunsplit((scheme, place, parts.path.rstrip("/"), "", ""))


def read_key(variable: str | None) -> str | None:
    """The key in the environment variable of this name, or None where no name is given.

    Raises:
        UsageError: If the variable is missing, empty, or holds what no HTTP header can.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise UsageError(
            f"the environment variable {variable} holds no key",
            fix=f"set {variable}, or name another variable with --api-key-env",
        )
    if not key.isascii() or not key.isprintable():
        raise UsageError(
            f"the environment variable {variable} holds characters that no key has",
            fix=f"set {variable} to the key alone, on one line",
        )
    return key


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
