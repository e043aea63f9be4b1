"""version-audit as a command: a checkout, the two files about the project, and the embedded GitHub and GHCR."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from release_actions import main
from release_actions.drift.audit import OTHER_LEVELS
from release_actions.drift.classes import VersionClass
from release_actions.drift.rules import ABOUT_RULES
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Repository

JOB, PROPOSER = "ghs_job_token_of_acme", "ghs_proposing_token_of_acme"
SARIF = json.loads((Path(__file__).parents[1] / "contract" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
CUDA = "ghcr.io/acme/engine-cuda"
CONFIG = """\
repository: acme/engine
registry: ghcr.io
namespace: acme
versions:
  release-branch: release-{major}.{minor}
channels:
  dev: {name: "{image}-dev"}
defaults: {platforms: [linux/amd64], runners: {linux/amd64: ubuntu-24.04}}
images:
  engine-cuda: {}
drift:
  exceptions:
    - paths: [guides/old.md]
      reason: about v0.4
"""
COMPONENTS = """\
organisations: [acme]
components:
  cuda:
    organisation: acme
    name: engine-cuda
    type: Image
    version: {kind: release}
    repository: acme/engine
    image: ghcr.io/acme/engine-cuda
  router:
    organisation: acme
    name: engine-router
    type: Image
    version: {kind: git-tag, repository: acme/engine-router}
    repository: acme/engine-router
    image: ghcr.io/acme/engine-router
"""
Audit = Callable[..., tuple[int, dict[str, Any]]]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("acme", organization=True)
    world.add_token(
        JOB, TokenKind.ACTIONS, repository="acme/engine", permissions={"contents": "read", "packages": "read"}
    )
    world.add_token(
        PROPOSER,
        TokenKind.ACTIONS,
        repository="acme/engine",
        permissions={"contents": "write", "packages": "read", "pull-requests": "write"},
    )
    for repository, tags in (("acme/engine", ("v0.4.0",)), ("acme/engine-router", ("v0.8.0", "v0.9.0"))):
        store = world.add_repository(repository).git
        for tag in tags:
            store.refs[f"refs/tags/{tag}"] = Target(store.commit(tag, world.now()).sha, "commit")
    for package, tag in (("acme/engine-cuda", "v0.4.0"), ("acme/engine-router", "v0.9.0")):
        world.add_package(package, visibility="public")
        world.push(package, build_image(("linux/amd64",), seed=package), (tag,))
    return world


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        "release.yaml": CONFIG,
        "components.yaml": COMPONENTS,
        "deploy/a.yaml": f"image: {CUDA}:v0.4.0\n",
        "guides/old.md": f"{CUDA}:v0.3.0\n",
        "guides/new.md": f"{CUDA}:v0.5.0\n",
    }
    git(tmp_path, "init", "--quiet")
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    git(tmp_path, "add", "--all")
    return tmp_path


@pytest.fixture
def audit(simulator: Simulator, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Run the command; its exit code and the report that it wrote, empty when there is none."""

    def run(**given: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path_factory.mktemp("out") / "report.json"
        flags = {"tag": "v0.5.0", "token": JOB, "registry-token": JOB, "report": str(report)}
        flags |= {name.replace("_", "-"): value for name, value in given.items()}
        environ = {
            "GITHUB_WORKSPACE": str(checkout),
            "GITHUB_REPOSITORY": "acme/engine",
            "GITHUB_API_URL": simulator.api_url,
            "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url,
            "GITHUB_REF": "refs/heads/release-0.5",
        }
        arguments = [part for name, value in flags.items() for part in (f"--{name}", value)]
        code = main.main(["version-audit", *arguments], environ)
        return code, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}

    return run


def rules(report: dict[str, Any]) -> list[str]:
    return [f"{finding['place']['file']}: {finding['rule']}" for finding in report["findings"]]


def test_the_report_has_what_is_not_the_releases(audit: Audit) -> None:
    code, report = audit()

    assert code == ExitCode.PASS
    assert rules(report) == ["deploy/a.yaml: stale"]
    assert (report["report"], report["verdict"], report["tag"], report["excepted"]) == (
        "version-audit",
        "fail",
        "v0.5.0",
        1,
    )


