"""judge-scan: what a report comes to for an image, and what it never takes for clean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.images.test_scan_report import sarif

from release_actions import main
from release_actions.errors import ExitCode, InputError
from release_actions.runner.report import Level, Report
from release_actions.runner.workflow import Workflow

APP = "ghcr.io/acme/app"
DIGEST = f"sha256:{'1' * 64}"
CRITICAL, HIGH = ("CVE-1", "CRITICAL", "libssl"), ("CVE-2", "HIGH", "zlib")


def judge(folder: Path, *, gate: str = "CRITICAL", required: bool = True, **given: str) -> Report:
    subject = {"package": APP, "platform": "linux/amd64", "digest": DIGEST, "slot": "7"}
    entry = {**subject, "scan-gate": gate, "required": required}
    inputs = {"entry": json.dumps(entry), "report": "scan.sarif", "verdict_file": "verdict/line", **given}
    environ = {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_RUN_ATTEMPT": "3",
        **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
    }
    return main.main_inner(["judge-scan"], environ, Workflow({}))


def found(folder: Path, *vulnerabilities: Any) -> None:
    (folder / "scan.sarif").write_text(json.dumps(sarif(*vulnerabilities)), encoding="utf-8")


@pytest.mark.parametrize(
    ("vulnerabilities", "gate", "required", "verdict", "code", "levels"),
    [
        ([], "CRITICAL", True, "passed", ExitCode.PASS, []),
        ([HIGH], "CRITICAL", True, "warned", ExitCode.PASS, [Level.NOTICE]),
        ([CRITICAL], "", True, "warned", ExitCode.PASS, [Level.NOTICE]),
        ([CRITICAL, HIGH], "CRITICAL", True, "refused", ExitCode.REFUSED, [Level.ERROR]),
        ([HIGH], "CRITICAL,HIGH", True, "refused", ExitCode.REFUSED, [Level.ERROR]),
        ([CRITICAL], "CRITICAL", False, "refused", ExitCode.PASS, [Level.WARNING]),
    ],
)
def test_the_policy_says_what_a_finding_means(
    tmp_path: Path,
    vulnerabilities: list[Any],
    gate: str,
    required: bool,  # noqa: FBT001  # a parameter of the test
    verdict: str,
    code: ExitCode,
    levels: list[Level],
) -> None:
    found(tmp_path, *vulnerabilities)
    report = judge(tmp_path, gate=gate, required=required)
    assert (report.outputs["verdict"], report.exit_code) == (verdict, code)
    assert [finding.level for finding in report.findings] == levels
    counts = ",".join(f"{severity}=1" for _, severity, _ in vulnerabilities)
    line = f"7 {APP} linux/amd64 {DIGEST} 3 {verdict} {counts}".rstrip()
    assert (tmp_path / "verdict/line").read_text(encoding="utf-8") == f"{line}\n"


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
@pytest.mark.parametrize(
    ("gate", "required", "code", "level"),
    [
        ("CRITICAL", True, ExitCode.UNKNOWN, Level.ERROR),
        ("CRITICAL", False, ExitCode.PASS, Level.WARNING),
        ("", True, ExitCode.PASS, Level.WARNING),
    ],
)
def test_a_report_that_cannot_be_read_is_not_clean(
    tmp_path: Path,
    content: bytes | None,
    gate: str,
    required: bool,  # noqa: FBT001  # a parameter of the test
    code: ExitCode,
    level: Level,
) -> None:
    if content is not None:
        (tmp_path / "scan.sarif").write_bytes(content)
    report = judge(tmp_path, gate=gate, required=required)
    assert (report.outputs, report.exit_code) == ({"verdict": "unknown", "counts": {}}, code)
    assert [finding.level for finding in report.findings] == [level]
    assert (tmp_path / "verdict/line").read_text(encoding="utf-8") == f"7 {APP} linux/amd64 {DIGEST} 3 unknown\n"


def test_people_see_the_worst_and_how_many_there_are(tmp_path: Path) -> None:
    found(tmp_path, CRITICAL, *(("CVE-2", "HIGH", f"lib{number:02}") for number in range(25)))
    report = judge(tmp_path)
    assert report.lines == (f"{APP} linux/amd64 has known vulnerabilities: 1 critical, 25 high.",)
    assert "| critical | `CVE-1` |" in report.summary
    assert "more in the report" in report.summary


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("[]", "is not an image of a plan"),
        ("{}", "is not an image of a plan"),
        ("", "is required"),
        ("x", "is not an image"),
    ],
)
def test_what_is_no_entry_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        judge(tmp_path, entry=entry)


def test_a_severity_that_does_not_exist_gates_nothing_silently(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stops images at SEVERE, which is not a severity"):
        judge(tmp_path, gate="SEVERE")
