"""What a scan found, from the report that trivy writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from release_actions.errors import InputError
from release_actions.images.scan_report import Vulnerability, count_severities, parse


def sarif(*found: tuple[str, str, str]) -> dict[str, Any]:
    """A report of identifier, severity and package."""
    rules = {name: {"id": name, "properties": {"tags": ["vulnerability", severity]}} for name, severity, _ in found}
    results = [{"ruleId": name, "message": {"text": f"Package: {package}\nmore"}} for name, _, package in found]
    return {"runs": [{"tool": {"driver": {"rules": [*rules.values()]}}, "results": results}]}


def test_the_worst_comes_first_and_each_once() -> None:
    report = sarif(("CVE-1", "LOW", "a"), ("CVE-2", "CRITICAL", "a"), ("CVE-2", "CRITICAL", "b"), ("CVE-1", "LOW", "a"))
    found = parse(json.dumps(report))
    assert found == (
        Vulnerability("CRITICAL", "CVE-2", "Package: a"),
        Vulnerability("CRITICAL", "CVE-2", "Package: b"),
        Vulnerability("LOW", "CVE-1", "Package: a"),
    )
    assert count_severities(found) == {"CRITICAL": 2, "LOW": 1}


def test_a_report_without_results_is_clean() -> None:
    assert parse(json.dumps(sarif())) == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report.pop("runs"),
        lambda report: report["runs"][0].pop("results"),
        lambda report: report["runs"][0]["tool"]["driver"].pop("rules"),
        lambda report: report["runs"][0]["tool"]["driver"]["rules"][0]["properties"].update(tags=["vulnerability"]),
        lambda report: report["runs"][0]["results"][0].pop("message"),
    ],
)
def test_a_report_that_says_too_little_is_no_clean_one(change: Any) -> None:
    report = sarif(("CVE-1", "HIGH", "a"))
    change(report)
    with pytest.raises(InputError, match="not the SARIF that trivy writes"):
        parse(json.dumps(report))


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 5000])
def test_what_is_no_report_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)
