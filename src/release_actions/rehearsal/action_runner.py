"""Runs real actions by their manifests in jobs of the embedded GitHub, and notes what ran.

An action runs as GitHub's runner would run it: environment variables in, files out, HTTP to the simulator.
"""

from __future__ import annotations

import functools
import hashlib
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
from release_actions.rehearsal import action_file
from release_actions.rehearsal.attesting import AttestationStore
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.composite import ActionRun, Job, run_action, run_script
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.rehearsal_world import WORKFLOW_TOKEN, RehearsalWorld
from release_actions.rehearsal.scenario import Scenario
from release_actions.rehearsal.timeline import Line, format_run
from release_actions.runner.expression_values import Value
from release_actions.simulator import Simulator
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault

ROOT = Path(__file__).resolve().parents[3]
ROOT_ACTION = "release-plan"
"""What the action at the root is called in the report."""

HINT = "report.json has its whole log."

FIXED_INPUTS: Mapping[str, Mapping[str, str]] = {"protect-latest": {"settle-time": "0s"}}
"""Action -> inputs that a rehearsal sets, where the action has them, whatever the workflow says.

The simulator shows a write at once unless a fault says otherwise, and a fault counts reads, not seconds.
"""


@dataclass(frozen=True)
class RehearsalInputs:
    """What is rehearsed: the scenario, the configuration and its file, and what is left to chance.

    `nights`: how many of a step's nights run through the workflow; the others are pushed by a stand-in.
    """

    scenario: Scenario
    config: Config
    config_file: Path
    seed: int = 0
    faults: tuple[Fault, ...] = ()
    faults_name: str = ""
    nights: int = 2

    @property
    def versions(self) -> str:
        """The version file, from the configuration's folder; empty if there is none."""
        if not self.config.version_file:
            return ""
        return os.path.relpath(self.config.version_file, Path(self.config.at().file).parent)


@dataclass(frozen=True)
class Trigger:
    """The event that starts a workflow run, and the commit it is about."""

    event_name: str
    event: Mapping[str, Any]
    ref: str
    sha: str
    repository: str

    def github(self) -> dict[str, Value]:
        """The `github` context as conditions of jobs see it."""
        return {
            "actor": "octocat",
            "event": self.event,
            "event_name": self.event_name,
            "ref": self.ref,
            "ref_name": self.ref.split("/", 2)[-1],
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "run_attempt": "1",
            "run_id": "1",
            "sha": self.sha,
        }


