"""What a rehearsal puts in the place of actions from elsewhere: checkouts, artifacts, builds, logins and signatures.

Each stand-in leaves behind what the real action leaves for the next step, and nothing else. What is only a stand-in is
named at the end of a rehearsal, so that a reader does not take it for rehearsed.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from release_actions.rehearsal.attesting import AttestationStore
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.job import Job
from release_actions.runner.expression_values import Value


@dataclass(frozen=True)
class UsedStep:
    """A step as a stand-in sees it: what it uses, with which inputs and environment, in which job and matrix entry."""

    uses: str
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    job: Job
    matrix: Mapping[str, Value]
    script: str = ""


StandIn = Callable[[UsedStep], Mapping[str, str]]
"""Plays a step and returns its outputs."""


class StandIns:
    """The stand-ins of one workflow run, and the artifacts that its jobs hand each other.

    `check_out` fills a folder with the repository's files. `version` is what the images of this run are called.
    """

    def __init__(
        self,
        builder: Builder,
        attestations: AttestationStore,
        artifacts: Path,
        check_out: Callable[[Path], None],
        *,
        version: str,
    ) -> None:
        self._builder = builder
        self._attestations = attestations
        self._artifacts = artifacts
        self._check_out = check_out
        self._version = version
        self._by_name: dict[str, StandIn] = {
            "actions/checkout": self.check_out,
            "actions/upload-artifact": self.upload_artifact,
            "actions/download-artifact": self.download_artifact,
            "actions/attest": self.attest,
            "docker/setup-buildx-action": do_nothing,
            "docker/login-action": do_nothing,
            "docker/build-push-action": self.build,
            "sigstore/cosign-installer": do_nothing,
            "$/actions/pick-secrets": log_in,
            "$/actions/check-attachments": self.check_attachments,
            "$/actions/verify-provenance": self.verify_provenance,
        }
        # Scripts that need a tool or files which a rehearsal does not have, by what only they contain.
        self._by_script: dict[str, StandIn] = {
            "cosign sign ": self.sign,
            'git -C "$SOURCE" apply': do_nothing,
            "leads out of the repository by a link": do_nothing,
            '"$COMMAND"': self.run_command,
        }

    def find(self, step: UsedStep) -> StandIn | None:
        """The stand-in of a step; None for one that is played as it is."""
        for part, stand_in in self._by_script.items():
            if part in step.script:
                return stand_in
        return self._by_name.get(step.uses.partition("@")[0])

    def check_out(self, step: UsedStep) -> Mapping[str, str]:
        """Fill the workspace, or the folder in it that `path` names."""
        self._check_out(step.job.workspace / step.inputs.get("path", ""))
        return {}

    def build(self, step: UsedStep) -> Mapping[str, str]:
        """Push an image of one platform by digest, with the labels of its entry, unless the build fills caches only."""
        if "push=true" not in step.inputs.get("outputs", ""):
            return {}
        package, platform = str(step.matrix["package"]), str(step.matrix["platform"])
        labels = dict(line.split("=", 1) for line in step.inputs.get("labels", "").splitlines() if "=" in line)
        labels = {"org.opencontainers.image.version": self._version, **labels}
        return {"digest": self._builder.push_platform(package, platform, self._version, labels)}

    def run_command(self, step: UsedStep) -> Mapping[str, str]:
        """Push an image in place of a build command of the project, which a rehearsal must not run."""
        environment = step.environment
        inputs = {"outputs": f"push={environment.get('PUSH', '')}", "labels": environment.get("LABELS", "")}
        return self.build(replace(step, inputs=inputs))

    def sign(self, step: UsedStep) -> Mapping[str, str]:
        """Push a signature of the image that the script gets in its environment."""
        self._builder.push_signature(step.environment["IMAGE"], self._version)
        return {}

    def attest(self, step: UsedStep) -> Mapping[str, str]:
        """Note that this workflow built an image from the commit of the run's ref."""
        package, digest = step.inputs["subject-name"], step.inputs["subject-digest"]
        self._builder.attested.add((package, digest, step.job.ref))
        self._attestations.add(package, digest, step.job)
        return {}

    def check_attachments(self, step: UsedStep) -> Mapping[str, str]:
        """Say whether the run signed and attested an image before."""
        package, digest = str(step.matrix["package"]), str(step.matrix["digest"])
        is_attested = (package, digest, step.job.ref) in self._builder.attested
        is_signed = self._builder.has_signature(f"{package}@{digest}")
        return {"signed": str(is_signed).lower(), "attested": str(is_attested).lower()}

    def verify_provenance(self, step: UsedStep) -> Mapping[str, str]:
        """Say of each image that a tag names whether an earlier run of this ref attested it."""
        images = json.loads(step.inputs["image-list"])
        levels = {}
        for image in images:
            package = str(image["package"])
            image["digest"] = self._builder.find_digest(package, step.inputs["tag"])
            is_proved = (package, image["digest"], step.job.ref) in self._builder.attested
            levels[package] = "verified" if is_proved else "none"
        proved = all(levels[str(image["package"])] == "verified" for image in images if image.get("required", True))
        return {"verified": str(proved).lower(), "levels": json.dumps(levels), "images": json.dumps(images)}

    def upload_artifact(self, step: UsedStep) -> Mapping[str, str]:
        """Keep a file or a folder under the artifact's name."""
        source = step.job.workspace / step.inputs["path"]
        target = self._artifacts / step.inputs["name"]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy2(source, target)
        return {}

    def download_artifact(self, step: UsedStep) -> Mapping[str, str]:
        """Copy every artifact whose name matches, each into a folder of its name."""
        target = step.job.workspace / step.inputs["path"]
        for folder in sorted(self._artifacts.iterdir()) if self._artifacts.is_dir() else []:
            if fnmatch.fnmatchcase(folder.name, step.inputs.get("pattern", "*")):
                shutil.copytree(folder, target / folder.name, dirs_exist_ok=True)
        return {}


def do_nothing(_step: UsedStep) -> Mapping[str, str]:
    """Play an action whose effect no later step of a rehearsal can see."""
    return {}


def log_in(step: UsedStep) -> Mapping[str, str]:
    """The job's own login, as pick-secrets hands it on where an entry names no credentials."""
    return {"username": step.job.actor, "password": step.job.token}
