"""judge-images: from what the jobs of a run handed on to one decision and one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.builds import entry_list
from release_actions.errors import ExitCode, InputError, PolicyError
from release_actions.runner.report import Level, Report
from release_actions.runner.workflow import Workflow

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
DIGEST = f"sha256:{'1' * 64}"


def entry(package: str, **more: Any) -> dict[str, Any]:
    found = {"image": package.rpartition("/")[2], "package": package, "tags": ["v1.0.0"], "platforms": ["linux/amd64"]}
    slots = {"linux/amd64": [APP, WEB].index(package)}
    return {**found, "slots": slots, "job": "build", "scan": True, "scan-gate": "CRITICAL", "required": True, **more}


PLAN = [entry(APP), entry(WEB, required=False)]
PUBLISHED = [{**one, "digest": DIGEST} for one in PLAN]
LOCK = {"version": 1, "images": {one["package"]: {"digest": DIGEST} for one in PLAN}}


def judge(folder: Path, **given: Any) -> Report:
    scans = folder / "scans.json"
    inputs = {
        "image_list": PLAN,
        "published": PUBLISHED,
        "lock": LOCK,
        "scans": scans.read_text(encoding="utf-8") if scans.exists() else "",
        "signed": "success",
        **given,
    }
    texts = {name: text if isinstance(text, str) else json.dumps(text) for name, text in inputs.items()}
    environ = {"GITHUB_WORKSPACE": str(folder), **{f"INPUT_{name.upper()}": text for name, text in texts.items()}}
    return main.main_inner(["judge-images"], environ, Workflow({}))


def scanned(folder: Path, verdicts: dict[str, str]) -> None:
    """Put verdicts where the job that scans hands them on: in its slots."""
    lines = {
        f"slot-{slot}": f"{slot} {package} linux/amd64 {DIGEST} 1 {verdict} CRITICAL=1"
        for slot, (package, verdict) in enumerate(verdicts.items())
    }
    results = {"scan": {"result": "success", "outputs": lines}}
    (folder / "scans.json").write_text(json.dumps(results), encoding="utf-8")


def test_everything_ready_is_said_in_outputs_only(tmp_path: Path) -> None:
    scanned(tmp_path, {APP: "passed", WEB: "passed"})
    report = judge(tmp_path)
    assert report.outputs == {
        "ready": True,
        "images": PUBLISHED,
        "entries": PUBLISHED,
        "failed": [],
        "failed-keys": [],
        "built": {"app": True, "web": True},
    }
    assert (report.summary, report.findings, report.exit_code) == ("", (), ExitCode.PASS)


def test_a_matrix_gets_whole_entries_where_a_step_gets_shorter_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(tmp_path, {APP: "passed", WEB: "passed"})
    monkeypatch.setattr(entry_list, "LIST_LIMIT", 100)
    plan = [{**entry(package), "digest": DIGEST} for package in (APP, WEB)]

    outputs = judge(tmp_path, image_list=plan).outputs

    assert outputs["entries"] == plan
    assert outputs["images"] == entry_list.shorten(plan, 100) != plan


def test_an_optional_image_is_left_out_and_shown(tmp_path: Path) -> None:
    scanned(tmp_path, {APP: "passed", WEB: "refused"})
    report = judge(tmp_path, mode="report", moved=[{"package": APP, "tag": "latest"}, {"package": APP, "tag": "v1"}])
    assert report.outputs == {
        "ready": True,
        "images": [PUBLISHED[0]],
        "entries": [PUBLISHED[0]],
        "failed": [WEB],
        "failed-keys": ["web"],
        "built": {"app": True, "web": False},
    }
    assert report.exit_code is ExitCode.PASS
    assert [finding.level for finding in report.findings] == [Level.WARNING]
    assert report.summary.strip().splitlines()[-2:] == [
        f"| `{APP}` | `v1.0.0`, `latest`, `v1` | `{DIGEST}` | `linux/amd64` | Ready; latest, v1 moved to it. |",
        f"| `{WEB}` | `v1.0.0` | `{DIGEST}` | `linux/amd64` | linux/amd64 has 1 critical known. It is not required. |",
    ]


@pytest.mark.parametrize("mode", ["decide", "report"])
def test_a_required_image_that_is_not_ready_closes_the_gate_for_all(tmp_path: Path, mode: str) -> None:
    scanned(tmp_path, {APP: "refused", WEB: "passed"})
    report = judge(tmp_path, mode=mode)
    assert (report.outputs["ready"], report.outputs["failed"]) == (False, [APP])
    assert report.exit_code is (ExitCode.REFUSED if mode == "report" else ExitCode.PASS)


def test_jobs_that_did_not_run_have_said_nothing(tmp_path: Path) -> None:
    report = judge(tmp_path, mode="report", published="", lock="", signed="", scans="")
    assert report.outputs == {
        "ready": False,
        "images": [],
        "entries": [],
        "failed": [APP, WEB],
        "failed-keys": ["app", "web"],
        "built": {"app": False, "web": False},
    }
    assert report.exit_code is ExitCode.REFUSED
    assert [finding.level for finding in report.findings] == [Level.ERROR, Level.WARNING]


def test_neither_scans_nor_signatures_are_missed_where_they_are_off(tmp_path: Path) -> None:
    report = judge(tmp_path, scan="false", sign="false", signed="skipped")
    assert report.outputs["ready"] is True


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lock": "[]"}, "Input 'lock' is not a lock."),
        ({"moved": "{}x"}, "Input 'moved' is not a list of tags"),
        ({"image_list": "x"}, "Input 'image-list' is not JSON."),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        judge(tmp_path, **given)


def test_a_verdict_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    scanned(tmp_path, {APP: "fine"})

    with pytest.raises(PolicyError, match="Slot 0 of the job scan has 'fine CRITICAL=1', which is not a verdict"):
        judge(tmp_path)


def test_a_verdict_of_another_job_is_refused(tmp_path: Path) -> None:
    scanned(tmp_path, {APP: "passed"})
    text = (tmp_path / "scans.json").read_text(encoding="utf-8").replace('"scan":', '"build":')

    with pytest.raises(
        PolicyError, match="Slot 0 of the job build has a value, but the plan gave the slot to the job scan"
    ):
        judge(tmp_path, scans=text)