@dataclass
class StepEvents:
    """What a step did: what ran, and why each tag (package, tag) was touched. `quiet`: show only what fails."""

    runs: list[Run] = field(default_factory=list)
    why: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Name and outputs of every action that ended, in order."""
    quiet: bool = False
    pages: dict[str, str] = field(default_factory=dict)
    """Title and text of HTML pages that the step leaves."""

    def note_reason(self, publications: Sequence[Mapping[str, Any]], reason: str) -> None:
        """Note why the tags of some publications were pushed."""
        for publication in publications:
            path = str(publication["package"]).partition("/")[2]
            self.why |= {(path, str(tag)): reason for tag in publication["tags"]}


class ActionRunner:
    """The simulator with its world, a builder, and fresh jobs.

    `show` gets the timeline's lines, `progress` the name of what runs and each line of its log.
    """

    def __init__(
        self,
        inputs: RehearsalInputs,
        simulator: Simulator,
        world: RehearsalWorld,
        builder: Builder,
        folder: Path,
        show: Callable[[Line], None],
        progress: Callable[[str, str], None] = lambda _name, _line: None,
    ) -> None:
        self.inputs = inputs
        self.world = world
        self.builder = builder
        self.folder = folder
        self.attestations = AttestationStore(folder)
        self._simulator = simulator
        self._show = show
        self.progress = progress
        self._jobs = 0

    @property
    def git_name(self) -> str:
        """What the repository's git tags are called beside the tags of packages."""
        return f"{self.world.repository.full_name} (git)"

    def trigger(self, event_name: str, event: Mapping[str, Any], *, ref: str = "", sha: str = "") -> Trigger:
        """An event, on the tip of the default branch unless `ref` and `sha` say otherwise."""
        repository = self.world.repository
        branch = f"refs/heads/{repository.default_branch}"
        about = {"full_name": repository.full_name, "default_branch": repository.default_branch}
        event = {"repository": about, **event}
        return Trigger(event_name, event, ref or branch, sha or repository.git.refs[branch].sha, repository.full_name)

    def job(self, name: str, trigger: Trigger, *, permissions: Mapping[str, str] | None = None, token: str = "") -> Job:
        """A fresh job with an empty workspace. Its token may do what `permissions` grant, unless `token` is given."""
        self._jobs += 1
        folder = self.folder / f"{self._jobs:03}-{name}"
        environment = {
            "RELEASE_ACTIONS_REGISTRY_URL": self._simulator.registry_url,
            "RELEASE_ACTIONS_NOW": f"{self.world.world.now():%Y-%m-%dT%H:%M:%SZ}",
            "RELEASE_ACTIONS_CACHE": find_environments(),
            **find_interpreter(),
        }
        return Job(
            workspace=folder / "workspace",
            runner_temp=folder / "temp",
            repository=trigger.repository,
            token=token or self._token(permissions),
            ref=trigger.ref,
            sha=trigger.sha,
            event_name=trigger.event_name,
            event=trigger.event,
            api_url=self._simulator.api_url,
            env=environment,
            path=[str(self.attestations.programs)],
        )

    def checked_out_job(self, name: str, trigger: Trigger, token: str = WORKFLOW_TOKEN) -> Job:
        """A fresh job that has checked out the repository."""
        job = self.job(name, trigger, token=token)
        self.check_out(job.workspace)
        return job

    def check_out(self, folder: Path) -> None:
        """Put into a folder what the actions read of the repository: the configuration and its version file."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.inputs.config_file, folder / "release.yaml")
        if self.inputs.versions:
            target = folder / self.inputs.versions
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.inputs.config_file.parent / self.inputs.versions, target)

    def action(self, job: Job, name: str, inputs: Mapping[str, str], events: StepEvents) -> ActionRun:
        """Run an action by its manifest. Raises `ActionError` when it fails."""
        ended, failure = self.start(job, name, inputs, events)
        if failure:
            raise failure
        return ended

    def start(
        self, job: Job, name: str, inputs: Mapping[str, str], events: StepEvents
    ) -> tuple[ActionRun, ActionError | None]:
        """Run an action by its manifest. Gives how it ended and, when it failed, why."""
        folder = ROOT if name == ROOT_ACTION else ROOT / name
        title = name.removeprefix("actions/")
        known = read_input_names(folder)
        given = {**inputs, **{key: value for key, value in FIXED_INPUTS.get(title, {}).items() if key in known}}
        self.progress(title, "starting")
        ended = run_action(folder, given, job, on_line=functools.partial(self.progress, title))
        events.ended.append((title, ended.outputs))
        self.progress("workflow", f"after {title}")
        return ended, self._note_end(title, ended, events)

    def run_script(
        self, job: Job, name: str, script: str, environment: Mapping[str, str], events: StepEvents
    ) -> tuple[ActionError | None, Mapping[str, str]]:
        """Run a step's script. Gives why it failed, or None, and its outputs. A success is not shown."""
        ended = run_script(script, job, name=name, env=environment)
        failure = self._note_end(name, ended, events) if ended.exit_code else None
        return failure, ended.steps[0].outputs if ended.steps else {}

    def show_run(self, run: Run, events: StepEvents) -> None:
        """Note and show that something has run."""
        events.runs.append(run)
        self._show(format_run(run))

    def _note_end(self, name: str, ended: ActionRun, events: StepEvents) -> ActionError | None:
        errors = [annotation.message for annotation in ended.annotations if annotation.level == "error"]
        message, _, hint = (errors[0] if errors else verdict_in(ended.log)).partition("\n")
        if not events.quiet or ended.exit_code:
            run = Run(name, message, ended.exit_code, ended.seconds, dict(ended.outputs), tuple(ended.log))
            self.show_run(run, events)
        if not ended.exit_code:
            return None
        sentence = f"{name} failed with exit code {ended.exit_code}: {message}"
        return ActionError(sentence, hint=f"{hint.strip()} {HINT}".strip())

    def _token(self, permissions: Mapping[str, str] | None) -> str:
        """A GITHUB_TOKEN that may do what a job's `permissions` grant, and nothing else."""
        if permissions is None:
            return WORKFLOW_TOKEN
        granted = {**permissions, "metadata": "read"}
        name = "".join(f"{key}{value}" for key, value in sorted(granted.items()))
        secret = f"ghs_rehearsal{name.replace('-', '')}"
        repository = self.world.repository.full_name
        self.world.world.add_token(secret, TokenKind.ACTIONS, repository=repository, permissions=granted)
        return secret


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._began


def verdict_in(log: Sequence[str]) -> str:
    """The last line that an action printed, which is its verdict, or the word for nothing."""
    lines = [line for line in log if line.strip() and not line.startswith(("::", "##["))]
    return lines[-1].strip() if lines else "nothing said"


@functools.cache
def read_input_names(folder: Path) -> frozenset[str]:
    """The inputs of an action, which do not change during a rehearsal."""
    return frozenset(about.name for about in action_file.read(folder).inputs)


@functools.cache
def find_environments() -> str:
    """Where this run's own Python environment is kept, so that the actions share it and the rehearsal takes seconds."""
    if cache := os.environ.get("RELEASE_ACTIONS_CACHE"):
        return cache
    # The launcher names its environments like this. Any other is a user's own, with the package installed in it.
    if Path(sys.prefix).name.startswith("release-actions-"):
        return str(Path(sys.prefix).parent)
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(caches) / "release-actions")


def find_interpreter() -> dict[str, str]:
    """The variable that spares the launcher its search for a Python, once this one has the actions' environment.

    A `python3` that is a version manager's script takes longer than an action's own start. Before the environment is
    there the launcher has to search: it may find a Python that has pip where this one has none.
    """
    if os.name != "posix" or os.environ.get("RELEASE_ACTIONS_PYTHON"):
        return {}
    complete = Path(find_environments(), name_environment(), "release-actions.complete")
    return {"RELEASE_ACTIONS_PYTHON": os.path.realpath(sys.executable)} if complete.is_file() else {}


@functools.cache
def name_environment() -> str:
    """What the launcher calls the environment of the actions for this Python."""
    lock = hashlib.sha256((ROOT / "requirements" / "actions.lock").read_bytes()).hexdigest()[:16]
    kind = f"{sys.implementation.cache_tag or ''}".replace("cpython-", "cp") + sys.abiflags
    platform = getattr(sys.implementation, "_multiarch", sys.platform)
    if "-" not in platform:
        platform += f"-{os.uname().machine}"
    return f"release-actions-{lock}-{kind}-{platform}"
