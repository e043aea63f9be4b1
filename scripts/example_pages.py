"""Write pages of a release in three states, for people and for a browser to check: `example_pages.py FOLDER`.

The states are those of a release's life: early, when little is known; blocked, when checks say no; and go. The reports
are made here, with titles that try to be more than text and with as many findings as a large release has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from release_actions.config.gate import GateForm, RequiredApprovals, RequiredReport  # the path above
from release_actions.gate.deciding import Subject, decide
from release_actions.gate.log import Log, begin, of_report
from release_actions.gate.page import write_page
from release_actions.gate.reports import CheckReport, Origin, read_report
from release_actions.gate.view import build_view

REPOSITORY, TAG, COMMIT = "llm-d/llm-d", "v0.6.0", "7951246" + "0" * 33
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=timezone.utc)
HOSTILE = "<img src=x onerror=\"alert('taken over')\"><script>alert(1)</script>"
MANY = 190
"""Findings of a large release."""

REQUIRED = ("branch-audit", "version-audit", "verify-images", "perf-gate", "release-notes", "review-audit")
FORM = GateForm(
    required=tuple(RequiredReport(report=name, max_age=timedelta(days=7)) for name in REQUIRED),
    approvals=(RequiredApprovals(role="release-leader", count=2), RequiredApprovals(role="maintainer")),
)
CATEGORIES = ("regression", "critical", "new-feature fix", "documentation", "release-only", "feature")


def make_report(name: str, hours: int, *, verdict: str = "pass", **more: Any) -> CheckReport:
    """A report of a check, made some hours ago."""
    document = {
        "report": name,
        "schema-version": 1,
        "verdict": verdict,
        "tag": TAG,
        "commit": COMMIT,
        "as-of": (NOW - timedelta(hours=hours)).isoformat(),
        "configuration": "",
        "run": {
            "repository": REPOSITORY,
            "workflow": "Release",
            "id": str(1000 + hours),
            "attempt": 1,
            "url": f"https://github.com/{REPOSITORY}/actions/runs/{1000 + hours}",
        },
        "findings": [],
        **more,
    }
    return read_report(json.dumps(document).encode(), Origin.JOB, f"{name}.json")


def make_findings(count: int, level: str) -> list[dict[str, Any]]:
    """Findings of one level, one of them hostile."""
    return [
        {
            "rule": ("stale", "floating", "branch")[number % 3],
            "level": level,
            "message": HOSTILE if number == 1 else f"guides/guide-{number}/values.yaml names v0.5.{number % 4}.",
            "hint": "Name v0.6.0, or add an exception.",
            "place": {"file": f"guides/guide-{number}/values.yaml", "line": number + 1, "column": 9},
        }
        for number in range(count)
    ]


def make_branch(*, is_blocked: bool) -> CheckReport:
    """A branch with picks of every category, and in one state with what it lacks."""
    picks = [
        {
            "commit": f"{number:07x}" + "0" * 33,
            "subject": f"Keep the router's cache warm in case {number}",
            "origin": "equal",
            "category": CATEGORIES[number % (6 if is_blocked else 5)],
        }
        for number in range(26)
    ]
    command = "git cherry-pick -x 1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"
    return make_report(
        "branch-audit",
        30,
        verdict="fail" if is_blocked else "pass",
        findings=make_findings(4, "error") if is_blocked else [],
        branch="release-0.6",
        picks=picks,
        missing=[{"number": 1234, "title": HOSTILE, "command": command}] if is_blocked else [],
        reverts=[],
        commands=[command] if is_blocked else [],
    )


def make_performance(*, is_blocked: bool) -> CheckReport:
    """Comparisons of which one is worse than it may be, or none."""
    comparisons = [
        {
            "group": {"model": "Llama-3.1-8B", "rate": rate},
            "metric": metric,
            "direction": "lower" if metric.endswith("ms") else "higher",
            "tolerance": 0.05,
            "change": change,
            "interval": [change - 0.015, change + 0.02],
            "verdict": "fail" if change > TOLERATED else "pass",
        }
        for rate in (1, 4, 16)
        for metric, change in (
            ("median_ttft_ms", 0.09 if is_blocked and rate > 1 else 0.004),
            ("p99_itl_ms", -0.01 * rate / 16),
            ("output_throughput", 0.012),
        )
    ]
    return make_report(
        "perf-gate", 50, verdict="fail" if is_blocked else "pass", comparisons=comparisons,
        findings=make_findings(1, "error") if is_blocked else [],
    )  # fmt: skip


TOLERATED = 0.05


def make_images() -> CheckReport:
    """Images of several accelerators."""
    images = {
        f"ghcr.io/llm-d/llm-d-{name}": {
            "tags": [TAG],
            "digest": f"sha256:{number:064x}",
            "platforms": dict.fromkeys(platforms, f"sha256:{number + 7:064x}"),
        }
        for number, (name, platforms) in enumerate(
            {
                "cuda": ("linux/amd64", "linux/arm64"),
                "rocm": ("linux/amd64",),
                "cpu": ("linux/amd64", "linux/arm64"),
            }.items()
        )
    }
    return make_report("verify-images", 20, outputs={"lock": {"images": images}})


def make_board(*, is_blocked: bool) -> CheckReport:
    """The features of the release, as release-tracker reports them."""
    names = ("criteria", "example", "tests", "merged", "owner")
    last = ("not-ready", "at-risk") if is_blocked else ("ready", "dropped")
    states = ("ready", "ready", "exception", *last)
    features = [
        {
            "item": f"{REPOSITORY}#{number}",
            "title": f"Feature {number}" if number % 7 else HOSTILE,
            "url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "state": state,
            "why": "" if state == "ready" else "no merged pull request changes a test",
            "requirements": [
                {"name": name, "status": "missing" if state == "not-ready" and name == "tests" else "met"}
                for name in names
            ],
        }
        for number, state in enumerate(states * 6, 1500)
    ]
    freeze = {"at": "2026-04-29T12:00:00Z", "day": "2026-04-28", "source": "schedule"}
    verdict = "fail" if is_blocked else "warn"
    return make_report("release-tracker", 30, verdict=verdict, features=features, freeze=freeze)


def make_calendar() -> CheckReport:
    """The planned dates of the release."""
    days = {"freeze": "2026-04-28", "cut": "2026-04-30", "candidate": "2026-05-01", "target": "2026-05-06"}
    dates = [{"tag": TAG, "name": name, "first": day, "last": day} for name, day in days.items()]
    return make_report("release-tracker-calendar", 31, dates=dates)


def write_state(reports: Sequence[CheckReport]) -> str:
    """The page of a state."""
    run = {"id": "1000", "attempt": 1}
    log = Log().append([begin(REPOSITORY, "", run, "octocat")], NOW - timedelta(days=3))
    log = log.append([of_report(report, "octocat") for report in reports], NOW)
    decision = decide(FORM, Subject(TAG, COMMIT, frozenset(), NOW), reports)
    return write_page(build_view(REPOSITORY, decision, reports, log))


def make_states() -> dict[str, str]:
    """The page of each state, by its name."""
    approvals = [
        {"who": who, "role": role, "at": "2026-05-03T08:00:00Z", "review": str(number)}
        for number, (who, role) in enumerate(
            (("ada", "release-leader"), ("grace", "release-leader"), ("linus", "maintainer"))
        )
    ]
    versions = make_report(
        "version-audit", 26, verdict="fail", findings=[*make_findings(12, "error"), *make_findings(MANY, "warning")]
    )
    mended = make_report("version-audit", 3, verdict="warn", findings=make_findings(2, "warning"))
    notes = make_report("release-notes", 2, findings=make_findings(3, "notice"))
    reviews = make_report("review-audit", 4, approvals=approvals, author="octocat")
    calendar = make_calendar()
    early = [make_branch(is_blocked=False), make_board(is_blocked=True), calendar]
    measured = make_performance(is_blocked=True)
    blocked = [make_branch(is_blocked=True), versions, make_images(), measured, make_board(is_blocked=True), calendar]
    fast = make_performance(is_blocked=False)
    go = [make_branch(is_blocked=False), mended, make_images(), fast, notes, reviews, make_board(is_blocked=False)]
    go.append(calendar)
    return {"early": write_state(early), "blocked": write_state(blocked), "go": write_state(go)}


def main(argv: Sequence[str]) -> int:
    """Write the pages into a folder."""
    if len(argv) != 1:
        print("usage: python scripts/example_pages.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in make_states().items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        print(f"wrote {folder / name}.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
