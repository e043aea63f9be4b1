"""What counts as the report of a check, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.gate import makers

from release_actions.gate.files import read_files
from release_actions.gate.reports import NoReport, Origin, read_report
from release_actions.runner.envelope import RunOfWorkflow, Verdict

ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "schema/report.schema.json").read_text(encoding="utf-8")),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
OWN = RunOfWorkflow(makers.REPOSITORY, "Audit", "77", 1, "")


def read(**more: Any) -> object:
    return read_report(makers.content(**more), Origin.FILE, "audit.json")


def test_a_report_is_read_with_its_findings_and_approvals() -> None:
    data = makers.content(
        findings=[makers.finding() | {"place": {"file": "a.yaml", "line": 3, "column": 0}}],
        approvals=[makers.approval("ada")],
        author="bob",
    )

    report = read_report(data, Origin.FILE, "audit.json")

    assert (report.name, report.verdict, report.author) == ("branch-audit", Verdict.PASS, "bob")
    assert [(item.rule, item.place) for item in report.findings] == [("feature", "a.yaml:3")]
    assert [(item.who, item.role, item.review) for item in report.approvals] == [("ada", "release-leader", "9001")]
    assert report.digest == makers.digest(data)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"schema-version": 2}, "its schema-version is not 1"),
        ({"verdict": "green"}, "has a wrong verdict"),
        ({"commit": "abc"}, "has a wrong commit"),
        ({"as-of": "2026-05-04T11:00:00"}, "has a wrong as-of"),
        ({"as-of": "yesterday"}, "has a wrong as-of"),
        ({"findings": None}, "has a wrong findings"),
        ({"findings": [1]}, "an item of its findings is not a JSON object"),
        ({"run": {}}, "its run has no repository"),
        ({"run": {**makers.RUN, "attempt": "1"}}, "its run has a wrong attempt"),
        ({"approvals": [{"who": "ada"}]}, "an item of its approvals has no role"),
        ({"tag": "\ud800"}, "not JSON"),
    ],
)
def test_what_has_not_the_form_is_no_report(more: dict[str, Any], why: str) -> None:
    with pytest.raises(NoReport, match=why):
        read(**more)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "it is not a JSON object"),
        (b'{"report": NaN}', "no number of JSON"),
        (makers.content()[:-1] + b', "verdict": "pass"}', "a key twice"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b" " * (16 * 1024 * 1024 + 1), "larger than 16 MiB"),
    ],
)
def test_hostile_bytes_are_no_report(data: bytes, why: str) -> None:
    with pytest.raises(NoReport, match=why):
        read_report(data, Origin.FILE, "audit.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(makers.document())), JSON)
def test_the_reader_takes_no_document_that_the_published_schema_refuses(key: str, value: object) -> None:
    report = makers.document(**{key: value})
    try:
        read_report(json.dumps(report).encode(), Origin.FILE, "audit.json")
    except NoReport:
        return
    assert SCHEMA.is_valid(report)


def test_a_file_is_a_jobs_report_only_with_the_digest_that_the_job_gave(tmp_path: Path) -> None:
    data = makers.content()
    (tmp_path / "audit.json").write_bytes(data)

    reports, unreadable = read_files(("audit.json", f"audit.json@{makers.digest(data)}"), tmp_path, OWN)

    assert [report.origin for report in reports] == [Origin.FILE, Origin.JOB]
    assert unreadable == ()


@pytest.mark.parametrize(
    ("name", "own", "why"),
    [
        ("audit.json@sha256:" + "0" * 64, OWN, "and the job gave sha256:0000"),
        ("missing.json", OWN, "No such file"),
        (f"audit.json@{makers.digest(makers.content())}", RunOfWorkflow(makers.REPOSITORY, "", "78"), "and this is 78"),
        (f"audit.json@{makers.digest(makers.content())}", RunOfWorkflow("acme/other", "", "77"), "and this is 77"),
    ],
)
def test_a_file_that_is_not_what_a_job_of_this_run_wrote_is_no_report(
    tmp_path: Path, name: str, own: RunOfWorkflow, why: str
) -> None:
    # Hand-over: verify, gate.
    (tmp_path / "audit.json").write_bytes(makers.content())

    reports, unreadable = read_files((name,), tmp_path, own)

    assert reports == ()
    assert why in unreadable[0].why
