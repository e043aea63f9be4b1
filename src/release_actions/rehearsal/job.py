"""One job on GitHub's runner: what all its steps share, and what an earlier step leaves to a later one.

A job never sees the machine's own GitHub variables or tokens: what looks like them in the environment of the process
is taken out, so that a rehearsal inside a workflow or on a maintainer's laptop cannot reach anything real.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.rehearsal.masks import Masks
from release_actions.runner.expression_values import Value

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of all outputs of a job, counted as UTF-16 (GitHub's limits for Actions)."""

_SYSTEMS = {"Darwin": "macOS", "Windows": "Windows"}
_PROCESSORS = {"aarch64": "ARM64", "arm64": "ARM64", "armv7l": "ARM", "i686": "X86"}

_PRIVATE = ("ACTIONS_", "GITHUB_", "INPUT_", "RUNNER_", "STATE_")
_TOKENS = frozenset({"GH_TOKEN", "GH_ENTERPRISE_TOKEN", "CI"})


def copy_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a runner's process on this machine: this process's, without what another job put there."""
    variables = os.environ if environ is None else environ
    return {name: value for name, value in variables.items() if name not in _TOKENS and not name.startswith(_PRIVATE)}


@dataclass(frozen=True)
class JobOutputs:
    """Outputs that reach other jobs, and the runner's word on each that does not."""

    values: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass
class Job:
    """A job and its state.

    `workspace` and `runner_temp` are absolute folders; both are made where they are missing. `event` is the payload,
    written to a file for GITHUB_EVENT_PATH. `env` is the workflow's and the job's `env:`. `machine` is the environment
    of the runner's process.
    """

    workspace: Path
    runner_temp: Path
    repository: str = "owner/repository"
    token: str = ""
    ref: str = "refs/heads/main"
    sha: str = "0" * 40
    event_name: str = "push"
    event: Mapping[str, Value] = field(default_factory=dict)
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    graphql_url: str = ""
    run_id: str = "1"
    run_number: str = "1"
    run_attempt: str = "1"
    actor: str = "octocat"
    workflow: str = "release"
    name: str = "release"
    env: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=copy_environment)
    debug: bool = False
    masks: Masks = field(default_factory=Masks)
    exported: dict[str, str] = field(default_factory=dict)
    """What earlier steps wrote to GITHUB_ENV."""
    path: list[str] = field(default_factory=list)
    """What earlier steps wrote to GITHUB_PATH, the latest last. It is searched first."""

    def __post_init__(self) -> None:
        self.workspace = self.workspace.absolute()
        self.runner_temp = self.runner_temp.absolute()
        self.workspace.mkdir(parents=True, exist_ok=True)
        self.event_path.parent.mkdir(parents=True, exist_ok=True)
        self.event_path.write_text(json.dumps(self.event), encoding="utf-8")
        self.masks.add(self.token)

    @property
    def event_path(self) -> Path:
        """The file with the event's payload."""
        return self.runner_temp / "_github_workflow" / "event.json"

    def github(self, action_path: Path) -> dict[str, Value]:
        """The `github` context of a run step inside an action. The action's repository and ref are not known there."""
        return {
            **self.variables(action_path),
            "token": self.token,
            "event": self.event,
            "repositoryUrl": f"git://{self.server_url.partition('://')[2]}/{self.repository}.git",
            "secret_source": "Actions",
        }

    def variables(self, action_path: Path) -> dict[str, str]:
        """The part of the `github` context that steps see as GITHUB_* variables, files of the step aside."""
        kind, _, short = self.ref.removeprefix("refs/").partition("/")
        return {
            "action": "__self",
            "action_path": str(action_path),
            "action_ref": "",
            "action_repository": "",
            "actor": self.actor,
            "api_url": self.api_url,
            "base_ref": str(self._pull("base")),
            "event_name": self.event_name,
            "event_path": str(self.event_path),
            "graphql_url": self.graphql_url or self.api_url + "/graphql",
            "head_ref": str(self._pull("head")),
            "job": self.name,
            "ref": self.ref,
            "ref_name": self.ref if kind == "pull" and not short else short,
            "ref_protected": "false",
            "ref_type": "tag" if kind == "tags" else "branch",
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "retention_days": "90",
            "run_attempt": self.run_attempt,
            "run_id": self.run_id,
            "run_number": self.run_number,
            "server_url": self.server_url,
            "sha": self.sha,
            "triggering_actor": self.actor,
            "workflow": self.workflow,
            "workflow_ref": f"{self.repository}/.github/workflows/{self.workflow}.yml@{self.ref}",
            "workflow_sha": self.sha,
            "workspace": str(self.workspace),
        }

    def runner(self) -> dict[str, str]:
        """The `runner` context."""
        context = {
            "name": "rehearsal",
            "os": _SYSTEMS.get(platform.system(), "Linux"),
            "arch": _PROCESSORS.get(platform.machine(), "X64"),
            "environment": "self-hosted",
            "temp": str(self.runner_temp),
            "tool_cache": str(self.runner_temp.parent / "_tool"),
            "workspace": str(self.workspace.parent),
        }
        return {**context, "debug": "1"} if self.debug else context

    def environment(self) -> dict[str, str]:
        """The `env` context before a step's own: the job's `env:`, over which GITHUB_ENV has the last word."""
        return {**self.env, **self.exported}

    def prepend(self, folder: str) -> None:
        """Put a folder first on PATH, once."""
        if folder in self.path:
            self.path.remove(folder)
        self.path.append(folder)

    def pass_on(self, outputs: Mapping[str, str]) -> JobOutputs:
        """What other jobs get of these job outputs. A value that holds a masked text is dropped with only a warning."""
        values = {name: text for name, text in outputs.items() if text and self.masks.hide(text) == text}
        warnings = tuple(
            f"Skip output '{name}' since it may contain secret."
            for name, text in outputs.items()
            if self.masks.hide(text) != text
        )
        size = sum(len(name.encode("utf-16-le")) + len(text.encode("utf-16-le")) for name, text in values.items())
        if size > OUTPUT_LIMIT:
            error = f"The job's outputs are {size} bytes, more than the {OUTPUT_LIMIT} that the platform passes on."
            return JobOutputs({}, warnings, (error,))
        return JobOutputs(values, warnings)

    def _pull(self, side: str) -> Value:
        pull = self.event.get("pull_request")
        end = pull.get(side) if isinstance(pull, Mapping) else None
        return end.get("ref", "") if isinstance(end, Mapping) else ""
