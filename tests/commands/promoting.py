"""Candidates of two packages, attested and ready to be promoted, on any registry."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, WEB, Shop, labels
from tests.commands.test_verify_provenance import SIGNER, attestation

from release_actions import main
from release_actions.images import inspection, provenance, publish
from release_actions.promotion import writing
from release_actions.registry.names import digest_of
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import build_image
from release_actions.simulator.image_factory import Image

CANDIDATE, FINAL = "v1.0.0-rc.1", "v1.0.0"
CONFIG = """\
repository: acme/app
namespace: acme
images:
  app:
    platforms: [linux/amd64, linux/arm64]
  web:
    platforms: [linux/amd64]
"""


def make_candidate(package: str = APP, *, tag: str = CANDIDATE, **how: Any) -> Image:
    """What the build of a candidate made: two platforms with attestations, or one platform without an index."""
    said = {**labels(), "org.opencontainers.image.version": tag}
    wanted = {"labels": said, "seed": f"{package} {tag}", "attestations": package == APP, **how}
    return build_image(BOTH if package == APP else BOTH[:1], **wanted)


@dataclass
class Stage:
    """A registry with candidates, and what gh would verify: digest -> what it prints."""

    shop: Shop
    attested: dict[str, Any] = field(default_factory=dict)

    def publish(self, package: str = APP, image: Image | None = None, *, tag: str = CANDIDATE, into: str = "") -> str:
        """Push an image of a package under a tag, attested as its workflow would. `into`: another package."""
        made = image or make_candidate(package)
        self.shop.push("any", made, package=into or package)
        name = (into or package).partition("/")[2]
        self.shop.registry.put_manifest(name, tag, made.root.body, made.root.media_type)
        said = attestation(into or package, f"refs/tags/{tag}")
        (subject,) = said[0]["verificationResult"]["statement"]["subject"]
        subject["digest"] = {"sha256": made.root.digest.removeprefix("sha256:")}
        self.attested[made.root.digest] = said
        return made.root.digest

    def gh(self, command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """What the real gh would say of the attestations here."""
        assert environ["GH_PROMPT_DISABLED"] == "1"
        if list(command) == ["gh", "--version"]:
            return subprocess.CompletedProcess(command, 0, "gh version 2.83.0 (2026-01-01)", "")
        answer = self.attested.get(digest_of(Path(command[3]).read_bytes()))
        if answer is None:
            return subprocess.CompletedProcess(command, 1, "", "Error: no attestations found")
        return subprocess.CompletedProcess(command, 0, json.dumps(answer), "")

    def promote(self, **inputs: str) -> Report:
        """Run the command for the candidate, with inputs given by name."""
        given = {"from": CANDIDATE, "to": FINAL, "revision": COMMIT, "registry_token": self.shop.token, **inputs}
        environ = {
            **self.shop.environ,
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_WORKSPACE": str(self.shop.workspace),
            **{f"INPUT_{name.upper()}": text for name, text in given.items()},
        }
        return main.main_inner(["promote"], environ, Workflow({}))

    def names(self, tag: str = FINAL, *packages: str) -> list[str]:
        """The digest that a tag names in each package, "" where there is none."""
        found = [self.shop.under(tag, package) for package in packages or (APP, WEB)]
        return [document["@"] if document else "" for document in found]


def set_up(shop: Shop, monkeypatch: pytest.MonkeyPatch, config: str = CONFIG) -> Stage:
    """A registry without pauses, and the candidates of both packages."""
    for module in (publish, inspection, writing):
        monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    stage = Stage(shop)
    monkeypatch.setattr(provenance, "run_program", stage.gh)
    (shop.workspace / "release.yaml").write_text(config, encoding="utf-8")
    stage.publish(APP)
    stage.publish(WEB)
    return stage


__all__ = ["APP", "BOTH", "CANDIDATE", "COMMIT", "FINAL", "SIGNER", "WEB", "Stage", "make_candidate", "set_up"]
