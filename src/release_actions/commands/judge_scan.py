"""judge-scan: whether what a scanner found in one image keeps it from its floating tags.

Reads the scanner's report and the policy that the image's entry has from release.yaml. A report that is not there is
never a clean one: under a gate it stops the image, otherwise it is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from release_actions.errors import ExitCode, InputError, Problem
from release_actions.images import scan_report
from release_actions.images.scan_report import SEVERITIES, Vulnerability
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Finding, Level, Output, Report
from release_actions.runner.workflow import Workflow

SHOWN = 20
"""Vulnerabilities that the summary lists."""


@dataclass(frozen=True)
class Inputs:
    """What actions/judge-scan/action.yml describes."""

    entry: str = inputs.option(inputs.text, "", required=True)
    report: str = inputs.option(inputs.text, "", required=True)
    verdict_file: str = inputs.option(inputs.text, "")


OUTPUTS = ("verdict", "counts")


@dataclass(frozen=True)
class Policy:
    """What is said of one image: its name, platform and digest, which severities stop it, and whether it is required.

    `slot`: number of the job output that the verdict fills.
    """

    package: str
    platform: str
    digest: str
    slot: str
    gate: tuple[str, ...]
    required: bool

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.package} {self.platform}".strip()


def run(given: Inputs, context: Context, log: Workflow) -> Report:  # noqa: ARG001  # every command is called alike
    """Judge one report."""
    policy = policy_of(given.entry)
    try:
        text = context.path(given.report).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        problem = Problem(f"{policy.title} was not scanned: {given.report} cannot be read.", "Check the step before.")
        report = report_unknown(policy, problem)
    else:
        try:
            vulnerabilities = scan_report.parse(text)
        except InputError as error:
            report = report_unknown(policy, error.problems[0])
        else:
            report = report_scan(policy, vulnerabilities)
    if given.verdict_file:
        line = make_verdict_line(policy, report.outputs, context.attempt) + "\n"
        write_workspace_file(context.path(given.verdict_file), given.verdict_file, line)
    return report


def make_verdict_line(policy: Policy, outputs: Mapping[str, Output], attempt: int) -> str:
    """The verdict as the value of a slot, with its subject in front (`release_actions.images.slots`)."""
    counts: Any = outputs["counts"]
    numbers = ",".join(f"{severity}={count}" for severity, count in counts.items())
    subject = (policy.slot, policy.package, policy.platform, policy.digest, str(attempt))
    return " ".join((*subject, str(outputs["verdict"]), numbers)).rstrip()


def policy_of(text: str) -> Policy:
    """The policy of an entry. Raises `InputError`."""
    try:
        entry: Mapping[str, Any] = json.loads(text)
        gate = tuple(part.strip() for part in str(entry["scan-gate"] or "").split(",") if part.strip())
        policy = Policy(
            package=str(entry["package"]),
            platform=str(entry.get("platform") or ""),
            digest=str(entry.get("digest") or ""),
            slot=str(entry.get("slot") or "0"),
            gate=gate,
            required=entry.get("required") is not False,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = "Input 'entry' is not an image of a plan."
        raise InputError(
            message, hint="Pass ${{ toJSON(matrix) }} in a job whose matrix is the output scan-matrix of merge-digests."
        ) from error
    stray = sorted(set(gate) - set(SEVERITIES))
    if stray:
        message = f"Input 'entry' stops images at {', '.join(stray)}, which is not a severity."
        raise InputError(message, hint=f"The severities are {', '.join(SEVERITIES)}.")
    return policy


def report_unknown(policy: Policy, problem: Problem) -> Report:
    """A scan without a result: it stops a required image that has a gate, and is reported for any other."""
    stops = bool(policy.gate) and policy.required
    return Report(
        outputs={"verdict": "unknown", "counts": {}},
        summary=f"## Scan of {markdown.code(policy.title)}\n\n{markdown.plain(str(problem))}\n",
        lines=(f"{policy.title}: its vulnerabilities could not be found out.",),
        findings=(Finding(Level.ERROR if stops else Level.WARNING, problem, rule="judge-scan"),),
        exit_code=ExitCode.UNKNOWN if stops else ExitCode.PASS,
    )


def report_scan(policy: Policy, vulnerabilities: tuple[Vulnerability, ...]) -> Report:
    """A scan that was read."""
    number = scan_report.count_severities(vulnerabilities)
    stopping = {severity: count for severity, count in number.items() if severity in policy.gate}
    verdict = "refused" if stopping else "warned" if vulnerabilities else "passed"
    words = ", ".join(f"{count} {severity.lower()}" for severity, count in number.items())
    sentence = (
        f"{policy.title} has known vulnerabilities: {words}."
        if vulnerabilities
        else f"{policy.title} has no known vulnerability."
    )
    return Report(
        outputs={"verdict": verdict, "counts": dict(number)},
        summary=write_summary(policy, vulnerabilities, sentence),
        lines=(sentence,),
        findings=tuple(list_findings(policy, sentence, stopping, has_findings=bool(vulnerabilities))),
        exit_code=ExitCode.REFUSED if stopping and policy.required else ExitCode.PASS,
    )


def list_findings(
    policy: Policy, sentence: str, stopping: Mapping[str, int], *, has_findings: bool
) -> Iterator[Finding]:
    """One annotation an image."""
    if stopping:
        hint = (
            f"No floating tag moves to it: release.yaml stops it at {', '.join(stopping)}. Fix it in a new release, "
            "and name this one in versions.skip, so that protect-latest never uses it."
        )
        level = Level.ERROR if policy.required else Level.WARNING
        yield Finding(level, Problem(sentence, hint), rule="judge-scan")
    elif has_findings:
        yield Finding(Level.NOTICE, Problem(sentence), rule="judge-scan")


def write_summary(policy: Policy, vulnerabilities: tuple[Vulnerability, ...], sentence: str) -> str:
    """The job summary: the worst ones."""
    rows = [
        [vulnerability.severity.lower(), markdown.code(vulnerability.name), markdown.plain(vulnerability.about)]
        for vulnerability in vulnerabilities[:SHOWN]
    ]
    parts = [f"## Scan of {markdown.code(policy.title)}", markdown.plain(sentence)]
    if rows:
        parts.append(markdown.table(["Severity", "Vulnerability", "Where"], rows))
    if len(vulnerabilities) > SHOWN:
        parts.append(f"And {len(vulnerabilities) - SHOWN} more in the report.")
    return "\n\n".join(parts) + "\n"
