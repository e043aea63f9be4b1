"""cut-branch on the simulator: planned, made, refused, and what has to differ proposed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.branches.histories import Repository

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Commit, Target
from release_actions.simulator.repositories import Check
from release_actions.simulator.repositories import Repository as OnGitHub
from release_actions.simulator.rules import BranchRules

NAME = "acme/web"
CONFIG = """\
version: 1
repository: acme/web
images:
  web: {dockerfile: Dockerfile, platforms: [linux/amd64]}
versions:
  release-branch: release-{major}.{minor}
"""
Cut = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Trunk with three commits."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    repository = Repository.init(folder)
    repository.commit("Guides", {"guides/env.sh": "export BRANCH=main\n", "release.yaml": CONFIG})
    repository.commit("Newer", {"a.txt": "a\n"})
    return repository


@pytest.fixture
def github(world: World, repository: Repository) -> OnGitHub:
    """The same on GitHub, where only the commit before the newest is green."""
    world.add_account("acme", organization=True, members={"ada": "admin"})
    world.add_account("ada")
    granted = {"contents": "write", "pull-requests": "write", "checks": "read", "statuses": "read"}
    world.add_token("ghs_job", TokenKind.ACTIONS, repository=NAME, permissions=granted)
    github = world.add_repository(NAME)
    for minute, line in enumerate(repository.git("log", "--reverse", "--format=%H %P").splitlines()):
        sha, *parents = line.split()
        date = github.created.replace(minute=minute)
        github.git.commits[sha] = Commit(sha, "change", tuple(parents), "Ada", "ada@example.com", date)
    shas = repository.git("rev-list", "main").splitlines()
    github.git.refs["refs/heads/main"] = Target(shas[0], "commit")
    github.required_checks = ("build", "dco")
    github.checks[shas[0]] = [Check(1, "build", "", world.now())]
    github.checks[shas[1]] = [
        Check(2, "build", "success", world.now()),
        Check(3, "dco", "success", world.now(), is_status=True),
    ]
    return github


@pytest.fixture
def cut(repository: Repository, github: OnGitHub, world: World, tmp_path: Path) -> Iterator[Cut]:
    """Run the command; its exit code and outputs."""
    with Simulator(world) as simulator:

        def run(**given: str) -> tuple[int, dict[str, str]]:
            output = tmp_path / "output"
            output.write_text("", encoding="utf-8")
            flags = {"tag": "v0.6.0", "token": "ghs_job"}
            flags |= {name.replace("_", "-"): value for name, value in given.items()}
            arguments = [part for name, value in flags.items() for part in (f"--{name}", value)]
            environ = {
                "GITHUB_WORKSPACE": str(repository.folder),
                "GITHUB_REPOSITORY": NAME,
                "GITHUB_API_URL": simulator.api_url,
                "GITHUB_OUTPUT": str(output),
                "RELEASE_ACTIONS_NOW": "2026-03-01T00:00:00Z",
            }
            return main.main(["cut-branch", *arguments], environ), read_outputs(output)

        yield run


def read_outputs(file: Path) -> dict[str, str]:
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    outputs = {}
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        outputs[name] = "\n".join(value)
    return outputs


def configure(repository: Repository, more: str) -> None:
    (repository.folder / "release.yaml").write_text(CONFIG + more, encoding="utf-8")


def test_a_plan_starts_where_trunk_was_last_green_and_makes_nothing(
    cut: Cut, github: OnGitHub, repository: Repository
) -> None:
    code, outputs = cut()

    green = repository.git("rev-parse", "main~1")
    assert (code, outputs["state"], outputs["branch"]) == (0, "planned", "release-0.6")
    assert (outputs["commit"], outputs["behind"]) == (green, "1")
    assert json.loads(outputs["commands"])[1] == f"git push origin {green}:refs/heads/release-0.6"
    assert "refs/heads/release-0.6" not in github.git.refs


def test_the_branch_is_made_and_the_same_again_is_done(cut: Cut, github: OnGitHub, repository: Repository) -> None:
    states = [cut(mode="apply")[1]["state"], cut(mode="apply")[1]["state"]]

    assert states == ["created", "done"]
    assert github.git.refs["refs/heads/release-0.6"].sha == repository.git("rev-parse", "main~1")


def test_a_branch_on_another_commit_is_never_moved(
    cut: Cut, github: OnGitHub, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    other = github.git.refs["refs/heads/main"]
    github.git.refs["refs/heads/release-0.6"] = other

    code, outputs = cut(mode="apply", commit=repository.git("rev-parse", "main~1"))

    assert (code, outputs["state"]) == (ExitCode.REFUSED, "refused")
    assert "never moved" in capsys.readouterr().out
    assert github.git.refs["refs/heads/release-0.6"] == other


def test_a_fork_is_refused(cut: Cut, github: OnGitHub, capsys: pytest.CaptureFixture[str]) -> None:
    github.fork_of = "llm-d/web"

    code, _ = cut(mode="apply")

    assert code == ExitCode.REFUSED
    assert "is a fork" in capsys.readouterr().out
    assert "refs/heads/release-0.6" not in github.git.refs


def test_another_repository_than_the_files_is_refused(cut: Cut, repository: Repository) -> None:
    file = repository.folder / "release.yaml"
    file.write_text(CONFIG.replace("repository: acme/web", "repository: acme/other"), encoding="utf-8")

    assert cut(mode="apply")[0] == ExitCode.REFUSED


def test_a_patch_release_goes_on_with_the_branch_of_its_line(
    cut: Cut, github: OnGitHub, repository: Repository
) -> None:
    file = repository.folder / "release.yaml"
    templates = '["releases/v{major}.{minor}.{patch}", "releases/v{major}.{minor}.{newest}"]'
    file.write_text(CONFIG.replace("release-{major}.{minor}", templates), encoding="utf-8")
    github.git.refs["refs/heads/releases/v0.12.0"] = github.git.refs["refs/heads/main"]

    patch, minor = cut(tag="v0.12.2", mode="apply"), cut(tag="v0.13.0")

    assert (patch[1]["state"], patch[1]["branch"]) == ("reused", "releases/v0.12.0")
    assert (minor[1]["state"], minor[1]["branch"]) == ("planned", "releases/v0.13.0")


def test_nothing_green_is_bad_input_with_the_names(
    cut: Cut, github: OnGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    github.checks.clear()

    assert cut()[0] == ExitCode.BAD_INPUT
    assert "build, dco" in capsys.readouterr().out


@pytest.mark.parametrize("conclusion", ["", "failure", "cancelled", "timed_out", "action_required"])
def test_every_run_of_a_required_check_has_to_be_green(
    cut: Cut, github: OnGitHub, repository: Repository, world: World, conclusion: str
) -> None:
    green = repository.git("rev-parse", "main~1")
    github.checks[green].append(Check(9, "build", conclusion, world.now()))

    assert cut()[0] == ExitCode.BAD_INPUT


def test_without_required_checks_the_newest_commit_is_taken(cut: Cut, github: OnGitHub, repository: Repository) -> None:
    github.required_checks = ()

    assert cut()[1]["commit"] == repository.git("rev-parse", "main")
    assert cut(required_checks="build")[1]["commit"] == repository.git("rev-parse", "main~1")


def test_no_branch_is_cut_while_features_may_land(cut: Cut, repository: Repository) -> None:
    configure(repository, "tracker:\n  freeze: {date: 2026-03-05}\n")

    assert cut(mode="apply")[1]["state"] == "refused"
    assert cut(freeze="allow")[1]["state"] == "planned"


def test_a_ruleset_that_forbids_it_is_explained(cut: Cut, github: OnGitHub, capsys: pytest.CaptureFixture[str]) -> None:
    github.branch_rules = (BranchRules(("release-*",), ("creation",)),)

    code, outputs = cut(mode="apply")

    assert (code, outputs["state"]) == (ExitCode.REFUSED, "refused")
    assert "may bypass it" in capsys.readouterr().out


REWRITES = """\
branches:
  rewrites:
    - files: ["guides/**"]
      pattern: ^export BRANCH=.*$
      replacement: export BRANCH={branch}
"""


def test_what_differs_is_a_patch_and_a_draft_into_the_new_branch(
    cut: Cut, github: OnGitHub, repository: Repository
) -> None:
    configure(repository, REWRITES)

    patch = cut()[1]["patch"]
    cut(mode="apply")

    (pull,) = github.pulls.values()
    assert (pull.base, pull.draft) == ("release-0.6", True)
    assert github.git.read_file(pull.head_sha, "guides/env.sh") == b"export BRANCH=release-0.6\n"
    assert github.git.refs["refs/heads/release-0.6"].sha == repository.git("rev-parse", "main~1")
    applied = subprocess.run(
        ["git", "apply", "--check", "-"], cwd=repository.folder, input=f"{patch}\n", text=True, check=False
    )
    assert applied.returncode == 0


@pytest.mark.parametrize("pattern", ["'export NOTHING=.*'", "'('"])
def test_a_rewrite_that_matches_nothing_or_is_no_pattern_is_bad_input(
    cut: Cut, repository: Repository, pattern: str
) -> None:
    configure(repository, REWRITES.replace("^export BRANCH=.*$", pattern))

    assert cut()[0] == ExitCode.BAD_INPUT
