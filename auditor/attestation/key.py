"""Ed25519 keys in PEM files: who signs, and by what a stranger checks."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from auditor.error import UsageError


def new_key(path: Path) -> Path:
    """Make a private key at ``path``, readable by its owner alone, and its public key beside it.

    Returns:
        Where the public key is: the same name ending in ``.pub.pem``.

    Raises:
        UsageError: If a file is already there, or the folder cannot be written to.
    """
    public = path.with_suffix(".pub.pem")
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for place, data, mode in ((path, secret, 0o600), (public, shown, 0o644)):
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError as error:
            raise UsageError("there is a file already", where=str(place), fix="name another") from error
        except OSError as error:
            raise UsageError(f"the key cannot be written: {error.strerror}", where=str(place)) from error
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
    return public


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs.

    Raises:
        UsageError: If it is missing, under a passphrase, or no Ed25519 key.
    """
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"this is no unencrypted private key in PEM: {error}", where=str(path), fix=_MAKE
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("this is no Ed25519 key", where=str(path), fix=_MAKE)
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read the key that signatures are checked with.

    Raises:
        UsageError: If it is missing or no Ed25519 key.
    """
    try:
        key = load_pem_public_key(_read(path))
    except ValueError as error:
        raise UsageError(
            f"this is no public key in PEM: {error}", where=str(path), fix="ask the signer for it"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("this is no Ed25519 key", where=str(path), fix="ask the signer for theirs")
    return key


_MAKE = "make one with `auditor seal --new-key FILE.pem`"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the key cannot be read: {error.strerror}", where=str(path), fix=_MAKE) from error
