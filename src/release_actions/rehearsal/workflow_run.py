"""Follows a reusable workflow as it is in the tree: which jobs run, with which inputs, and what they hand on.

Jobs, conditions, matrices, steps and outputs are the workflow's own. A step that uses one of our actions runs it for
real, a script runs in a shell, and what comes from elsewhere has a stand-in. This module must never decide by itself
whether a job or a step runs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from release_actions.errors import ActionError, ConfigurationError
from release_actions.rehearsal import workflow_file
from release_actions.rehearsal.action_runner import ROOT, ActionRunner, StepEvents, Stopwatch, Trigger
from release_actions.rehearsal.job import Job
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.stand_ins import StandIns, UsedStep
from release_actions.rehearsal.workflow_file import Workflow, WorkflowJob, WorkflowStep
from release_actions.runner.expression_values import CaseSensitive, Value, as_text, is_true
from release_actions.runner.expressions import Scope
from release_actions.runner.report import counted

WORKFLOWS = ROOT / ".github" / "workflows"
OWN = "$/"
"""What `uses:` begins with where it means this repository at the same commit."""

Result = Literal["success", "failure", "skipped"]

SWITCHED_OFF = frozenset({"scan"})
"""Inputs that a rehearsal sets to false in every workflow that has them: scanners read real images only."""


@dataclass(frozen=True)
class JobResult:
    """How a job ended, and what it hands on."""

    result: Result
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Leg:
    """One run of a job's steps: a job without a matrix has one. `steps`: what `steps.ID` is to later expressions."""

    job: Job
    contexts: Mapping[str, Value]
    status: Result = "success"
    steps: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def scope(self, environment: Mapping[str, str]) -> Scope:
        """What an expression of the next step sees."""
        github = self.job.github(self.job.workspace)
        env = CaseSensitive(environment)
        own = {"github": github, "runner": self.job.runner(), "job": {"status": self.status}, "env": env}
        return Scope({**self.contexts, **own, "steps": self.steps}, self.status)


