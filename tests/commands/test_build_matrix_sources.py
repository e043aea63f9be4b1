"""build-matrix and sources of other repositories: a ref that can move is looked up once, and pinned for the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World
from release_actions.simulator.git import Target

SHA = "0123456789abcdef0123456789abcdef01234567"
THEN = datetime(2026, 2, 3, tzinfo=timezone.utc)
CONFIG = """\
repository: acme/app
channels: {dev: {name: "{image}-dev"}}
defaults: {platforms: [linux/amd64, linux/arm64]}
images:
  one: {source: {repository: upstream/lib, ref: REF, path: src}, build-args: {COMMIT: "{source-commit}"}}
  two: {source: {repository: upstream/lib, ref: REF, path: src}}
"""


@pytest.fixture
def world() -> World:
    made = World()
    made.add_account("upstream", organization=True)
    git = made.add_repository("upstream/lib").git
    first = git.commit("First", THEN)
    second = git.commit("Second", THEN, parents=(first.sha,))
    tag = git.annotate("v1", Target(first.sha, "commit"), "One", THEN)
    git.refs |= {
        "refs/heads/trunk": Target(second.sha, "commit"),
        "refs/heads/a/b": Target(first.sha, "commit"),
        "refs/tags/v1": Target(tag.sha, "tag"),
        "refs/heads/both": Target(first.sha, "commit"),
        "refs/tags/both": Target(second.sha, "commit"),
        "refs/heads/same": Target(first.sha, "commit"),
        "refs/tags/same": Target(first.sha, "commit"),
        "refs/pull/7/head": Target(second.sha, "commit"),
    }
    return made


@pytest.fixture
def github(world: World) -> Iterator[Simulator]:
    with Simulator(world) as simulator:
        yield simulator


def run(
    github: Simulator, folder: Path, capsys: pytest.CaptureFixture[str], ref: str, **environ: str
) -> tuple[int, dict[str, Any], str]:
    (folder / "release.yaml").write_text(CONFIG.replace("REF", ref))
    given = {"GITHUB_SHA": SHA, "GITHUB_REPOSITORY": "acme/app", "GITHUB_REF": "refs/heads/main"}
    code = main.main(
        ["build-matrix", "--json", "--api-url", github.api_url, "--workspace", str(folder)], {**given, **environ}
    )
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def asked(github: Simulator) -> list[str]:
    return [request.path for request in github.requests.entries]


@pytest.mark.parametrize(
    ("ref", "names"),
    [
        ("trunk", "trunk"),
        ("a/b", "a/b"),
        ("v1", "a/b"),
        ("same", "a/b"),
        ("refs/heads/both", "both"),
        ("refs/tags/v1", "a/b"),
        ("refs/pull/7/head", "trunk"),
    ],
)
def test_every_job_gets_the_commit_that_a_ref_names(
    github: Simulator, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], ref: str, names: str
) -> None:
    code, outputs, log = run(github, tmp_path, capsys, ref)
    assert code == ExitCode.PASS
    repository = world.repository("upstream/lib")
    assert repository
    commit = repository.git.refs[f"refs/heads/{names}"].sha
    entries = outputs["matrix"]["include"]
    assert len(entries) == 4
    assert {(entry["source-ref"], entry["source-commit"]) for entry in entries} == {(ref, commit)}
    assert entries[0]["build-args"] == f"COMMIT={commit}"
    assert {entry["source-commit"] for entry in outputs["images"]} == {commit}
    assert f"The source of the image 'two' is {ref!r}, which can move; it is built from {commit}." in log


def test_two_images_with_one_source_ask_once(
    github: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(github, tmp_path, capsys, "trunk")
    assert asked(github) == [f"/repos/upstream/lib/git/ref/{kind}/trunk" for kind in ("heads", "tags")]


def test_a_commit_asks_nobody(github: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, outputs, _ = run(github, tmp_path, capsys, "a" * 40)
    assert (code, outputs["images"][0]["source-commit"]) == (ExitCode.PASS, "a" * 40)
    assert asked(github) == []


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("none", "upstream/lib has no branch or tag none, or the token may not read it."),
        ("0123abc", "A commit is written with all of its 40 digits."),
        ("both", "both is a branch and a tag of upstream/lib, and they name different commits."),
        ("both", "Write refs/heads/both, refs/tags/both, or the commit."),
    ],
)
def test_a_ref_that_names_no_one_commit_plans_nothing(
    github: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], ref: str, message: str
) -> None:
    code, outputs, log = run(github, tmp_path, capsys, ref)
    assert (code, list(outputs)) == (ExitCode.BAD_INPUT, ["errors"])
    assert message in log


def test_a_ref_that_could_not_be_looked_up_plans_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Simulator(World()) as gone:
        pass
    code, outputs, log = run(gone, tmp_path, capsys, "trunk")
    assert (code, list(outputs)) == (ExitCode.UNKNOWN, ["errors"])
    assert "Could not find the commit of trunk in upstream/lib" in log
