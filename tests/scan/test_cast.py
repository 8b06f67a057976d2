"""Who takes part in a scan, and how controls and twins relate to its teachers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditor.digest import digest_json
from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.record.subject import Access, Stratum, Subject
from auditor.scan import cast
from auditor.scan.cast import assemble
from auditor.scan.listener import Silent
from auditor.scan.plan_file import ControlEntry, PlanFile, TwinEntry
from auditor.target.protocol import Description

TEACHERS = ("./t1", "./t2")


@pytest.fixture(autouse=True)
def any_locator_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(locator: str, _options: object) -> Any:
        known = Description(
            name=locator.removeprefix("./"), digest=digest_json(locator), access=Access.LOGPROBS
        )
        return SimpleNamespace(description=known)

    monkeypatch.setattr(cast, "open_target", opened)


def subjects(tmp_path: Path, *controls: str, teachers: tuple[str, ...] = TEACHERS) -> dict[str, Subject]:
    plan = PlanFile(
        suspect="./s",
        teachers=teachers,
        controls=tuple(ControlEntry.parse(one) for one in controls),
        twins=(TwinEntry(model="./twin", teacher="./t1"),),
    )
    with Ledger.open(tmp_path / "audit.db") as ledger:
        return {one.name: one for one in assemble(plan, (), ledger, Silent()).subjects}


def test_a_control_is_tied_to_the_teacher_whose_data_it_shares(tmp_path: Path) -> None:
    found = subjects(tmp_path, "same-data:./t2=./c", "same-base=./d")
    assert found["c"].relation_to(found["t2"].digest) is Stratum.SAME_DATA
    assert found["c"].relation_to(found["t1"].digest) is None
    assert found["d"].related_to == ()


def test_of_several_teachers_it_has_to_be_named(tmp_path: Path) -> None:
    assert subjects(tmp_path, "same-data=./c")["c"].related_to == ()
    found = subjects(tmp_path, "same-data=./c", teachers=("./t1",))
    assert found["c"].relation_to(found["t1"].digest) is Stratum.SAME_DATA


def test_a_control_can_relate_to_several_teachers_and_stands_in_the_closest_stratum(tmp_path: Path) -> None:
    found = subjects(tmp_path, "same-data:./t1=./c", "sibling-student:./t2=./c")
    assert dict(found["c"].related_to) == {
        found["t1"].digest: Stratum.SAME_DATA,
        found["t2"].digest: Stratum.SIBLING_STUDENT,
    }
    assert found["c"].stratum is Stratum.SIBLING_STUDENT


def test_a_teacher_that_takes_no_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="relates to no candidate teacher") as error:
        subjects(tmp_path, "same-data:./t3=./c")
    assert "--teacher" in (error.value.fix or "")
    with pytest.raises(UsageError, match="relates to no teacher in this way"):
        ControlEntry.parse("unrelated:./t1=./c")