class WorkflowRun:
    """One run of a workflow, with those it calls. `failures`: why steps failed, in order, that were not tolerated."""

    def __init__(self, actions: ActionRunner, trigger: Trigger, stand_ins: StandIns, events: StepEvents) -> None:
        self._actions = actions
        self._trigger = trigger
        self._stand_ins = stand_ins
        self._events = events
        self.failures: list[ActionError] = []
        self.skipped: list[str] = []
        """Jobs that a condition kept from running, in order."""

    def run(self, name: str, inputs: Mapping[str, Value]) -> Mapping[str, str]:
        """Run a workflow. Returns its outputs. Raises the first failure as `ActionError` after all jobs have ended."""
        _, outputs = self._run(name, inputs)
        if self.failures:
            raise self.failures[0]
        return outputs

    def _run(self, name: str, inputs: Mapping[str, Value]) -> tuple[Result, Mapping[str, str]]:
        workflow = read_workflow(WORKFLOWS / name)
        contexts = {"inputs": resolve_inputs(workflow, inputs), "github": self._trigger.github(), "secrets": {}}
        results: dict[str, JobResult] = {}
        for job in workflow.in_order():
            results[job.id] = self._run_job(workflow, job, contexts, results)
        jobs = {name: {"result": ended.result, "outputs": ended.outputs} for name, ended in results.items()}
        scope = Scope({**contexts, "jobs": jobs})
        failed = any(ended.result == "failure" for ended in results.values())
        outputs = {name: template.render(scope) for name, template in workflow.outputs.items()}
        return "failure" if failed else "success", outputs

    def _run_job(
        self,
        workflow: Workflow,
        job: WorkflowJob,
        contexts: Mapping[str, Value],
        results: Mapping[str, JobResult],
    ) -> JobResult:
        needs = {name: {"result": results[name].result, "outputs": results[name].outputs} for name in job.needs}
        scope = Scope({**contexts, "needs": needs}, status_of(results[name].result for name in workflow.ancestors(job)))
        if not job.condition.holds(scope):
            self.skipped.append(job.id)
            return JobResult("skipped")
        if job.uses:
            called = job.uses.rpartition("/")[2]
            return JobResult(*self._run(called, {name: text.evaluate(scope) for name, text in job.inputs.items()}))
        legs: list[Mapping[str, Value] | None] = [None]
        if job.matrix is not None:
            legs = [*workflow_file.expand_matrix(job.matrix, scope)]
        if not legs:
            self.skipped.append(job.id)
            return JobResult("skipped")
        outputs: dict[str, str] = {}
        result: Result = "success"
        watch = Stopwatch()
        for number, leg in enumerate(legs, 1):
            if job.matrix is not None:
                self._actions.progress(job.id, f"job {number} of {len(legs)}")
            ended = self._run_leg(job, scope, leg)
            # The legs of a matrix share one set of outputs: the last value that is not empty wins.
            outputs |= {name: text for name, text in ended.outputs.items() if text or name not in outputs}
            result = "failure" if "failure" in {result, ended.result} else "success"
        if job.matrix is not None and result == "success" and not self._events.quiet:
            said = f"{counted(len(legs), 'job')} played by stand-ins"
            self._actions.show_run(Run(job.id, said, seconds=watch.seconds), self._events)
        return JobResult(result, outputs)

    def _run_leg(self, job: WorkflowJob, outer: Scope, matrix: Mapping[str, Value] | None) -> JobResult:
        contexts = {**outer.contexts, "matrix": matrix}
        tolerated = truth_of(job.continue_on_error.evaluate(Scope(contexts)))
        leg = Leg(self._actions.job(job.id, self._trigger, permissions=job.permissions), contexts)
        before = len(self.failures)
        common = {name: text.render(Scope(contexts)) for name, text in job.environment.items()}
        for step in job.steps:
            self._run_step(leg, step, common)
        if tolerated:
            del self.failures[before:]
        scope = leg.scope(common)
        outputs = {name: text.render(scope) for name, text in job.outputs.items()}
        return JobResult("success" if tolerated else leg.status, outputs)

    def _run_step(self, leg: Leg, step: WorkflowStep, common: Mapping[str, str]) -> None:
        before = leg.scope({**common, **leg.job.environment()})
        environment = {**common, **{name: text.render(before) for name, text in step.environment.items()}}
        scope = leg.scope({**environment, **leg.job.environment()})
        outcome: Result = "skipped"
        conclusion: Result = "skipped"
        outputs: Mapping[str, str] = {}
        if step.condition.holds(scope):
            try:
                failure, outputs = self._start(leg, step, environment, scope)
            except ActionError as error:
                failure = error
            outcome = "failure" if failure else "success"
            tolerated = truth_of(step.continue_on_error.evaluate(scope))
            conclusion = "success" if tolerated else outcome
            if failure and not tolerated:
                leg.status = "failure"
                self.failures.append(failure)
        if step.id:
            leg.steps[step.id] = {"outputs": outputs, "outcome": outcome, "conclusion": conclusion}

    def _start(
        self, leg: Leg, step: WorkflowStep, environment: Mapping[str, str], scope: Scope
    ) -> tuple[ActionError | None, Mapping[str, str]]:
        """Run what a step is. Gives why it failed, or None, and its outputs. Raises `ActionError`."""
        inputs = {name: as_text(text.evaluate(scope)) for name, text in step.inputs.items()}
        matrix = scope.contexts.get("matrix")
        used = UsedStep(
            step.uses,
            inputs,
            environment,
            leg.job,
            matrix if isinstance(matrix, Mapping) else {},
            step.script.render(scope),
        )
        stand_in = self._stand_ins.find(used)
        if stand_in is not None:
            return None, stand_in(used)
        if not step.uses:
            return self._actions.run_script(leg.job, step.name, used.script, environment, self._events)
        if not step.uses.startswith(OWN):
            message = f"The rehearsal has no stand-in for {step.uses}, which the step '{step.name}' uses."
            raise ConfigurationError(message)
        ended, failure = self._actions.start(leg.job, step.uses.removeprefix(OWN), inputs, self._events)
        return failure, ended.outputs


@functools.cache
def read_workflow(file: Path) -> Workflow:
    """A workflow of this suite, which does not change during a rehearsal."""
    return workflow_file.read(file)


def resolve_inputs(workflow: Workflow, given: Mapping[str, Value]) -> dict[str, Value]:
    """The inputs of a workflow by their types, defaults filled in. Raises `ConfigurationError` for an unknown one."""
    unknown = sorted(set(given) - set(workflow.inputs))
    if unknown:
        message = f"{workflow.file.name} has no input '{unknown[0]}'."
        raise ConfigurationError(message)
    values: dict[str, Value] = {}
    for name, about in workflow.inputs.items():
        value = False if name in SWITCHED_OFF else given.get(name, about.default)
        if about.type == "boolean":
            values[name] = truth_of(value)
        elif about.type == "number":
            values[name] = float(as_text(value) or 0)
        else:
            values[name] = as_text(value)
    return values


def truth_of(value: Value) -> bool:
    """A boolean that may be written as a text."""
    return value == "true" if isinstance(value, str) else is_true(value)


def status_of(results: Iterable[Result]) -> str:
    """What `success()` and `failure()` of a job see: with a skipped job before it neither is true."""
    ended = set(results)
    return "failure" if "failure" in ended else "skipped" if "skipped" in ended else "success"