def test_errors_fail_the_run_only_in_mode_enforce(audit: Audit) -> None:
    assert audit(mode="enforce")[0] == ExitCode.REFUSED


def test_the_patch_leaves_nothing_to_report(audit: Audit, checkout: Path) -> None:
    audit(mode="patch", patch_file="a.patch")
    git(checkout, "apply", "a.patch")

    code, report = audit(mode="enforce")

    assert code == ExitCode.PASS
    assert report["verdict"] == "pass"


def test_the_findings_are_valid_sarif_in_their_places(audit: Audit, checkout: Path) -> None:
    audit(sarif_file="audit.sarif")

    log = json.loads((checkout / "audit.sarif").read_text(encoding="utf-8"))
    (result,) = log["runs"][0]["results"]
    assert list(Draft4Validator(SARIF).iter_errors(log)) == []
    assert (result["ruleId"], result["level"]) == ("stale", "error")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/a.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1, "startColumn": 33},
    }


def test_every_rule_is_described() -> None:
    judged = {each.value for each in VersionClass} - {VersionClass.OK.value, VersionClass.UNKNOWN.value}

    assert set(ABOUT_RULES) == {*judged, *OTHER_LEVELS}


@pytest.fixture
def branch(world: World, checkout: Path) -> Repository:
    """The checkout committed as the tip of the release branch, on GitHub too."""
    git(checkout, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "First")
    head = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    repository = world.repository("acme/engine")
    assert repository is not None
    store = repository.git
    commit = store.commit("First", world.now(), files=("deploy/a.yaml",))
    store.commits[head] = replace(commit, sha=head)
    store.refs["refs/heads/release-0.5"] = Target(head, "commit")
    return repository


def propose(audit: Audit, **given: str) -> int:
    return audit(mode="propose", token=PROPOSER, **given)[0]


def test_a_draft_pull_request_proposes_the_patch_once(audit: Audit, branch: Repository) -> None:
    codes = [propose(audit), propose(audit)]

    (pull,) = branch.pulls.values()
    assert codes == [ExitCode.PASS, ExitCode.PASS]
    assert (pull.draft, pull.base, pull.title) == (True, "release-0.5", "Bump to v0.5.0")
    assert branch.git.read_file(pull.head_sha, "deploy/a.yaml") == f"image: {CUDA}:v0.5.0\n".encode()
    assert "Every version in files that is not that of v0.5.0 and can be changed for sure: 1 place." in pull.body


def test_a_pull_request_is_closed_when_nothing_is_left_to_change(
    audit: Audit, branch: Repository, checkout: Path
) -> None:
    propose(audit)
    (pull,) = branch.pulls.values()

    propose(audit, exclude="deploy/**")

    assert pull.state == "closed"


@pytest.mark.parametrize("spoil", ["another commit", "a change"])
def test_only_the_branch_as_it_is_on_github_is_proposed_for(
    audit: Audit, branch: Repository, checkout: Path, world: World, spoil: str
) -> None:
    if spoil == "a change":
        (checkout / "guides/new.md").write_text("somebody's work\n", encoding="utf-8")
    else:
        branch.git.refs["refs/heads/release-0.5"] = Target(branch.git.commit("Next", world.now()).sha, "commit")

    assert propose(audit) == ExitCode.BAD_INPUT
    assert branch.pulls == {}


def test_without_the_release_branch_nothing_is_proposed(audit: Audit, branch: Repository) -> None:
    assert propose(audit, tag="v0.6.0") == ExitCode.REFUSED
    assert branch.pulls == {}


def test_a_pull_request_that_github_refuses_is_not_done(audit: Audit, branch: Repository) -> None:
    assert audit(mode="propose")[0] == ExitCode.UNKNOWN
    assert branch.pulls == {}


def test_a_tag_that_exists_in_git_is_reported(audit: Audit) -> None:
    _, report = audit(tag="v0.4.0")

    messages = [finding["message"] for finding in report["findings"] if finding["rule"] == "tag-exists"]
    assert messages == [
        "acme/engine has the git tag v0.4.0 already.",
        f"{CUDA} has the tag v0.4.0 already.",
    ]


