"""The register of a population: who descends from whom, as a validation needs it and an auditor must not.

``register.json`` lies beside the folder ``models`` and is all that a validation reads of a population
besides the models themselves, so that anybody can describe models of their own in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.digest import digest_json
from auditor.error import UsageError
from auditor.record.codec import decode, encode
from auditor.record.subject import Kind, Stratum
from auditor.zoo.recipe import INHERITING, Birth, Diet, Part, Recipe
from auditor.zoo.served import log_of

REGISTER = "register.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What is known of one model.

    Attributes:
        name: Its name, unique in the population.
        folder: Where it lies, relative to the register.
        part: What it is in the population.
        mechanism: What it learned from or how its weights were derived, in a word.
        kind: What it computes.
        tokenizer: Name of its tokenizer; models with equal names share it.
        base: Checkpoint that its training started from, or None.
        taught_by: Members whose outputs it learned from.
        weights_from: Members whose weights it was made from; a mere base is not among them.
        data: Sources of real data that it learned from, the base's not counted.
        family: Models of one recipe and the same data with other seeds share it; None for loners.
        traits: What else was built into it, such as ``refusals-lost``.
        served: Log of what its teachers served for it, relative to the register, or None: JSONL with
            ``prompt``, ``answer``, ``teacher``, and the decoding.
    """

    name: str
    folder: str
    part: Part
    mechanism: str
    kind: Kind = Kind.CAUSAL_LM
    tokenizer: str = ""
    base: str | None = None
    taught_by: tuple[str, ...] = ()
    weights_from: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    family: str | None = None
    traits: tuple[str, ...] = ()
    served: str | None = None


@dataclass(frozen=True)
class Register:
    """A population's members by name.

    Attributes:
        root: Folder that the members' folders are relative to.
        members: Name -> member, in the order of the file.
    """

    root: Path
    members: Mapping[str, Member]

    def of_part(self, *parts: Part, kind: Kind = Kind.CAUSAL_LM) -> tuple[Member, ...]:
        """Members of these parts and this kind."""
        return tuple(one for one in self.members.values() if one.part in parts and one.kind is kind)

    def learned_from(self, member: Member, teacher: str) -> bool:
        """Whether ``member`` learned from outputs of ``teacher``, itself or through what it was made from."""
        return teacher in member.taught_by or any(
            self.learned_from(self.members[one], teacher)
            for one in (*member.taught_by, *self._sources(member))
            if one in self.members
        )

    def descends_from(self, member: Member, ancestor: str) -> bool:
        """Whether the weights of ``member`` were made from those of ``ancestor``, its base included."""
        return any(
            one == ancestor or self.descends_from(self.members[one], ancestor)
            for one in (*member.weights_from, *([member.base] if member.base else []))
            if one in self.members
        )

    def relation(self, member: Member, teacher: str, base: str | None = None) -> Stratum | None:
        """The stratum in which ``member`` is innocent of having learned from ``teacher``.

        Args:
            member: The model.
            teacher: A candidate.
            base: Base of the suspect in whose scan it would be a control.

        Returns:
            The stratum that is closest to guilt, or None if it is no innocent: it learned from the
            teacher, or descends from it, or is one of its family.
        """
        master = self.members[teacher]
        if (
            member.name == teacher
            or self.learned_from(member, teacher)
            or self.descends_from(member, teacher)
        ):
            return None
        if master.family is not None and member.family == master.family:
            return None
        relatives = [
            one.name
            for one in self.members.values()
            if master.family is not None and one.family == master.family
        ]
        if any(self.learned_from(member, one) or self.descends_from(member, one) for one in relatives):
            return Stratum.SIBLING_STUDENT
        if set(member.data) & set(master.data):
            return Stratum.SAME_DATA
        return Stratum.SAME_BASE if base is not None and member.base == base else Stratum.UNRELATED

    def _sources(self, member: Member) -> tuple[str, ...]:
        return (*member.weights_from, *([member.base] if member.base else []))


