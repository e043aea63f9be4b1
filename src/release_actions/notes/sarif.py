"""Findings as SARIF 2.1.0, which GitHub shows on the pull request that brings the notes.

Only what GitHub reads is written, and what says how far the check got: rules that did not run and servers that did not
answer are notifications of the invocation. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from release_actions import __version__
from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.errors import Place
from release_actions.notes.lint import RULES, UnrunRule
from release_actions.notes.lint_rule import LintRule
from release_actions.runner.report import Level

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/llm-d/release-actions"
PAGE = f"{HOME}/blob/main/docs/release-notes-lint.md"
LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}
SARIF_RESULTS = 5_000
"""Results of a run that GitHub shows (GitHub docs, "SARIF support for code scanning")."""


def write(findings: Iterable[ComponentFinding], idle: Iterable[UnrunRule], text: str, path: str) -> str:
    """The findings about a text as a SARIF file. `path` is the text's, relative to the repository."""
    results = [finding for finding in findings if finding.rule != UNKNOWN]
    unknown = [finding for finding in findings if finding.rule == UNKNOWN]
    names = sorted({*RULES, *(finding.rule for finding in results)})
    lines = re.split(r"\r\n|\r|\n", text)
    seen: Counter[str] = Counter()
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "release-notes",
                        "organization": "llm-d",
                        "semanticVersion": _find_semantic_version(__version__),
                        "informationUri": HOME,
                        "rules": [_write_rule(name, RULES.get(name)) for name in names],
                    }
                },
                "automationDetails": {"id": "release-notes/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not unknown,
                        "toolExecutionNotifications": [*map(_write_unknown, unknown), *map(_write_idle, idle)],
                    }
                ],
                "results": [_write_result(finding, names, lines, path, seen) for finding in results[:SARIF_RESULTS]],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _find_semantic_version(version: str) -> str:
    """The package's version as SemVer."""
    match = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", version)
    return match[0] if match else "0.0.0"


def _write_rule(name: str, rule: LintRule | None) -> dict[str, Any]:
    about = rule.about if rule else "A comment that should silence a rule is wrong, or silences nothing."
    certain = rule is not None and rule.certainty is Certainty.CERTAIN
    return {
        "id": name,
        "shortDescription": {"text": about},
        "fullDescription": {"text": " ".join(filter(None, (about, rule.why if rule else "")))},
        "helpUri": f"{PAGE}#{name}",
        "help": {"text": f"{about} See {PAGE}#{name}."},
        "defaultConfiguration": {"level": "error" if certain else "warning"},
        "properties": {"precision": "very-high" if certain else "medium", "tags": ["release-notes"]},
    }


def _write_result(
    finding: ComponentFinding, names: list[str], lines: list[str], path: str, seen: Counter[str]
) -> dict[str, Any]:
    place = finding.place or Place(path, 1, 1)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": names.index(finding.rule),
        "level": LEVELS[finding.level],
        "message": {"text": f"{finding.message} {finding.hint}".strip()},
        "locations": [_write_location(place, path)],
        "partialFingerprints": {"primaryLocationLineHash": _compute_fingerprint(finding, place, lines, seen)},
        "properties": {"certainty": finding.certainty.value},
    }
    if finding.other:
        related = {"id": 1, "message": {"text": f"It disagrees with {finding.other}."}}
        result["relatedLocations"] = [
            {**related, **(_write_location(finding.other, path) if finding.other.file == path else {})}
        ]
    return result


def _write_location(place: Place, path: str) -> dict[str, Any]:
    region = {"startLine": place.line or 1, "startColumn": place.column or 1}
    artifact = {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _compute_fingerprint(finding: ComponentFinding, place: Place, lines: list[str], seen: Counter[str]) -> str:
    """What lines that are added above do not change: the rule, the line's text, and how many such there were before."""
    line = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    digest = hashlib.sha256(f"{finding.rule}\n{line}".encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _write_unknown(finding: ComponentFinding) -> Mapping[str, Any]:
    return {"level": "error", "message": {"text": f"{finding.message} {finding.hint}".strip()}}


def _write_idle(rule: UnrunRule) -> Mapping[str, Any]:
    needs = ", ".join(need.value for need in rule.needs)
    text = f"{rule.rule.name} did not run: it needs {needs}."
    return {"level": "note", "message": {"text": text}, "associatedRule": {"id": rule.rule.name}}
