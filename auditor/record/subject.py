"""Who is examined: a model, the part it plays in an audit, and how deep one may look into it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """The part that a model plays in one scan.

    A *control* is known not to derive from any candidate teacher: without controls, a similarity has
    no null. The *base* is the suspect's checkpoint before the suspected distillation. A *twin* comes
    from a teacher's own recipe and data with another seed. A *member* is one of a population of recorded
    models: a candidate teacher or a yardstick to methods that compare recordings, and asked by no other. A
    *judge* is not examined: it says what kind of answer another model gave. A *rater* is a person who does.
    """

    SUSPECT = "suspect"
    TEACHER = "teacher"
    BASE = "base"
    CONTROL = "control"
    TWIN = "twin"
    MEMBER = "member"
    RATER = "rater"
    JUDGE = "judge"


class Access(IntEnum):
    """The ladder of access, weakest first; each step includes those below it."""

    TEXT = 1
    TOP_LOGPROBS = 2
    LOGPROBS = 3
    HIDDEN = 4
    WEIGHTS = 5

    @property
    def label(self) -> str:
        """The name that a person reads."""
        return {
            1: "text",
            2: "top log-probabilities",
            3: "log-probabilities",
            4: "hidden states",
            5: "weights",
        }[int(self)]


class Kind(StrEnum):
    """What a model computes; a method says which kinds it serves."""

    CAUSAL_LM = "causal-lm"
    MASKED_LM = "masked-lm"
    EMBEDDER = "embedder"
    CLASSIFIER = "classifier"
    POLICY = "policy"


class Stratum(StrEnum):
    """How a control relates to the teacher's world; each stratum is a null of its own."""

    SAME_BASE = "same-base"
    SAME_DATA = "same-data"
    SIBLING_STUDENT = "sibling-student"
    UNRELATED = "unrelated"


#: Strata whose members share something with one teacher or another.
OF_A_TEACHER = (Stratum.SAME_DATA, Stratum.SIBLING_STUDENT)
#: The stratum whose members are nearest to having learned from the teacher comes first.
CLOSEST_FIRST = (Stratum.SIBLING_STUDENT, Stratum.SAME_DATA, Stratum.SAME_BASE, Stratum.UNRELATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One model in one role.

    Attributes:
        role: The part it plays in this scan.
        name: Short name for people; unique within a scan.
        locator: What the user typed to reach it.
        revision: Revision of a hub or endpoint model, where it has one.
        digest: Covers weights, tokenizer, revision, dtype, chat template and system prompt; for an
            endpoint its address, model name and what it reports of itself. Answers are keyed by it.
        tokenizer_digest: Digest of the tokenizer alone, or None where it is hidden.
        access: The deepest access that this subject allows.
        kind: What the model computes.
        stratum: For controls, the stratum; None means unrelated is assumed and said so. The closest where a
            control relates to several teachers.
        related_to: For controls that share something with a teacher, with which one and how: digest of the
            teacher and stratum.
        twin_of: For twins, digests of the models whose recipe and data they share.
        organisation: Who released it, where known.
        details: Further named facts (parameters, dtype, licence, declared base model), as strings.
    """

    role: Role
    name: str
    locator: str
    digest: str
    access: Access
    kind: Kind = Kind.CAUSAL_LM
    revision: str | None = None
    tokenizer_digest: str | None = None
    stratum: Stratum | None = None
    related_to: tuple[tuple[str, Stratum], ...] = ()
    twin_of: tuple[str, ...] = ()
    organisation: str | None = None
    details: tuple[tuple[str, str], ...] = ()

    def relation_to(self, teacher: str) -> Stratum | None:
        """How a control relates to one teacher, by its digest; None where it shares nothing with it."""
        return dict(self.related_to).get(teacher)

    def detail(self, name: str) -> str | None:
        """The value of a named detail, or None."""
        return dict(self.details).get(name)
