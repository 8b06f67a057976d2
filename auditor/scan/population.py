"""The models of a population as subjects of a scan; who is named elsewhere keeps that part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from auditor.error import TargetNotFoundError, UsageError
from auditor.record.subject import Role, Subject
from auditor.scan.listener import Listener
from auditor.scan.population_file import SUSPECT, RecordedModel
from auditor.target.protocol import OpenOptions, Target
from auditor.target.recorded import RecordedTarget, split_locator


def admit_population(
    rows: Sequence[RecordedModel],
    options: OpenOptions,
    subjects: dict[str, Subject],
    targets: dict[str, Target],
    listener: Listener,
) -> None:
    """Add the recorded models as members, with what the table says of them.

    The digest of a member is that of its answers and what the table says goes into its description, so
    that the sealed plan pins down both. A recording that is named in another part as well (the suspect's
    own, say) keeps that part and takes over what the table knows.

    Args:
        rows: The table.
        options: As for every target.
        subjects: Everyone so far, by digest; grows.
        targets: How to ask them; grows.
        listener: Told of recordings that are there twice.

    Raises:
        TargetNotFoundError: If there is no file of answers where a row says so.
        TargetError: If answers cannot be read.
        UsageError: If a model is a sample of a model whose answers are the very same.
    """
    digests = {SUSPECT: next(one.digest for one in subjects.values() if one.role is Role.SUSPECT)}
    admitted: dict[str, str] = {}
    for row in sorted(rows, key=lambda one: bool(one.sample_of)):
        target = _opened(row, options)
        digest = target.description.digest
        digests.setdefault(row.name, digest)
        if digest in admitted:
            listener.note(f"{row.name} has the very same answers as {admitted[digest]} and is left out")
            continue
        admitted[digest] = row.name
        known = subjects.get(digest)
        if row.sample_of and digest == digests[row.sample_of]:
            raise UsageError(
                f"{row.name} has the very same answers as the model that it is another sample of",
                where=row.answers,
                fix="leave it out of the population file, or record it again",
            )
        member = known or Subject(
            role=Role.MEMBER,
            name=row.name,
            locator=f"recorded:{row.answers}",
            digest=digest,
            access=target.description.access,
            details=target.description.details,
        )
        subjects[digest] = replace(
            member,
            organisation=row.organisation or member.organisation,
            details=(*member.details, *_details(row, digests)),
        )
        targets.setdefault(digest, target)


def _details(row: RecordedModel, digests: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (*row.details, *([("sample of", digests[row.sample_of])] if row.sample_of else []))


def _opened(row: RecordedModel, options: OpenOptions) -> RecordedTarget:
    path, model = split_locator(row.answers)
    if not Path(path).is_file():
        raise TargetNotFoundError(
            f"there is no file of answers of {row.name}",
            where=str(path),
            fix="give its path relative to the folder of the population file",
        )
    return RecordedTarget(path, options, model=model)
