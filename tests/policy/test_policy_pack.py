"""A pack is refused when it is loaded, with file, line and rule, or it is sound."""

from __future__ import annotations

import re

import pytest

from auditor.error import PolicyError
from auditor.policy.facts import check
from auditor.policy.spec import load_policy, shipped_policies
from auditor.record.verdict import Mode, RuleState


def refused(path, *fragments):
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    text = str(caught.value)
    assert "\n" not in text
    for fragment in (*fragments, path.name):
        assert fragment in text, text
    assert caught.value.exit_status == 2
    return text


def test_a_plain_pack_loads(write_pack):
    pack = load_policy(write_pack())
    rule = pack.rule("R-1")
    assert (pack.name, pack.alpha, len(pack.rules)) == ("test", 0.05, 1)
    assert rule.on_missing is RuleState.INCONCLUSIVE
    assert rule.on_not_applicable is RuleState.INCONCLUSIVE
    assert rule.line == 7


def test_warnings_are_lenient_where_nothing_applies(write_pack):
    assert load_policy(write_pack({"mode": "warn"})).rules[0].on_not_applicable is RuleState.NOT_APPLICABLE


def test_the_digest_is_of_the_content_and_not_of_the_layout(write_pack):
    first = load_policy(write_pack())
    text = first.path.read_text()
    same = load_policy(write_pack(raw=f"# a comment\n\n{text.replace('title: A rule', 'title:   A rule')}"))
    other = load_policy(write_pack({"when": "finding.supports && teacher.declared"}))
    assert first.digest == same.digest
    assert first.digest != other.digest
    assert same.rules[0].line == first.rules[0].line + 2


def test_a_misspelt_name_is_marked_and_corrected(write_pack):
    text = refused(write_pack({"when": "finding.p_valu < 0.05"}), "rule R-1", "finding.p_valu'", "column 8")
    assert "finding^.p_valu < 0.05" in text
    assert "did you mean finding.p_value?" in text
    assert "pack.yaml:12," in text


def test_the_place_is_right_in_a_condition_of_several_lines(write_pack):
    when = "|-\n      finding.supports &&\n      teacher.declard"
    assert "teacher^.declard" in refused(write_pack({"when": when}), "line 2 column 8", "teacher.declared?")


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("finding.p_value", "the condition gives double"),
        ("dyn(true)", "the condition gives dyn"),
        ("finding.p_value < 1", "compared with 1.0"),
        ("finding.supports &&", "Syntax error"),
        ("finding.supports && teacher.name", "no matching overload"),
        ("fact.retention < 0.5", "undeclared reference to 'fact.retention'"),
        ("has(finding.supports)", "has() is not available"),
        ("open_the_door(finding.supports)", "undeclared reference to 'open_the_door'"),
        ("\"'é' == teacher.nam\"", "'é' == teacher^.nam (did you mean teacher.name?)"),
    ],
)
def test_conditions_that_do_not_type_check(write_pack, when, says):
    refused(write_pack({"when": when}), "rule R-1", says)


def test_a_rule_about_the_scan_sees_no_finding(write_pack):
    refused(write_pack({"requires": None}), "undeclared reference to 'finding.supports'")
    assert load_policy(write_pack({"requires": None, "when": "scan.failed > 0"})).rules[0].requires is None


