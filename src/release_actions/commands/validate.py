"""validate: everything about an adoption that can be known without a network, in one list. For the terminal and hooks.

Reads the workspace and this copy of the suite. Changes nothing, and asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from release_actions.adoption.rules import RULES
from release_actions.adoption.suite import Suite
from release_actions.adoption.validating import Validation
from release_actions.config import FILE as CONFIG
from release_actions.errors import ExitCode, InputError
from release_actions.main import ACTIONS, ROOT, load
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.sarif import write_findings
from release_actions.runner.workflow import Workflow

COMPONENTS = "components.yaml"


@dataclass(frozen=True)
class Inputs:
    """The flags of `./release-actions validate`."""

    config: str = inputs.option(
        inputs.text, "", about="Path of the configuration. Default: release.yaml, if there is one."
    )
    components: str = inputs.option(
        inputs.text, "", about="Path of the components file. Default: components.yaml, if there is one."
    )
    sarif_file: str = inputs.option(inputs.text, "", about="Path that the findings are written to as SARIF.")
    strict: bool = inputs.option(inputs.boolean, default=False, about="Fail for warnings too.")


OUTPUTS = ("valid", "findings", "calls")


def run(given: Inputs, context: Context, log: Workflow) -> Report:  # noqa: ARG001  # the interface of a command
    """Find every mistake. Raises `InputError` where there is nothing to look at."""
    config = choose_file(given.config, CONFIG, context)
    validation = Validation(context.workspace, Suite(ROOT), find_inputs)
    findings = validation.run(config, choose_file(given.components, COMPONENTS, context))
    if not validation.texts and not findings:
        # A pass of nothing would look like a pass of everything.
        message = "There is neither a release.yaml nor a workflow here."
        raise InputError(message, hint="Run it at the top of a repository, or name the file with --config.")
    if given.sarif_file:
        text = write_findings("validate", RULES, findings, validation.texts)
        write_workspace_file(context.path(given.sarif_file), given.sarif_file, text)
    errors = sum(finding.level is Level.ERROR for finding in findings)
    warnings = len(findings) - errors
    fails = bool(errors) or (given.strict and bool(warnings))
    rows: list[Output] = [describe_finding(finding) for finding in findings]
    calls = counted(len(validation.callers), "call")
    read = counted(len(validation.texts), "file")
    verdict = f"{counted(errors, 'error')} and {counted(warnings, 'warning')}" if findings else "Nothing is wrong"
    return Report(
        outputs={
            "valid": not fails,
            "findings": rows,
            "calls": len(validation.callers),
        },
        lines=(f"{verdict} in {read} with {calls} of release-actions.",),
        findings=tuple(findings),
        exit_code=ExitCode.REFUSED if fails else ExitCode.PASS,
    )


def choose_file(named: str, usual: str, context: Context) -> str:
    """The path of a file: as it was named, else the usual one if it is there, else empty."""
    return named or (usual if context.path(usual).is_file() else "")


def find_inputs(name: str) -> type[Any] | None:
    """The inputs of an action of this version; None for what is not an action."""
    return load(name).Inputs if name in ACTIONS else None


def describe_finding(finding: Finding) -> Output:
    """A finding for a program."""
    problem, place = finding.problem, finding.problem.place
    return {
        "level": finding.level.value,
        "rule": finding.rule,
        "message": problem.message,
        "hint": problem.hint,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
    }
