"""From a command line and an environment to one command's run, and from its end to an exit code.

Everything a command needs is read here, once: inputs from flags or `INPUT_*`, the run's context from flags or
`GITHUB_*`. `main` shows what went wrong and never raises; `main_inner` raises, so that tests can call it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import platform
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TextIO

from release_actions import __version__
from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.flags import parse_flags
from release_actions.runner.report import Finding, Level, Output, Report
from release_actions.runner.stopping import stop_on_signals
from release_actions.runner.workflow import Workflow, print_or_not, read_or_not

ROOT = Path(__file__).resolve().parents[2]
ISSUES = "https://github.com/llm-d/release-actions/issues"
CONFIG = "release.yaml"
"""The configuration that a run by hand takes the repository from."""

OBJECTS_BETWEEN_COLLECTIONS = 50_000

ACTIONS = {
    "release-plan": "say what a tag will release: validate-tag and build-matrix in one step",
    "validate-tag": "decide what a tag means, or refuse it and say why",
    "build-matrix": "turn release.yaml and an event into build jobs",
    "merge-digests": "publish images from the digests that build jobs pushed",
    "pick-secrets": "give one job the secrets that its entry of a plan names",
    "judge-scan": "decide whether what a scanner found stops an image",
    "judge-images": "decide which images of a run may get floating tags, and show all in one table",
    "check-approval": "prove that an environment holds a run back until a person approves it",
    "check-attachments": "find the signature and the attestation of an image by name, after they were made",
    "verify-provenance": "prove that the images of an existing tag were built by this workflow from that tag",
    "promote": "publish the bytes of a tested candidate as the release",
    "verify-images": "prove that the images of a run are published, complete and what was built",
    "component-matrix": "make the component table of a release, and prove its versions",
    "cut-branch": "make the branch that a version is released from, where trunk was last green",
    "branch-audit": "explain a release branch, and find what it lacks",
    "version-audit": "find versions in files that differ from the release's",
    "api-guard": "find what breaks callers of workflows and actions, or writers of files",
    "release-notes": "generate the notes of a release, check them, or put them on a draft release",
    "release-tracker": "say how the features of a release stand, and what may land after the freeze",
    "release-gate": "say go or no-go from the reports of all checks, and keep the log of a release",
    "perf-gate": "decide whether a candidate is slower than the release before",
    "protect-latest": "keep floating tags on the newest stable releases",
    "ghcr-cleanup": "delete package versions that nothing needs any more",
    "rc-teardown": "remove all that a release candidate left in the registry, on GitHub and in git",
}
"""Commands that are actions too, each with what it is for."""

GROUPS = {
    "a tag and latest": ("release-plan", "validate-tag", "protect-latest"),
    "build and publish": ("build-matrix", "merge-digests", "verify-images", "promote"),
    "clean up": ("ghcr-cleanup", "rc-teardown"),
    "the release train": (
        "release-tracker",
        "cut-branch",
        "branch-audit",
        "version-audit",
        "component-matrix",
        "api-guard",
        "perf-gate",
        "release-notes",
        "release-gate",
    ),
}
"""What people come for -> the actions. Parts of our own workflows are in no group."""

ENCLOSED = frozenset(
    {"component-matrix", "promote", "protect-latest", "release-notes", "validate-tag", "verify-images"}
)
"""Actions whose whole result is their report. The others that have one add what only they say."""

TOOLS = {
    "init": "read what a repository publishes today, and write release.yaml and the workflows that replace it",
    "validate": "find what is wrong in release.yaml, workflows and Dockerfiles, without a network",
    "doctor": "check packages, rules, environments and floating tags on GitHub, and say what cannot be told",
    "status": "show on one page what is known of a release, go or no-go first",
    "rehearse": "play a whole release on the embedded GitHub and GHCR",
    "simulate": "run the embedded GitHub and GHCR and print their addresses",
}
"""Commands for the terminal only."""


POSITIONAL = {"status": "tag"}
"""Commands whose first input may be given without its flag."""


class Command(Protocol):
    """A module of `release_actions.commands`."""

    Inputs: type[Any]
    OUTPUTS: tuple[str, ...]

    def run(self, inputs: Any, context: Context, log: Workflow) -> Report:  # described by the modules
        ...


def main(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run one command. Returns the exit code of `errors.ExitCode`."""
    environ = os.environ if environ is None else environ
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print_or_not(format_usage())
        return ExitCode.PASS if argv else ExitCode.BAD_INPUT
    if argv[0] == "--version":
        print_or_not(f"release-actions {__version__}\n")
        return ExitCode.PASS
    # Most of what a command makes lives until its end. Looking for garbage in it at Python's default pace, above all
    # while modules are imported, was a tenth of the time.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    name, out = argv[0], sys.stdout
    as_json = "--json" in argv
    with stop_on_signals(), contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        log = Workflow(environ)
        report = attempt(lambda: main_inner(argv, environ, log), name, environ, log)
        written = attempt(lambda: finish(name, report, log, out if as_json else None), name, environ, log)
        if written is not report:
            # What went wrong while writing is shown without outputs and summary, which are what went wrong.
            finish(name, replace(written, summary=""), log, None)
    return written.exit_code


