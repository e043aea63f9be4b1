"""Checks release notes: every rule that the evidence allows, in one pass. Pure.

A rule whose evidence was not offered does not run, and `idle` says so. Evidence that could not be read is a finding of
its own, because then nobody knows whether the notes are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.components.findings import UNKNOWN, Certainty, Finding
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
from release_actions.notes.evidence import Evidence, Need, Unreadable
from release_actions.notes.lint_rule import Hit, Rule, Subject

SUBJECTS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
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
class Idle:
    """A rule that did not run, and what it would have needed."""

    rule: Rule
    needs: tuple[Need, ...]


def lint(text: str, path: str, evidence: Evidence) -> tuple[Finding, ...]:
    """Everything that is wrong with some notes, in the order of lines. `path` is what findings call the file."""
    heading = evidence.document.heading if evidence.document else ""
    notes = reading.read(text, path, server=evidence.server, heading=heading)
    return judge(notes, evidence)


def judge(notes: reading.Notes, evidence: Evidence) -> tuple[Finding, ...]:
    """The same of notes that were read already."""
    subject = Subject(notes, evidence)
    resting = {one.rule.name for one in idle(evidence)} | {rule.name for rule in _blocked(evidence)}
    running = [rule for rule in RULES.values() if rule.name not in resting]
    found = [_finding(rule, hit) for rule in running for hit in rule.check(subject)]
    ignores, wrong = lint_ignore.read(notes.text, {*RULES, UNKNOWN})
    left = lint_ignore.apply(dict.fromkeys(found), ignores, {rule.name for rule in running})
    everything = [*left, *wrong, *_unreadable(notes, evidence)]
    return tuple(sorted(everything, key=lambda one: (one.place or Place(""), one.rule)))


def idle(evidence: Evidence) -> tuple[Idle, ...]:
    """The rules that do not run because something they need was not offered."""
    return tuple(
        Idle(rule, missing)
        for rule in RULES.values()
        if (missing := tuple(need for need in rule.needs if evidence.piece(need) is None))
    )


def _blocked(evidence: Evidence) -> Iterator[Rule]:
    """The rules that do not run because something they need could not be read."""
    for rule in RULES.values():
        if any(isinstance(evidence.piece(need), Unreadable) for need in rule.needs):
            yield rule


def _unreadable(notes: reading.Notes, evidence: Evidence) -> Iterator[Finding]:
    seen = set()
    for need in Need:
        piece = evidence.piece(need)
        if isinstance(piece, Unreadable) and piece not in seen:
            seen.add(piece)
            yield Finding(UNKNOWN, Certainty.SUSPICIOUS, piece.message, piece.hint, Place(notes.text.path))


def _finding(rule: Rule, hit: Hit) -> Finding:
    if hit.rule == UNKNOWN:
        return Finding(UNKNOWN, Certainty.SUSPICIOUS, hit.message, hit.hint, hit.place, hit.other)
    return Finding(hit.rule or rule.name, hit.certainty or rule.certainty, hit.message, hit.hint, hit.place, hit.other)
