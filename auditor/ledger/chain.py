"""What exactly is hashed: the content of a record, its leaf, and the link to the record before it.

The *content* of a record is the RFC 8785 canonical JSON of six columns::

    {"body_sha256":"sha256:…","kind":"…","prev_sha256":"sha256:…","recorded_at":"…","run":"…","seq":N}

where ``body_sha256`` is the digest of the body, or of the reduced body where it can be withheld
(:mod:`auditor.ledger.commitment`). Its *leaf* is the RFC 6962 leaf
hash of that content: SHA-256 over one zero byte and the content. ``prev_sha256`` of a record is the
leaf of the record before it, and :data:`GENESIS` for the first. Because the content holds the body's
digest and not the body, a body can be withheld and its place in the chain still be proven.

``recorded_at`` is the writer's own clock. Under the hash it cannot be changed after the fact, which is all
that it proves: the order of records is that of ``seq``, and a clock that was set back between two of them
breaks nothing. In records of ledgers from before step 0002 it is no part of the content, so that for these
the chain does not vouch for times at all. A leaf fits one of both forms only, so neither can be passed off
as the other.

Source: RFC 6962, section 2.1 (Laurie, Langley, Kasper 2013); RFC 8785.
"""

from __future__ import annotations

import hashlib

from auditor.digest import digest_json

#: What the first record follows: no SHA-256 is known to give it.
GENESIS = "sha256:" + "0" * 64

#: Length of a run's identity in hexadecimal digits.
RUN_LENGTH = 12


def leaf_digest(
    seq: int, run: bytes, kind: bytes, body_sha256: bytes, prev_sha256: bytes, recorded_at: bytes | None
) -> bytes:
    """The leaf of a record, as ASCII bytes ``sha256:…``; without a time in the form before step 0002.

    The columns come as ASCII bytes, so that a record that is no valid text can be examined as well.
    """
    # Sorted keys, no blanks, and columns that need no escape: this is RFC 8785 without a serialiser,
    # which a ledger of 50,000 records feels.
    content = b'{"body_sha256":"%b","kind":"%b","prev_sha256":"%b",%b"run":"%b","seq":%d}' % (
        body_sha256,
        kind,
        prev_sha256,
        b"" if recorded_at is None else b'"recorded_at":"%b",' % recorded_at,
        run,
        seq,
    )
    return b"sha256:" + hashlib.sha256(b"\x00" + content).hexdigest().encode("ascii")


def run_identity(body_sha256: str, prev_sha256: str) -> str:
    """Identity of the run or import that begins with this body at this place in the chain."""
    return digest_json([body_sha256, prev_sha256]).removeprefix("sha256:")[:RUN_LENGTH]
