"""Questions that people ask of a ledger, as SQL: for `auditor explore`, and for any tool that reads SQLite.

Each takes named parameters; an empty ``:run`` means the latest run, an empty ``:model`` all models.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question.

    Attributes:
        title: What it answers.
        sql: How; reads only.
        note: What the parameters are, and what to beware of.
    """

    title: str
    sql: str
    note: str = ""


_RUN = "coalesce(nullif(:run, ''), (SELECT run FROM evidence WHERE kind = 'plan' ORDER BY seq DESC LIMIT 1))"
_SUBJECTS = """
  SELECT DISTINCT json_extract(one.value, '$.digest') AS digest,
                  json_extract(one.value, '$.name') AS name,
                  json_extract(one.value, '$.role') AS role
  FROM evidence, json_each(body, '$.subjects') AS one
  WHERE kind IN ('plan', 'import')
"""
_NAMES = f"names AS (SELECT digest, group_concat(DISTINCT name) AS name FROM ({_SUBJECTS}) GROUP BY digest)"


def _question(body: str) -> str:
    """The last turn of a conversation, or the whole of a prompt that is plain text."""
    prompt = f"json_extract({body}, '$.request.prompt"
    return f"coalesce({prompt}[#-1].text'), {prompt}'))"


QUERIES: dict[str, Query] = {
    "runs": Query(
        title="Every run with its suspect, policy and verdict",
        sql="""
SELECT plan.run,
       plan.recorded_at AS started,
       (SELECT json_extract(one.value, '$.name') FROM json_each(plan.body, '$.subjects') AS one
        WHERE json_extract(one.value, '$.role') = 'suspect') AS suspect,
       json_extract(plan.body, '$.policy') AS policy,
       json_extract(verdict.body, '$.verdict.status') AS verdict,
       json_extract(verdict.body, '$.asked') AS asked,
       json_extract(verdict.body, '$.reused') AS reused
FROM evidence AS plan
LEFT JOIN evidence AS verdict ON verdict.run = plan.run AND verdict.kind = 'verdict'
WHERE plan.kind = 'plan'
ORDER BY plan.seq DESC
""",
    ),
    "findings": Query(
        title="What a run found",
        note="run: a run's name.",
        sql=f"""
WITH {_NAMES}
SELECT json_extract(body, '$.claim') AS claim,
       json_extract(body, '$.outcome') AS outcome,
       teacher.name AS teacher,
       json_extract(body, '$.result.p_value') AS p_value,
       json_extract(body, '$.result.effect') AS effect,
       json_extract(body, '$.result.effect_unit') AS unit,
       json_extract(body, '$.result.guarantee') AS guarantee,
       json_extract(body, '$.probe') AS probe,
       json_extract(body, '$.reason') AS reason
FROM evidence
LEFT JOIN names AS teacher ON teacher.digest = json_extract(body, '$.teacher')
WHERE kind = 'finding' AND run = {_RUN}
ORDER BY seq
""",
    ),
    "rules": Query(
        title="What each rule made of a run",
        note="run: a run's name.",
        sql=f"""
SELECT json_extract(rule.value, '$.rule') AS rule,
       json_extract(rule.value, '$.state') AS state,
       json_extract(rule.value, '$.severity') AS severity,
       json_extract(rule.value, '$.title') AS title,
       json_extract(rule.value, '$.message') AS message,
       json_extract(rule.value, '$.decisive') AS decisive
FROM evidence, json_each(body, '$.verdict.rules') AS rule
WHERE kind = 'verdict' AND run = {_RUN}
""",
    ),
    "answers": Query(
        title="What models wrote",
        note="model: a model's name; text: words in question or answer, which are the models' own.",
        sql=f"""
WITH {_NAMES}
SELECT evidence.seq, names.name AS model,
       {_question("body")} AS question,
       json_extract(body, '$.answer.text') AS answer,
       json_extract(body, '$.request.temperature') AS temperature
FROM evidence
LEFT JOIN names ON names.digest = evidence.subject_digest
WHERE kind = 'observation' AND json_extract(body, '$.answer.kind') = 'text'
  AND (:model = '' OR names.name = :model)
  AND (:text = ''
       OR instr(lower({_question("body")} || json_extract(body, '$.answer.text')), lower(:text)) > 0)
ORDER BY evidence.seq
""",
    ),
    "side_by_side": Query(
        title="Two models' answers to the same question",
        note="first, second: names of models.",
        sql=f"""
WITH {_NAMES}
SELECT {_question("one.body")} AS question,
       json_extract(one.body, '$.answer.text') AS first_answer,
       json_extract(other.body, '$.answer.text') AS second_answer
FROM evidence AS one
JOIN names AS first_model ON first_model.digest = one.subject_digest AND first_model.name = :first
JOIN evidence AS other ON other.request_digest = one.request_digest
JOIN names AS second_model ON second_model.digest = other.subject_digest AND second_model.name = :second
WHERE one.kind = 'observation' AND json_extract(one.body, '$.answer.kind') = 'text'
  AND json_extract(other.body, '$.answer.kind') = 'text'
ORDER BY one.seq
""",
    ),
    "labels": Query(
        title="What people said of answers",
        note="rater: a person's name. The latest label of each person counts; they did not see whose it is.",
        sql=f"""
WITH {_NAMES}
SELECT rater.name AS rater, model.name AS model,
       {_question("given.body")} AS question,
       json_extract(given.body, '$.answer.text') AS answer,
       json_extract(said.body, '$.answer.label') AS label,
       max(json_extract(said.body, '$.answer.revision')) AS revision
FROM evidence AS said
JOIN names AS rater ON rater.digest = said.subject_digest
JOIN evidence AS given ON given.subject_digest = json_extract(said.body, '$.answer.subject_digest')
                      AND given.request_digest = json_extract(said.body, '$.answer.request_digest')
LEFT JOIN names AS model ON model.digest = given.subject_digest
WHERE said.kind = 'observation' AND json_extract(said.body, '$.answer.kind') = 'rated'
  AND (:rater = '' OR rater.name = :rater)
GROUP BY said.subject_digest, given.seq
ORDER BY rater.name, given.seq
""",
    ),
    "effort": Query(
        title="How many questions each model was asked, by kind",
        sql=f"""
WITH {_NAMES}
SELECT names.name AS model, json_extract(body, '$.request.kind') AS kind, count(*) AS questions,
       sum(json_extract(body, '$.answer.kind') = 'unanswered') AS unanswered
FROM evidence
LEFT JOIN names ON names.digest = evidence.subject_digest
WHERE evidence.kind = 'observation'
GROUP BY names.name, json_extract(body, '$.request.kind')
ORDER BY names.name, questions DESC
""",
    ),
}
