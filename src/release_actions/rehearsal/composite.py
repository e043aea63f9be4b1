"""Runs a composite action as GitHub's runner runs it: the same environment, shell, files, commands and limits.

Written after actions/runner (CompositeActionHandler, ActionRunner, ScriptHandler, OutputManager). It is stricter where
the platform needs a network: nested actions are refused, and so is every expression outside a small part of the
language. It leaves out what only decorates a log, such as the header that repeats script and variables. Known to be
different: `RUNNER_TEMP` may contain blanks, and `shell: bash` is `sh -e` where there is no bash.

What it must never do: give a step `INPUT_*` variables that its manifest does not map. The platform does not either,
and an emulation that did would hide exactly the mistake it is there to find.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.errors import ActionError
from release_actions.rehearsal import action_file, shell
from release_actions.rehearsal.action_file import Action, Step
from release_actions.rehearsal.job import Job
from release_actions.rehearsal.journal import Annotation, Journal
from release_actions.rehearsal.shell import End
from release_actions.rehearsal.step_log import FILES, StepLog
from release_actions.runner.expression_values import CaseSensitive, Value
from release_actions.runner.expressions import Condition, Scope, Template

__all__ = ["ActionRun", "CancelledError", "Job", "StepRun", "run_action", "run_script"]

SUCCESS, FAILURE, CANCELLED, SKIPPED = "success", "failure", "cancelled", "skipped"


@dataclass(frozen=True)
class StepRun:
    """The end of an inner step. `outcome` is before `continue-on-error`, `conclusion` after it."""

    id: str
    name: str
    outcome: str
    conclusion: str
    exit_code: int = 0
    outputs: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionRun:
    """The end of an action, as the job that called it sees it.

    `outcome` and `conclusion` are success, failure or cancelled; they differ where the calling step has
    `continue-on-error`. `exit_code` is the first failed step's, else 0. `outputs` are what later steps of the job read;
    `Job.pass_on` says what other jobs get. `log` and `summary` are masked. `environment` and `path` are what the action
    left to later steps. `seconds` is how long it took.
    """

    outcome: str
    conclusion: str
    exit_code: int
    outputs: Mapping[str, str]
    summary: str
    annotations: tuple[Annotation, ...]
    log: tuple[str, ...]
    steps: tuple[StepRun, ...]
    masks: tuple[str, ...]
    environment: Mapping[str, str]
    path: tuple[str, ...]
    seconds: float


class CancelledError(KeyboardInterrupt):
    """The run was interrupted, and the action got the signal and has ended. `run` is what is known of it."""

    def __init__(self, run: ActionRun) -> None:
        super().__init__("the action was cancelled")
        self.run = run


def run_action(
    folder: Path,
    inputs: Mapping[str, str],
    job: Job,
    *,
    env: Mapping[str, str] | None = None,
    continue_on_error: bool = False,
    timeout: float = math.inf,
    on_line: Callable[[str], None] | None = None,
) -> ActionRun:
    """Run the action in a folder as a step of a job.

    `inputs` is the step's `with:`, `env` the step's own `env:`, `timeout` its time in seconds. `on_line` gets each
    masked line of the log as it is written. `folder` becomes GITHUB_ACTION_PATH as it is given, links unresolved.

    Raises `ConfigurationError` when the manifest is wrong, before anything ran, and `CancelledError` after an
    interrupt.
    """
    action = action_file.read(folder)
    journal = Journal(job.masks, job.workspace, job.debug, on_line)
    run = _Run(action, folder.absolute(), job, journal, dict(env or {}), time.monotonic() + timeout)
    ended = run.play(inputs, continue_on_error=continue_on_error)
    if ended.outcome == CANCELLED:
        raise CancelledError(ended)
    return ended


def run_script(
    script: str,
    job: Job,
    *,
    name: str = "",
    env: Mapping[str, str] | None = None,
    timeout: float = math.inf,
    on_line: Callable[[str], None] | None = None,
) -> ActionRun:
    """Run the script of a workflow's step, whose expressions are evaluated already. Its step is the only one."""
    text = Template(script, (script,))
    nothing = Template("", ("",))
    step = Step("", name, Condition.read("", frozenset()), Template("bash", ("bash",)), text, {}, nothing, nothing)
    action = Action(job.workspace, name, "", "", {}, (), (), (step,))
    journal = Journal(job.masks, job.workspace, job.debug, on_line)
    ended = _Run(action, job.workspace, job, journal, dict(env or {}), time.monotonic() + timeout).play(
        {}, continue_on_error=False
    )
    if ended.outcome == CANCELLED:
        raise CancelledError(ended)
    return ended


