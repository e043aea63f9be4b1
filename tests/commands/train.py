"""A project of one repository, played from its tag to its floating tags with the commands that a release runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.cleanup import store
from release_actions.http.client import Http
from release_actions.images import inspection, publish
from release_actions.registry.client import Registry
from release_actions.runner.report import Level, Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Target

TOKEN = "ghs_token_of_the_job"
REPOSITORY = "acme/web"


def make_world() -> World:
    """acme/web with a commit, and the token of a job that may do everything."""
    world = World()
    world.add_account("acme", organization=True)
    world.add_repository(REPOSITORY)
    permissions = {"contents": "write", "packages": "write"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    return world


def make_train(simulator: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> Train:
    """The project with a configuration, on a simulator where nobody has to wait."""
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    monkeypatch.setattr(store, "PAUSE", 0.0)
    made = Train(simulator, folder)
    made.write(config)
    return made


@dataclass
class Train:
    """The project. `commits`: git tag -> commit."""

    simulator: Simulator
    folder: Path
    commits: dict[str, str] = field(default_factory=dict)

    def write(self, config: str) -> None:
        """Write release.yaml, and the Dockerfiles that it may name."""
        (self.folder / "release.yaml").write_text(config, encoding="utf-8")
        for name in ("Dockerfile", "Dockerfile.alpine"):
            (self.folder / name).write_text("FROM scratch\n", encoding="utf-8")

    def tag(self, tag: str) -> str:
        """Tag a new commit."""
        repository = self.simulator.world.repository(REPOSITORY)
        assert repository is not None
        git = repository.git
        parents = (git.refs["refs/heads/main"].sha,) if "refs/heads/main" in git.refs else ()
        commit = git.commit(f"Work for {tag}", self.simulator.world.now(), parents=parents).sha
        git.refs["refs/heads/main"] = git.refs[f"refs/tags/{tag}"] = Target(commit, "commit")
        self.commits[tag] = commit
        return commit

    def run(self, command: str, *, tag: str = "", environ: dict[str, str] | None = None, **inputs: str) -> Report:
        """Run a command, in a run of the push of `tag` if it is given."""
        event = (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": f"refs/tags/{tag}", "GITHUB_SHA": self.commits[tag]}
            if tag
            else {}
        )
        given = {"token": TOKEN, "registry_token": TOKEN, "settle_time": "0s", **inputs}
        accepted = {
            "build-matrix": {"token"},
            "merge-digests": {"registry_token"},
            "verify-images": {"registry_token"},
            "ghcr-cleanup": {"token"},
            "rc-teardown": {"token"},
            "judge-images": set(),
        }.get(command, set(given)) | set(inputs)
        full = {
            **self.simulator.environment(),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "RELEASE_ACTIONS_NOW": (self.simulator.world.now() + timedelta(days=10)).isoformat(),
            **event,
            **(environ or {}),
            **{f"INPUT_{name.upper()}": value for name, value in given.items() if name in accepted},
        }
        return main.main_inner([command], full, Workflow({}))

    def release(self, tag: str, *, registry_url: str = "", token: str = TOKEN) -> list[Any]:
        """Tag, plan, build, publish and verify a release; the images that were published."""
        commit = self.tag(tag)
        planned = self.run("build-matrix", tag=tag).outputs
        return self.publish(planned, commit, registry_url=registry_url, token=token)

    def publish(self, planned: Any, commit: str, *, registry_url: str = "", token: str = TOKEN) -> list[Any]:
        """Build, publish and verify what a plan names; the images that were published."""
        jobs = planned["matrix"]["include"]
        registry = Registry(Http(), registry_url or self.simulator.registry_url, token=token)
        outputs = {f"slot-{job['slot']}": self.build(job, commit, registry) for job in jobs}
        merged = self.run(
            "merge-digests",
            image_list=json.dumps(planned["images"]),
            build_results=json.dumps({"build": {"result": "success", "outputs": outputs}}),
        )
        assert [str(finding.problem) for finding in merged.findings] == []
        images: Any = merged.outputs["images"]
        verified = self.run("verify-images", image_list=json.dumps(images), revision=commit)
        assert [str(finding.problem) for finding in verified.findings] == []
        return list(images)

    def build(self, job: Any, commit: str, registry: Registry | None = None) -> str:
        """Push what a build job makes, by digest; the value of its slot."""
        labels = dict(line.split("=", 1) for line in job["labels"].splitlines())
        seed = f"{job['package']} {job['platform']} {job['dockerfile']} {job['build-args']} {commit}"
        image = build_image((job["platform"],), labels=labels, seed=seed)
        registry = registry or Registry(Http(), self.simulator.registry_url, token=TOKEN)
        name = job["package"].partition("/")[2]
        for content in image.blobs.values():
            registry.put_blob(name, content)
        for manifest in image.manifests:
            registry.put_manifest(name, manifest.digest, manifest.body, manifest.media_type)
        return f"{job['slot']} {job['package']} {job['platform']} {image.root.digest} 1"

    def tags(self, name: str = "acme/web") -> dict[str, str]:
        """Tag of a package -> digest."""
        return self.simulator.world.tags(name)

    def named(self, name: str = "acme/web") -> dict[str, list[str]]:
        """What each group of tags of a package name together, by the first of each group."""
        groups: dict[str, list[str]] = {}
        for tag, digest in sorted(self.tags(name).items()):
            groups.setdefault(digest, []).append(tag)
        return {tags[0]: tags for tags in groups.values()}


def said(report: Report) -> list[str]:
    """Every warning and error, as a person reads it."""
    return [f"{one.level.value}: {one.problem}" for one in report.findings if one.level is not Level.NOTICE]
