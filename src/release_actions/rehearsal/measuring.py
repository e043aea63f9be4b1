"""How candidates are measured and let through or stopped: perf-gate compares, release-gate decides on its report.

The benchmark is a stand-in that writes results as fast or slow as the scenario says; what is judged of them is the
actions' own doing. Nothing is published.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from release_actions.errors import ActionError
from release_actions.rehearsal.action_runner import ROOT, ActionRunner, StepEvents
from release_actions.rehearsal.composite import Job
from release_actions.rehearsal.scenario_steps import Candidate, Measure

RUNS = 6
"""Runs of each side: enough for an exact bound at 5 %."""

OFFSETS = (-1.0, 1.0, -0.6, 0.6, -0.2, 0.2)
"""Where the runs of a side lie within the spread, so that a rehearsal never depends on chance."""

MILLISECONDS = 100.0
REPORT, DECISION, CONFIGURATION = "performance.json", "gate.json", "release-with-gate.yaml"


def measure(runner: ActionRunner, step: Measure, events: StepEvents) -> None:
    """Measure each candidate and let the gate decide. Raises `ActionError` where an action says the wrong thing."""
    trigger = runner.trigger("workflow_dispatch", {"inputs": {"tag": step.tag}})
    for number, candidate in enumerate(step.candidates, 1):
        job = runner.checked_out_job(f"measure-{number}", trigger)
        write_results(job.workspace / "baseline", 0, candidate.spread, commit="0" * 40)
        write_results(job.workspace / "candidate", candidate.slower, candidate.spread, commit=trigger.sha)
        compared, stopped = runner.start(
            job,
            "perf-gate",
            {"mode": "enforce", "tag": step.tag, "baseline": "baseline", "candidate": "candidate", "report": REPORT},
            events,
        )
        expect(candidate, "perf-gate", compared.outputs.get("verdict", ""), candidate.verdict)
        expect_stop(candidate, "perf-gate", is_stopped=stopped is not None)
        decide(runner, step, candidate, job, compared.outputs.get("report-digest", ""), events)


def decide(
    runner: ActionRunner, step: Measure, candidate: Candidate, job: Job, digest: str, events: StepEvents
) -> None:
    """Let the gate decide on the report, as a job that got its digest from the one that measured."""
    configuration = yaml.safe_load((job.workspace / "release.yaml").read_text(encoding="utf-8"))
    configuration["gate"] = {"required": [{"report": "perf-gate", "max-age": "1d"}]}
    (job.workspace / CONFIGURATION).write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    decided, stopped = runner.start(
        job,
        "release-gate",
        {
            "mode": "enforce",
            "tag": step.tag,
            "commit": job.sha,
            "config": CONFIGURATION,
            "reports": f"{REPORT}@{digest}",
            "report": DECISION,
        },
        events,
    )
    write_status(runner, step, candidate, job, digest, events)
    expect_stop(candidate, "release-gate", is_stopped=stopped is not None)
    expect(candidate, "release-gate", decided.outputs.get("go", ""), "true" if candidate.verdict == "pass" else "false")


def write_status(
    runner: ActionRunner, step: Measure, candidate: Candidate, job: Job, digest: str, events: StepEvents
) -> None:
    """The page of the release as it stands. Raises `ActionError`."""
    script = (
        '"$PYTHON" -I "$MODULE" status "$TAG" --commit "$COMMIT" --config "$CONFIG" --reports "$REPORTS" --html page'
    )
    environment = {
        "PYTHON": sys.executable,
        "MODULE": str(ROOT / "src" / "release_actions" / "__main__.py"),
        "TAG": step.tag,
        "COMMIT": job.sha,
        "CONFIG": CONFIGURATION,
        "REPORTS": f"{REPORT}@{digest}",
    }
    failure, _ = runner.run_script(job, "status", script, environment, events)
    if failure:
        raise failure
    title = f"{candidate.verdict}, {candidate.slower} % slower"
    events.pages[title] = (job.workspace / "page" / "index.html").read_text(encoding="utf-8")


def expect(candidate: Candidate, name: str, said: str, wanted: str) -> None:
    """Compare what an action said with what the scenario says. Raises `ActionError`."""
    if said != wanted:
        about = f"a candidate that is {candidate.slower} % slower, with runs that differ by {candidate.spread} %"
        message = f"{name} says {said or 'nothing'} of {about}, and not {wanted}."
        raise ActionError(message, hint="report.json has its whole log.")


def expect_stop(candidate: Candidate, name: str, *, is_stopped: bool) -> None:
    """Compare whether an action failed its step with whether it has to. Raises `ActionError`."""
    if is_stopped != (candidate.verdict != "pass"):
        message = (
            f"{name} {'stopped' if is_stopped else 'let through'} a candidate whose verdict is {candidate.verdict}."
        )
        raise ActionError(message, hint="report.json has its whole log.")


def write_results(folder: Path, slower: int, spread: int, *, commit: str) -> None:
    """The results of a side, in the form of results of one's own (docs/perf-gate.md)."""
    folder.mkdir(parents=True)
    for number, offset in enumerate(OFFSETS[:RUNS], 1):
        value = MILLISECONDS * (1 + slower / 100) * (1 + offset * spread / 100)
        result = {
            "settings": {"tool": "rehearsal"},
            "commit": commit,
            "runner": "rehearsal",
            "requests": {"planned": 100, "completed": 100, "failed": 0},
            "metrics": {"median_ttft_ms": round(value, 4)},
        }
        (folder / f"run-{number}.json").write_text(json.dumps(result), encoding="utf-8")
