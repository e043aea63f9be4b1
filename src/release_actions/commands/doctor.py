"""doctor: checks everything around a release that can be read, and says what cannot. For the terminal.

One page, a line a check: pass, a problem with its fix, or cannot tell. Asks GitHub and the registry, changes nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.adoption.checkup import CheckLine, State, found, passed
from release_actions.adoption.package_checkup import check_packages
from release_actions.adoption.repository_checkup import Subject, check_repository
from release_actions.adoption.workflow_checkup import (
    check_programs,
    check_workflows,
    list_environments,
    read_workflows,
)
from release_actions.config import FILE, Config, load_whole
from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.github.settings import Ask, make_asker
from release_actions.http.client import Http
from release_actions.main import load
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Output, Report, counted
from release_actions.runner.workflow import Workflow

PROTECT_LATEST = "protect-latest"
SECONDS = 10


@dataclass(frozen=True)
class Inputs:
    """The flags of `./release-actions doctor`."""

    config: str = inputs.option(inputs.text, FILE, about="Path of the configuration. Default: release.yaml.")
    token: str = inputs.option(
        inputs.text, "", secret=True, about="Token that reads the repository and its packages. Default: GITHUB_TOKEN."
    )
    registry_token: str = inputs.option(
        inputs.text, "", secret=True, about="Token for the registry. Default: the token."
    )


OUTPUTS = ("healthy", "checks")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Check everything. Raises `InputError` without a token: almost nothing could be told."""
    if not given.token:
        message = "doctor reads settings of the repository, and has no token."
        raise InputError(message, hint="Set GITHUB_TOKEN, for example to what gh auth token prints.")
    config = load_whole(context.path(given.config), name=given.config)
    with Http(log=log.info, redactor=log.redactor) as http:
        lines = list(check_all(config, context, make_asker(http, context.api_url, token=given.token)))
    lines += check_floats(given, context, log)
    lines += check_programs({program: read_version(program) for program in ("gh", "cosign")})
    return make_report(lines)


def check_all(config: Config, context: Context, ask: Ask) -> Iterator[CheckLine]:
    """All that GitHub and the files say."""
    repository = ask(f"repos/{config.repository}")
    if not repository.is_known:
        why = repository.why_not or "GitHub shows nothing there."
        yield CheckLine("Repository", State.CANNOT_TELL, f"{config.repository} cannot be read. {why}")
        return
    files = read_workflows(context.workspace)
    subject = Subject(
        repository=config.repository,
        web=f"{context.server_url}/{config.repository}",
        branch=str(repository.body.get("default_branch", "main")),
        prefix=str(config.tag_prefix),
        environments=list_environments(files),
        pins_are_tags=any(file.pins_a_tag for file in files),
    )
    yield from check_packages(config, ask, context.server_url)
    yield from check_repository(subject, ask)
    yield from check_workflows(files, subject.prefix)
    yield from check_runners(config, ask)


def check_runners(config: Config, ask: Ask) -> Iterator[CheckLine]:
    """Labels of runners that are not GitHub's own: whether a runner of the repository has them all."""
    wanted = {label for package in config.published for label in package.runners.values() if not is_hosted(label)}
    if not wanted:
        yield passed("Runners", "All builds run on GitHub's own.")
        return
    setting = ask(f"repos/{config.repository}/actions/runners?per_page=100")
    if not setting.is_known:
        text = f"Whether {', '.join(sorted(wanted))} exist is not shown. {setting.why_not}"
        yield CheckLine("Runners", State.CANNOT_TELL, text)
        return
    there = [{str(each["name"]).lower() for each in runner.get("labels", [])} for runner in setting.body["runners"]]
    for label in sorted(wanted):
        parts = {part.strip().lower() for part in label.split(",")}
        if any(parts <= labels for labels in there):
            yield passed("Runners", f"A runner has {label}.")
        else:
            # Runners of the organisation are in another list, which only its administrators see.
            text = f"No runner of the repository has {label}; one of the organisation may."
            yield CheckLine("Runners", State.CANNOT_TELL, text)


def is_hosted(label: str) -> bool:
    """Whether GitHub offers a runner with this label to everyone."""
    from release_actions.builds.runner_labels import HOSTED_LABELS

    return label.lower() in HOSTED_LABELS


def check_floats(given: Inputs, context: Context, log: Workflow) -> list[CheckLine]:
    """Where latest and the other floating tags are right now, as protect-latest says."""
    command = load(PROTECT_LATEST)
    texts = {"config": given.config, "token": given.token, "registry-token": given.registry_token}
    known = {spec.name for spec in inputs.specs(command.Inputs)}
    try:
        report = command.run(
            inputs.read(command.Inputs, {key: text for key, text in texts.items() if key in known}), context, log
        )
    except ActionError as error:
        return [CheckLine("Floating tags", State.CANNOT_TELL, str(error.problems[0].message))]
    if report.exit_code is ExitCode.PASS:
        return [passed("Floating tags", "All name the newest stable releases.")]
    problems = [finding.problem for finding in report.findings]
    if report.exit_code is ExitCode.UNKNOWN:
        text = problems[0].message if problems else "The registry did not say."
        return [CheckLine("Floating tags", State.CANNOT_TELL, text)]
    fix = "Run protect-latest --mode enforce, or let a nightly run do it."
    return [found("Floating tags", problem.message, fix) for problem in problems]


def read_version(program: str) -> str:
    """The version of a program here; empty if it is not here or does not say."""
    path = shutil.which(program)
    if path is None:
        return ""
    arguments = [path, "version"] if program == "cosign" else [path, "--version"]
    try:
        ended = subprocess.run(  # noqa: S603  # a program of a fixed name
            arguments, capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"v?(\d+\.\d+\.\d+)", ended.stdout + ended.stderr)
    return match[1] if match else ""


def make_report(lines: list[CheckLine]) -> Report:
    """The page, worst first, and the exit code: 1 for a problem, 3 where a better token would have been needed."""
    order = (State.PROBLEM, State.CANNOT_TELL, State.NEVER, State.PASS)
    counts = {state: sum(line.state is state for line in lines) for state in order}
    rows: list[Output] = [
        {"subject": line.subject, "state": line.state.value, "text": line.text, "fix": line.fix} for line in lines
    ]
    verdict = ", ".join(
        (
            counted(counts[State.PROBLEM], "problem"),
            f"{counts[State.CANNOT_TELL]} that this token cannot tell",
            f"{counts[State.NEVER]} to look at",
            f"{counts[State.PASS]} right",
        )
    )
    code = ExitCode.REFUSED if counts[State.PROBLEM] else ExitCode.PASS
    if code is ExitCode.PASS and counts[State.CANNOT_TELL]:
        code = ExitCode.UNKNOWN
    ordered = sorted(lines, key=lambda line: order.index(line.state))
    return Report(
        outputs={"healthy": code is ExitCode.PASS, "checks": rows},
        lines=(*(str(line) for line in ordered), "", f"{verdict}."),
        exit_code=code,
    )
