"""Where a rehearsal happens: runs the real actions by their manifests, and the stand-ins for everything else.

An action runs as GitHub's runner would run it: environment variables in, files out, HTTP to the simulator. A person's
`git push` and the build jobs are played by stand-ins, which the report names.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release_actions.config import Config
from release_actions.errors import ActionError
from release_actions.rehearsal import narrate
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.composite import ActionRun, Job, run_action
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.scenario import Scenario
from release_actions.rehearsal.setting import WORKFLOW_TOKEN, Setting
from release_actions.simulator import Simulator
from release_actions.simulator.faults import Fault

ROOT = Path(__file__).resolve().parents[3]
ROOT_ACTION = "release-plan"
"""What the action at the root is called in the report."""


@dataclass(frozen=True)
class Script:
    """What is rehearsed: the scenario, the configuration and its file, and the chances that are taken."""

    scenario: Scenario
    config: Config
    config_file: Path
    seed: int = 0
    faults: tuple[Fault, ...] = ()
    faults_name: str = ""

    @property
    def versions(self) -> str:
        """The version file, from the configuration's folder; empty if there is none."""
        if not self.config.version_file:
            return ""
        return os.path.relpath(self.config.version_file, Path(self.config.at().file).parent)


@dataclass
class Played:
    """What a step did: what ran, and why each tag (package, tag) was touched."""

    runs: list[Run] = field(default_factory=list)
    why: dict[tuple[str, str], str] = field(default_factory=dict)

    def tagged(self, publications: Sequence[Mapping[str, Any]], reason: str) -> None:
        """Note why the tags of some publications were pushed."""
        for publication in publications:
            path = str(publication["package"]).partition("/")[2]
            self.why |= {(path, str(tag)): reason for tag in publication["tags"]}


class Stage:
    """The simulator with its world, a builder, and one fresh job a workflow run. `say` gets the timeline's lines."""

    def __init__(
        self,
        script: Script,
        simulator: Simulator,
        setting: Setting,
        builder: Builder,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self.script = script
        self.setting = setting
        self.builder = builder
        self._simulator = simulator
        self._folder = folder
        self._say = say
        self._jobs = 0

    @property
    def git_name(self) -> str:
        """What the repository's git tags are called where tags of packages are told."""
        return f"{self.setting.repository.full_name} (git)"

    def job(self, name: str, event_name: str, event: Mapping[str, Any], *, ref: str = "", sha: str = "") -> Job:
        """A fresh job, with the workspace that a checkout would give it. On the default branch unless `ref` says."""
        self._jobs += 1
        folder = self._folder / f"{self._jobs:03}-{name}"
        workspace = folder / "workspace"
        workspace.mkdir(parents=True)
        shutil.copyfile(self.script.config_file, workspace / "release.yaml")
        if self.script.versions:
            target = workspace / self.script.versions
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.script.config_file.parent / self.script.versions, target)
        repository = self.setting.repository
        branch = f"refs/heads/{repository.default_branch}"
        environment = {
            "RELEASE_ACTIONS_REGISTRY_URL": self._simulator.registry_url,
            "RELEASE_ACTIONS_NOW": f"{self.setting.world.now():%Y-%m-%dT%H:%M:%SZ}",
            "RELEASE_ACTIONS_CACHE": environments(),
        }
        return Job(
            workspace=workspace,
            runner_temp=folder / "temp",
            repository=repository.full_name,
            token=WORKFLOW_TOKEN,
            ref=ref or branch,
            sha=sha or repository.git.refs[branch].sha,
            event_name=event_name,
            event=event,
            api_url=self._simulator.api_url,
            env=environment,
        )

    def action(
        self, job: Job, name: str, inputs: Mapping[str, str], played: Played, *, quiet: bool = False
    ) -> ActionRun:
        """Run an action by its manifest. Raises `ActionError` when it fails. `quiet` leaves a success unsaid."""
        folder = ROOT if name == ROOT_ACTION else ROOT / name
        ended = run_action(folder, inputs, job)
        errors = [annotation.message for annotation in ended.annotations if annotation.level == "error"]
        if not quiet or ended.exit_code:
            result = first_line(errors) or said(ended.log)
            outputs, log = dict(ended.outputs), tuple(ended.log)
            self.ran(Run(name, result, ended.exit_code, ended.seconds, outputs, log), played)
        if ended.exit_code:
            message = f"{name} ended with exit code {ended.exit_code}: {first_line(errors) or said(ended.log)}"
            raise ActionError(message, hint="report.json has its whole log.")
        return ended

    def ran(self, run: Run, played: Played) -> None:
        """Note and show that something has run."""
        played.runs.append(run)
        self._say(narrate.running(run))


class Watch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._began


def first_line(errors: Sequence[str]) -> str:
    """The first sentence of the first error; empty without one."""
    return errors[0].partition("\n")[0] if errors else ""


def said(log: Sequence[str]) -> str:
    """The last line that an action said, which is its verdict, or the word for nothing."""
    lines = [line for line in log if line.strip() and not line.startswith(("::", "##["))]
    return lines[-1].strip() if lines else "nothing said"


@functools.cache
def environments() -> str:
    """Where this run's own Python environment is kept, so that the actions share it and the rehearsal takes seconds."""
    return os.environ.get("RELEASE_ACTIONS_CACHE") or str(Path(sys.prefix).parent)