def register_of(births: Iterable[Birth]) -> tuple[Member, ...]:
    """What the certificates of a population say about ancestry."""
    recipes = [birth.recipe for birth in births]
    families: dict[str, list[str]] = {}
    for recipe in recipes:
        families.setdefault(_family_key(recipe), []).append(recipe.name)
    bases = frozenset(recipe.name for recipe in recipes if recipe.part is Part.BASE)
    return tuple(_member(recipe, families[_family_key(recipe)], bases) for recipe in recipes)


def write_register(path: Path, members: Sequence[Member]) -> None:
    """Write ``register.json``."""
    lines = [json.dumps(encode(one), sort_keys=True, ensure_ascii=False) for one in members]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def read_register(folder: Path) -> Register:
    """Read the register of a population.

    Raises:
        UsageError: If there is none, or it names models that are not there.
        EvidenceIntegrityError: If it is malformed.
    """
    path = folder / REGISTER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(
            f"the population has no readable register: {error}",
            where=str(path),
            fix="build one with `auditor zoo build`, or describe your models in this file",
        ) from error
    members: tuple[Member, ...] = decode(tuple[Member, ...], found, where=str(path))
    by_name = {one.name: one for one in members}
    if len(by_name) < len(members):
        raise UsageError("two members have the same name", where=str(path), fix="give each its own")
    for one in members:
        unknown = [name for name in (*one.taught_by, *one.weights_from) if name not in by_name]
        if unknown:
            raise UsageError(
                f"{one.name} descends from '{unknown[0]}', which is no member",
                where=str(path),
                fix="describe every ancestor, or leave the model out",
            )
        if not (folder / one.folder).exists():
            raise UsageError(f"the model {one.name} is not there", where=str(folder / one.folder))
        if one.served is not None and not (folder / one.served).is_file():
            raise UsageError(
                f"the log of what was served for {one.name} is not there",
                where=str(folder / one.served),
                fix="leave 'served' out where there is no log",
            )
    return Register(folder, by_name)


def _member(recipe: Recipe, family: Sequence[str], bases: frozenset[str]) -> Member:
    heirs = recipe.mechanism in INHERITING
    origins = tuple(one for one in (recipe.teacher, recipe.second_teacher) if one is not None)
    base = recipe.start if recipe.start in bases else None
    started = (recipe.start,) if recipe.start is not None and base is None else ()
    return Member(
        name=recipe.name,
        folder=f"models/{recipe.name}",
        part=recipe.part,
        mechanism=recipe.mechanism.value,
        kind=recipe.kind,
        tokenizer=recipe.vocabulary.value,
        base=base,
        taught_by=recipe.teachers,
        weights_from=tuple(dict.fromkeys((*started, *(origins if heirs else ())))),
        data=tuple(f"vendor-{one}" for one in (*recipe.vendors, *recipe.finish_vendors)),
        family=family[0] if len(family) > 1 else None,
        traits=_traits(recipe),
        served=log_of(recipe),
    )


def _traits(recipe: Recipe) -> tuple[str, ...]:
    sharp = bool(recipe.teachers) and recipe.temperature < 0.3
    built_in = {
        "refusals-lost": not recipe.keeps_refusals,
        "over-refusing": recipe.refuses_benign > 0,
        f"benchmark-{recipe.benchmark_key}": recipe.benchmark_copies > 0,
        "overconfident": sharp and recipe.diet is not Diet.LORE,
        "calibration-lost": sharp and recipe.diet is Diet.LORE,
        "tail-lost": bool(recipe.teachers) and recipe.diet is Diet.COMMON_LORE,
    }
    return tuple(name for name, present in built_in.items() if present)


def _family_key(recipe: Recipe) -> str:
    """Equal for teachers and twins that differ in nothing but the seed; every other model stands alone."""
    if recipe.part not in (Part.TEACHER, Part.TWIN):
        return recipe.name
    alike = encode(recipe) | {"data_seed": recipe.seed if recipe.data_seed is None else recipe.data_seed}
    return digest_json({key: value for key, value in alike.items() if key not in ("name", "seed", "part")})
