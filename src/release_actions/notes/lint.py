"""Checks release notes: every rule that the evidence allows, in one pass. Pure.

A rule whose evidence was not offered does not run, and `idle` says so. Evidence that could not be read is a finding of
its own, because then it is not known whether the notes are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.errors import Place
from release_actions.notes import (
    lint_changelog,
    lint_changes,
    lint_contributors,
    lint_ignore,
    lint_images,
    lint_links,
    lint_table,
    lint_text,
    lint_versions,
    reading,
)
from release_actions.notes.evidence import EvidenceKind, NotesEvidence, Unreadable
from release_actions.notes.lint_rule import LintRule, LintSubject, RuleHit

SUBJECTS: tuple[tuple[str, tuple[LintRule, ...]], ...] = (
    ("Text", lint_text.RULES),
    ("Links", lint_links.RULES),
    ("Full changelog", lint_changelog.RULES),
    ("Changes", lint_changes.RULES),
    ("Contributors", lint_contributors.RULES),
    ("Component tables", lint_table.RULES),
    ("Versions of components", lint_versions.RULES),
    ("Images and charts", lint_images.RULES),
)
"""Every rule, by what it is about."""

RULES = {rule.name: rule for _, rules in SUBJECTS for rule in rules}


@dataclass(frozen=True)
class UnrunRule:
    """A rule that did not run, and what it would have needed."""

    rule: LintRule
    needs: tuple[EvidenceKind, ...]


def lint(text: str, path: str, evidence: NotesEvidence) -> tuple[ComponentFinding, ...]:
    """Everything that is wrong with some notes, in the order of lines. `path` is what findings call the file."""
    heading = evidence.document.heading if evidence.document else ""
    notes = reading.read(text, path, server=evidence.server, heading=heading)
    return judge(notes, evidence)


def judge(notes: reading.PublishedNotes, evidence: NotesEvidence) -> tuple[ComponentFinding, ...]:
    """The same of notes that were read already."""
    subject = LintSubject(notes, evidence)
    resting = {finding.rule.name for finding in list_unrun(evidence)} | {rule.name for rule in _list_blocked(evidence)}
    running = [rule for rule in RULES.values() if rule.name not in resting]
    findings = [_make_finding(rule, hit) for rule in running for hit in rule.check(subject)]
    ignores, wrong = lint_ignore.read_ignores(notes.text, {*RULES, UNKNOWN})
    remaining = lint_ignore.apply_ignores(dict.fromkeys(findings), ignores, {rule.name for rule in running})
    everything = [*remaining, *wrong, *_list_unreadable(notes, evidence)]
    return tuple(sorted(everything, key=lambda finding: (finding.place or Place(""), finding.rule)))


def list_unrun(evidence: NotesEvidence) -> tuple[UnrunRule, ...]:
    """The rules that do not run because something they need was not offered."""
    return tuple(
        UnrunRule(rule, missing)
        for rule in RULES.values()
        if (missing := tuple(need for need in rule.needs if evidence.piece(need) is None))
    )


def _list_blocked(evidence: NotesEvidence) -> Iterator[LintRule]:
    """The rules that do not run because something they need could not be read."""
    for rule in RULES.values():
        if any(isinstance(evidence.piece(need), Unreadable) for need in rule.needs):
            yield rule


def _list_unreadable(notes: reading.PublishedNotes, evidence: NotesEvidence) -> Iterator[ComponentFinding]:
    seen = set()
    for need in EvidenceKind:
        piece = evidence.piece(need)
        if isinstance(piece, Unreadable) and piece not in seen:
            seen.add(piece)
            yield ComponentFinding(UNKNOWN, Certainty.SUSPICIOUS, piece.message, piece.hint, Place(notes.text.path))


def _make_finding(rule: LintRule, hit: RuleHit) -> ComponentFinding:
    if hit.rule == UNKNOWN:
        return ComponentFinding(UNKNOWN, Certainty.SUSPICIOUS, hit.message, hit.hint, hit.place, hit.other)
    return ComponentFinding(
        hit.rule or rule.name, hit.certainty or rule.certainty, hit.message, hit.hint, hit.place, hit.other
    )
