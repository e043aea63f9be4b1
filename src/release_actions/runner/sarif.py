"""SARIF 2.1.0 as far as GitHub's code scanning reads it: one run of one tool. Pure.

What the check could not do is not left out: it is a notification of the invocation.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from release_actions import __version__
from release_actions.errors import Place
from release_actions.runner.report import Finding, Level

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/llm-d/release-actions"
LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}
MAX_RESULTS = 5_000
"""Results of a run that GitHub shows (GitHub docs, "SARIF support for code scanning")."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class SarifRun:
    """What one run of a tool found. `rules`, `notifications` and `results` are SARIF objects already."""

    tool: str
    rules: Sequence[Json]
    results: Sequence[Json]
    notifications: Sequence[Json] = ()
    is_complete: bool = True

    def text(self) -> str:
        """The file."""
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [self._document()]}
        return json.dumps(log, indent=2, ensure_ascii=False) + "\n"

    def _document(self) -> Json:
        driver = {
            "name": self.tool,
            "organization": "llm-d",
            "semanticVersion": _find_semantic_version(__version__),
            "informationUri": HOME,
            "rules": [*self.rules],
        }
        invocation = {
            "executionSuccessful": self.is_complete,
            "toolExecutionNotifications": [*self.notifications],
        }
        return {
            "tool": {"driver": driver},
            "automationDetails": {"id": f"{self.tool}/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": [*self.results[:MAX_RESULTS]],
        }


def write_location(place: Place) -> dict[str, Any]:
    """A place in a file, by its path relative to the repository."""
    region = {"startLine": place.line or 1, "startColumn": place.column or 1}
    artifact = {"uri": quote(place.file.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def compute_fingerprint(rule: str, place: Place, lines: Sequence[str], seen: Counter[str]) -> str:
    """What lines that are added above do not change: the rule, the line's text, and how many such there were before."""
    line = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    digest = hashlib.sha256(f"{rule}\n{line}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def write_findings(tool: str, rules: Mapping[str, str], findings: Iterable[Finding], texts: Mapping[str, str]) -> str:
    """Findings of a check as a file. `rules`: rule -> what it finds. `texts`: file -> its text, as far as known."""
    names = sorted(rules)
    lines = {file: re.split(r"\r\n|\r|\n", text) for file, text in texts.items()}
    seen: Counter[str] = Counter()
    results = []
    for finding in findings:
        place = finding.problem.place or Place(next(iter(texts), "."))
        fingerprint = compute_fingerprint(finding.rule, place, lines.get(place.file, ()), seen)
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": names.index(finding.rule),
                "level": LEVELS[finding.level],
                "message": {"text": f"{finding.problem.message} {finding.problem.hint}".strip()},
                "locations": [write_location(place)],
                "partialFingerprints": {"primaryLocationLineHash": fingerprint},
            }
        )
    return SarifRun(tool, [{"id": name, "shortDescription": {"text": rules[name]}} for name in names], results).text()


def _find_semantic_version(version: str) -> str:
    """The package's version as SemVer."""
    match = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", version)
    return match[0] if match else "0.0.0"