class _Run:
    """One action on its way through its steps."""

    def __init__(
        self, action: Action, folder: Path, job: Job, journal: Journal, env: Mapping[str, str], deadline: float
    ) -> None:
        self.action = action
        self.folder = folder
        self.job = job
        self.journal = journal
        self.env = env
        self.deadline = deadline
        self.status = SUCCESS
        self.inputs: dict[str, str] = {}
        self.steps: list[StepRun] = []
        self.summaries: list[str] = []

    def play(self, inputs: Mapping[str, str], *, continue_on_error: bool) -> ActionRun:
        began = time.monotonic()
        exported, path = dict(self.job.exported), list(self.job.path)
        outputs: dict[str, str] = {}
        try:
            self.inputs = self.resolved(inputs)
            for number, step in enumerate(self.action.steps, 1):
                self.steps.append(self.step(number, step))
            scope = self.scope(self.job.github(self.folder), self.environment())
            outputs = {output.name: output.value.render(scope) for output in self.action.outputs}
        except ActionError as error:
            self.fail(str(error))
        codes = [step.exit_code for step in self.steps if step.conclusion != SUCCESS and step.exit_code]
        return ActionRun(
            outcome=self.status,
            conclusion=SUCCESS if continue_on_error and self.status == FAILURE else self.status,
            exit_code=codes[0] if codes else int(self.status != SUCCESS),
            outputs=outputs,
            summary="".join(self.summaries),
            annotations=tuple(self.journal.annotations),
            log=tuple(self.journal.lines),
            steps=tuple(self.steps),
            masks=tuple(self.job.masks.values),
            environment={name: value for name, value in self.job.exported.items() if exported.get(name) != value},
            path=tuple(folder for folder in self.job.path if folder not in path),
            seconds=time.monotonic() - began,
        )

    def resolved(self, given: Mapping[str, str]) -> dict[str, str]:
        """Inputs as the action sees them: defaults filled in, unknown ones warned of, `required` not enforced."""
        known = {item.name.lower(): item for item in self.action.inputs}
        values = {name.lower(): value for name, value in given.items()}
        for name in values:
            if name in known and known[name].deprecation:
                self.journal.warning(f"Input '{name}' has been deprecated with message: {known[name].deprecation}")
        scope = Scope(self.contexts(self.job.github(self.folder)))
        for name, item in known.items():
            if name not in values:
                values[name] = item.default.render(scope)
        if unknown := [name for name in given if name.lower() not in known]:
            names, valid = "', '".join(unknown), "', '".join(item.name for item in self.action.inputs)
            self.journal.warning(f"Unexpected input(s) '{names}', valid inputs are ['{valid}']")
        return values

    def contexts(self, github: Mapping[str, Value]) -> dict[str, Value]:
        job_status: dict[str, Value] = {"status": self.status}
        return {"github": github, "runner": self.job.runner(), "job": job_status}

    def scope(self, github: Mapping[str, Value], environment: Mapping[str, str]) -> Scope:
        """Everything that an expression of a step or an output can name."""
        steps = {
            step.id: {"outputs": step.outputs, "outcome": step.outcome, "conclusion": step.conclusion}
            for step in self.steps
            if step.id
        }
        contexts = self.contexts(github)
        return Scope(
            {**contexts, "inputs": self.inputs, "steps": steps, "env": CaseSensitive(environment)}, self.status
        )

    def environment(self) -> dict[str, str]:
        return {**self.job.environment(), **self.env}

    def fail(self, message: str) -> None:
        """End in failure by the runner's own word."""
        self.journal.error(message)
        if self.status == SUCCESS:
            self.status = FAILURE

    def step(self, number: int, step: Step) -> StepRun:
        """Run one inner step, or skip it."""
        with tempfile.TemporaryDirectory(prefix="_runner_file_commands_", dir=self.job.runner_temp) as folder:
            files = {name: Path(folder, name) for name in FILES}
            for file in files.values():
                file.touch()
            github = {**self.job.github(self.folder), **{name: str(file) for name, file in files.items()}}
            log = StepLog(self.job, self.journal)
            name, outcome, tolerated, code = step.name or f"step {number}", FAILURE, False, 0
            try:
                environment = self.environment()
                before = self.scope(github, environment)
                environment.update({key: text.render(before) for key, text in step.environment.items()})
                scope = self.scope(github, environment)
                if not step.condition.holds(scope):
                    return StepRun(step.id, name, SKIPPED, SKIPPED)
                tolerated = step.continue_on_error.render(scope).lower() == "true"
                outcome, code = self.process(step, scope, environment, log, Path(folder))
            except ActionError as error:
                self.journal.error(str(error))
        conclusion = SUCCESS if tolerated and outcome == FAILURE else outcome
        if conclusion != SUCCESS and self.status != CANCELLED:
            self.status = conclusion
        return StepRun(step.id, name, outcome, conclusion, code, log.outputs, log.state)

    def process(
        self, step: Step, scope: Scope, environment: Mapping[str, str], log: StepLog, files: Path
    ) -> tuple[str, int]:
        """Run a step's script and read what it left. Gives the outcome and the exit code."""
        name = step.shell.render(scope)
        script = files / ("script" + shell.choose_ending(name))
        script.write_text(step.script.render(scope), encoding="utf-8", newline="")
        environ = self.variables(environment, files)
        directory = self.job.workspace / step.directory.render(scope)
        if not directory.is_dir():
            self.journal.error(f"The working directory {directory} does not exist.")
            return FAILURE, 0
        argv = shell.make_command(name, script, environ.get("PATH", os.defpath))
        ended = shell.run(argv, directory=directory, environ=environ, deadline=self.deadline, on_line=log.line)
        if ended.end is End.TIMED_OUT:
            self.journal.error(f"The action '{self.action.name}' has timed out.")
        elif ended.end is End.CANCELLED:
            self.journal.error("The operation was canceled.")
        elif ended.exit_code:
            self.journal.error(f"Process completed with exit code {ended.exit_code}.")
        log.collect(files)
        self.summaries.append(log.summary)
        if ended.end is End.CANCELLED:
            return CANCELLED, ended.exit_code
        failed = ended.exit_code != 0 or ended.end is End.TIMED_OUT or log.failed
        return (FAILURE if failed else SUCCESS), ended.exit_code

    def variables(self, environment: Mapping[str, str], files: Path) -> dict[str, str]:
        """The environment of a step's process. The platform's own variables win over everything of the same name."""
        environ = {**self.job.machine, **environment}
        environ.setdefault("CI", "true")
        if self.job.path:
            environ["PATH"] = os.pathsep.join([*reversed(self.job.path), environ.get("PATH", os.defpath)])
        github = self.job.variables(self.folder) | {name: str(files / name) for name in FILES}
        environ.update({f"GITHUB_{name.upper()}": value for name, value in github.items()})
        environ.update({f"RUNNER_{name.upper()}": value for name, value in self.job.runner().items()})
        environ["GITHUB_ACTIONS"] = "true"
        return environ
