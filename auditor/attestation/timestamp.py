"""The time of a seal, by the word of somebody else: an RFC 3161 time stamp.

What is stamped is the whole file of the seal, signature and statement together, and not the signature
alone. A time stamp is to hold against the signer as well, and a signature binds a statement only as far as
the key is honest: for an Ed25519 key of small order there are signatures that fit every statement, so that
a stamped one could be given another statement later. It also lets anybody check the time with what every
machine has: ``openssl ts -verify -data seal.json -in seal.tsr -CAfile ROOT.pem``.

The authority sees a digest and nothing else. Its answer is kept as it came, beside the seal and in the
bundle; certificates count as of the time that it states, so that a token outlives the certificate it was
signed with. Whether a certificate was revoked is not looked up: that would need a network.

Source: RFC 3161 (Adams, Cain, Pinkas, Zuccherato 2001), sections 2.4 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from auditor.digest import digest_bytes
from auditor.error import EvidenceIntegrityError, TimestampError, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

#: How far the signer's clock may be ahead of the authority's, before the end that a seal names counts as
#: later than the seal itself.
CLOCKS_APART = timedelta(minutes=5)

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_SECONDS = 30.0
_LARGEST = 1024**2  # tokens take some kilobytes
_GRANTED = 0
_SHA256 = "2.16.840.1.101.3.4.2.1"
_STATUS = {
    1: "granted with changes",
    2: "rejection",
    3: "waiting",
    4: "revocation warning",
    5: "revocation notification",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """When a seal existed at the latest.

    Attributes:
        at: The time, ISO 8601 in UTC.
        authority: Name of the certificate that the token is signed with.
    """

    at: str
    authority: str


def token_path(seal: Path) -> Path:
    """Where the token of a seal lies: beside it, ending in ``.tsr``."""
    return seal.with_suffix(".tsr")


def stamp(seal: bytes, url: str, roots: Path | None = None) -> bytes:
    """Ask an authority for a token over a seal.

    Args:
        seal: The file of the seal.
        url: Address of the authority.
        roots: Certificates to check the token by at once; without them, only that it answers this request.

    Returns:
        The answer as it came: a DER-encoded ``TimeStampResp``.

    Raises:
        UsageError: If the package for it is missing, or ``url`` or ``roots`` is none.
        TimestampError: If the authority cannot be reached, refuses, or stamped something else.
    """
    client = _client()
    trusted = _certificates(roots) if roots is not None else None
    request = client.TimestampRequestBuilder().data(seal).hash_algorithm(client.HashAlgorithm.SHA256).build()
    answer = _asked(url, request.as_bytes())
    try:
        response = client.decode_timestamp_response(answer)
        _check_answer(response, request, url)
        if trusted is not None:
            _verify(client, response, seal, trusted)
    except TimestampError:
        raise
    except Exception as error:
        # What is no token leads anywhere in the parsers of ASN.1 and of certificates.
        raise TimestampError(f"its answer is no good time stamp: {error}", where=url, fix=_OTHER) from error
    return answer


def attested(token: bytes, seal: bytes, finished_at: str, roots: Path) -> Attested:
    """The time that a token states, checked without a network.

    Args:
        token: The authority's answer.
        seal: The file of the seal.
        finished_at: When the run ended, by the seal's own word; ISO 8601 with its offset.
        roots: Certificates of the authority that are trusted, in PEM.

    Raises:
        UsageError: If the package for it is missing, or the certificates cannot be read.
        EvidenceIntegrityError: If the token is damaged, of another seal, by another authority, signed with a
            certificate that was not valid at its time, or older than the end of the run.
    """
    client = _client()
    trusted = _certificates(roots)
    try:
        response = client.decode_timestamp_response(token)
        _verify(client, response, seal, trusted)
        info = response.tst_info
        at = info.gen_time.astimezone(UTC)
        authority = _signer(response)
    except Exception as error:
        # What is no token leads anywhere in the parsers of ASN.1 and of certificates.
        raise EvidenceIntegrityError(
            f"the time stamp of the seal does not hold: {error}",
            where="seal.tsr",
            fix="ask for the certificate of the authority by another way than the bundle came",
        ) from error
    if datetime.fromisoformat(finished_at) - at > CLOCKS_APART:
        raise EvidenceIntegrityError(
            f"the seal existed at {_written(at)}, and says that its run ended later, at {finished_at}",
            where="seal.tsr",
            fix="the clock that the run was recorded by was wrong or set",
        )
    return Attested(at=_written(at), authority=authority)


_OTHER = "name another authority with --timestamp URL, or seal without a time stamp"


def _client() -> ModuleType:
    try:
        import rfc3161_client
    except ImportError as error:
        raise UsageError(
            "time stamps need the package rfc3161-client",
            fix="pip install 'distillation-auditor[timestamp]'",
        ) from error
    return rfc3161_client


def _asked(url: str, query: bytes) -> bytes:
    import httpx

    answer = bytearray()
    try:
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        with httpx.stream("POST", url, content=query, headers=headers, timeout=_SECONDS) as reply:
            kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
            if reply.status_code != httpx.codes.OK:
                raise TimestampError(
                    f"the time-stamp authority answered with status {reply.status_code}",
                    where=url,
                    fix=_OTHER,
                )
            if kind != _REPLY:
                raise TimestampError(
                    f"this is no time-stamp authority: it answered {kind or 'without a type'}, not {_REPLY}",
                    where=url,
                    fix=_OTHER,
                )
            for part in reply.iter_bytes():
                answer += part
                if len(answer) > _LARGEST:
                    raise TimestampError("its answer is longer than any time stamp", where=url, fix=_OTHER)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise UsageError(
            f"this is no address of a time-stamp authority: {error}",
            where=url,
            fix="give http(s)://HOST/PATH",
        ) from error
    except httpx.HTTPError as error:
        raise TimestampError(
            f"the time-stamp authority cannot be reached: {error or type(error).__name__}",
            where=url,
            fix=_OTHER,
        ) from error
    return bytes(answer)


def _check_answer(response: TimeStampResponse, request: TimeStampRequest, url: str) -> None:
    """That the answer is one to this request; whether its signature is good takes certificates."""
    if response.status != _GRANTED:
        reasons = "; ".join(response.status_string)
        said = f"{_STATUS.get(response.status, response.status)}{f' ({reasons})' if reasons else ''}"
        raise TimestampError(f"the authority gave no time stamp: {said}", where=url, fix=_OTHER)
    info = response.tst_info
    if info.nonce != request.nonce:
        raise TimestampError("its answer is one to another request (nonce)", where=url, fix=_OTHER)
    wanted, given = request.message_imprint, info.message_imprint
    if (wanted.hash_algorithm, wanted.message) != (given.hash_algorithm, given.message):
        raise TimestampError("it stamped something else than this seal (imprint)", where=url, fix=_OTHER)


def _verify(client: ModuleType, response: TimeStampResponse, seal: bytes, roots: list[Certificate]) -> None:
    """Check signature, chain as of the stated time, purpose of the certificate, and imprint.

    Raises:
        VerificationError: Of the client, or a ValueError, at whatever does not hold.
    """
    imprint = response.tst_info.message_imprint
    digest = bytes.fromhex(digest_bytes(seal).removeprefix("sha256:"))
    if imprint.hash_algorithm.dotted_string == _SHA256 and imprint.message != digest:
        raise ValueError("it was given for something else than this seal")
    _signer(response)
    client.VerifierBuilder(roots=roots).build().verify_message(response, seal)


def _signer(response: TimeStampResponse) -> str:
    """Name of the certificate that the token is signed with.

    It must be the only one by its issuer and number. With an altered copy beside it, which nobody signed, one
    would check the signature and the other be read for the name and for what it may be used for.
    """
    from cryptography.x509 import load_der_x509_certificate

    (signer,) = response.signed_data.signer_infos
    held = [load_der_x509_certificate(one) for one in response.signed_data.certificates]
    found = [one for one in held if (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} certificates claim to be its signer's, and one should")
    return found[0].subject.rfc4514_string()


def _certificates(path: Path) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the certificate cannot be read: {error.strerror}",
            where=str(path),
            fix="name the root certificate of the time-stamp authority, in PEM",
        ) from error
    except ValueError as error:
        raise UsageError(
            f"this is no certificate in PEM: {error}",
            where=str(path),
            fix="name the root certificate of the time-stamp authority, in PEM",
        ) from error


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