def attempt(act: Callable[[], Report], name: str, environ: Mapping[str, str], log: Workflow) -> Report:
    """What an act reports, or its error as a report. A traceback is shown for a bug, and for debugging."""
    try:
        return act()
    except ActionError as error:
        if environ.get("RUNNER_DEBUG") == "1":
            log.info(traceback.format_exc())
        return report_of(error)
    except KeyboardInterrupt:
        finding = Finding.of(Level.ERROR, "Stopped by a signal before the end.")
        return Report(findings=(finding,), exit_code=ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a bug and is shown with its traceback
        if isinstance(error, ModuleNotFoundError) and error.name == "yaml":
            # requirements/overrides.txt leaves it out where it has no wheel.
            message = f"{name} reads YAML, and PyYAML has no wheel for this machine ({platform.machine()})."
            hint = "Run it on x86-64, arm64 or s390x. Nothing was changed."
            return Report(findings=(Finding.of(Level.ERROR, message, hint=hint),), exit_code=ExitCode.UNKNOWN)
        log.info(traceback.format_exc())
        message = f"{name} stopped on a bug in release-actions: {type(error).__name__}: {error}"
        hint = f"Nothing more was changed. Please report the lines above at {ISSUES}."
        return Report(findings=(Finding.of(Level.ERROR, message, hint=hint),), exit_code=ExitCode.UNKNOWN)


def main_inner(argv: Sequence[str], environ: Mapping[str, str], log: Workflow) -> Report:
    """Run one command and return its report. Raises whatever the command raises, and `InputError`."""
    name = argv[0]
    command = load(name)
    purpose = {**ACTIONS, **TOOLS}[name]
    specs = inputs.specs(command.Inputs)
    words = argv[1:]
    if name in POSITIONAL and words and not words[0].startswith("-"):
        words = [f"--{POSITIONAL[name]}", *words]
    flags = parse_flags(name, purpose, specs, lambda: describe_inputs(name), words)
    if name in ACTIONS and (log.on_runner or not flags.json):
        log.check_outputs()
    context = Context.read(environ, flags.context)
    texts = read_texts(specs, flags.inputs, environ, log)
    if not context.repository and not log.on_runner:
        context = replace(context, repository=find_repository(context.path(texts.get("config") or CONFIG)))
    given = inputs.read(command.Inputs, texts)
    check_files(specs, texts, context)
    if name in ENCLOSED and texts.get("report", "").strip():
        said = {spec.name: texts[spec.name] or spec.default for spec in specs if isinstance(spec.default, str)}
        report = run_enclosed(name, lambda: command.run(given, context, log), said, context)
    else:
        report = command.run(given, context, log)
    stray = set(report.outputs) - set(command.OUTPUTS)
    if stray:
        message = f"{name} wrote outputs it does not declare: {', '.join(sorted(stray))}"
        raise AssertionError(message)
    return report


def read_texts(
    specs: Sequence[inputs.Spec[Any]], given: Mapping[str, str], environ: Mapping[str, str], log: Workflow
) -> dict[str, str]:
    """Input -> text, from flags, else from variables. Secrets are masked."""
    texts: dict[str, str] = {}
    for spec in specs:
        text = given.get(spec.name, environ.get(spec.variable, ""))
        if spec.name in given and not text.strip():
            text = spec.empty_flag
        if not text and spec.name == "token":
            text = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
        if spec.name == "registry-token" and spec.name not in given and spec.variable not in environ:
            # A manifest gives both the job's token. An empty one that was given asks the registry anonymously.
            text = texts.get("token", "")
        if spec.secret:
            log.mask(text)
        texts[spec.name] = text
    return texts


def find_repository(config: Path) -> str:
    """The repository that a configuration names, for a run by hand; empty where no file says it.

    One line is read, without a reader of YAML: the command that needs the file says what is wrong with it.
    """
    try:
        text = config.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    match = re.search(r"""^repository:[ ]+["']?([A-Za-z0-9-]+/[A-Za-z0-9._-]+)""", text, re.MULTILINE)
    return match[1] if match else ""


def check_files(specs: Sequence[inputs.Spec[Any]], texts: Mapping[str, str], context: Context) -> None:
    """Raise `InputError` with every file that an input names and that could not be written, before anything is done."""
    files = [
        texts[spec.name].strip() for spec in specs if spec.parse is inputs.written_file and texts[spec.name].strip()
    ]
    if not files:
        return
    from release_actions.runner.files import find_write_problems  # only where a file is wanted

    problems = [problem for file in dict.fromkeys(files) for problem in find_write_problems(context.path(file), file)]
    if problems:
        raise InputError(problems=problems)


def run_enclosed(name: str, run: Callable[[], Report], texts: Mapping[str, str], context: Context) -> Report:
    """Run a command and write what it says as a report for the gate, also when it refuses or could not find out."""
    from release_actions.runner import envelope  # only where a report is wanted

    file = texts["report"].strip()
    try:
        report = run()
    except ActionError as error:
        # What went wrong first is what a person has to read; the gate takes a report that is missing for a no.
        with contextlib.suppress(InputError):
            envelope.write_report(name, report_of(error), file, texts, context)
        raise
    try:
        digest = envelope.write_report(name, report, file, texts, context)
    except InputError as error:
        # What the command did stands, and exit code 2 would say that nothing was changed.
        return replace(report, findings=(*report.findings, *report_of(error).findings), exit_code=ExitCode.UNKNOWN)
    return replace(report, outputs={**report.outputs, "report": file, "report-digest": digest})


def report_of(error: ActionError) -> Report:
    """An error as a report: one finding a problem."""
    findings = tuple(Finding(Level.ERROR, problem, error.rule) for problem in error.problems)
    summary = "".join(f"**Error.** {finding_text(finding)}\n\n" for finding in findings)
    return Report(findings=findings, exit_code=error.exit_code, summary=summary)


def finding_text(finding: Finding) -> str:
    """A finding as a line of Markdown."""
    from release_actions.runner import markdown  # only when something went wrong

    return markdown.plain(str(finding.problem))


def finish(name: str, report: Report, log: Workflow, out: TextIO | None) -> Report:
    """Write what a command found: annotations, log lines, summary, outputs, and JSON where it is wanted.

    The JSON object has the outputs and, if something is an error, the list `errors`.

    The lines come last: the end of a log is where people look for the verdict. Only where outputs go to a file they are
    written after them, so that a verdict is in the log even if the file cannot take them.
    """
    for finding in report.findings:
        log.annotate(finding)
    log.close()
    writes = bool(report.outputs) and (out is None or log.on_runner) and name in ACTIONS
    if writes and not log.has_output_file:
        log.outputs(report.outputs)
    for line in report.lines:
        log.info(line)
    log.summary(report.summary)
    if writes and log.has_output_file:
        log.outputs(report.outputs)
    if out is not None:
        errors = [as_json(finding, log) for finding in report.findings if finding.level is Level.ERROR]
        document = {**report.outputs, "errors": errors} if errors else report.outputs
        with contextlib.redirect_stdout(out), read_or_not():
            out.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            out.flush()
    return report


def as_json(finding: Finding, log: Workflow) -> dict[str, Output]:
    """A finding for a program: message, and what else is known of rule, hint, file, line and column."""
    problem, place = finding.problem, finding.problem.place
    known: dict[str, Output] = {
        "rule": finding.rule,
        "message": log.redact(problem.message),
        "hint": log.redact(problem.hint),
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
    }
    return {name: value for name, value in known.items() if value}


def load(name: str) -> Command:
    """The module of a command. Raises `InputError` for a name that is not one, with the nearest command."""
    if name not in ACTIONS and name not in TOOLS:
        import difflib  # only for a mistake

        near = difflib.get_close_matches(name, [*ACTIONS, *TOOLS], n=1)
        hint = f"Did you mean {near[0]}?" if near else "Run release-actions --help to see the commands."
        message = f"release-actions has no command {name!r}."
        raise InputError(message, hint=hint)
    module: Any = importlib.import_module("release_actions.commands." + name.replace("-", "_"))
    command: Command = module
    return command


def describe_inputs(name: str) -> dict[str, str]:
    """Input -> description and default, from the action's manifest; empty for a command that is not an action."""
    manifest = ROOT / "action.yml" if name == "release-plan" else ROOT / "actions" / name / "action.yml"
    if not manifest.is_file():
        return {}
    import yaml  # only for --help

    inputs = yaml.safe_load(manifest.read_text(encoding="utf-8"))["inputs"]
    texts = {}
    for key, value in inputs.items():
        default = str(value.get("default", ""))
        texts[key] = " ".join(str(value["description"]).split()) + (f" Default: {default}." if default else "")
    return texts


def format_usage() -> str:
    """The list of commands, in the groups of README.md."""
    parts = [name for name in ACTIONS if not any(name in names for names in GROUPS.values())]
    groups = {
        **{title: {name: ACTIONS[name] for name in names} for title, names in GROUPS.items()},
        "begin, and try": {**TOOLS, "test": "run the project's tests"},
        "parts of our own workflows": {name: ACTIONS[name] for name in parts},
    }
    width = max(len(name) for names in groups.values() for name in names) + 2
    lines = ["usage: release-actions COMMAND [--INPUT VALUE ...] [--json]", ""]
    for title, commands in groups.items():
        lines += [f"{title}:", *(f"  {name:<{width}}{what}" for name, what in commands.items()), ""]
    return "\n".join([*lines, "Each command has --help.", ""])
