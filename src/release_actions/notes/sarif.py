"""Findings as SARIF 2.1.0, which GitHub shows on the pull request that brings the notes.

Only what GitHub reads is written, and what says how far the check got: rules that did not run and servers that did not
answer are notifications of the invocation. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.errors import Place
from release_actions.notes.lint import RULES, UnrunRule
from release_actions.notes.lint_rule import LintRule
from release_actions.runner.sarif import HOME, LEVELS, SarifRun, compute_fingerprint, write_location

PAGE = f"{HOME}/blob/main/docs/release-notes-lint.md"


def write(findings: Iterable[ComponentFinding], idle: Iterable[UnrunRule], text: str, path: str) -> str:
    """The findings about a text as a SARIF file. `path` is the text's, relative to the repository."""
    results = [finding for finding in findings if finding.rule != UNKNOWN]
    unknown = [finding for finding in findings if finding.rule == UNKNOWN]
    names = sorted({*RULES, *(finding.rule for finding in results)})
    lines = re.split(r"\r\n|\r|\n", text)
    seen: Counter[str] = Counter()
    return SarifRun(
        tool="release-notes",
        rules=[_write_rule(name, RULES.get(name)) for name in names],
        results=[_write_result(finding, names, lines, path, seen) for finding in results],
        notifications=[*map(_write_unknown, unknown), *map(_write_idle, idle)],
        is_complete=not unknown,
    ).text()


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
        "locations": [write_location(replace(place, file=path))],
        "partialFingerprints": {"primaryLocationLineHash": compute_fingerprint(finding.rule, place, lines, seen)},
        "properties": {"certainty": finding.certainty.value},
    }
    if finding.other:
        related = {"id": 1, "message": {"text": f"It disagrees with {finding.other}."}}
        result["relatedLocations"] = [
            {**related, **(write_location(finding.other) if finding.other.file == path else {})}
        ]
    return result


def _write_unknown(finding: ComponentFinding) -> Mapping[str, Any]:
    return {"level": "error", "message": {"text": f"{finding.message} {finding.hint}".strip()}}


def _write_idle(rule: UnrunRule) -> Mapping[str, Any]:
    needs = ", ".join(need.value for need in rule.needs)
    text = f"{rule.rule.name} did not run: it needs {needs}."
    return {"level": "note", "message": {"text": text}, "associatedRule": {"id": rule.rule.name}}
