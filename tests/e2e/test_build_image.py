"""The workflow that builds images for everything but releases: what the registry holds after each event."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.contract.distribution import running
from tests.e2e.llm_d import EXAMPLES
from tests.e2e.pipeline import DOCKERFILE, Pipeline
from tests.e2e.reference_registry import crane
from tests.e2e.test_ci_release import tags

from release_actions.simulator.environments import Environment, Review

pytestmark = pytest.mark.tools("act", "git", "buildah", "crane", "jq", "docker-registry")

CALLER = EXAMPLES / "llm-d" / "workflows" / "build-image.yml"
NIGHTLY = EXAMPLES / "nightly-build-image.yml"
SMALL = """\
repository: llm-d/llm-d
version-file: docker/common-versions
channels:
  dev: {name: "{image}-dev"}
  pull-request: {name: "{image}", registry: quay.io}
credentials:
  quay.io: {username: QUAY_USER, password: QUAY_TOKEN}
defaults:
  platforms: [linux/amd64]
images:
  llm-d-cuda:
    platforms: [linux/amd64, linux/arm64]
    dockerfile: docker/Dockerfile.cuda
    paths: [docker/Dockerfile.cuda]
    build-args: {VLLM_COMMIT_SHA: "{file.VLLM_COMMIT_SHA}"}
  llm-d-cpu:
    dockerfile: docker/Dockerfile.cpu
    paths: [docker/Dockerfile.cpu]
