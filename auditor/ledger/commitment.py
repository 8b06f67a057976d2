"""What of a record can be withheld from a stranger and still be proven to be in its place.

An answer is withheld whole, and of a finding what may quote answers. A plain digest would not do for that:
whoever guesses a short answer could check the guess by it. So the bodies of these kinds carry 16 bytes at
random as their member ``salt``, drawn from the operating system for each record, and their ``body_sha256``
is the digest of the *reduced* body: that of the members which may be withheld, salt included, only their
digest is left, as the member ``withheld``. For an answer that is::

    {"withheld":"sha256:<digest of the body as stored>"}

The reduced body is itself what stands in the record's place where it is withheld: it has the same
``body_sha256``, so the same leaf, and the salt went with what it hides. Who holds the body can put it back.
Records without a salt, such as older ones, are digested as they are, and cannot be withheld.

The salt must not come from the seed of a scan: that stands in the plan for everybody to read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from auditor.digest import canonical_json, digest_bytes

SALT, WITHHELD = "salt", "withheld"
#: Members of a finding that may quote what was asked and answered.
QUOTING = ("exhibits", "observation_ids")
#: Kinds of record that can be withheld.
KINDS = ("observation", "finding")
_BYTES = 16
_SALT = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")


def salted(value: Mapping[str, Any]) -> bytes:
    """The body of a new record that can be withheld: canonical JSON of ``value`` with a fresh salt."""
    return canonical_json({**value, SALT: secrets.token_hex(_BYTES)})


def is_salt(value: Any) -> bool:
    """Whether this is the salt of a record."""
    return isinstance(value, str) and _SALT.fullmatch(value) is not None


def is_withheld(value: Any) -> bool:
    """Whether a parsed body of a kind that can be withheld is a reduced one."""
    return isinstance(value, dict) and WITHHELD in value and SALT not in value


def reduced(kind: str, body: bytes, value: Mapping[str, Any]) -> bytes:
    """The body that stands for a salted one where it is withheld.

    Args:
        kind: ``observation`` or ``finding``.
        body: The salted body as stored.
        value: The same, parsed.
    """
    if kind == "observation":
        return reduced_answer(body)
    hidden = {name: one for name, one in value.items() if name in (*QUOTING, SALT)}
    shown = {name: one for name, one in value.items() if name not in hidden}
    return canonical_json({**shown, WITHHELD: digest_bytes(canonical_json(hidden))})


def reduced_answer(body: bytes) -> bytes:
    """The body that stands for an answer where it is withheld."""
    return reduced_to(digest_bytes(body))


def reduced_to(digest: str) -> bytes:
    """The body that stands for an answer whose body has this digest."""
    return b'{"withheld":"%b"}' % digest.encode("ascii")
