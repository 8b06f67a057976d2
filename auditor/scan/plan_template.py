"""The plan file that `auditor init` writes, with every key explained."""

from __future__ import annotations

TEMPLATE = """\
# A plan for `auditor scan --plan plan.yaml`. Flags of the command win over this file.
# Locators: a folder, a .gguf file, a hub id (optionally @revision), openai:MODEL@URL,
# recorded:FILE, or demo:NAME.

suspect: {suspect}

# Who may have taught it. With none, only the questions that need one model are asked.
teachers: []
#  - ./teacher
#  - openai:large-model@http://127.0.0.1:8000/v1

# The suspect's checkpoint before the suspected distillation. Sharpens every comparison.
# base: ./base

# Models known not to derive from any teacher. Without controls a similarity has no null, so no
# claim of distillation can be supported; 19 in a stratum are the least that can reach p = 0.05.
# Strata: same-base, same-data, sibling-student, unrelated.
controls: []
#  - model: ./control-1
#    stratum: same-base
#  - same-data=./control-2
# With several candidates, whose data a control shares: it then serves the test of that teacher.
#  - same-data:./teacher=./control-3

# Models made by a teacher's own recipe from the same data with other seeds, eight or more. With them the
# teacher can be told from whatever else was trained on its data. TEACHER= may be left out for the first.
twins: []
#  - ./teacher=./teacher-again-1

# Recorded controls: files of subjects and their answers.
panels: []

# A table of recorded models (name, answers, organisation, released, independent, lineage). Who is
# likest in text alone is ranked among them, and no model is loaded.
# population: population.csv

# What is asked: whole suites, or single probes such as refusal/refusal-retention.
# `auditor probes list` shows them all.
suites: [lineage, refusal, overfitting]

# Replace parameters of a probe's file.
parameters: {{}}
#  lineage/reference-likelihood:
#    prompts: 60

# Safe and unsafe prompts of your own (CSV or JSONL), asked as in the refusal suite.
prompts: []
#  - ./xstest_prompts.csv
#  - safe=./or-bench-hard-1k.csv

# Test items that the suspect may have seen in training: JSONL, CSV or Parquet, or hub:NAME:CONFIG:SPLIT.
benchmarks: []
#  - ./mmlu.jsonl

# Answers that the first teacher served, to find out whether the suspect learned from exactly these:
# JSONL or CSV with prompt and answer, and where known account, time, temperature, top_p, max_tokens,
# revision.
# served: log.jsonl

# Probes that can ask in rounds stop once the evidence is this much to 1.
# stop_at: 100

# Calibration that `auditor validate` wrote. All methods are then weighed together, with one likelihood
# ratio for each candidate.
# calibration: calibration.json

# What the findings are judged against: a shipped pack or a file.
policy: release-gate
# waivers: waivers.yaml

# What the suspect's maker says about it.
declared:
  teachers: []
  # licence: apache-2.0

# Where evidence is kept. Answers are never asked for twice.
ledger: audit.db

# Seed of fresh benchmark items. Left out, it is drawn when the scan begins, which is what keeps
# the fresh items fresh.
# seed: 7

access:
  device: auto              # auto, cpu, cuda, mps
  dtype: auto               # auto, float32, bfloat16, float16
  allow_pickle: false       # load weights that only exist as pickles
  trust_remote_code: false  # run code that comes with a model
  # api_key_env: API_KEY    # environment variable that holds an endpoint's key
  # system_prompt: You are a helpful assistant.
"""
