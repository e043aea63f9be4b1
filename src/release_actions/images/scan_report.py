"""What a scan for known vulnerabilities found, read from the SARIF that trivy writes.

Pure. A report that says less than expected is an error: a scan that cannot be read has not found "nothing".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from release_actions.errors import InputError

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
"""From the worst to the least, as trivy spells them."""


@dataclass(frozen=True, order=True)
class Vulnerability:
    """One vulnerability of one package in an image. `name` is its identifier, `severity` one of `SEVERITIES`."""

    severity: str
    name: str
    about: str = ""


def parse(text: str) -> tuple[Vulnerability, ...]:
    """Every vulnerability of a report, once, the worst first. Raises `InputError` when it cannot be read."""
    try:
        document = json.loads(text)
        vulnerabilities = {vulnerability for run in document["runs"] for vulnerability in read_run(run)}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        message = "The scan's report is not the SARIF that trivy writes."
        raise InputError(message, hint="Check the step that scanned: it may have been stopped.") from error
    return tuple(sorted(vulnerabilities, key=lambda one: (SEVERITIES.index(one.severity), one.name, one.about)))


def read_run(run: Mapping[str, Any]) -> Iterable[Vulnerability]:
    """The vulnerabilities of one run of a scanner."""
    rules = {rule["id"]: rule for rule in run["tool"]["driver"].get("rules", [])}
    for result in run["results"]:
        name = result["ruleId"]
        first, _, _ = str(result["message"]["text"]).partition("\n")
        yield Vulnerability(read_severity(rules[name]), str(name), first)


def read_severity(rule: Mapping[str, Any]) -> str:
    """The severity that trivy tags a rule with. Raises `KeyError` when it has none."""
    for tag in rule["properties"]["tags"]:
        if tag in SEVERITIES:
            return str(tag)
    raise KeyError(str(rule["id"]))


def count_severities(vulnerabilities: Iterable[Vulnerability]) -> dict[str, int]:
    """Severity -> how many, the worst first, only those that occur."""
    number = Counter(vulnerability.severity for vulnerability in vulnerabilities)
    return {severity: number[severity] for severity in SEVERITIES if number[severity]}
