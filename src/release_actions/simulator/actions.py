"""Workflows of a repository, their runs and what these leave behind. No HTTP, and nothing is executed.

A run goes through its states by the world's clock: queued, in progress, completed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ACTIVE = "active"


@dataclass(eq=False)
class Workflow:
    """A workflow file of the default branch.

    `inputs`: those of `workflow_dispatch`; None when it cannot be started by hand. `run_name`: as the file has it, with
    `${{ inputs.NAME }}`; empty for the workflow's own name. A run waits `queued_for`, takes `runs_for`, ends with
    `conclusion` and leaves `artifacts`: name -> content of the ZIP archive. `has_details`: whether starting it answers
    with the run, as GitHub does since 2026 and Enterprise Servers before that do not.
    """

    id: int
    file: str
    name: str
    created: datetime
    state: str = ACTIVE
    inputs: tuple[str, ...] | None = ()
    run_name: str = ""
    queued_for: timedelta = timedelta(seconds=10)
    runs_for: timedelta = timedelta(minutes=5)
    conclusion: str = "success"
    artifacts: dict[str, bytes] = field(default_factory=dict)
    has_details: bool = True

    @property
    def path(self) -> str:
        """The file from the top of the repository."""
        return f".github/workflows/{self.file}"

    def title_of(self, inputs: dict[str, str]) -> str:
        """The name that a run shows."""
        text = re.sub(r"\$\{\{ *inputs\.([\w-]+) *\}\}", lambda match: inputs.get(match[1], ""), self.run_name)
        return text or self.name


@dataclass(eq=False)
class RunArtifact:
    """An artifact of a run. `digest` names its archive among the world's blobs."""

    id: int
    name: str
    digest: str
    size: int
    is_expired: bool = False


@dataclass(eq=False)
class WorkflowRun:
    """A run. `ref` is a branch or tag, `event` what started it, `fork` the repository of a pull request from one."""

    id: int
    number: int
    workflow: Workflow
    ref: str
    sha: str
    actor: str
    inputs: dict[str, str]
    created: datetime
    artifacts: dict[int, RunArtifact] = field(default_factory=dict)
    event: str = "workflow_dispatch"
    fork: str = ""

    @property
    def title(self) -> str:
        """The name that it shows."""
        return self.workflow.title_of(self.inputs)

    @property
    def completed(self) -> datetime:
        """When it ends."""
        return self.created + self.workflow.queued_for + self.workflow.runs_for

    def status_at(self, moment: datetime) -> tuple[str, str | None]:
        """Status and conclusion at a time."""
        if moment >= self.completed:
            return "completed", self.workflow.conclusion
        return ("queued" if moment < self.created + self.workflow.queued_for else "in_progress"), None
