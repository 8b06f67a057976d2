"""A time-stamp authority on loopback: an HTTP server in front of ``openssl ts -reply``."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

REPLY = "application/timestamp-reply"
_CONFIG = """
[tsa]
dir = {folder}
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/signer.pem
signer_key = $dir/signer.key
certs = $dir/signer.pem
default_policy = 1.3.6.1.4.1.99999.1
digests = {digests}
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Keys and certificates of an authority, and what its server does.

    Attributes:
        folder: Where ``root.pem``, its root certificate, and all that OpenSSL needs lie.
        url: Address of the running server.
        twist: Changes the query before it is answered.
        finish: Makes status, content type and body of the reply that OpenSSL gave.
        asked: The queries, as they came.
    """

    folder: Path
    url: str = ""
    twist: Callable[[bytes], bytes] = lambda query: query
    finish: Callable[[bytes], tuple[int, str, bytes]] = lambda reply: (200, REPLY, reply)
    asked: list[bytes] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """What OpenSSL answers to a query."""
        asked, answered = self.folder / "query.tsq", self.folder / "reply.tsr"
        asked.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"]
        command += ["-queryfile", str(asked), "-out", str(answered)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return answered.read_bytes()


def founded(
    folder: Path,
    *,
    valid: tuple[timedelta, timedelta] = (timedelta(days=-1), timedelta(days=1)),
    purpose: x509.ObjectIdentifier = x509.ExtendedKeyUsageOID.TIME_STAMPING,
    digests: str = "sha256",
) -> Authority:
    """A new authority with a root and a signer of its own.

    Args:
        folder: Where its files go.
        valid: First and last moment of the signer's certificate, from now.
        purpose: What that certificate is for.
        digests: Digest algorithms that it accepts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    root_key, key = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
    root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Root of {folder.name}")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Clock of {folder.name}")])
    decade = (now - timedelta(days=3650), now + timedelta(days=3650))
    root = _certificate(
        root_name, root_name, root_key, root_key, decade, x509.BasicConstraints(ca=True, path_length=0)
    )
    span = (now + valid[0], now + valid[1])
    signer = _certificate(name, root_name, key, root_key, span, x509.ExtendedKeyUsage([purpose]))
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "signer.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, digests=digests))
    return Authority(folder)


def _certificate(
    name: x509.Name,
    issuer: x509.Name,
    key: RSAPrivateKey,
    issuer_key: RSAPrivateKey,
    span: tuple[datetime, datetime],
    extension: x509.ExtensionType,
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), *span)
        .add_extension(extension, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
        .sign(issuer_key, SHA256())
    )


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """Run its server while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            authority.asked.append(query)
            status, kind, body = authority.finish(authority.reply(authority.twist(query)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        authority.url = f"http://127.0.0.1:{http.server_address[1]}/tsa"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield authority
        finally:
            http.shutdown()
            thread.join()
