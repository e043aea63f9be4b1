"""Reads our reusable workflows as far as a rehearsal follows them: inputs, jobs, conditions, steps and outputs.

What it does not know is refused with the file's name. It must never leave out a key that decides whether or how
something runs: then the rehearsal would play another workflow than GitHub does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from release_actions.errors import ConfigurationError, Place
from release_actions.runner.expression_values import Value
from release_actions.runner.expressions import Condition, ExpressionError, Scope, Template

CONTEXTS = frozenset({"env", "github", "inputs", "job", "jobs", "matrix", "needs", "runner", "secrets", "steps"})

JOB_KEYS = frozenset(
    {
        "concurrency", "continue-on-error", "env", "environment", "if", "name", "needs", "outputs", "permissions",
        "runs-on", "secrets", "steps", "strategy", "timeout-minutes", "uses", "with", "cache-mode",
    }
)  # fmt: skip
STEP_KEYS = frozenset({"continue-on-error", "env", "id", "if", "name", "run", "shell", "uses", "with"})


@dataclass(frozen=True)
class WorkflowInput:
    """An input of `workflow_call`. `type` is string, boolean or number."""

    type: str
    default: str


@dataclass(frozen=True)
class WorkflowStep:
    """A step that either `uses` an action or runs a script."""

    id: str
    name: str
    condition: Condition
    uses: str
    inputs: Mapping[str, Template]
    script: Template
    environment: Mapping[str, Template]
    continue_on_error: Template


@dataclass(frozen=True)
class WorkflowJob:
    """A job with steps, or one that `uses` another workflow. `matrix` is texts with expressions, or None."""

    id: str
    needs: tuple[str, ...]
    condition: Condition
    permissions: Mapping[str, str]
    outputs: Mapping[str, Template]
    matrix: Any
    uses: str
    inputs: Mapping[str, Template]
    continue_on_error: Template
    environment: Mapping[str, Template]
    steps: tuple[WorkflowStep, ...]


@dataclass(frozen=True)
class Workflow:
    """A reusable workflow."""

    file: Path
    inputs: Mapping[str, WorkflowInput]
    outputs: Mapping[str, Template]
    jobs: Mapping[str, WorkflowJob] = field(default_factory=dict)

    def in_order(self) -> Iterator[WorkflowJob]:
        """The jobs, each after those it needs. Raises `ConfigurationError` for needs that cannot be met."""
        waiting = dict(self.jobs)
        while waiting:
            ready = [job for job in waiting.values() if not waiting.keys() & set(job.needs)]
            if not ready:
                message = f"The jobs {', '.join(waiting)} need each other."
                raise ConfigurationError(message, place=Place(str(self.file)))
            for job in ready:
                del waiting[job.id]
                yield job

    def ancestors(self, job: WorkflowJob) -> set[str]:
        """Every job that has to end before this one, directly or not."""
        ids = set(job.needs)
        for need in job.needs:
            ids |= self.ancestors(self.jobs[need])
        return ids


def read(file: Path) -> Workflow:
    """Read a workflow. Raises `ConfigurationError`."""
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # gives texts only
        return _Reader(file).workflow(data)
    except OSError as error:
        message = f"There is no workflow {file.name}."
        raise ConfigurationError(message, place=Place(str(file))) from error
    except yaml.YAMLError as error:
        message = f"The workflow is not YAML: {error}."
        raise ConfigurationError(message, place=Place(str(file))) from error
    except ExpressionError as error:
        raise ExpressionError(error.problems[0].message, hint=error.hint, place=Place(str(file))) from error


def expand_matrix(tree: Any, scope: Scope) -> list[Mapping[str, Value]]:
    """The legs of a matrix: each entry of `include`, which is the one form that our workflows have."""
    data = _evaluate(tree, scope)
    legs = data.get("include", []) if isinstance(data, Mapping) else []
    return [leg for leg in legs if isinstance(leg, Mapping)]


def _evaluate(tree: Any, scope: Scope) -> Value:
    if isinstance(tree, Template):
        return tree.evaluate(scope)
    return {key: _evaluate(value, scope) for key, value in tree.items()}


class _Reader:
    """Turns what YAML gives into a `Workflow`, or says what is wrong."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def workflow(self, data: Any) -> Workflow:
        call = data["on"].get("workflow_call") if isinstance(data, dict) and isinstance(data.get("on"), dict) else None
        if not isinstance(call, dict):
            self.refuse("It cannot be called: it has no 'workflow_call'.")
        inputs = {
            name: WorkflowInput(about.get("type", "string"), about.get("default", ""))
            for name, about in (call.get("inputs") or {}).items()
        }
        outputs = {name: self.template(about["value"]) for name, about in (call.get("outputs") or {}).items()}
        jobs = {name: self.job(name, job) for name, job in data["jobs"].items()}
        return Workflow(self.file, inputs, outputs, jobs)

    def job(self, name: str, data: Mapping[str, Any]) -> WorkflowJob:
        self.check(data, JOB_KEYS, f"The job '{name}'")
        needs = data.get("needs", [])
        matrix = data.get("strategy", {}).get("matrix")
        if isinstance(matrix, dict) and set(matrix) != {"include"}:
            self.refuse(f"The matrix of the job '{name}' has other keys than 'include'.")
        return WorkflowJob(
            id=name,
            needs=(needs,) if isinstance(needs, str) else tuple(needs),
            condition=Condition.read(data.get("if", ""), CONTEXTS),
            permissions=data.get("permissions") or {},
            outputs=self.templates(data.get("outputs")),
            matrix=None
            if matrix is None
            else self.templates(matrix)
            if isinstance(matrix, dict)
            else self.template(matrix),
            uses=data.get("uses", ""),
            inputs=self.templates(data.get("with")),
            continue_on_error=self.template(data.get("continue-on-error", "")),
            environment=self.templates(data.get("env")),
            steps=tuple(self.step(name, step) for step in data.get("steps", [])),
        )

    def step(self, job: str, data: Mapping[str, Any]) -> WorkflowStep:
        self.check(data, STEP_KEYS, f"A step of the job '{job}'")
        return WorkflowStep(
            id=data.get("id", ""),
            name=data.get("name", ""),
            condition=Condition.read(data.get("if", ""), CONTEXTS),
            uses=data.get("uses", ""),
            inputs=self.templates(data.get("with")),
            script=self.template(data.get("run", "")),
            environment=self.templates(data.get("env")),
            continue_on_error=self.template(data.get("continue-on-error", "")),
        )

    def check(self, data: Mapping[str, Any], known: frozenset[str], what: str) -> None:
        unknown = sorted(set(data) - known)
        if unknown:
            self.refuse(f"{what} has the key '{unknown[0]}', which a rehearsal cannot follow.")

    def templates(self, data: Mapping[str, str] | None) -> dict[str, Template]:
        return {name: self.template(text) for name, text in (data or {}).items()}

    def template(self, text: str) -> Template:
        return Template.read(text, CONTEXTS)

    def refuse(self, message: str) -> NoReturn:
        raise ConfigurationError(message, place=Place(str(self.file)))
