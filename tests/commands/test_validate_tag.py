"""validate-tag through its command line, over real HTTP to the embedded GitHub and GHCR."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.errors import ActionError, ExitCode, InputError, RemoteError
from release_actions.git.checkout import read_tags
from release_actions.http.client import Http
from release_actions.runner.report import Finding, Level, Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Release, Repository
from release_actions.tags.github_refs import GitHubRefs
from release_actions.versions.grammar import TagRefused

ROOT = Path(__file__).parents[2]
TOKEN = "ghs_token_of_the_job"
PACKAGES = ("llm-d/llm-d-cuda", "llm-d/llm-d-cpu")
RELEASED = ("v0.4.0", "v0.5.0", "v0.5.1", "v0.6.0-rc.1")
CONFIGURATION = """\
repository: llm-d/llm-d
versions: {versions}
channels: {{release: {{name: "llm-d-{{image}}{{suffix}}"}}}}
images:
  cuda: {{platforms: [linux/amd64, linux/arm64]}}
  cpu: {{platforms: [linux/amd64]}}
"""
BRANCHES = "{release-branch: 'release-{major}.{minor}', prerelease-branch: main}"


class Forge:
    """A repository of the simulator with commits, branches and tags that tests name."""

    def __init__(self, world: World, repository: Repository) -> None:
        self.world = world
        self.repository = repository
        self.commits = 0

    def commit(self, branch: str = "main", *, base: str = "") -> str:
        """Add a commit to a branch; a new branch begins at `base`, or with a history of its own."""
        git = self.repository.git
        ref = f"refs/heads/{branch}"
        tip = git.refs[ref].sha if ref in git.refs else base
        self.commits += 1
        made = git.commit(f"Change {self.commits}", self.world.now(), parents=(tip,) if tip else ())
        git.refs[ref] = Target(made.sha, "commit")
        return made.sha

    def tag(self, name: str, commit: str, *, annotated: bool = False, verified: bool = False) -> str:
        """Put a tag on a commit. Returns the commit."""
        git = self.repository.git
        target = Target(commit, "commit")
        if annotated:
            target = Target(git.annotate(name, target, name, self.world.now(), verified=verified).sha, "tag")
        git.refs[f"refs/tags/{name}"] = target
        return commit

    def release(self, tag: str, published: datetime, *, draft: bool = False) -> None:
        """A GitHub release."""
        number = self.world.next_id("release")
        made = Release(number, tag, "main", "release-leader", published, draft=draft)
        made.published = None if draft else published
        self.repository.releases[number] = made

    def publish(self, tag: str, revision: str | None, *packages: str) -> None:
        """Push an image of a tag to the released packages."""
        labels = {} if revision is None else {"org.opencontainers.image.revision": revision}
        for name in packages or PACKAGES:
            platforms = ("linux/amd64", "linux/arm64") if name == PACKAGES[0] else ("linux/amd64",)
            self.world.push(name, build_image(platforms, labels=labels, seed=tag, attestations=True), [tag])


@pytest.fixture
def forge() -> Forge:
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_account("release-leader")
    repository = world.add_repository("llm-d/llm-d")
    permissions = {"contents": "read", "packages": "read"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=permissions)
    for name in PACKAGES:
        world.add_package(name, visibility="public", repository="llm-d/llm-d")
    forge = Forge(world, repository)
    for tag in RELEASED:
        forge.tag(tag, forge.commit())
    return forge


@pytest.fixture
def world(forge: Forge) -> World:
    return forge.world


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


Judge = Callable[..., Report]


@pytest.fixture
def judge(simulator: Simulator, tmp_path: Path) -> Judge:
    """Runs the command, in the run that the push of `tag` started, or without one in a run of main.

    `versions` is what release.yaml has there; None for no file at all. Inputs are given by name.
    """

    def run(
        tag: str = "",
        *,
        sha: str = "",
        event: dict[str, Any] | None = None,
        versions: str | None = "{}",
        token: str = TOKEN,
        repository: str = "llm-d/llm-d",
        command: str = "validate-tag",
        asked: str = "",
        registry: str = "",
        **inputs: str,
    ) -> Report:
        (tmp_path / "release.yaml").unlink(missing_ok=True)
        if versions is not None:
            text = CONFIGURATION.format(versions=versions)
            (tmp_path / "release.yaml").write_text(text, encoding="utf-8")
        payload = tmp_path / "event.json"
        whole = {"ref": f"refs/tags/{tag}", "created": True, "forced": False, **(event or {})}
        payload.write_text(json.dumps(whole), encoding="utf-8")
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": repository,
            "GITHUB_WORKSPACE": str(tmp_path),
            "INPUT_TAG": asked,
            "INPUT_TOKEN": token,
            "INPUT_REGISTRY_TOKEN": token,
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        if registry:  # the one of release.yaml
            del environ["RELEASE_ACTIONS_REGISTRY_URL"]
        environ |= {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": sha, "GITHUB_EVENT_NAME": "workflow_dispatch"}
        if tag:
            environ |= {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(payload)}
            environ |= {"GITHUB_REF": f"refs/tags/{tag}", "GITHUB_SHA": sha}
        return main.main_inner([command], environ, Workflow({}))

    return run


def told(report: Report) -> list[str]:
    """Every finding as rule and text, without the sentence about its level that every refusal ends with."""
    return [f"{finding.rule}: {without_level(finding)}" for finding in report.findings]


def without_level(finding: Finding) -> str:
    text = str(finding.problem)
    if finding.level is not Level.ERROR:
        return text
    before, separator, level = text.rpartition(f" Rule {finding.rule}: ")
    assert separator
    assert re.fullmatch(
        rf"set its level as versions\.rules\.{finding.rule} in release\.yaml; the default is \w+\."
        r"|release\.yaml:2:\d+ sets its level\.",
        level,
    )
    return before


def paths(simulator: Simulator) -> list[str]:
    """Every path that was asked for, without queries and ids."""
    return [entry.path.partition("?")[0].removeprefix("/repos/llm-d/llm-d") for entry in simulator.requests.entries]


# What a release needs to know


def test_a_candidate_that_comes_next(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    report = judge("v0.6.0-rc.2", sha=sha)
    assert report.exit_code is ExitCode.PASS
    assert report.outputs == {
        "tag": "v0.6.0-rc.2",
        "version": "0.6.0-rc.2",
        "major": 0,
        "minor": 6,
        "patch": 0,
        "number": 2,
        "kind": "candidate",
        "is-stable": False,
        "is-candidate": True,
        "base-version": "0.6.0",
        "line": "0.6",
        "previous-stable": "v0.5.1",
        "previous-candidate": "v0.6.0-rc.1",
        "next-candidate": "v0.6.0-rc.3",
        "component": "",
        "image-tags": ["v0.6.0-rc.2"],
        "floating-tags": [],
        "make-latest": False,
        "prerelease": True,
        "release-branch": "",
        "already-published": False,
        "promote": False,
        "gate": False,
    }
    assert report.lines[-1].startswith("v0.6.0-rc.2 is a release candidate: it moves no floating tag")


def test_a_backport_is_explained_as_a_person_would(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.4.1", forge.commit())
    report = judge("v0.4.1", sha=sha)
    sentence = "v0.4.1 is a backport: it moves v0.4 and leaves v0 and latest on v0.5.1."
    assert report.lines[-1] == sentence
    assert (report.outputs["floating-tags"], report.outputs["make-latest"]) == (["v0.4"], False)
    assert sentence in report.summary
    assert "| Previous stable | `v0.4.0` |" in report.summary
    assert "| `v0.4` | `v0.4.0` | **`v0.4.1`** |" in report.summary
    assert "| `latest` | `v0.5.1` | `v0.5.1` |" in report.summary
    assert "| `gap` | warn | kept |" in report.summary
    assert "| `signed-tag` | off | not judged: off |" in report.summary
    assert "| `release-branch` | error | not judged: no branch is required |" in report.summary
    assert "| `backport` | info | **broken**" in report.summary


def test_a_refusal_names_the_rule_and_leaves_no_outputs(judge: Judge, forge: Forge) -> None:
    # Hand-over: caller, plan.
    sha = forge.tag("v0.6.0-rc.4", forge.commit())
    report = judge("v0.6.0-rc.4", sha=sha)
    assert (report.exit_code, report.outputs) == (ExitCode.REFUSED, {})
    assert told(report) == [
        "candidate-number: v0.6.0-rc.4 is not the next candidate of v0.6.0: the highest so far is v0.6.0-rc.1."
        " Push v0.6.0-rc.2."
    ]
    assert report.lines[-1] == (
        "v0.6.0-rc.4 is refused. v0.6.0-rc.4 is not the next candidate of v0.6.0: the highest so far is v0.6.0-rc.1."
    )
    assert "| `candidate-number` | error | **broken**: v0.6.0-rc.4 is not the next" in report.summary


def test_a_rule_that_is_off_refuses_nothing(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.6.0-rc.4", forge.commit())
    report = judge("v0.6.0-rc.4", sha=sha, versions="{rules: {candidate-number: off, deleted-candidate: off}}")
    assert (report.exit_code, told(report)) == (ExitCode.PASS, [])
    warned = judge("v0.6.0-rc.4", sha=sha, versions="{rules: {candidate-number: warn}}")
    assert warned.exit_code is ExitCode.PASS
    assert [finding.level.value for finding in warned.findings] == ["warning"]


CUT = "If a tool made this tag by cutting another one at its last dot, delete the tag and stop that tool."
NEVER_PUSHED = "The action protect-latest moves floating tags. Do not push them."
OFFERED = {
    "v0.6.0-rc": f"v0.6.0-rc.1 exists already, and the next one is v0.6.0-rc.2. {CUT}",
    "v0.5": f"v0.5.0 exists already, and the next one is v0.5.2. {NEVER_PUSHED}",
    "V0.5.1": "v0.5.1 exists already, and the next one is v0.5.2.",
    "v0.5.1-post1": "Did you mean v0.5.1.post1?",
    "v0.6": f"Did you mean v0.6.0? {NEVER_PUSHED}",
}


@pytest.mark.parametrize("tag", OFFERED)
def test_a_refusal_offers_no_tag_that_exists(judge: Judge, forge: Forge, tag: str) -> None:
    with pytest.raises(TagRefused) as caught:
        judge(tag, sha=forge.tag(tag, forge.commit()))
    rule = f"Rule {caught.value.rule} has no level to set: a tag that is not a version is always refused."
    assert caught.value.hint == f"{OFFERED[tag]} Delete the refused tag before you push another one. {rule}"
    assert caught.value.meant in caught.value.hint
    assert caught.value.meant not in ("", *RELEASED)
    # Without the repository's tags it is refused all the same.
    with pytest.raises(TagRefused):
        judge(asked=tag, repository="llm-d/nowhere")


def test_what_would_be_refused_too_is_not_offered(judge: Judge, forge: Forge) -> None:
    with pytest.raises(TagRefused) as caught:
        judge("v0.5.0-RC1", sha=forge.tag("v0.5.0-RC1", forge.commit()))

    assert caught.value.hint == (
        "v0.5.0-rc.1 would be refused too, and the next one is v0.5.2-rc.1."
        " Delete the refused tag before you push another one."
        " Rule spelling has no level to set: a tag that is not a version is always refused."
    )


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("v0.6.1-RC1", "v0.6.1-rc.1 is published already, and the next one is v0.6.1-rc.3."),
        ("v0.6.1-rc.l", "v0.6.1-rc.1 is published already, and the next one is v0.6.1-rc.3."),
        ("v0.6.1-RC3", "Did you mean v0.6.1-rc.3?"),
        ("v0.6.2-final", "v0.6.2 is published already, and the next one is v0.6.3."),
    ],
)
def test_a_refusal_offers_what_registry_and_releases_leave_free(
    judge: Judge, forge: Forge, tag: str, hint: str
) -> None:
    forge.tag("v0.6.0", forge.commit())
    for candidate in ("v0.6.1-rc.1", "v0.6.1-rc.2", "v0.6.2"):
        forge.publish(candidate, "b" * 40, PACKAGES[0])

    with pytest.raises(TagRefused) as caught:
        judge(asked=tag, mode="check")

    assert caught.value.hint.startswith(hint)
    assert judge(asked=caught.value.meant, mode="check").exit_code is ExitCode.PASS


def test_a_refusal_offers_no_tag_of_a_release_whose_git_tag_is_gone(judge: Judge, forge: Forge) -> None:
    forge.release("v0.5.2", forge.world.now())

    with pytest.raises(TagRefused) as caught:
        judge(asked="v0.5.2-final", mode="check")

    assert caught.value.hint.startswith("v0.5.2 is published already, and the next one is v0.5.3.")
    assert judge(asked="v0.5.3", mode="check").exit_code is ExitCode.PASS


@pytest.mark.parametrize(
    ("tag", "published", "offer"),
    [
        ("v0.5.1", ["v0.5.2"], "v0.5.3"),
        ("v0.6.0-rc.9", ["v0.6.0-rc.2", "v0.6.0-rc.3"], "v0.6.0-rc.4"),
        ("v0.5.0-rc.9", ["v0.5.2-rc.1"], "v0.5.2-rc.2"),
    ],
)
def test_a_version_that_is_refused_is_offered_only_what_the_registry_has_no_image_of(
    judge: Judge, forge: Forge, tag: str, published: list[str], offer: str
) -> None:
    for version in published:
        forge.publish(version, "b" * 40, PACKAGES[0])

    refused = judge(asked=tag, mode="check")

    assert refused.exit_code is ExitCode.REFUSED
    assert offer in str([finding.problem.hint for finding in refused.findings])
    assert judge(asked=offer, mode="check").exit_code is ExitCode.PASS


def test_a_version_that_is_refused_is_offered_nothing_where_the_registry_cannot_be_read(
    judge: Judge, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(path="/v2/*/tags/list", times=0, answer=403))

    refused = judge(asked="v0.5.1", mode="check")

    assert refused.exit_code is ExitCode.REFUSED
    assert "v0.5.2" not in str([finding.problem.hint for finding in refused.findings])


def test_a_refusal_offers_nothing_where_the_registry_cannot_be_read(
    judge: Judge, forge: Forge, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(path="/v2/*/tags/list", times=0, answer=403))

    with pytest.raises(TagRefused) as caught:
        judge(asked="v0.6.0-RC2", mode="check")

    assert caught.value.meant == ""
    assert "Did you mean" not in caught.value.hint


@pytest.mark.parametrize(
    ("tag", "others", "advice"),
    [
        (
            "ray-2.9.3",
            ["ray-2.9.1", "ray-2.9.2", *[f"ray-2.8.{n}" for n in range(9)]],
            "begin with ray-: set versions.prefix to ray-",
        ),
        ("0.6.0", [f"0.5.{n}" for n in range(9)], "have no prefix: set versions.prefix to ''"),
        ("v20240930", [f"ray-2.8.{n}" for n in range(9)], "begin with ray-: set versions.prefix to ray-"),
    ],
)
def test_a_tag_with_the_repositorys_own_prefix_is_told_about_versions_prefix(
    judge: Judge, tag: str, others: list[str], advice: str
) -> None:
    with pytest.raises(TagRefused) as caught:
        judge(asked=tag, mode="check", existing_tags=",".join(others))

    assert caught.value.hint.startswith(f"Most versions of this repository {advice} in release.yaml. Rule ")
    assert caught.value.meant == ""


def test_another_components_tag_is_told_nothing_about_the_prefix(judge: Judge) -> None:
    with pytest.raises(TagRefused) as caught:
        judge(asked="router-v1.0.0", mode="check", existing_tags="v0.4.0,v0.5.0,router-v0.9.0")

    assert "versions.prefix" not in caught.value.hint


def test_a_level_that_the_file_sets_is_named_with_its_line(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.5.3", forge.commit())
    report = judge("v0.5.3", sha=sha, versions="{rules: {gap: error}}")

    assert report.findings[0].problem.hint.endswith("on purpose. Rule gap: release.yaml:2:25 sets its level.")


def test_a_refused_tag_that_was_pushed_is_to_be_deleted(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.6.0-rc.7", forge.commit())
    advice = (
        "Delete v0.6.0-rc.7 before you push another tag, or it counts: git push origin --delete refs/tags/v0.6.0-rc.7"
    )

    assert judge("v0.6.0-rc.7", sha=sha).lines[-2:-1] == (advice,)
    assert advice not in judge(asked="v0.6.0-rc.8", mode="check").lines
    moved = judge("v0.5.1", sha=forge.commit(), event={"forced": True})
    assert not [line for line in moved.lines if line.startswith("Delete")]


def test_a_candidate_in_a_refused_spelling_is_counted_by_the_command(judge: Judge, forge: Forge) -> None:
    forge.tag("v0.7.0-RC1", forge.commit())
    versions = "{rules: {gap: off}}"

    assert told(judge("v0.7.0-rc.2", sha=forge.tag("v0.7.0-rc.2", forge.commit()), versions=versions)) == []
    assert told(judge("v0.7.0-rc.1", sha=forge.tag("v0.7.0-rc.1", forge.commit()), versions=versions)) == [
        "other-spelling: v0.7.0-rc.1 is the same version as v0.7.0-RC1, which exists already. Push v0.7.0-rc.3."
    ]


def test_first_candidate_and_post_spelling_are_the_projects(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.5.1.1", forge.commit())
    report = judge("v0.5.1.1", sha=sha, versions="{post-spelling: four-numbers}")
    assert (told(report), report.outputs["kind"], report.outputs["make-latest"]) == ([], "post", True)
    assert report.outputs["floating-tags"] == ["v0.5", "v0", "latest"]

    sha = forge.tag("v0.5.2-rc.1", forge.commit())
    assert told(judge("v0.5.2-rc.1", sha=sha, versions="{first-candidate: 0}")) == [
        "candidate-number: v0.5.2-rc.1 is not the next candidate of v0.5.2: there is none so far. Push v0.5.2-rc.0."
    ]


@pytest.mark.parametrize(
    ("tag", "final", "promoted"),
    [
        ("v0.5.2", "promote", True),
        ("v0.5.2", "rebuild", False),
        ("v0.5.2-rc.1", "promote", False),
        ("v0.5.1.post1", "promote", False),
        ("v0.5.2-dev.1", "promote", False),
    ],
)
def test_only_finals_are_promoted_and_only_where_the_project_says_so(
    judge: Judge, forge: Forge, tag: str, final: str, *, promoted: bool
) -> None:
    report = judge(tag, sha=forge.tag(tag, forge.commit()), versions=f"{{final: {final}}}")

    assert (told(report), report.outputs["promote"]) == ([], promoted)


@pytest.mark.parametrize(
    ("tag", "key", "asked"),
    [
        ("v0.5.2", "true", True),
        ("v0.5.1.post1", "true", True),
        ("v0.5.2", "false", False),
        ("v0.5.2-rc.1", "true", False),
    ],
)
def test_the_gate_is_asked_of_stable_releases_and_only_where_the_project_says_so(
    judge: Judge, forge: Forge, tag: str, key: str, *, asked: bool
) -> None:
    configuration = f"{{}}\ngate: {{before-floating-tags: {key}}}"
    report = judge(tag, sha=forge.tag(tag, forge.commit()), versions=configuration)

    assert (told(report), report.outputs["gate"]) == ([], asked)


# The push


@pytest.mark.parametrize("event", [{"forced": True}, {"created": False}])
def test_a_moved_tag_is_refused(judge: Judge, forge: Forge, event: dict[str, Any]) -> None:
    before = forge.commit()
    sha = forge.tag("v0.5.2", forge.commit())
    report = judge("v0.5.2", sha=sha, event={**event, "before": before})
    assert told(report) == [
        f"moved-tag: v0.5.2 existed before, and this push moved it from {before[:12]} to {sha[:12]}."
        " Put it back where it was, and push v0.5.3."
    ]


def test_a_tag_that_moved_while_the_run_waited_is_refused(judge: Judge, forge: Forge) -> None:
    sha = forge.commit()
    now = forge.tag("v0.5.2", forge.commit(), annotated=True)
    assert told(judge("v0.5.2", sha=sha)) == [
        f"moved-tag: v0.5.2 was moved since its push: it now names {now[:12]}, but this run is for {sha[:12]}."
        " Put it back where it was, and push v0.5.3."
    ]


def test_a_tag_that_was_deleted_while_the_run_waited_is_refused(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    del forge.repository.git.refs["refs/tags/v0.5.2"]
    assert told(judge("v0.5.2", sha=sha)) == [
        "moved-tag: v0.5.2 was deleted since its push: GitHub has no such tag any more."
        " Push it again if you want to release it. If not, there is nothing to do."
    ]
    assert judge("v0.5.2", sha=sha, versions="{rules: {moved-tag: off}}").exit_code is ExitCode.PASS


def test_a_list_of_tags_that_lags_behind_the_push_is_no_deletion(
    judge: Judge, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    monkeypatch.setattr("release_actions.github.repository.list_tags", lambda *_args, **_named: ())
    assert told(judge("v0.5.2", sha=sha)) == []


def test_a_run_of_something_else_cannot_release_a_tag_again(judge: Judge, forge: Forge) -> None:
    commit = forge.repository.git.refs["refs/tags/v0.5.1"].sha
    report = judge(asked="v0.5.1", sha=commit)
    assert told(report) == [
        f"already-released: v0.5.1 exists already, on commit {commit[:12]}."
        " A published version never changes. Push v0.5.2."
    ]


# The branch


def test_a_tag_on_its_release_branch(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.6.0-rc.2", forge.commit("release-0.6", base=forge.commit()))
    forge.commit("release-0.6")
    report = judge("v0.6.0-rc.2", sha=sha, versions=BRANCHES)
    assert (told(report), report.outputs["release-branch"]) == ([], "release-0.6")
    assert "| Release branch | `release-0.6` |" in report.summary


def test_a_tag_on_another_branch_is_refused(judge: Judge, forge: Forge) -> None:
    forge.commit("release-0.6", base=forge.commit())
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    assert told(judge("v0.6.0-rc.2", sha=sha, versions=BRANCHES)) == [
        f"release-branch: v0.6.0-rc.2 is on commit {sha[:12]}, which is not on the branch release-0.6."
        " Merge the commit into release-0.6, or tag one that is on it."
    ]


def test_a_tag_on_a_history_of_its_own_is_refused(judge: Judge, forge: Forge) -> None:
    forge.commit("release-0.6", base=forge.commit())
    sha = forge.tag("v0.6.0-rc.2", forge.commit("orphan"))
    (finding,) = judge("v0.6.0-rc.2", sha=sha, versions=BRANCHES).findings
    assert finding.problem.message.endswith("which is not on the branch release-0.6.")


def test_a_release_branch_that_is_not_there_is_another_mistake(judge: Judge, forge: Forge) -> None:
    forge.commit("release-0.6.0", base=forge.commit())
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    assert told(judge("v0.6.0-rc.2", sha=sha, versions=BRANCHES)) == [
        "release-branch: v0.6.0-rc.2 has to be on the branch release-0.6, which does not exist."
        " There is release-0.6.0. Make release-0.6 with cut-branch or by hand, then push the tag."
    ]


def test_vllm_has_a_branch_for_each_release(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.6.0rc2", forge.commit("releases/v0.6.0", base=forge.commit()))
    del forge.repository.git.refs["refs/tags/v0.6.0-rc.1"]
    forge.tag("v0.6.0rc1", forge.commit())
    report = judge("v0.6.0rc2", sha=sha, versions="{release-branch: 'releases/v{major}.{minor}.{patch}'}")
    assert (told(report), report.outputs["release-branch"]) == ([], "releases/v0.6.0")


VLLM = "{release-branch: ['releases/v{major}.{minor}.{patch}', 'releases/v{major}.{minor}.{newest}']}"


def test_a_patch_may_reuse_the_branch_that_was_cut_for_its_line(judge: Judge, forge: Forge) -> None:
    forge.commit("releases/v0.5.0", base=forge.commit())
    sha = forge.tag("v0.5.2", forge.commit("releases/v0.5.1", base=forge.commit()))
    forge.commit("releases/v0.50.9", base=forge.commit())

    report = judge("v0.5.2", sha=sha, versions=VLLM)

    assert (told(report), report.outputs["release-branch"]) == ([], "releases/v0.5.1")


def test_the_first_branch_of_the_list_that_exists_counts(judge: Judge, forge: Forge) -> None:
    forge.commit("releases/v0.5.2", base=forge.commit())
    sha = forge.tag("v0.5.2", forge.commit("releases/v0.5.10", base=forge.commit()))

    assert told(judge("v0.5.2", sha=sha, versions=VLLM)) == [
        f"release-branch: v0.5.2 is on commit {sha[:12]}, which is not on the branch releases/v0.5.2."
        " Merge the commit into releases/v0.5.2, or tag one that is on it."
    ]


def test_where_no_branch_of_the_list_exists_all_are_named(judge: Judge, forge: Forge) -> None:
    forge.commit("releases/v0.5.x", base=forge.commit())
    sha = forge.tag("v0.5.2", forge.commit())

    assert told(judge("v0.5.2", sha=sha, versions=VLLM)) == [
        "release-branch: v0.5.2 has to be on the branch releases/v0.5.2 or releases/v0.5.{newest}, none of which"
        " exists. There is releases/v0.5.x. Make releases/v0.5.2 with cut-branch or by hand, then push the tag."
    ]


def test_with_tags_by_hand_nothing_is_asked_from_the_network(judge: Judge, forge: Forge, simulator: Simulator) -> None:
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    versions = f"{BRANCHES[:-1]}, rules: {{signed-tag: error}}}}"
    report = judge("v0.6.0-rc.2", sha=sha, versions=versions, existing_tags=",".join((*RELEASED, "v0.6.0-rc.2")))

    assert simulator.requests.entries == ()
    assert report.exit_code is ExitCode.PASS
    assert told(report) == [
        f"{rule}: The rule {rule} was not judged: existing-tags was given, so no server is asked."
        " Leave existing-tags out of a release, or set the rule to off."
        for rule in ("release-branch", "signed-tag")
    ]


@pytest.mark.parametrize("given", ["", "none"])
def test_an_empty_list_of_tags_on_the_command_line_means_that_there_are_none(given: str) -> None:
    report = main.main_inner(
        ["validate-tag", "--mode", "check", "--tag", "v0.1.0-rc.1", "--existing-tags", given], {}, Workflow({})
    )

    assert report.outputs["next-candidate"] == "v0.1.0-rc.2"
    with pytest.raises(InputError, match="existing tags are not known"):
        main.main_inner(["validate-tag", "--mode", "check", "--tag", "v0.1.0-rc.1"], {}, Workflow({}))


def test_dev_versions_may_have_to_be_on_the_trunk(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.7.0-dev.1", forge.commit())
    assert told(judge("v0.7.0-dev.1", sha=sha, versions=BRANCHES)) == []
    sha = forge.tag("v0.7.0-alpha.1", forge.commit("topic", base=sha))
    assert [one.partition(":")[0] for one in told(judge("v0.7.0-alpha.1", sha=sha, versions=BRANCHES))] == [
        "release-branch"
    ]


def test_the_events_word_about_the_branch_counts_for_nothing(judge: Judge, forge: Forge) -> None:
    forge.commit("release-0.6", base=forge.commit())
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    event = {"base_ref": "refs/heads/release-0.6"}
    assert judge("v0.6.0-rc.2", sha=sha, versions=BRANCHES, event=event).exit_code is ExitCode.REFUSED


# The tag's object


@pytest.mark.parametrize(
    ("annotated", "verified", "broken"),
    [(False, False, ["annotated-tag", "signed-tag"]), (True, False, ["signed-tag"]), (True, True, [])],
)
def test_how_a_tag_was_made(judge: Judge, forge: Forge, *, annotated: bool, verified: bool, broken: list[str]) -> None:
    sha = forge.tag("v0.5.2", forge.commit(), annotated=annotated, verified=verified)
    report = judge("v0.5.2", sha=sha, versions="{rules: {annotated-tag: error, signed-tag: error}}")
    assert [finding.rule for finding in report.findings] == broken
    assert "unsigned" in str(report.findings[-1].problem) if broken == ["signed-tag"] else True
    assert judge("v0.5.2", sha=sha).exit_code is ExitCode.PASS


def test_a_tag_that_is_not_on_github_cannot_be_judged_by_its_signature(judge: Judge) -> None:
    with pytest.raises(InputError, match=r"v0\.5\.2 is not on GitHub, so its tag object cannot be read"):
        judge(asked="v0.5.2", versions="{rules: {signed-tag: error}}")


# Releases on GitHub


def test_a_release_that_lost_its_tag_is_not_released_again(judge: Judge, forge: Forge) -> None:
    now = datetime(2026, 3, 20, 12, 0, tzinfo=timezone.utc)
    sha = forge.tag("v0.5.2", forge.commit())
    event = {"repository": {"pushed_at": int(now.timestamp())}}
    forge.release("v0.5.2", now - timedelta(minutes=2))
    assert told(judge("v0.5.2", sha=sha, event=event)) == []
    forge.repository.releases.clear()
    forge.release("v0.5.2", now - timedelta(days=15), draft=True)
    assert told(judge("v0.5.2", sha=sha, event=event)) == []
    forge.repository.releases.clear()
    forge.release("v0.5.2", now - timedelta(days=15))
    assert told(judge("v0.5.2", sha=sha, event=event)) == [
        "release-exists: v0.5.2 has a GitHub release already, published on 2026-03-05, before this tag."
        " A published version never changes. Push v0.5.3."
    ]


def test_a_release_counts_for_every_rule_when_its_tag_is_gone(judge: Judge, forge: Forge) -> None:
    forge.release("v0.6.0", datetime(2026, 3, 5, tzinfo=timezone.utc))
    forge.release("v0.6.1", datetime(2026, 3, 6, tzinfo=timezone.utc), draft=True)  # never published
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    report = judge("v0.6.0-rc.2", sha=sha)
    assert told(report) == [
        "candidate-after-final: v0.6.0-rc.2 is a candidate of v0.6.0, which is released already as v0.6.0"
        " (a GitHub release whose git tag is gone). The next candidate of 0.6 is v0.6.1-rc.1."
    ]
    assert judge("v0.6.0-rc.2", sha=sha, versions="{rules: {release-exists: off}}").exit_code is ExitCode.PASS
    assert told(judge(mode="check", asked="v0.6.1-rc.1")) == []
    # What floats is what git has: protect-latest counts nothing else.
    sha = forge.tag("v0.5.2", forge.commit())
    assert judge("v0.5.2", sha=sha).outputs["floating-tags"] == ["v0.5", "v0", "latest"]


def test_a_draft_counts_only_if_it_was_published(judge: Judge, forge: Forge) -> None:
    writer = "ghs_token_that_sees_drafts"
    forge.world.add_token(writer, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "write"})
    forge.release("v0.6.0", datetime(2026, 3, 6, tzinfo=timezone.utc), draft=True)
    asked = {"mode": "check", "asked": "v0.6.0-rc.2", "token": writer, "registry_token": TOKEN}
    assert told(judge(**asked)) == []
    (draft,) = forge.repository.releases.values()
    draft.published = datetime(2026, 3, 6, tzinfo=timezone.utc)  # its tag was deleted since
    assert [finding.rule for finding in judge(**asked).findings] == ["candidate-after-final"]


def test_releases_that_cannot_be_read_are_an_error(judge: Judge, forge: Forge, simulator: Simulator) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    simulator.faults.add(Fault(method="GET", path="/repos/llm-d/llm-d/releases", answer=403, times=1000))
    with pytest.raises(RemoteError, match="list the releases of llm-d/llm-d"):
        judge("v0.5.2", sha=sha)
    assert judge("v0.5.2", sha=sha, versions="{rules: {release-exists: off}}").exit_code is ExitCode.PASS


# The registry


def test_a_candidate_follows_those_that_only_the_registry_has(judge: Judge, forge: Forge) -> None:
    forge.publish("v0.6.0-rc.2", "a" * 40, PACKAGES[1])
    forge.publish("v0.6.0-rc.3", "a" * 40, PACKAGES[0])
    sha = forge.tag("v0.6.0-rc.4", forge.commit())
    report = judge("v0.6.0-rc.4", sha=sha)
    assert (told(report), report.outputs["next-candidate"]) == ([], "v0.6.0-rc.5")
    report = judge("v0.6.0-rc.4", sha=sha, versions="{rules: {deleted-candidate: off}}")
    assert [one.partition(":")[0] for one in told(report)] == ["candidate-number"]


def test_a_candidate_number_that_only_the_registry_has_seen_is_refused(judge: Judge, forge: Forge) -> None:
    forge.publish("v0.6.0-rc.3", "a" * 40, PACKAGES[0])
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    assert told(judge("v0.6.0-rc.2", sha=sha)) == [
        "deleted-candidate: v0.6.0-rc.2 is not the next candidate of v0.6.0: the highest so far is v0.6.0-rc.3, whose"
        " git tag is gone and whose image is still published. Push v0.6.0-rc.4."
    ]


def test_a_tag_made_anew_on_another_commit_is_refused(judge: Judge, forge: Forge) -> None:
    forge.publish("v0.5.2", "b" * 40)
    sha = forge.tag("v0.5.2", forge.commit())
    assert told(judge("v0.5.2", sha=sha)) == [
        "already-published: ghcr.io/llm-d/llm-d-cuda:v0.5.2 is already published (and so is 1 more), built from"
        f" bbbbbbbbbbbb, and this is {sha[:12]}. A published version never changes. Push v0.5.3."
    ]
    assert judge("v0.5.2", sha=sha, versions="{rules: {already-published: off}}").exit_code is ExitCode.PASS


def test_a_run_repeated_is_fine_whatever_came_since(judge: Judge, forge: Forge) -> None:
    sha = forge.repository.git.refs["refs/tags/v0.6.0-rc.1"].sha
    forge.tag("v0.6.0", forge.commit())
    assert judge("v0.6.0-rc.1", sha=sha).exit_code is ExitCode.REFUSED
    forge.publish("v0.6.0-rc.1", sha, PACKAGES[0])
    report = judge("v0.6.0-rc.1", sha=sha)
    assert (report.exit_code, told(report)) == (ExitCode.PASS, [])
    assert "| `deleted-candidate` | error | not judged: this run repeats an earlier one |" in report.summary


def test_a_second_event_learns_that_there_is_nothing_to_build(judge: Judge, forge: Forge, simulator: Simulator) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    published = {"release": {"tag_name": "v0.5.2"}, "action": "published"}
    assert judge("v0.5.2", sha=sha, event=published).outputs["already-published"] is False
    forge.publish("v0.5.2", sha, PACKAGES[0])
    assert judge("v0.5.2", sha=sha, event=published).outputs["already-published"] is False
    forge.publish("v0.5.2", sha, PACKAGES[1])
    report = judge("v0.5.2", sha=sha, event=published, command="release-plan")
    assert (report.exit_code, report.outputs["already-published"]) == (ExitCode.PASS, True)
    assert report.lines[-1].endswith(
        "All of its images are published already, built from this commit: there is nothing to build."
    )
    # Who does not let the registry be read learns nothing of the kind.
    for how in ({"versions": "{rules: {already-published: off}}"}, {"existing_tags": ",".join(RELEASED)}):
        assert judge("v0.5.2", sha=sha, **how).outputs["already-published"] is False


def test_a_check_says_that_there_is_nothing_to_build(judge: Judge, forge: Forge) -> None:
    lost = forge.commit()
    forge.publish("v0.5.2", lost)
    report = judge(mode="check", asked="v0.5.2", commit=lost)
    assert (report.exit_code, report.outputs["already-published"]) == (ExitCode.PASS, True)
    assert not any("would publish" in line for line in report.lines)
    assert "would be published" not in report.summary
    assert judge(mode="check", asked="v0.5.2").exit_code is ExitCode.REFUSED
    assert judge(mode="check", asked="v0.5.2", commit=forge.commit()).exit_code is ExitCode.REFUSED


def test_an_image_that_lacks_a_part_is_to_be_built_again(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    forge.publish("v0.5.2", sha)
    assert judge("v0.5.2", sha=sha).outputs["already-published"] is True
    package = forge.world.package(PACKAGES[0])
    assert package is not None
    arm = next(one for one in reversed(package.versions()) if not one.manifest.is_index and not one.tags)
    package.delete(arm, forge.world.now())
    assert judge("v0.5.2", sha=sha).outputs["already-published"] is False


def test_an_image_that_a_release_does_not_need_is_not_waited_for(
    judge: Judge, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    optional = CONFIGURATION.replace("cpu: {{platforms", "cpu: {{required: false, platforms")
    monkeypatch.setitem(globals(), "CONFIGURATION", optional)
    sha = forge.tag("v0.5.2", forge.commit())
    forge.publish("v0.5.2", sha, PACKAGES[1])
    assert judge("v0.5.2", sha=sha).outputs["already-published"] is False
    sha = forge.tag("v0.5.3", forge.commit())
    forge.publish("v0.5.3", sha, PACKAGES[0])
    assert judge("v0.5.3", sha=sha).outputs["already-published"] is True


@pytest.mark.parametrize("labels", [None, ""])
def test_an_image_that_does_not_say_what_it_was_built_from(judge: Judge, forge: Forge, labels: str | None) -> None:
    forge.publish("v0.5.2", labels, PACKAGES[1])
    sha = forge.tag("v0.5.2", forge.commit())
    (finding,) = judge("v0.5.2", sha=sha).findings
    assert finding.problem.message == (
        "ghcr.io/llm-d/llm-d-cpu:v0.5.2 is already published, and its image does not name its commit."
    )


def test_an_image_of_which_a_part_is_gone_is_published_all_the_same(judge: Judge, forge: Forge) -> None:
    forge.publish("v0.5.2", "a" * 40, PACKAGES[0])
    sha = forge.tag("v0.5.2", forge.commit())
    package = forge.world.package(PACKAGES[0])
    assert package is not None
    for version in [one for one in package.versions() if not one.manifest.is_index]:
        package.delete(version, forge.world.now())
    assert [finding.rule for finding in judge("v0.5.2", sha=sha).findings] == ["already-published"]


def test_the_registry_is_read_only_where_it_can_change_the_answer(
    judge: Judge, forge: Forge, simulator: Simulator
) -> None:
    def registry() -> set[str]:
        asked = {
            entry.path.partition("?")[0].rpartition("/")[2] for entry in simulator.requests.select(origin="registry")
        }
        simulator.requests.clear()
        return asked - {"token"}

    sha = forge.tag("v0.5.2", forge.commit())
    judge("v0.5.2", sha=sha)
    assert registry() == {"v0.5.2"}
    off = "{rules: {already-published: off, deleted-candidate: off}}"
    judge("v0.5.2", sha=sha, versions=off)
    assert registry() == set()
    judge(asked="v0.6.0-rc.9", mode="check")
    assert registry() == {"v0.6.0-rc.9", "list"}
    # It is refused, and another tag is offered in its place.
    judge(asked="v0.5.1-rc.1", mode="check")
    assert registry() == {"list"}
    judge(asked="v0.5.1-rc.1", mode="check", versions=off)
    assert registry() == set()
    judge(asked="v0.6.0-rc.2", mode="check", existing_tags="v0.6.0-rc.1")
    assert registry() == set()
    judge("v0.5.2", sha=sha, versions=None)
    assert registry() == set()


def test_packages_that_are_not_there_yet_hold_nothing(judge: Judge, forge: Forge) -> None:
    for name in PACKAGES:
        del forge.world.packages[name]
    sha = forge.tag("v0.6.0-rc.2", forge.commit())
    assert (told(judge("v0.6.0-rc.2", sha=sha)), judge("v0.6.0-rc.2", sha=sha).exit_code) == ([], ExitCode.PASS)


def test_githubs_token_goes_to_no_other_registry(judge: Judge, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, str, str]] = []

    class Nowhere:
        def __init__(self, _http: object, url: str, *, token: str, user: str, token_service: str) -> None:
            seen.append((url, token, user, token_service))

        def get_manifest(self, _name: str, _tag: str) -> None:
            return None

    monkeypatch.setattr("release_actions.images.registry_access.Registry", Nowhere)
    monkeypatch.setitem(globals(), "CONFIGURATION", CONFIGURATION + "registry: quay.io\n")
    sha = forge.tag("v0.5.2", forge.commit())
    judge("v0.5.2", sha=sha, registry="https://quay.io")
    own = {"registry_token": "of-quay", "registry_user": "robot", "login_host": "login.quay.io"}
    judge("v0.5.2", sha=sha, registry="https://quay.io", **own)
    assert seen == [
        ("https://quay.io", "", "release-actions", ""),
        ("https://quay.io", "of-quay", "robot", "login.quay.io"),
    ]


# What cannot be found out


def test_a_registry_that_does_not_answer_is_an_error_unless_its_rules_are_off(judge: Judge, forge: Forge) -> None:
    sha = forge.tag("v0.5.2", forge.commit())
    for name in PACKAGES:
        package = forge.world.package(name)
        assert package is not None
        package.visibility = "private"
    with pytest.raises(RemoteError, match=r"Could not read llm-d/llm-d-cuda:v0\.5\.2") as refused:
        judge("v0.5.2", sha=sha, token="")
    assert refused.value.exit_code is ExitCode.UNKNOWN
    assert refused.value.hint.endswith(
        " If the job may not read the packages, set versions.rules.already-published and deleted-candidate to off."
    )
    assert judge("v0.5.2", sha=sha, token="", versions="{rules: {already-published: off}}").exit_code is ExitCode.PASS


def test_a_private_repository_without_a_token_is_not_one_without_branches(
    judge: Judge, forge: Forge, simulator: Simulator
) -> None:
    forge.repository.private = True
    with pytest.raises(RemoteError, match="Could not list the tags of llm-d/llm-d") as refused:
        judge("v0.5.2", token="", versions=BRANCHES)
    assert "token" in refused.value.hint
    refs = GitHubRefs(Http(), simulator.api_url, "llm-d/llm-d")
    with pytest.raises(RemoteError, match=r"Could not read the branch release-0\.5 of llm-d/llm-d"):
        refs.find_branch(("release-0.5",), "")


def test_an_api_that_is_not_there_is_an_error(judge: Judge, simulator: Simulator) -> None:
    simulator.stop()
    with pytest.raises(RemoteError, match=r"Could not list the tags of llm-d/llm-d: http://127\.0\.0\.1:[0-9]+ "):
        judge("v0.5.2")


# Mode check


def test_a_check_assumes_nothing_of_its_run(judge: Judge, forge: Forge) -> None:
    sha = forge.repository.git.refs["refs/tags/v0.5.1"].sha
    report = judge("v0.5.1", asked="v0.5.1", sha=sha, mode="check")
    assert told(report) == [
        f"already-released: v0.5.1 exists already, on commit {sha[:12]}."
        " A published version never changes. Push v0.5.2."
    ]
    assert report.lines[-1] == f"v0.5.1 would be refused. v0.5.1 exists already, on commit {sha[:12]}."
    with pytest.raises(InputError, match="No tag was given") as missing:
        judge("v0.5.2", sha=sha, mode="check")
    assert "In mode check, validate-tag does not use the event's tag." in missing.value.hint


def test_a_check_says_what_would_be_built_and_moved(judge: Judge, simulator: Simulator) -> None:
    report = judge(asked="v0.5.2", mode="check")
    assert report.exit_code is ExitCode.PASS
    assert report.lines == (
        "The rule moved-tag was not judged: the tag has not been pushed.",
        "It would publish ghcr.io/llm-d/llm-d-cuda:v0.5.2.",
        "It would publish ghcr.io/llm-d/llm-d-cpu:v0.5.2.",
        "If v0.5.2 was pushed now: v0.5.2 is the newest release: it moves v0.5, v0 and latest.",
    )
    assert report.summary.startswith("## What if `v0.5.2` was pushed now?\n")
    assert "2 images would be published" in report.summary
    assert {entry.method for entry in simulator.requests.entries} <= {"GET", "HEAD"}


def test_a_check_of_a_commit_looks_where_it_is(judge: Judge, forge: Forge) -> None:
    inside = forge.commit("release-0.6", base=forge.commit())
    outside = forge.commit()
    asked = {"asked": "v0.6.0-rc.2", "mode": "check", "versions": BRANCHES}
    assert judge(**asked, commit=inside).exit_code is ExitCode.PASS
    assert judge(**asked).exit_code is ExitCode.PASS
    for commit in (outside, "f" * 40):
        assert [finding.rule for finding in judge(**asked, commit=commit).findings] == ["release-branch"]
    with pytest.raises(InputError, match="Input 'commit' is 'main', which is not the full id of a commit"):
        judge(**asked, commit="main")
    with pytest.raises(InputError, match="Input 'commit' is only for mode check"):
        judge("v0.5.2", commit=inside)


def test_a_check_without_its_branch(judge: Judge) -> None:
    (finding,) = judge(asked="v0.6.0-rc.2", mode="check", versions=BRANCHES).findings
    assert "has to be on the branch release-0.6, which does not exist" in finding.problem.message


def test_a_release_that_has_no_tag_yet_is_told_before_the_push(judge: Judge, forge: Forge) -> None:
    forge.release("v0.5.2", datetime(2026, 3, 5, tzinfo=timezone.utc))
    assert [finding.rule for finding in judge(asked="v0.5.2", mode="check").findings] == ["release-exists"]


def test_release_plan_passes_a_check_on(judge: Judge) -> None:
    report = judge(asked="v0.5.2", mode="check", command="release-plan")
    assert (report.exit_code, report.outputs["any"]) == (ExitCode.PASS, True)
    assert report.summary.startswith("## What if `v0.5.2` was pushed now?\n")
    refused = judge(asked="v0.6.0-rc.9", mode="check", command="release-plan")
    assert (refused.exit_code, refused.outputs) == (ExitCode.REFUSED, {})


def test_tags_by_hand_that_run_together_are_no_history(judge: Judge) -> None:
    with pytest.raises(InputError, match=r"Input 'existing-tags' has 'v0\.4\.2 v0\.5\.1' as one tag") as refused:
        judge(asked="v0.4.3", mode="check", existing_tags="v0.4.2 v0.5.1")
    assert refused.value.hint == "Separate tags by commas or line breaks."


def test_the_repository_of_the_configuration_serves_where_the_run_knows_none(judge: Judge) -> None:
    report = judge(asked="v0.5.2", mode="check", repository="")
    assert report.outputs["previous-stable"] == "v0.5.1"


# The checkout


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", "-C", str(folder), *identity, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The workspace as a git repository with the tags of the simulated one, one of them annotated."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    for tag in RELEASED:
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(tmp_path, "tag", *(["--annotate", "--message", tag] if tag == "v0.5.1" else []), tag)
    return tmp_path


def test_the_checkout_serves_as_history(judge: Judge, checkout: Path, simulator: Simulator) -> None:
    report = judge(asked="v0.5.2", mode="check", history="checkout", versions=None, repository="")
    assert (report.exit_code, report.outputs["previous-stable"]) == (ExitCode.PASS, "v0.5.1")
    assert simulator.requests.entries == ()
    head = git(checkout, "rev-parse", "v0.5.1^{commit}")
    report = judge(asked="v0.5.1", mode="check", history="checkout", versions=None, repository="")
    assert f"v0.5.1 exists already, on commit {head[:12]}." in report.lines[-1]


def test_the_checkout_does_not_stumble_over_hostile_names(judge: Judge, checkout: Path) -> None:
    for name in ("-d", "v9.9.9;id", "$(id)", "\u2028v8.0.0", "v7.0.0\u0085", "%(body)", "##x"):
        git(checkout, "update-ref", f"refs/tags/{name}", "HEAD")
    report = judge(asked="v0.5.2", mode="check", history="checkout", versions=None, repository="")
    assert (report.exit_code, report.outputs["make-latest"]) == (ExitCode.PASS, True)


def test_a_shallow_checkout_is_refused(judge: Judge, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    shallow = tmp_path_factory.mktemp("shallow")
    git(checkout, "clone", "--quiet", "--depth", "1", f"file://{checkout}", str(shallow))
    git(shallow, "tag", "v0.5.1")
    with pytest.raises(
        InputError, match="The checkout is shallow, so tags of the repository may be missing"
    ) as refused:
        read_tags(shallow)
    assert refused.value.hint == "Check it out with fetch-depth: 0, or run git fetch --unshallow --tags."


def test_a_checkout_without_tags_is_refused(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = tmp_path_factory.mktemp("tagless")
    git(checkout, "clone", "--quiet", "--no-tags", f"file://{checkout}", str(bare))
    with pytest.raises(InputError, match="The checkout fetches no tags"):
        read_tags(bare)
    git(bare, "config", "--unset-all", "remote.origin.tagOpt")
    with pytest.raises(InputError, match="The checkout has no tags") as refused:
        read_tags(bare)
    assert "pass existing-tags: none" in refused.value.hint


def test_a_checkout_of_one_branch_is_refused(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    single = tmp_path_factory.mktemp("single")
    git(checkout, "clone", "--quiet", "--single-branch", "--branch", "main", f"file://{checkout}", str(single))
    with pytest.raises(InputError, match=r"The checkout fetches '\+refs/heads/main:.*' only") as refused:
        read_tags(single)
    assert refused.value.hint == "Run git remote set-branches origin '*', then git fetch --tags."
    git(single, "remote", "set-branches", "origin", "*")
    git(single, "fetch", "--quiet", "--tags")
    assert set(read_tags(single)) == set(RELEASED)


def test_a_folder_that_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="git says 'not a git repository") as refused:
        read_tags(tmp_path)
    assert "Check out the repository before this step" in refused.value.hint


def test_a_checkout_that_is_older_than_the_push_is_refused(judge: Judge, checkout: Path) -> None:
    with pytest.raises(InputError, match=r"The checkout does not have the tag v0\.5\.2, which this run is about"):
        judge("v0.5.2", history="checkout", sha="a" * 40)


def test_without_git_the_api_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ActionError, match="git is not installed here") as refused:
        read_tags(tmp_path)
    assert refused.value.exit_code is ExitCode.UNKNOWN
    assert "history: api" in refused.value.hint


def test_more_tags_in_the_checkout_than_on_github_are_told_before_the_push(judge: Judge, checkout: Path) -> None:
    for name in ("v0.5.2-rc.1", "v0.5.2-rc.2", "old", "push"):
        git(checkout, "tag", name)
    report = judge(asked="v0.5.2", mode="check", history="checkout")
    assert told(report) == [
        "unpushed-tags: The checkout has 4 other tags that GitHub does not have: old, push, v0.5.2-rc.1 and 1 more."
        " If one push contains more than three tags, GitHub starts no workflow."
        " Push only this tag: git push origin refs/tags/v0.5.2."
    ]
    assert report.exit_code is ExitCode.PASS


def test_a_checkout_that_lacks_releases_of_github_is_no_history(judge: Judge, forge: Forge, checkout: Path) -> None:
    forge.tag("v0.5.2", forge.commit())
    forge.tag("v0.5", forge.commit())
    git(checkout, "tag", "--delete", "v0.4.0")
    with pytest.raises(InputError, match=r"The checkout lacks v0\.5\.2 and 1 more, which GitHub has") as refused:
        judge(asked="v0.5.3", mode="check", history="checkout")
    assert refused.value.hint == "Run git fetch --tags."


def test_a_check_in_a_checkout_is_about_its_commit(judge: Judge, forge: Forge, checkout: Path) -> None:
    forge.commit("release-0.6", base=forge.commit())
    report = judge(asked="v0.6.0-rc.2", mode="check", history="checkout", versions=BRANCHES)
    head = git(checkout, "rev-parse", "HEAD")
    assert told(report) == [
        f"release-branch: v0.6.0-rc.2 is on commit {head[:12]}, which is not on the branch release-0.6."
        " Merge the commit into release-0.6, or tag one that is on it."
    ]


# Start-up


def test_no_request_library_is_loaded_when_nothing_is_asked(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(CONFIGURATION.format(versions="{}"), encoding="utf-8")
    script = (
        "import sys\n"
        "from release_actions.main import main\n"
        "code = main(['validate-tag', '--tag', 'v0.6.0-rc.1', '--existing-tags', 'v0.5.0'])\n"
        "print(code, sorted({'requests', 'github', 'urllib3', 'release_actions.http.client'} & set(sys.modules)))\n"
    )
    environ = {"PYTHONPATH": str(ROOT / "src"), "GITHUB_WORKSPACE": str(tmp_path), "PATH": os.defpath}
    ended = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "0 []"


def test_pygithub_is_never_loaded(judge: Judge, forge: Forge) -> None:
    before = {name for name in sys.modules if name.partition(".")[0] == "github"}
    sha = forge.tag("v0.6.0-rc.2", forge.commit("release-0.6", base=forge.commit()), annotated=True, verified=True)
    versions = "{release-branch: 'release-{major}.{minor}', rules: {signed-tag: error}}"
    assert judge("v0.6.0-rc.2", sha=sha, versions=versions).exit_code is ExitCode.PASS
    assert {name for name in sys.modules if name.partition(".")[0] == "github"} == before