def test_a_pack_may_declare_facts_of_its_own(write_pack):
    head = "facts:\n  distilled_from: {overlap: double}\n"
    assert load_policy(write_pack({"when": "fact.overlap > 0.5"}, head=head))
    refused(write_pack({"when": "fact.overlap > 5"}, head=head), "(double, int)")
    refused(write_pack({"when": "fact.overlap > 0.5"}), "undeclared reference")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("'{teacher.nam}'", "did you mean {teacher.name}?"),
        ("'{'", "malformed"),
        ("'{}'", "not known to this rule"),
        ("'{0}'", "not known to this rule"),
        ("'{teacher.name.__class__}'", "not known to this rule"),
        ("'{teacher.name!r}'", "leave the conversion out"),
        ("'{teacher.name:>1000000000}'", "no use for"),
        ("'{finding.p_value:1000000000f}'", "no use for"),
        ("'{finding.p_value:{finding.n}}'", "no use for"),
    ],
)
def test_placeholders_are_checked(write_pack, message, says):
    refused(write_pack({"message": message}), "rule R-1", says, "pack.yaml:13,")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"on_missing": "pass"}, "rules.0.on_missing"),
        ({"on_missing": "not_applicable"}, "rules.0.on_missing"),
        ({"on_not_applicable": "pass"}, "rules.0.on_not_applicable"),
        ({"on_fire": "pass"}, "rules.0.on_fire"),
        ({"severity": "severe"}, "rules.0.severity"),
        ({"mode": "no"}, "rules.0.mode"),
        ({"title": None}, "rules.0.title: this key is missing"),
        ({"why": "''"}, "rules.0.why"),
        ({"colour": "red"}, "rules.0.colour: this key is unknown"),
        ({"maps": "[whatever]"}, "rules.0.maps.0"),
        ({"effective_on": "2027-02-30"}, "rules.0.effective_on"),
        ({"effective_on": "2027-1-1"}, "YYYY-MM-DD"),
        ({"effective_on": "20270101"}, "YYYY-MM-DD"),
        ({"effective_on": "2027-01-01T00:00:00"}, "YYYY-MM-DD"),
        ({"requires": "{claim: guilt, guarantee: exact}"}, "rules.0.requires.claim"),
        ({"requires": "{claim: ancestry}"}, "rules.0.requires.guarantee: this key is missing"),
        ({"requires": "{claim: distilled_from, guarantee: indicative}"}, "indicative evidence has no null"),
    ],
)
def test_the_schema_of_a_rule(write_pack, rule, says):
    refused(write_pack(rule), says, "rule R-1")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("alpha: 0.01\n", "the key 'alpha' occurs twice"),
        ("colour: red\n", "colour: this key is unknown"),
        ("max_waiver_days: 0\n", "max_waiver_days"),
        ("facts: {distilled_from: {x: number}}\n", "facts.distilled_from.x"),
        ("licence_terms: [{licence: a, outputs: maybe, dated: x, source: y}]\n", "licence_terms.0.outputs"),
        (
            "licence_terms:\n"
            "  - {licence: a, outputs: allowed, dated: x, source: y}\n"
            "  - {licence: A, outputs: forbidden, dated: x, source: y}\n",
            "listed twice",
        ),
    ],
)
def test_the_schema_of_a_pack(write_pack, head, says):
    refused(write_pack(head=head), says)


@pytest.mark.parametrize("alpha", ["0", "1.5", ".nan", ".inf", "-0.1", "often"])
def test_alpha_is_a_level(write_pack, alpha):
    text = write_pack().read_text().replace("alpha: 0.05", f"alpha: {alpha}")
    refused(write_pack(raw=text), "alpha")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "the file"),
        ("- a\n- b\n", "the file"),
        ("name: [", "not readable YAML"),
        ("name: test\n\ttitle: x\n", "pack.yaml:2"),
        ("a: &x [1]\nb: *x\n", "aliases are not allowed"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not allowed"),
        ("? [a]\n: b\n", "a key must be a word"),
        ("a: 1\n---\nb: 2\n", "not readable YAML"),
        ("a: " + "[" * 1200, "nested too deeply"),
        ("a: " + "1" * 6000, "not readable YAML"),
    ],
)
def test_malformed_files(write_pack, raw, says):
    refused(write_pack(raw=raw), says)


def test_files_that_cannot_be_read(tmp_path):
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    refused(binary, "cannot be read")
    refused(tmp_path / "absent.yaml", "there is no such file")
    refused(tmp_path, "cannot be read")


def test_ids_are_unique(write_pack):
    refused(write_pack({"id": "R-7"}, {"id": "R-7"}), "already used in line 7", "pack.yaml:15")


def test_names_and_paths(write_pack):
    path = write_pack()
    assert load_policy(str(path)) == load_policy(path)
    assert "release-gate" in shipped_policies()
    with pytest.raises(PolicyError, match=r"choose one of .*release-gate"):
        load_policy("no-such-pack")
    with pytest.raises(PolicyError, match=re.escape("there is no rule 'R-9'")):
        load_policy(path).rule("R-9")


def test_remarks_on_a_pack_that_decides_nothing(write_pack):
    pack = load_policy(write_pack({"mode": "warn", "when": "1 > 2"}))
    said = " ".join(remark.text for remark in check(pack))
    assert "no rule is in mode deny" in said
    assert "reads nothing" in said
    assert "looks at no finding" in said
    assert pack.rules[0].mode is Mode.WARN
