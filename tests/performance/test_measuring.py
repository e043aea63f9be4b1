from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from tests.performance.workflows import (
    ADA,
    EVE,
    FINE,
    JOB,
    OTHER,
    OWN,
    READING_JOB,
    SCOPELESS,
    add_workflow,
    archive,
    new_world,
)

from release_actions.errors import ActionError, InputError, PolicyError, RemoteError
from release_actions.github.workflow_runs import Artifact, Workflows
from release_actions.http.client import Http
from release_actions.performance import measuring
from release_actions.performance.measuring import Measurement, Pace
from release_actions.simulator import InProcess, World


class Bench:
    """Measures in a world whose clock moves as far as somebody waits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lines: list[str] = []
        self.simulator = InProcess(world, sleep=lambda _seconds: None)
        session = requests.Session()
        self.simulator.mount(session)
        self.http = Http(session=session, sleep=world.clock.advance, log=self.lines.append)

    def workflows(self, token: str = ADA, repository: str = OWN) -> Workflows:
        return Workflows(self.http, self.simulator.api_url, repository, token=token)

    def plan(
        self, *, file: str = "benchmark.yml", own: str = OWN, limit: float = 3600, ref: str = "main"
    ) -> Measurement:
        pace = Pace(self.world.clock.advance, lambda: self.world.now().timestamp())
        inputs = {"commit": "b" * 40}
        return Measurement(file, "main", inputs, "run-key", "perf-gate-0a1b", timedelta(seconds=limit), OWN, pace)

    def check(self, token: str = ADA, repository: str = OWN, file: str = "benchmark.yml") -> None:
        measuring.check_rights(self.workflows(token, repository), self.plan(file=file), token, self.lines.append)

    def log(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(new_world())
    with bench.http:
        yield bench


@pytest.mark.parametrize("token", [ADA, JOB, FINE])
def test_nothing_is_said_against_a_token_that_may(bench: Bench, token: str) -> None:
    bench.check(token)

    assert bench.lines == []


def test_a_classic_token_without_its_scope_is_refused_beforehand(bench: Bench) -> None:
    with pytest.raises(PolicyError, match="it is a classic token without the scope repo"):
        bench.check(SCOPELESS)


def test_a_classic_token_of_somebody_who_may_not_write_is_refused_beforehand(bench: Bench) -> None:
    with pytest.raises(PolicyError, match="its owner may not write there"):
        bench.check(EVE)


def test_a_repository_that_cannot_be_seen_is_refused_with_what_token_it_needs(bench: Bench) -> None:
    bench.world.repositories[OTHER].private = True

    with pytest.raises(PolicyError, match="does not exist, or the token may not see it") as raised:
        bench.check(JOB, OTHER)

    assert "pass a fine-grained token or an App's token" in raised.value.hint


def test_a_jobs_token_for_another_repository_is_pointed_out(bench: Bench) -> None:
    bench.check(JOB, OTHER)

    assert bench.lines == [
        "Whether the token may start workflows of acme/benchmarks is not known beforehand. For another repository the "
        "GITHUB_TOKEN of a job is never enough: pass a fine-grained token or an App's token with actions: write there."
    ]


def test_a_workflow_that_is_not_there_or_disabled_is_refused_beforehand(bench: Bench) -> None:
    with pytest.raises(InputError, match=r"has no workflow speed\.yml"):
        bench.check(file="speed.yml")
    add_workflow(bench.world, OWN, state="disabled_inactivity")
    with pytest.raises(PolicyError, match="is disabled inactivity"):
        bench.check()


@pytest.mark.parametrize("has_details", [True, False])
def test_the_run_is_awaited_and_its_results_are_fetched(bench: Bench, tmp_path: Path, *, has_details: bool) -> None:
    add_workflow(bench.world, OWN, has_details=has_details)
    workflows = bench.workflows()
    workflows.start("benchmark.yml", "main", {"run-key": "somebody-else"})

    run = measuring.measure(workflows, bench.plan(), bench.log)
    names = measuring.fetch_results(workflows, run, ("performance-*",), tmp_path / "results")

    assert run.title == "Benchmark perf-gate-0a1b"
    assert names == ("performance-h100",)
    assert len(list((tmp_path / "results" / "performance-h100" / "candidate").iterdir())) == 5
    assert bench.lines[0] == f"The benchmark runs at {run.url}."
    assert any(line.startswith("The benchmark is completed after") for line in bench.lines)
    (_, started) = bench.world.repositories[OWN].runs.values()
    assert started.inputs == {"commit": "b" * 40, "run-key": "perf-gate-0a1b"}


def test_a_workflow_that_does_not_show_the_key_is_named_with_the_line_it_lacks(bench: Bench) -> None:
    add_workflow(bench.world, OWN, run_name="", has_details=False)

    with pytest.raises(ActionError, match="no run of it shows perf-gate-0a1b") as raised:
        measuring.measure(bench.workflows(), bench.plan(), bench.log)

    assert "run-name: Benchmark ${{ inputs.run-key }}" in raised.value.hint
    assert "actions/runs/" in str(raised.value)


def test_a_workflow_without_the_inputs_is_named_with_those_it_needs(bench: Bench) -> None:
    add_workflow(bench.world, OWN, inputs=("commit",))

    with pytest.raises(InputError, match="Unexpected inputs provided") as raised:
        measuring.measure(bench.workflows(), bench.plan(), bench.log)

    assert "have the inputs commit, run-key" in raised.value.hint


def test_a_run_that_failed_gives_no_results(bench: Bench) -> None:
    add_workflow(bench.world, OWN, conclusion="failure")

    with pytest.raises(ActionError, match="The benchmark workflow ended with failure"):
        measuring.measure(bench.workflows(), bench.plan(), bench.log)


def test_the_time_limit_ends_the_waiting_and_not_the_run(bench: Bench) -> None:
    with pytest.raises(ActionError, match=r"still in_progress after \d min") as raised:
        measuring.measure(bench.workflows(), bench.plan(limit=120), bench.log)

    assert "It was not cancelled" in raised.value.hint
    assert bench.world.repositories[OWN].runs


def test_progress_is_said_now_and_then(bench: Bench) -> None:
    add_workflow(bench.world, OWN, runs_for=timedelta(minutes=25))

    measuring.measure(bench.workflows(), bench.plan(), bench.log)

    said = [line for line in bench.lines if "in_progress" in line]
    assert 4 <= len(said) <= 6


def test_starting_is_never_repeated(bench: Bench) -> None:
    with pytest.raises(RemoteError, match="403"):
        measuring.measure(bench.workflows(READING_JOB), bench.plan(), bench.log)

    assert bench.world.repositories[OWN].runs == {}


def test_artifacts_that_are_missing_or_expired_are_named(bench: Bench, tmp_path: Path) -> None:
    workflows = bench.workflows()
    run = measuring.measure(workflows, bench.plan(), bench.log)

    with pytest.raises(ActionError, match=r"no artifact of speed-\*") as raised:
        measuring.fetch_results(workflows, run, ("speed-*",), tmp_path)
    assert "Its artifacts are: performance-h100, logs." in raised.value.hint
    for kept in bench.world.repositories[OWN].runs.values():
        for artifact in kept.artifacts.values():
            artifact.is_expired = True
    with pytest.raises(ActionError, match="The artifact logs has expired"):
        measuring.fetch_results(workflows, run, ("logs",), tmp_path)


@pytest.mark.parametrize("name", ["../outside.json", "/etc/outside.json", "a/../../outside.json", "C:\\outside.json"])
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ActionError, match="would be written elsewhere"):
        measuring.unpack(archive({name: b"{}"}), "performance", tmp_path / "inner")

    assert list(tmp_path.rglob("outside*")) == []


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "C:"])
def test_an_artifact_whose_name_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    artifact = Artifact(1, name, 10, expired=False, digest="")

    with pytest.raises(ActionError, match="would be written elsewhere"):
        measuring.folder_of(artifact, tmp_path)


def test_what_is_no_archive_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ActionError, match="is not a ZIP archive"):
        measuring.unpack(b"<html>", "performance", tmp_path)
    monkeypatch.setattr(measuring, "MOST_UNPACKED", 10)
    with pytest.raises(ActionError, match="holds more than"):
        measuring.unpack(archive({"a": b"x" * 11}), "performance", tmp_path)


def test_an_archive_of_another_digest_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    workflows = bench.workflows()
    run = measuring.measure(workflows, bench.plan(), bench.log)
    for kept in bench.world.repositories[OWN].runs.values():
        for artifact in kept.artifacts.values():
            bench.world.blobs[artifact.digest] = archive({"a.json": b"{}"})

    with pytest.raises(ActionError, match="is not what GitHub has the digest of"):
        measuring.fetch_results(workflows, run, ("performance-*",), tmp_path)
