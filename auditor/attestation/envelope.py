"""The signature around a statement: a DSSE envelope with one Ed25519 signature.

Source: Dead Simple Signing Envelope, protocol 1.0.
"""

from __future__ import annotations

import json
from pathlib import Path

from auditor.attestation.key import read_private_key, read_public_key
from auditor.error import EvidenceIntegrityError

PAYLOAD = "application/vnd.in-toto+json"


def sign(statement: bytes, key: Path) -> bytes:
    """A signed envelope as JSON.

    Raises:
        UsageError: If the key cannot be used.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    envelope = Envelope(statement, PAYLOAD, {})
    envelope.sign(CryptoSigner(read_private_key(key)))
    return (json.dumps(envelope.to_dict(), sort_keys=True, indent=1) + "\n").encode()


def opened(data: bytes, key: Path) -> bytes:
    """The statement in an envelope whose signature is good.

    Raises:
        EvidenceIntegrityError: If it is no envelope, or is not signed by this key.
        UsageError: If the key cannot be used.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import FormatError, VerificationError
    from securesystemslib.signer import SSlibKey

    trusted = SSlibKey.from_crypto(read_public_key(key))
    try:
        envelope = Envelope.from_dict(json.loads(data))
    except (ValueError, LookupError, TypeError, AttributeError, FormatError) as error:
        raise EvidenceIntegrityError(f"the seal is no signed envelope: {error!r}") from error
    if envelope.payload_type != PAYLOAD:
        raise EvidenceIntegrityError(f"the seal holds something else: {envelope.payload_type}")
    try:
        envelope.verify([trusted], threshold=1)
    except (VerificationError, ValueError) as error:
        raise EvidenceIntegrityError(
            "the seal is not signed by this key, or was changed after it was signed",
            where=str(key),
            fix="ask the signer for the public key, by another way than the bundle came",
        ) from error
    payload: bytes = envelope.payload
    return payload