"""
CUDA, CPU = "llm-d/llm-d-cuda-dev", "llm-d/llm-d-cpu-dev"
MAIN = "refs/heads/main"
ACT_RUN = 1
"""Number of every run that act plays."""


@pytest.fixture
def small(pipeline: Pipeline) -> Pipeline:
    """The same repository with two images, dev packages, and another registry for pull requests."""
    pipeline.configure(SMALL)
    return pipeline


def approve(pipeline: Pipeline, *states: str) -> None:
    """Let the environment of the example have a reviewer, who says something of the run that act plays."""
    repository = pipeline.llm_d.setting.repository
    environment = Environment(1, "build-approval", repository.created, ("ada",))
    repository.environments[environment.name] = environment
    repository.reviews[ACT_RUN] = [Review(environment, state, "ada") for state in states or ("approved",)]


def test_a_night_builds_everything_into_dev_packages_and_latest_follows(small: Pipeline) -> None:
    # The payload of a schedule names no repository.
    event = small.event("schedule", MAIN, {"schedule": "0 23 * * *"})
    ran = small.run(NIGHTLY, event)
    assert ran.code == 0, ran.errors
    for name in (CUDA, CPU):
        found = tags(small, name)
        assert set(found) == {f"sha-{event.sha[:7]}", "nightly-20260128", "latest"}
        assert len(set(found.values())) == 1


def test_latest_of_dev_packages_waits_for_every_required_image(small: Pipeline) -> None:
    event = small.event("schedule", MAIN, {"schedule": "0 23 * * *"})
    ran = small.run(NIGHTLY, event, BROKEN="ghcr.io/llm-d/llm-d-cuda-dev@linux/arm64")
    assert ran.code == 1
    assert tags(small, CUDA) == {}
    assert set(tags(small, CPU)) == {f"sha-{event.sha[:7]}", "nightly-20260128"}


def test_a_push_builds_what_it_changed(small: Pipeline) -> None:
    before = small.event("push", MAIN, {}).sha
    (small.source / "docker" / "Dockerfile.cpu").write_text(DOCKERFILE + "LABEL changed=1\n", encoding="utf-8")
    after = small.commit("Change the image for CPUs")
    payload = {"ref": MAIN, "before": before, "after": after, "repository": small.about()}
    ran = small.run(CALLER, small.event("push", MAIN, payload))
    assert ran.code == 0, ran.errors
    assert set(tags(small, CPU)) == {f"sha-{after[:7]}", "main", "latest"}
    assert tags(small, CUDA) == {}


def test_a_push_that_changed_nothing_of_the_images_ends_with_the_plan(small: Pipeline) -> None:
    before = small.event("push", MAIN, {}).sha
    (small.source / "README.md").write_text("# llm-d\n", encoding="utf-8")
    after = small.commit("Say what it is")
    payload = {"ref": MAIN, "before": before, "after": after, "repository": small.about()}
    ran = small.run(CALLER, small.event("push", MAIN, payload))
    assert (ran.code, ran.jobs) == (0, {"plan": ["success"]}), ran.errors


def test_a_dispatch_with_another_vllm_gets_a_tag_of_its_own(small: Pipeline) -> None:
    inputs = {"images": "llm-d-cuda", "overrides": "VLLM_COMMIT_SHA=0123abc"}
    event = small.event("workflow_dispatch", MAIN, {"inputs": inputs, "repository": small.about()})
    ran = small.run(CALLER, event)
    assert ran.code == 0, ran.errors
    (tag,) = tags(small, CUDA)
    assert tag.startswith(f"override-{event.sha[:7]}-")
    assert tags(small, CPU) == {}
    assert {build["arguments"] for build in small.recorded("build")} == {"VLLM_COMMIT_SHA=0123abc"}


def test_a_dispatch_of_an_unknown_image_is_red_and_builds_nothing(small: Pipeline) -> None:
    event = small.event("workflow_dispatch", MAIN, {"inputs": {"images": "llm-d-gpu"}, "repository": small.about()})
    ran = small.run(CALLER, event)
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert any("'llm-d-gpu', which is not an image" in text for text in ran.errors)


def test_a_forks_pull_request_goes_to_another_registry_and_cannot_say_where(small: Pipeline, tmp_path: Path) -> None:
    versions = (small.source / "docker" / "common-versions").read_text(encoding="utf-8")
    theirs = SMALL.replace("registry: quay.io", "registry: ghcr.io").partition("credentials:")[0]
    payload = small.pull_request(
        {
            "docker/Dockerfile.cuda": DOCKERFILE + "LABEL theirs=1\n",
            "docker/common-versions": re.sub("VLLM_COMMIT_SHA=.*", "VLLM_COMMIT_SHA=feedface", versions),
            "release.yaml": theirs + SMALL[SMALL.index("defaults:") :],
        }
    )
    head = payload["pull_request"]["head"]["sha"]
    before = small.llm_d.look()
    approve(small)
    with running(tmp_path / "quay") as quay:
        event = small.event("pull_request_target", MAIN, payload)
        ran = small.run(CALLER, event, RELEASE_ACTIONS_REGISTRY_URL=quay)
        assert ran.code == 0, ran.errors
        image = f"{quay.removeprefix('http://')}/llm-d/llm-d-cuda"
        assert set(crane("ls", image).split()) == {f"sha-{head[:7]}", "pr-7"}
        index = json.loads(crane("manifest", f"{image}:pr-7"))
        config = json.loads(crane("config", f"{image}:pr-7", "--platform", "linux/arm64"))
    assert [one["platform"]["architecture"] for one in index["manifests"]] == ["amd64", "arm64"]
    labels = config["config"]["Labels"]
    assert (labels["theirs"], labels["org.opencontainers.image.revision"]) == ("1", head)
    # Its version file counts, its release.yaml does not; all of its images were selected, and nobody signed them.
    assert {build["arguments"] for build in small.recorded("build")} == {"VLLM_COMMIT_SHA=feedface", ""}
    assert {build["package"] for build in small.recorded("build")} == {
        "quay.io/llm-d/llm-d-cuda",
        "quay.io/llm-d/llm-d-cpu",
    }
    assert "sign" not in ran.jobs
    assert ran.jobs["approval"] == ["success"]
    assert "ada approved this run in the environment build-approval." in ran.log
    assert small.llm_d.look() == before, "GHCR holds nothing of it"


def test_a_forks_links_lead_nowhere_on_the_runner_that_plans(small: Pipeline, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "key").write_text("the runner's", encoding="utf-8")
    approve(small, "rejected")
    links = {"own": victim, "release.yaml": victim / "key"}
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"}, links)
    ran = small.run(CALLER, small.event("pull_request_target", MAIN, payload))
    assert ran.jobs == {"plan": ["success"], "approval": ["failure"]}, ran.errors
    assert [(file.name, file.read_text(encoding="utf-8")) for file in victim.iterdir()] == [("key", "the runner's")]


def test_a_folder_of_the_configuration_that_is_a_forks_link_is_refused(small: Pipeline, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    approve(small)
    (small.source / "ci").mkdir()
    (small.source / "ci" / "release.yaml").write_text(SMALL, encoding="utf-8")
    small.commit("Move the configuration")
    caller = tmp_path / "caller.yml"
    text = CALLER.read_text(encoding="utf-8")
    caller.write_text(text.replace("    with:\n", "    with:\n      config: ci/release.yaml\n", 1), encoding="utf-8")
    (small.source / "ci" / "release.yaml").unlink()
    (small.source / "ci").rmdir()
    payload = small.pull_request({}, {"ci": victim})
    ran = small.run(caller, small.event("pull_request_target", MAIN, payload))
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert "The folder of the configuration is a link to outside the repository." in ran.errors
    assert list(victim.iterdir()) == []


def test_an_environment_that_github_would_create_lets_no_fork_in(small: Pipeline) -> None:
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"})
    ran = small.run(CALLER, small.event("pull_request_target", MAIN, payload))
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert any(text.startswith("There is no environment build-approval: GitHub would create it") for text in ran.errors)
    assert small.recorded("build") == []


def test_rules_that_were_taken_away_after_the_plan_let_no_fork_in(small: Pipeline) -> None:
    # Hand-over: reviewers, approval.
    # act asks nobody, as GitHub does for an environment without rules.
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"})
    approve(small, "rejected")
    ran = small.run(CALLER, small.event("pull_request_target", MAIN, payload))
    assert (ran.code, ran.jobs) == (1, {"plan": ["success"], "approval": ["failure"]})
    assert any(
        text.startswith("No reviewer approved this run in the environment build-approval") for text in ran.errors
    )
    assert small.recorded("build") == []


def test_pull_request_target_without_an_environment_builds_nothing(small: Pipeline, tmp_path: Path) -> None:
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"})
    caller = tmp_path / "caller.yml"
    caller.write_text(re.sub(r"(?m)^      approval:.*\n", "", CALLER.read_text(encoding="utf-8")), encoding="utf-8")
    ran = small.run(caller, small.event("pull_request_target", MAIN, payload))
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert any("the input approval names no environment" in text for text in ran.errors)
    assert small.recorded("build") == []


@pytest.mark.parametrize("event", ["issue_comment", "workflow_dispatch"])
def test_a_forks_commit_that_a_caller_names_builds_nothing_without_an_environment(
    small: Pipeline, tmp_path: Path, event: str
) -> None:
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"})
    head = payload["pull_request"]["head"]["sha"]
    caller = tmp_path / "caller.yml"
    text = CALLER.read_text(encoding="utf-8").replace("pull_request_target:", "issue_comment:")
    text = text.replace("    branches: [main]\n  push:", "    types: [created]\n  push:")
    named = f"      commit: {head}\n      pull-request: 7\n"
    caller.write_text(re.sub(r"(?m)^      approval:.*\n", named, text), encoding="utf-8")
    asked = {"repository": payload["repository"], "issue": {"number": 7}, "comment": {"body": "/build"}}
    ran = small.run(caller, small.event(event, MAIN, asked))
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert any("This builds code that may be a fork's with your secrets" in text for text in ran.errors)
    assert small.recorded("build") == []


def test_a_forks_pull_request_without_secrets_shows_that_it_builds_and_pushes_nothing(
    small: Pipeline, tmp_path: Path
) -> None:
    payload = small.pull_request({"docker/Dockerfile.cpu": DOCKERFILE + "LABEL theirs=1\n"})
    before, written = small.llm_d.look(), len(small.llm_d.writes())
    event = small.event("pull_request", "refs/pull/7/merge", payload)
    caller = tmp_path / "caller.yml"
    caller.write_text(
        CALLER.read_text(encoding="utf-8").replace("pull_request_target:", "pull_request:"), encoding="utf-8"
    )
    ran = small.run(caller, event)
    assert (ran.code, ran.jobs) == (0, {"plan": ["success"], "build": ["success"]}), ran.errors
    assert small.llm_d.look() == before
    assert len(small.llm_d.writes()) == written
