"""A package on the embedded GHCR that builds push to by digest, and commands that are run against it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release_actions import main
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.image_factory import Image

TOKEN = "ghs_token_of_the_job"
APP = "ghcr.io/acme/app"
WEB = "ghcr.io/acme/web"
BOTH = ("linux/amd64", "linux/arm64")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"


def world() -> World:
    """acme without packages, and the token of a job that may push there."""
    found = World()
    found.add_account("acme", organization=True)
    found.add_repository("acme/app")
    permissions = {"contents": "read", "packages": "write"}
    found.add_token(TOKEN, TokenKind.ACTIONS, repository="acme/app", permissions=permissions)
    return found


def labels(revision: str = COMMIT) -> dict[str, str]:
    prefix = "org.opencontainers.image."
    return {f"{prefix}source": "https://github.com/acme/app", f"{prefix}version": "1", f"{prefix}revision": revision}


def built(platform: str, *, revision: str = COMMIT, **how: Any) -> Image:
    """What a build job makes for one platform."""
    return build_image((platform,), **{"labels": labels(revision), "seed": f"{platform} {revision}", **how})


def entry(package: str = APP, tags: Sequence[str] = ("v1.0.0",), platforms: Sequence[str] = BOTH, **more: Any) -> Any:
    return {"name": package, "package": package, "tags": list(tags), "platforms": list(platforms), **more}


@dataclass
class Shop:
    """A registry, a workspace, and what was pushed by digest so far: package -> platform -> digest."""

    registry_url: str
    workspace: Path
    token: str = TOKEN
    environ: Mapping[str, str] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, simulator: Simulator, workspace: Path) -> Shop:
        return cls(simulator.registry_url, workspace, environ=simulator.environment())

    @property
    def registry(self) -> Registry:
        return Registry(Http(), self.registry_url, token=self.token)

    def push(self, platform: str, image: Image | None = None, package: str = APP, **how: Any) -> str:
        """Push what a job built, by digest, and note it as given for the platform. Returns the digest."""
        made = image or built(platform, **how)
        name, registry = package.partition("/")[2], self.registry
        for content in made.blobs.values():
            registry.put_blob(name, content)
        for manifest in made.manifests:
            registry.put_manifest(name, manifest.digest, manifest.body, manifest.media_type)
        self.digests.setdefault(package, {})[platform] = made.root.digest
        return made.root.digest

    def run(self, command: str, images: Sequence[Any], **inputs: str) -> Report:
        """Run one of the two actions, with inputs given by name."""
        given = {"image_list": json.dumps(list(images)), "registry_token": self.token, **inputs}
        environ = {
            **self.environ,
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_SHA": COMMIT,
            **{f"INPUT_{name.upper()}": value for name, value in given.items()},
        }
        return main.main_inner([command], environ, Workflow({}))

    def command(self, command: str, **inputs: str) -> Report:
        """Run a command in the workspace as a job of acme/app does."""
        environ = {
            **self.environ,
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_SHA": COMMIT,
            "RUNNER_TEMP": str(self.workspace / "temp"),
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        return main.main_inner([command], environ, Workflow({}))

    def merge(self, *images: Any, **inputs: str) -> Report:
        return self.run("merge-digests", images or [entry()], **{"digests": json.dumps(self.digests), **inputs})

    def verify(self, *images: Any, **inputs: str) -> Report:
        return self.run("verify-images", images or [entry()], **inputs)

    def under(self, tag: str, package: str = APP) -> Any:
        """The document that a tag names, with its digest under `@`; None if there is no tag."""
        found = self.registry.get_manifest(package.partition("/")[2], tag)
        return {**json.loads(found.body), "@": found.digest} if found else None


def said(report: Report) -> list[str]:
    """Every finding, as a person reads it."""
    return [f"{finding.level.value}: {finding.problem}" for finding in report.findings]
