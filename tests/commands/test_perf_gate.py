"""perf-gate as a command: files in a workspace, releases of the embedded GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.performance import workflows
from tests.performance.maker import AFTER, BEFORE, write_side

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.runner import envelope
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.oci import digest_of
from release_actions.simulator.repositories import Asset, Release

JOB = "ghs_job_token_of_acme"
STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
SLOWER = tuple(value * 1.3 for value in STEADY)
METRIC = "median_ttft_ms"


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("acme", organization=True)
    world.add_repository("acme/server")
    world.add_token(JOB, TokenKind.ACTIONS, repository="acme/server", permissions={"contents": "read"})
    return world


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world) as simulator:
        yield simulator


class Gate:
    """Runs the command in a workspace with --json."""

    def __init__(self, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace = workspace
        self.capsys = capsys
        self.api = ""
        self.log = ""
        self.ref = ""
        self.summary = workspace / "summary.md"

    def side(self, name: str, values: Sequence[float], commit: str) -> None:
        write_side(self.workspace / name, METRIC, values, commit=commit)

    def run(self, *flags: str) -> tuple[int, dict[str, Any]]:
        environ = {
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "acme/server",
            "GITHUB_SHA": AFTER,
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_ATTEMPT": "2",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RELEASE_ACTIONS_NOW": "2026-08-20T12:00:00Z",
            **({"GITHUB_REF": self.ref} if self.ref else {}),
            **({"GITHUB_API_URL": self.api, "GITHUB_TOKEN": JOB} if self.api else {}),
        }
        self.summary.touch()
        code = main.main(["perf-gate", "--json", *flags], environ)
        captured = self.capsys.readouterr()
        self.log = captured.err
        return code, json.loads(captured.out)

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.workspace / "performance.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    gate = Gate(tmp_path, capsys)
    gate.side("before", STEADY, BEFORE)
    gate.side("after", [value * 1.01 for value in STEADY], AFTER)
    gate.side("slow", SLOWER, AFTER)
    return gate


def publish(world: World, tag: str, report: str | None, *, prerelease: bool = False) -> None:
    repository = world.repositories["acme/server"]
    now = world.now()
    release = Release(world.next_id("release"), tag, "main", "acme", now, prerelease=prerelease, published=now)
    if report is not None:
        content = report.encode()
        world.blobs[digest_of(content)] = content
        number = world.next_id("asset")
        release.assets[number] = Asset(number, "performance.json", digest_of(content), len(content), "acme", now)
    repository.releases[release.id] = release


def test_a_candidate_within_the_tolerances_passes_and_leaves_a_report(gate: Gate) -> None:
    code, outputs = gate.run("--baseline", "before", "--candidate", "after")

    assert code == ExitCode.PASS
    assert outputs == {
        "verdict": "pass",
        "comparisons": 4,
        "failed": 0,
        "inconclusive": 0,
        "more-runs": 0,
        "baseline-tag": "",
        "report": "performance.json",
        "report-digest": digest_of((gate.workspace / "performance.json").read_bytes()),
        "run-url": "",
    }
    assert gate.summary.read_text(encoding="utf-8").startswith("## ✅ Performance of bbbbbbbbbbbb\n")
    assert gate.report["run"]["url"] == "https://github.com/acme/server/actions/runs/77"


def test_the_report_fits_the_published_schema(gate: Gate) -> None:
    gate.run("--baseline", "before", "--candidate", "slow", "--tag", "v0.8.0")

    jsonschema.Draft202012Validator(envelope.schema()).validate(gate.report)
    assert (gate.report["report"], gate.report["verdict"], gate.report["tag"]) == ("perf-gate", "fail", "v0.8.0")
    assert (gate.report["commit"], gate.report["as-of"]) == (AFTER, "2026-08-20T12:00:00Z")
    assert [finding["rule"] for finding in gate.report["findings"]] == ["slower"]


@pytest.mark.parametrize(("mode", "code"), [("enforce", ExitCode.REFUSED), ("report", ExitCode.PASS)])
def test_a_slower_candidate_stops_only_what_is_enforced(gate: Gate, mode: str, code: int) -> None:
    ended, outputs = gate.run("--baseline", "before", "--candidate", "slow", "--mode", mode)

    assert ended == code
    assert (outputs["verdict"], outputs["failed"]) == ("fail", 1)
    assert f"{'error' if mode == 'enforce' else 'warning'}: median_ttft_ms changed by +30.0 %" in gate.log


@pytest.mark.parametrize(("mode", "code"), [("enforce", ExitCode.REFUSED), ("report", ExitCode.PASS)])
def test_a_doubt_is_no_pass_and_says_how_many_runs_would_decide(gate: Gate, mode: str, code: int) -> None:
    gate.side("noisy", (104, 112, 99, 108), AFTER)

    ended, outputs = gate.run("--baseline", "before", "--candidate", "noisy", "--mode", mode)

    assert ended == code
    assert (outputs["verdict"], outputs["inconclusive"]) == ("inconclusive", 1)
    assert outputs["more-runs"] > 0
    assert f"About {outputs['more-runs']} more run" in gate.log


def test_inputs_lay_over_the_configuration(gate: Gate) -> None:
    head = "repository: acme/server\nimages: {app: {platforms: [linux/amd64]}}\n"
    (gate.workspace / "release.yaml").write_text(f"{head}performance: {{min-runs: 9}}\n", encoding="utf-8")

    _, outputs = gate.run("--baseline", "before", "--candidate", "after")
    _, overridden = gate.run("--baseline", "before", "--candidate", "after", "--min-runs", "5", "--alpha", "0.01")

    assert (outputs["verdict"], overridden["verdict"]) == ("inconclusive", "pass")
    assert gate.report["alpha"] == 0.01
    assert gate.report["configuration"].startswith("sha256:")


@pytest.mark.parametrize("alpha", ["0", "0.5", "60%", "little"])
def test_an_alpha_that_is_no_small_probability_is_refused(gate: Gate, alpha: str) -> None:
    code, _ = gate.run("--baseline", "before", "--candidate", "after", "--alpha", alpha)

    assert code == ExitCode.BAD_INPUT
    assert "which is not a probability below one half" in gate.log


def test_a_picture_is_written_where_one_is_wanted(gate: Gate) -> None:
    gate.run("--baseline", "before", "--candidate", "slow", "--plot", "out/performance.svg")

    assert (gate.workspace / "out" / "performance.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_nothing_is_judged_without_candidate(gate: Gate) -> None:
    code, _ = gate.run("--baseline", "before")

    assert code == ExitCode.BAD_INPUT
    assert "Input 'candidate' is required" in gate.log


def test_the_same_results_on_both_sides_are_bad_input(gate: Gate) -> None:
    code, _ = gate.run("--baseline", "after", "--candidate", "after")

    assert code == ExitCode.BAD_INPUT
    assert "The same result is on both sides" in gate.log


def test_no_result_that_was_read_is_overwritten(gate: Gate) -> None:
    result = gate.workspace / "after" / "run-1.json"
    before = result.read_bytes()

    code, _ = gate.run("--baseline", "before", "--candidate", "after", "--report", "./after/run-1.json")
    same, _ = gate.run("--baseline", "before", "--candidate", "after", "--report", "x.json", "--plot", "./x.json")

    assert (code, same) == (ExitCode.BAD_INPUT, ExitCode.BAD_INPUT)
    assert result.read_bytes() == before
    assert "Inputs 'report' and 'plot' both name ./x.json" in gate.log


def test_results_of_another_commit_are_refused(gate: Gate) -> None:
    code, outputs = gate.run("--baseline", "before", "--candidate", "after", "--commit", "e" * 40)

    assert (code, outputs["verdict"]) == (ExitCode.REFUSED, "fail")
    assert "measured bbbbbbbbbbbb, not the candidate eeeeeeeeeeee" in gate.log


def test_suggest_needs_the_baseline_alone(gate: Gate) -> None:
    code, outputs = gate.run("--mode", "suggest", "--baseline", "before")

    assert code == ExitCode.PASS
    assert outputs["comparisons"] == 4
    assert "median_ttft_ms in vllm serve" in gate.log
    assert "5 runs resolve 0.5 %" in gate.log
    assert gate.summary.read_text(encoding="utf-8").startswith("## Tolerances that these runs can resolve")


def test_the_baseline_comes_from_the_release_before_by_version(gate: Gate, world: World, simulator: Simulator) -> None:
    gate.api = simulator.api_url
    gate.run("--baseline", "after", "--candidate", "before", "--commit", BEFORE, "--mode", "report")
    report = (gate.workspace / "performance.json").read_text(encoding="utf-8")
    for tag in ("v0.6.0", "v0.10.0", "v0.7.9"):
        publish(world, tag, report if tag == "v0.7.9" else "{}")
    publish(world, "v0.8.0-rc.1", "{}", prerelease=True)

    code, outputs = gate.run("--candidate", "slow", "--tag", "v0.8.0")

    assert (code, outputs["verdict"], outputs["baseline-tag"]) == (ExitCode.REFUSED, "fail", "v0.7.9")
    assert gate.report["groups"][0]["baseline"]["files"] == ["v0.7.9/performance.json"]
    assert gate.report["groups"][0]["baseline"]["commits"] == [BEFORE]


def test_a_release_without_results_is_a_doubt_and_the_report_is_written(
    gate: Gate, world: World, simulator: Simulator
) -> None:
    gate.api = simulator.api_url
    publish(world, "v0.7.0", None)

    code, outputs = gate.run("--candidate", "after", "--tag", "v0.8.0")

    assert (code, outputs["verdict"]) == (ExitCode.REFUSED, "inconclusive")
    assert "The release v0.7.0 has no file performance.json." in gate.log
    assert [finding["rule"] for finding in gate.report["findings"]] == ["no-baseline"]
    assert len(gate.report["runs"]) == 5


def test_a_first_release_is_a_doubt(gate: Gate, simulator: Simulator) -> None:
    gate.api = simulator.api_url

    code, outputs = gate.run("--candidate", "after", "--tag", "v0.1.0", "--mode", "report")

    assert (code, outputs["verdict"]) == (ExitCode.PASS, "inconclusive")
    assert "acme/server has no full release before v0.1.0." in gate.log


def test_a_release_is_named_by_hand(gate: Gate, world: World, simulator: Simulator) -> None:
    gate.api = simulator.api_url
    gate.run("--baseline", "after", "--candidate", "before", "--commit", BEFORE, "--mode", "report")
    report = (gate.workspace / "performance.json").read_text(encoding="utf-8")
    publish(world, "v0.8.0-rc.1", report, prerelease=True)

    _, outputs = gate.run("--candidate", "after", "--baseline", "release:v0.8.0-rc.1")
    code, _ = gate.run("--candidate", "after", "--baseline", "release:v9.9.9")

    assert (outputs["verdict"], outputs["baseline-tag"]) == ("pass", "v0.8.0-rc.1")
    assert code == ExitCode.BAD_INPUT
    assert "acme/server has no release v9.9.9" in gate.log


def test_a_file_that_github_has_another_digest_of_is_not_believed(
    gate: Gate, world: World, simulator: Simulator
) -> None:
    gate.api = simulator.api_url
    publish(world, "v0.7.0", "{}")
    (release,) = world.repositories["acme/server"].releases.values()
    (asset,) = release.assets.values()
    world.blobs[asset.digest] = b'{"runs": []}'

    code, _ = gate.run("--candidate", "after", "--tag", "v0.8.0")

    assert code == ExitCode.UNKNOWN
    assert "is not what GitHub has the digest of" in gate.log


def test_a_release_and_files_together_are_refused(gate: Gate) -> None:
    code, _ = gate.run("--baseline", "release\nbefore", "--candidate", "after")

    assert code == ExitCode.BAD_INPUT
    assert "names a release and something else" in gate.log


def test_without_a_tag_the_release_before_is_not_known(gate: Gate, simulator: Simulator) -> None:
    gate.api = simulator.api_url

    code, _ = gate.run("--candidate", "after")

    assert code == ExitCode.BAD_INPUT
    assert "The release before is not known, because no tag was given." in gate.log


def test_a_workflow_measures_and_the_next_step_judges(gate: Gate) -> None:
    world = workflows.new_world()
    workflow = workflows.add_workflow(world, "acme/server", queued_for=timedelta(0), runs_for=timedelta(0))
    with Simulator(world) as simulator:
        gate.api = simulator.api_url
        token = ("--token", workflows.JOB)
        code, outputs = gate.run(
            "--mode", "dispatch", "--workflow", workflow.file, "--artifacts", "performance-*",
            "--workflow-inputs", "commit={commit}\nbranch=releases/v0.8.0", *token,
        )  # fmt: skip

    (started,) = world.repositories["acme/server"].runs.values()
    assert code == ExitCode.PASS
    assert outputs["run-url"] == f"https://github.com/acme/server/actions/runs/{started.id}"
    assert started.inputs["commit"] == AFTER
    assert started.inputs["branch"] == "releases/v0.8.0"
    assert started.title == f"Benchmark {started.inputs['run-key']}"
    code, outputs = gate.run("--baseline", "before", "--candidate", "benchmark-results")
    assert (code, outputs["verdict"]) == (ExitCode.PASS, "pass")


@pytest.mark.parametrize(
    ("repository", "branch", "refused"),
    [
        ("acme/benchmarks", "releases/v0.8.0", ""),
        ("acme/server", "gone", "on gone"),
        ("ACME/server", "gone", "on gone"),
    ],
)
def test_a_workflow_of_another_repository_is_not_started_on_this_ones_branch(
    gate: Gate, repository: str, branch: str, refused: str
) -> None:
    world = workflows.new_world()
    for name in (workflows.OWN, workflows.OTHER):
        workflows.add_workflow(world, name, queued_for=timedelta(0), runs_for=timedelta(0))
    with Simulator(world) as simulator:
        gate.api = simulator.api_url
        gate.ref = f"refs/heads/{branch}"
        code, _ = gate.run(
            "--mode", "dispatch", "--workflow", "benchmark.yml", "--workflow-repository", repository,
            "--artifacts", "performance-*", "--token", workflows.ADA,
        )  # fmt: skip

    assert code == (ExitCode.BAD_INPUT if refused else ExitCode.PASS), gate.log
    assert refused in gate.log


def test_dispatch_starts_nothing_when_older_results_would_be_mixed_with_new_ones(gate: Gate) -> None:
    gate.side("benchmark-results", STEADY, AFTER)
    world = workflows.new_world()
    workflow = workflows.add_workflow(world, "acme/server")
    with Simulator(world) as simulator:
        gate.api = simulator.api_url
        code, _ = gate.run("--mode", "dispatch", "--workflow", workflow.file, "--token", workflows.JOB)

    assert code == ExitCode.BAD_INPUT
    assert "benchmark-results is there and not empty" in gate.log
    assert not world.repositories["acme/server"].runs


def test_dispatch_names_every_input_that_it_lacks(gate: Gate) -> None:
    code, outputs = gate.run("--mode", "dispatch")

    assert code == ExitCode.BAD_INPUT
    messages = [error["message"] for error in outputs["errors"]]
    assert messages == [f"Mode dispatch needs the input '{name}'." for name in ("workflow", "token")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("commit", "has the line 'commit', which is not name=value"),
        ("tag={tag}", "uses {tag}, which is not known in this run"),
    ],
)
def test_inputs_of_the_workflow_that_cannot_be_filled_in_are_refused(gate: Gate, line: str, message: str) -> None:
    code, _ = gate.run("--mode", "dispatch", "--workflow", "b.yml", "--token", "x" * 20, "--workflow-inputs", line)

    assert code == ExitCode.BAD_INPUT
    assert message in gate.log


def test_a_path_without_results_is_bad_input_with_what_is_there(gate: Gate) -> None:
    code, _ = gate.run("--baseline", "before", "--candidate", "nowhere")
    assert code == ExitCode.BAD_INPUT
    assert "Input 'candidate' names no result of a benchmark: nowhere." in gate.log
    (gate.workspace / "notes").mkdir()
    (gate.workspace / "notes" / "notes.json").write_text("{}", encoding="utf-8")

    code, _ = gate.run("--baseline", "notes", "--candidate", "after")

    assert code == ExitCode.BAD_INPUT
    assert "notes/notes.json: it is no result of a benchmark that is known" in gate.log


DOUBTFUL = ((100.0, 103.0, 97.0, 101.0, 99.0, 102.0), (110.0, 104.0, 108.0, 113.0, 107.0, 109.0))
"""Sides whose first five runs are not decided at a tolerance of 10 %."""


def test_a_second_look_at_more_runs_is_known_by_the_report_of_the_first(gate: Gate) -> None:
    for name, values, commit in (("before", DOUBTFUL[0], BEFORE), ("after", DOUBTFUL[1], AFTER)):
        gate.side(name, values[:5], commit)
    flags = ("--baseline", "before", "--candidate", "after", "--looks", "2", "--mode", "report")
    gate.run(*flags)
    first = gate.report["look"]
    for name, values, commit in (("before", DOUBTFUL[0], BEFORE), ("after", DOUBTFUL[1], AFTER)):
        gate.side(name, values, commit)

    gate.run(*flags)
    again = gate.run(*flags)

    assert first == {"number": 1, "planned": 2, "alpha": 0.025, "spent-before": 0.0, "spends": 0.025}
    assert gate.report["look"] == {**first, "number": 2, "spent-before": 0.025}
    assert again[0] == ExitCode.PASS
    summary = gate.summary.read_text(encoding="utf-8")
    assert "This is look 1 of 2 planned at these runs, as far as is known." in summary
    assert "This is look 2 of 2 planned at these runs, by the report of an earlier one." in summary


def test_looks_of_the_configuration_hold_without_the_input(gate: Gate) -> None:
    text = "repository: acme/server\nimages: {app: {platforms: [linux/amd64]}}\nperformance: {looks: 3}\n"
    (gate.workspace / "release.yaml").write_text(text, encoding="utf-8")

    gate.run("--baseline", "before", "--candidate", "after")

    assert gate.report["look"]["planned"] == 3