def test_a_tag_of_images_in_another_form_is_found(audit: Audit, checkout: Path, world: World) -> None:
    config = checkout / "release.yaml"
    config.write_text(config.read_text(encoding="utf-8") + 'image-tag: "{version}"\n', encoding="utf-8")
    world.push("acme/engine-cuda", build_image(("linux/amd64",), seed="new"), ("0.5.0",))

    _, report = audit()

    messages = [finding["message"] for finding in report["findings"] if finding["rule"] == "tag-exists"]
    assert messages == [f"{CUDA} has the tag 0.5.0 already."]


def test_nothing_is_asked_when_the_preflight_is_off(audit: Audit, simulator: Simulator) -> None:
    audit(preflight="false")

    assert simulator.requests.entries == ()


def test_a_registry_that_does_not_answer_is_no_yes(audit: Audit, simulator: Simulator) -> None:
    simulator.faults.add(Fault(path="/v2/*", answer=403, times=0))

    code, report = audit()

    assert code == ExitCode.UNKNOWN
    assert report == {}


def test_versions_that_no_server_has_are_missing(audit: Audit, checkout: Path) -> None:
    (checkout / "deploy/b.yaml").write_text("image: ghcr.io/acme/engine-router:v0.8.5\n", encoding="utf-8")
    git(checkout, "add", "--all")

    _, report = audit(check_exists="true")

    found = {finding["place"]["file"]: finding["rule"] for finding in report["findings"]}
    assert found["deploy/b.yaml"] == "missing"
    assert found["deploy/a.yaml"] == "stale"


def test_a_component_whose_version_a_server_knows_is_judged_when_it_is_asked(audit: Audit, checkout: Path) -> None:
    (checkout / "deploy/b.md").write_text("github.com/acme/engine-router/tree/v0.8.0\n", encoding="utf-8")
    git(checkout, "add", "--all")

    _, silent = audit()
    _, asked = audit(check_exists="true")

    assert "deploy/b.md: stale" not in rules(silent)
    assert "deploy/b.md: stale" in rules(asked)


def test_the_branch_decides_which_levels_hold(audit: Audit, checkout: Path) -> None:
    (checkout / "deploy/a.yaml").write_text(f"apiVersion: v1\nimage: {CUDA}:latest\n", encoding="utf-8")

    assert audit(mode="enforce")[0] == ExitCode.REFUSED
    assert audit(mode="enforce", levels="trunk")[0] == ExitCode.PASS


def test_a_tree_with_a_dependencies_file_alone_is_checked(audit: Audit, checkout: Path) -> None:
    (checkout / "release.yaml").unlink()
    (checkout / "components.yaml").unlink()
    content = "dependencies:\n- {name: cuda, version: v9, refPaths: [{path: deploy/a.yaml, match: image}]}\n"
    (checkout / "dependencies.yaml").write_text(content, encoding="utf-8")

    _, report = audit(preflight="false")

    assert "deploy/a.yaml: dependency-stale" in rules(report)


def test_a_tree_that_says_nothing_about_the_project_is_refused(
    audit: Audit, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "release.yaml").unlink()
    (checkout / "components.yaml").unlink()

    code, _ = audit()

    assert code == ExitCode.BAD_INPUT
    assert "There is no release.yaml, no components.yaml and no dependencies.yaml." in capsys.readouterr().out


def test_globs_that_choose_nothing_are_refused(audit: Audit) -> None:
    assert audit(scan="nothing/**")[0] == ExitCode.BAD_INPUT


@pytest.mark.parametrize("name", ["report", "sarif_file"])
def test_a_file_that_cannot_be_written_is_found_before_anything_is_proposed(
    audit: Audit, branch: Repository, checkout: Path, name: str
) -> None:
    code = propose(audit, **{name: str(checkout / "release.yaml" / "x")})

    assert (code, branch.pulls) == (ExitCode.BAD_INPUT, {})


def test_a_report_that_fails_after_the_proposal_is_not_bad_input(
    audit: Audit, branch: Repository, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "out" / "report.json"
    simulator.faults.add(Fault(method="POST", path="*/pulls", steps=(lambda *_: report.mkdir(),)))

    code = propose(audit, report=str(report))

    said = capsys.readouterr().out
    assert (code, len(branch.pulls)) == (ExitCode.UNKNOWN, 1)
    assert "report.json could not be written" in said
    assert "A draft pull request was opened" in said
