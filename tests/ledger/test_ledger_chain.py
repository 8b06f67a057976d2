"""What is hashed, against the published definition and an independent implementation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from ledger_records import HERE, finish, observations, plan

from auditor.digest import canonical_json
from auditor.error import AuditorError
from auditor.ledger import Ledger
from auditor.ledger.canonical import member_bytes, parse_canonical
from auditor.ledger.chain import GENESIS
from auditor.ledger.seal import Tree

# Inputs and roots of the tests of Google's certificate-transparency library, for 0 to 8 leaves.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def merkle(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\x01" + merkle(leaves[:k]) + merkle(leaves[k:]))


@pytest.mark.parametrize("size", range(9))
def test_published_merkle_roots(size: int) -> None:
    tree = Tree()
    for data in INPUTS[:size]:
        tree.append(sha(b"\x00" + bytes.fromhex(data)))
    assert tree.root == f"sha256:{ROOTS[size]}"
    assert tree.size == size


def test_merkle_roots_of_every_size() -> None:
    leaves = [sha(bytes([0, number])) for number in range(70)]
    tree = Tree()
    for size, leaf in enumerate(leaves, start=1):
        tree.append(leaf)
        assert tree.root == f"sha256:{merkle(leaves[:size]).hex()}"


def test_records_follow_the_documented_definition(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 5))
        finish(ledger, run)
        rows = ledger._connection.execute(
            "SELECT seq, run, kind, body, body_sha256, prev_sha256, leaf, recorded_at "
            "FROM evidence ORDER BY seq"
        ).fetchall()
        root = ledger.scan().root
    previous, leaves = GENESIS, []
    for seq, of_run, kind, body, body_sha256, prev_sha256, leaf, recorded_at in rows:
        short = body.encode()
        if kind == "observation":
            short = rfc8785.dumps({"withheld": f"sha256:{sha(short).hex()}"})
        elif kind == "finding":
            value = json.loads(body)
            hidden = {name: value.pop(name) for name in ("exhibits", "observation_ids", "salt")}
            short = rfc8785.dumps({**value, "withheld": f"sha256:{sha(rfc8785.dumps(hidden)).hex()}"})
        assert body_sha256 == f"sha256:{sha(short).hex()}"
        assert prev_sha256 == previous
        content = rfc8785.dumps(
            {
                "seq": seq,
                "run": of_run,
                "kind": kind,
                "body_sha256": body_sha256,
                "prev_sha256": prev_sha256,
                "recorded_at": recorded_at,
            }
        )
        assert leaf == f"sha256:{sha(bytes(1) + content).hex()}"
        leaves.append(bytes.fromhex(leaf[7:]))
        previous = leaf
    assert root == f"sha256:{merkle(leaves[:-1]).hex()}"
    seal = json.loads(rows[-1][3])
    assert seal == {"point": "end", "leaves": len(rows) - 1, "root": root, "environment": None}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES)
@example(value={"\U0001f600": 1, "\ufffd": 2, "a": 3})
@example(value=[1e16, 1e20, 1e21, 1e22, 1e-6, 1e-7, 1.5e-5, 123456789012345680.0, -0.0, 0.0, 5e-324])
@example(value=[2**53 - 1, -(2**53) + 1, 10**15, -(10**15), 1.0, -3.0, 999999999999999.0, 1e15])
@example(value='\x7f\x80\u2028\x00\x1f\\"/')
@example(value=["\ud800"])
@example(value=2**53)
@example(value=float("inf"))
def test_the_fast_writer_writes_what_the_reference_writes(value: object) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(AuditorError):
            canonical_json(value)
        return
    assert canonical_json(value) == expected
    assert canonical_json(parse_canonical(expected)) == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1} ',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":0.00001e0}',
        b'{"a":1e-07}',
        b'{"a":1e-7,"b":1e-06}',
        b'{"a":1e+16}',
        b'{"a":1e16}',
        b'{"a":[0.5,-0.0]}',
        b'{"a":{"b":[1,18446744073709551615]}}',
        b'{"a":9007199254740993}',
        b'{"a":0.10000000000000001}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1' + b"0" * 400 + b"}",
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\x01"}',
        '{"\ufffd":1,"\U0001f600":2}'.encode(),
        b"[" * 100_000,
        b"",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_canonical_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse_canonical(body)


@given(answer=st.text(), prompt=st.text(), other=st.text())
@example(answer='","request":{"x":1},"request_digest":"', prompt=',"request_digest":', other="")
def test_members_are_cut_where_they_are(answer: str, prompt: str, other: str) -> None:
    value = {"answer": {"text": answer}, "request": {"prompt": prompt}, "request_digest": other}
    found = member_bytes(canonical_json(value), "request", "request_digest")
    assert found == canonical_json({"prompt": prompt})
